"""One exchange against what the model says is right: what counts as right, what may still turn, what proves the end."""

from typing import cast

import pytest

from jhup.messages import Code, Failure, Greeting, Reply, Stored
from jhup.model import Server
from jhup.writer import write_reply
from jhup_conformance.differences import ClosedEarly, NotReplies, StillOpen, WrongBody, WrongReplies
from jhup_conformance.reports.sentences import sentence
from jhup_conformance.target.body import Body
from jhup_conformance.verify.exchange import Attempt, Exchange, Mismatch
from jhup_conformance.verify.names import Names
from jhup_conformance.verify.requests import command, frame, put, raw, requests
from jhup_conformance.verify.stream import End, Stream
from jhup_conformance.wire.channel import Channel
from jhup_conformance.wire.line import Line
from jhup_conformance.wire.transcript import Closed

ABC = Body.of(b"abc")
OLD = Body.of(b"old")


def exchange(
    stream: Stream,
    *received: Reply | bytes,
    closed: Closed | None = None,
    end: End = End.HOLD,
    must_close: bool = False,
    replies: bool = True,
    max_filesize: int = 1000,
    codes: bool = True,
) -> Exchange:
    """Return an exchange whose bytes are all sent, and what came on its connection."""
    attempt = Attempt(stream=stream.ending(end), closes=must_close, stays_open=True, codes=codes, unsolicited=True)
    made = Exchange(attempt, Names("00000000"), Server(replies=replies, max_filesize=max_filesize))
    made.begin(Line(cast(Channel, None)), 0.0)
    for each in received:
        made.line.received += each if isinstance(each, bytes) else write_reply(each)
    made.line.closed = closed
    if end is End.RESET:
        made.line.dropped = True
    return made


def wrong(
    expected: str, actual: str, *, may_turn: bool = False, timed_out: bool = False
) -> tuple[str, str, bool, bool]:
    return expected, actual, may_turn, timed_out


def words_of(mismatch: Mismatch | None) -> tuple[str, str, bool, bool]:
    assert mismatch is not None
    return mismatch.expected, mismatch.actual, mismatch.may_turn, mismatch.timed_out


def named(body: bytes, name: str, **members: object) -> Stream:
    return put(body, name=name, **members).watching(name)


asks = named(b"abc", "a", reply=True)
silent = named(b"abc", "a")
replaces = silent.having({"a": b"old"})
asks_for_a_bad_name = put(b"", name="a/b", reply=True)
cut_off = frame(b'{"cmd":"put","filename":"a","filesize":4}', b"abc").having({"a": b"old"})
two = requests(named(b"abc", "a"), named(b"abc", "b"))
broken = raw(b"\xff\xff\xff\xff", "prefix")
refused = requests(put(b"abc", name="..", reply=True), named(b"abc", "b", reply=True))


@pytest.mark.parametrize("codes", [True, False])
def test_an_error_has_to_have_the_right_code_only_where_codes_count(codes: bool) -> None:
    right = exchange(asks_for_a_bad_name, Failure(Code.BAD_FILENAME, "", closing=False), codes=codes)
    other = exchange(asks_for_a_bad_name, Failure(Code.INTERNAL, "", closing=False), codes=codes)
    none = exchange(asks_for_a_bad_name, Stored("a/b", 0, "0" * 64), codes=codes)

    assert right.mismatch(None) is None
    assert (other.mismatch(None) is None) is not codes
    assert none.mismatch(None) is not None


def stored(name: str = "a", body: Body = ABC) -> Stored:
    return Stored(name, body.size, body.sha256)


def bad_name(*, closing: bool = False) -> Failure:
    return Failure(Code.BAD_FILENAME, "no", closing)


# What is right


@pytest.mark.parametrize(
    ("made", "store"),
    [
        (exchange(asks, stored()), {"a": ABC}),
        (exchange(asks, stored()), None),
        (exchange(asks, replies=False), {"a": ABC}),
        (exchange(silent), {"a": ABC}),
        (exchange(silent, end=End.FINISH), {"a": ABC}),
        (exchange(silent, closed=Closed.END_OF_STREAM, end=End.FINISH, must_close=True), {"a": ABC}),
        (exchange(silent, closed=Closed.RESET, end=End.FINISH_AT_ONCE, must_close=True), {"a": ABC}),
        (exchange(cut_off, end=End.FINISH), {"a": OLD}),
        (exchange(silent, end=End.RESET), {"a": None}),
        (exchange(silent, end=End.RESET), {"a": ABC}),
        (exchange(asks, b"\x00", end=End.RESET), {"a": ABC}),
        (exchange(broken, closed=Closed.RESET, must_close=True), {}),
        (exchange(refused, bad_name(), stored("b")), {"b": ABC}),
        (exchange(refused, bad_name(closing=True), closed=Closed.END_OF_STREAM), {"b": None}),
        (exchange(refused, closed=Closed.RESET), {"b": None}),
    ],
)
def test_a_right_outcome_has_no_mismatch(made: Exchange, store: dict[str, Body | None] | None) -> None:
    assert made.mismatch(store) is None
    assert made.shown(store) is not None


@pytest.mark.parametrize(
    ("made", "store", "said"),
    [
        (
            exchange(silent),
            {"a": None},
            wrong(f"a stored ({ABC})", "a not stored", may_turn=True, timed_out=True),
        ),
        (
            exchange(replaces),
            {"a": OLD},
            wrong(f"a stored ({ABC})", f"a stored ({OLD})", may_turn=True, timed_out=True),
        ),
        (
            exchange(replaces),
            {"a": Body.of(b"ab")},
            wrong(f"a stored ({ABC})", f"a stored ({Body.of(b'ab')})", may_turn=True),
        ),
        (
            exchange(cut_off, end=End.FINISH),
            {"a": ABC},
            wrong(f"a stored ({OLD})", f"a stored ({ABC})"),
        ),
        (
            exchange(silent, closed=Closed.END_OF_STREAM),
            {"a": ABC},
            wrong("the connection stays open", "closed by the target (end of stream)"),
        ),
        (
            exchange(broken, must_close=True),
            {},
            wrong("the connection closed within 5 s", "still open", timed_out=True),
        ),
        (
            exchange(asks),
            {"a": ABC},
            wrong(
                f"replies: ok a (3 bytes, sha256 {ABC.sha256[:12]}…)", "replies: none", may_turn=True, timed_out=True
            ),
        ),
        (
            exchange(asks, write_reply(stored())[:10]),
            {"a": ABC},
            wrong(
                f"replies: ok a (3 bytes, sha256 {ABC.sha256[:12]}…)",
                "replies: none, and 10 bytes of another",
                may_turn=True,
                timed_out=True,
            ),
        ),
        (
            exchange(asks, closed=Closed.END_OF_STREAM, end=End.FINISH),
            {"a": ABC},
            wrong(f"replies: ok a (3 bytes, sha256 {ABC.sha256[:12]}…)", "replies: none"),
        ),
        (
            exchange(asks, bad_name()),
            {"a": ABC},
            wrong(f"replies: ok a (3 bytes, sha256 {ABC.sha256[:12]}…)", "replies: error bad-filename, closing false"),
        ),
        (
            exchange(silent, Greeting(server="x", features=("replies",), max_header=65_536, max_filesize=None)),
            {"a": ABC},
            wrong("replies: none", "replies: a greeting"),
        ),
        (
            exchange(silent, stored(), stored()),
            {"a": ABC},
            wrong("replies: none", "replies: " + ", ".join([f"ok a (3 bytes, sha256 {ABC.sha256[:12]}…)"] * 2)),
        ),
    ],
)
def test_a_wrong_outcome_is_said_with_what_is_right(
    made: Exchange, store: dict[str, Body | None], said: tuple[str, str, bool, bool]
) -> None:
    assert words_of(made.mismatch(store)) == said
    assert made.shown(store) is None


@pytest.mark.parametrize("rest", [1, 3, 4, 5, 40])
def test_what_comes_after_all_that_is_owed_can_not_come_right(rest: int) -> None:
    for closed in (None, Closed.RESET):
        found = exchange(asks, stored(), write_reply(stored())[:rest], closed=closed).mismatch({"a": ABC})

        assert found is not None
        assert f"), and {rest} bytes of another" in found.actual
        assert not found.may_turn


def test_what_is_no_reply_is_never_right() -> None:
    found = exchange(silent, b"\x02\x00\x00\x00[]").mismatch({"a": ABC})

    assert found is not None
    assert (found.expected, found.may_turn) == ("replies: none", False)
    assert found.actual.startswith("not a reply: ")


def test_what_a_reset_of_the_target_may_have_destroyed_is_not_held_against_it() -> None:
    assert exchange(refused, closed=Closed.RESET).mismatch({"b": None}) is None
    assert exchange(refused, closed=Closed.END_OF_STREAM).mismatch({"b": None}) is not None
    assert exchange(asks, bad_name(), closed=Closed.RESET, end=End.FINISH).mismatch({"a": ABC}) is not None


def test_several_differences_are_named_each_once() -> None:
    found = exchange(two).mismatch({"a": None, "b": Body.of(b"x")})

    assert found is not None
    assert found.expected == f"a stored ({ABC}); b stored ({ABC})"
    assert found.actual == f"a not stored; b stored ({Body.of(b'x')})"
    assert (found.may_turn, found.timed_out) == (True, False)


def test_a_body_that_is_stored_on_the_way_to_what_was_there_before_may_still_turn_out() -> None:
    there_and_back = requests(put(b"abc", name="a"), put(b"", name="a")).having({"a": b""})
    on_the_way, wrong = exchange(there_and_back).mismatch({"a": ABC}), exchange(there_and_back).mismatch({"a": OLD})

    assert on_the_way
    assert on_the_way.may_turn
    assert wrong
    assert not wrong.may_turn


def test_the_nearest_right_outcome_is_the_one_that_may_still_turn_out() -> None:
    # After a reset of ours none, the first, or both may be stored; with a part of the second, only "both" is left.
    found = exchange(two, end=End.RESET).mismatch({"a": ABC, "b": Body.of(b"x")})

    assert words_of(found) == wrong(f"b stored ({ABC})", f"b stored ({Body.of(b'x')})", may_turn=True)


def test_else_it_is_the_one_with_the_fewest_differences() -> None:
    found = exchange(two, bad_name(), end=End.FINISH, closed=Closed.END_OF_STREAM).mismatch({"a": ABC, "b": ABC})

    assert words_of(found) == wrong("replies: none", "replies: error bad-filename, closing false")


@pytest.mark.parametrize(
    ("failure", "shown"),
    [
        (bad_name(), "error bad-filename, closing false"),
        (Failure(Code.TOO_LARGE, "no", True), "error too-large, closing true"),
    ],
)
def test_error_replies_are_shown_by_code_and_closing(failure: Failure, shown: str) -> None:
    found = exchange(asks, failure).mismatch({"a": ABC})

    assert found is not None
    assert found.actual == f"replies: {shown}"


def test_an_expected_error_is_shown_with_all_its_codes() -> None:
    over_the_limit, unknown = put(b"abc", name="..", reply=True), command("x", reply=True)

    several = exchange(over_the_limit, stored(".."), max_filesize=2).mismatch({})
    one = exchange(unknown, stored()).mismatch({})

    assert several is not None
    assert one is not None
    assert several.expected in {
        "replies: error bad-filename or too-large",
        "replies: error bad-filename or too-large, closing false",
    }
    assert one.expected == "replies: error unknown-command, closing false"


def test_a_reply_that_may_be_left_out_is_shown_as_such() -> None:
    cut_off_and_asks = frame(b'{"cmd":"put","filename":"a","filesize":4,"reply":true}', b"abc")

    found = exchange(cut_off_and_asks, stored(), end=End.FINISH).mismatch({})

    assert found is not None
    assert found.expected == "replies: error of any code or nothing"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("plain", "plain"),
        ("x" * 100, "x" * 100),
        ("x" * 101, "x" * 40 + "…" + "x" * 20 + " (101 characters)"),
        ("\x1b[2J", "\\x1b[2J"),
        ("\ud800", "\\ud800"),
    ],
)
def test_a_name_is_shown_so_that_no_terminal_obeys_it(name: str, shown: str) -> None:
    found = exchange(command("x").watching(name)).mismatch({name: ABC})

    assert found is not None
    assert found.expected == f"{shown} not stored"


@pytest.mark.parametrize(("stream", "may_be_silent"), [(silent, False), (asks, False), (two, False), (refused, True)])
def test_an_exchange_knows_whether_fewer_replies_are_right_as_well(stream: Stream, may_be_silent: bool) -> None:
    assert exchange(stream).may_be_silent is may_be_silent


begun_after_a_put = requests(silent, raw(b"\x02", "prefix"))
one_put_and_nonsense = requests(silent, command("x"))


# What is waited for


@pytest.mark.parametrize(
    ("made", "satisfied"),
    [
        (exchange(silent), True),
        (exchange(asks), False),
        (exchange(asks, stored()), True),
        (exchange(asks, write_reply(stored())[:-1]), False),
        (exchange(asks, write_reply(stored())[:3]), False),
        (exchange(asks, closed=Closed.RESET), True),
        (exchange(silent, must_close=True), False),
        (exchange(silent, closed=Closed.END_OF_STREAM, must_close=True), True),
        (exchange(silent, end=End.FINISH), False),
        (exchange(silent, end=End.RESET), True),
        (exchange(refused, bad_name()), False),
        (exchange(refused, bad_name(), stored("b")), True),
        (exchange(asks, b"\xff\xff\xff\xff"), True),
        (exchange(asks, replies=False), True),
    ],
)
def test_an_exchange_is_satisfied_when_nothing_more_is_owed_on_its_connection(made: Exchange, satisfied: bool) -> None:
    assert made.is_satisfied() is satisfied


@pytest.mark.parametrize(
    ("made", "store", "proven"),
    [
        (exchange(silent), {"a": ABC}, True),  # one byte earlier nothing was stored
        (exchange(cut_off), {"a": OLD}, False),
        (exchange(cut_off, end=End.FINISH), {"a": OLD}, False),
        (exchange(cut_off, closed=Closed.END_OF_STREAM, end=End.FINISH), {"a": OLD}, True),
        (exchange(silent, end=End.RESET), {"a": ABC}, False),
        (exchange(asks, stored()), {"a": ABC}, True),
        (exchange(broken), {}, False),
        (exchange(begun_after_a_put), {"a": ABC}, False),  # the last byte changes nothing
        (exchange(one_put_and_nonsense), {"a": ABC}, False),
        (exchange(requests(named(b"first", "a"), silent)), {"a": ABC}, False),  # "first" may come last
        (exchange(requests(named(b"first", "b"), silent)), {"a": ABC, "b": Body.of(b"first")}, True),
    ],
)
def test_the_end_is_proven_by_a_close_or_by_what_no_shorter_stream_shows(
    made: Exchange, store: dict[str, Body | None], proven: bool
) -> None:
    assert made.is_proven(store) is proven


@pytest.mark.parametrize(
    ("stream", "end", "may_change", "closes"),
    [
        (silent, End.HOLD, True, False),
        (silent, End.FINISH, True, True),
        (cut_off, End.FINISH, False, True),
        (cut_off, End.HOLD, False, False),
        (broken, End.HOLD, False, True),
        (refused, End.HOLD, True, False),
    ],
)
def test_an_exchange_knows_whether_the_store_may_change_and_whether_the_connection_ends(
    stream: Stream, end: End, may_change: bool, closes: bool
) -> None:
    made = exchange(stream, end=end)

    assert (made.may_change, made.closes) == (may_change, closes)


def test_of_several_right_outcomes_the_one_that_served_most_is_shown() -> None:
    shown = exchange(two, end=End.RESET).shown({"a": ABC, "b": ABC})

    assert shown is not None
    assert shown.served == 2


def test_a_doubtful_or_taken_name_may_be_held_or_refused() -> None:
    doubtful, taken = silent.doubting("a"), silent.occupied("a")

    for stream in (doubtful, taken):
        assert exchange(stream).mismatch({"a": ABC}) is None
        assert exchange(stream).mismatch({"a": None}) is None


def test_a_mismatch_says_as_data_in_which_points_it_differs() -> None:
    body = exchange(silent).mismatch({"a": None})
    early = exchange(silent, closed=Closed.END_OF_STREAM).mismatch({"a": ABC})
    open_still = exchange(broken, must_close=True).mismatch({})
    unsolicited = exchange(silent, b"\x02\x00\x00\x00[]").mismatch({"a": ABC})
    ignored = exchange(asks).mismatch({"a": ABC})

    assert body
    assert body.points == (WrongBody("a", (ABC,), None),)
    assert early
    assert early.points == (ClosedEarly(Closed.END_OF_STREAM),)
    assert open_still
    assert open_still.points == (StillOpen(),)
    assert unsolicited
    assert isinstance(unsolicited.points[0], NotReplies)
    assert ignored
    assert isinstance(ignored.points[0], WrongReplies)
    assert [sentence(each.points[0]) for each in (body, early, unsolicited, ignored)] == [
        "the server did not store a",
        "the server closed the connection",
        "the server sent unsolicited bytes",
        "the server ignored a request that asks for a reply",
    ]


def test_a_close_counts_only_where_the_connection_has_to_stay_open() -> None:
    made = Exchange(Attempt(stream=silent), Names("00000000"), Server(replies=True))
    made.begin(Line(cast(Channel, None)), 0.0)
    made.line.closed = Closed.END_OF_STREAM

    assert made.mismatch({"a": ABC}) is None
