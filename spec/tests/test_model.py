"""The model against the vectors, and against servers written down by hand (chapters 5 to 8)."""

from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256

import pytest

from jhup.limits import HEADER_CEILING, MAX_FILESIZE, MAX_HEADER
from jhup.messages import Code, Failure, Greeting, Hello, Put, Reply, Request, Stat, Stored, Unknown
from jhup.model import Ending, Expected, Outcome, Server, counts_matched, outcomes, replies_match
from jhup.vectors import Answer, End, Meaning, Seen, Stream, vectors
from jhup.writer import write_request

Shown = tuple[dict[str, bytes], list[Reply]]

SILENT = Server(replies=False)
REQUESTS = [each for each in vectors() if each.stream is Stream.REQUESTS]


def stored(name: str, body: bytes) -> Stored:
    return Stored(name, len(body), sha256(body).hexdigest())


def failure(code: Code, *, closing: bool = False) -> Failure:
    return Failure(code, "some text", closing)


def answer(seen: Seen, store: dict[str, bytes]) -> Reply:
    """Answer a request as the tables of chapter 8 have it; a put is in the store already."""
    match seen.message:
        case Put(filename):
            if seen.refused:
                return failure(Code.TOO_LARGE if seen.refused == "HEAD-14" else Code.BAD_FILENAME)
            return stored(filename, store[filename])
        case Stat(filename):
            if filename is None or seen.refused:
                return failure(Code.BAD_FILENAME)
            return stored(filename, store[filename]) if filename in store else failure(Code.NOT_FOUND)
        case Hello():
            return Greeting(server="a test", features=("replies", "x"), max_header=MAX_HEADER, max_filesize=None)
        case _:
            return failure(Code.UNKNOWN_COMMAND)


def right_servers(meaning: Meaning) -> Iterator[Shown]:
    """Yield what right servers show that take the bytes so: one serves on after what it refuses, others close there."""
    store: dict[str, bytes] = {}
    replies: list[Reply] = []
    for seen in meaning.events:
        request = seen.message
        assert isinstance(request, Put | Stat | Hello | Unknown)
        if isinstance(request, Put) and seen.refused:
            yield dict(store), list(replies) + [failure(Code.BAD_FILENAME, closing=True)] * request.reply
        elif isinstance(request, Put):
            store[request.filename] = seen.body or b""
        replies += [answer(seen, store)] * request.reply
    if meaning.answer in (Answer.OWED, Answer.EITHER):
        yield store, [*replies, failure(Code.MALFORMED, closing=True)]
    if meaning.answer is not Answer.OWED:
        yield store, replies


def found(wire: bytes, *, replies: bool) -> list[Outcome]:
    """Return every outcome of a stream that has ended, whichever limit of a header a server has."""
    servers = [Server(replies=replies, max_header=limit) for limit in (MAX_HEADER, HEADER_CEILING)]
    return [outcome for server in servers for outcome in outcomes(wire, server=server, ended=True)]


def test_a_server_that_does_what_a_vector_says_is_right_by_the_model() -> None:
    for vector in REQUESTS:
        by_model = found(vector.wire, replies=True)
        for meaning in vector.meanings:
            for store, replies in right_servers(meaning):
                right = (each.store == store and replies_match(each.replies, replies) for each in by_model)
                assert any(right), vector.name


def test_a_silent_server_stores_what_a_vector_says_and_nothing_else() -> None:
    for vector in REQUESTS:
        by_model = found(vector.wire, replies=False)
        by_vector = [store for meaning in vector.meanings for store, _ in right_servers(meaning)]
        assert all(not outcome.replies for outcome in by_model), vector.name
        assert all(outcome.store in by_vector for outcome in by_model), vector.name
        assert all(store in [outcome.store for outcome in by_model] for store in by_vector), vector.name


def test_a_connection_that_ended_is_closed_or_was_malformed() -> None:
    for vector in REQUESTS:
        endings = {outcome.ending for outcome in found(vector.wire, replies=False)}
        malformed = any(meaning.end is End.MALFORMED for meaning in vector.meanings)
        assert endings <= {Ending.CLOSED, *([Ending.EITHER] if malformed else [])}, vector.name


def wire(*requests: Request, body: bytes = b"") -> bytes:
    return b"".join(write_request(each) for each in requests) + body


A = wire(Put("a", 3, reply=True), body=b"abc")


def test_a_connection_stays_open_until_its_end() -> None:
    [between] = outcomes(A, server=Server())
    [inside] = outcomes(A[:-1], server=Server())
    [nothing] = outcomes(b"", server=Server())

    assert (between.ending, between.store, between.served) == (Ending.OPEN, {"a": b"abc"}, 1)
    assert (inside.ending, inside.store, inside.served) == (Ending.OPEN, {}, 0)
    assert (nothing.ending, nothing.store, nothing.served) == (Ending.OPEN, {}, 0)


@pytest.mark.parametrize("cut", range(1, len(A)))
def test_a_put_that_is_cut_off_leaves_what_was_stored(cut: int) -> None:
    for outcome in outcomes(A[:cut], server=Server(), ended=True, store={"a": b"old", "b": b"other"}):
        assert outcome.store == {"a": b"old", "b": b"other"}
        assert outcome.ending is Ending.CLOSED
        assert replies_match(outcome.replies, [])


def test_a_put_that_is_cut_off_may_be_answered_with_an_error_only() -> None:
    [outcome] = outcomes(A[:-1], server=Server(), ended=True)

    assert replies_match(outcome.replies, [failure(Code.INTERNAL, closing=True)])
    assert not replies_match(outcome.replies, [stored("a", b"abc")])
    assert not replies_match(outcome.replies, [failure(Code.INTERNAL), failure(Code.INTERNAL)])


def test_a_bad_prefix_has_to_end_in_a_close() -> None:
    [outcome] = outcomes(A + b"\xff\xff\xff\xff" + A, server=Server())

    assert (outcome.ending, outcome.store, outcome.served) == (Ending.CLOSED, {"a": b"abc"}, 1)
    assert replies_match(outcome.replies, [stored("a", b"abc")])


def test_a_malformed_header_may_end_in_a_close_or_not_unless_it_is_answered() -> None:
    silent = outcomes(b"\x02\0\0\0[]", server=Server())
    answered = outcomes(b'\x0e\0\0\0{"reply":true}', server=Server())
    by_silent_server = outcomes(b'\x0e\0\0\0{"reply":true}', server=SILENT)

    assert [each.ending for each in silent] == [Ending.EITHER]
    assert [each.ending for each in answered] == [Ending.CLOSED]
    assert [each.ending for each in by_silent_server] == [Ending.EITHER]
    assert replies_match(answered[0].replies, [failure(Code.MALFORMED, closing=True)])
    assert not replies_match(answered[0].replies, [failure(Code.MALFORMED, closing=False)])
    assert not replies_match(answered[0].replies, [])


def test_a_stat_tells_what_is_stored_at_its_moment() -> None:
    stream = wire(Stat("a", reply=True)) + A + wire(Stat("a", reply=True), Stat("b", reply=True), Stat("c", reply=True))

    [outcome] = outcomes(stream, server=Server(), store={"b": b""})

    right: list[Reply] = [failure(Code.NOT_FOUND), stored("a", b"abc"), stored("a", b"abc"), stored("b", b"")]
    assert replies_match(outcome.replies, [*right, failure(Code.NOT_FOUND)])
    assert not replies_match(outcome.replies, [*right, failure(Code.NOT_FOUND, closing=True)])
    assert not replies_match(outcome.replies, [*right, failure(Code.STORAGE)])
    assert not replies_match(outcome.replies, right)
    assert not replies_match(outcome.replies, [right[1], right[0], *right[2:], failure(Code.NOT_FOUND)])
    assert outcome.served == 5


def test_a_wrong_digest_size_or_name_is_no_right_reply() -> None:
    [outcome] = outcomes(A, server=Server())

    for wrong in (stored("a", b"abd"), stored("b", b"abc"), Stored("a", 4, stored("a", b"abc").sha256)):
        assert not replies_match(outcome.replies, [wrong])


def test_a_hello_is_answered_with_a_greeting_whatever_its_texts() -> None:
    [outcome] = outcomes(wire(Hello(reply=True)), server=Server())
    greeting = Greeting(server="any", features=("replies", "more"), max_header=HEADER_CEILING, max_filesize=5)

    assert replies_match(outcome.replies, [greeting])
    assert not replies_match(outcome.replies, [failure(Code.INTERNAL)])
    assert not replies_match(outcome.replies, [stored("a", b"")])
    assert not replies_match(outcome.replies, [replace(greeting, protocol=2)])


def test_a_put_over_the_limit_is_refused_as_too_large() -> None:
    ways = outcomes(A + A, server=Server(max_filesize=2), ended=True)

    assert {each.served for each in ways} == {1, 2}
    assert all(each.store == {} for each in ways)
    served_on = [each for each in ways if len(each.replies) == 2]
    assert any(replies_match(each.replies, [failure(Code.TOO_LARGE)] * 2) for each in served_on)
    assert not any(replies_match(each.replies, [failure(Code.BAD_FILENAME)] * 2) for each in ways)


def test_a_put_that_the_store_can_not_hold_is_refused_as_such() -> None:
    ways = outcomes(A, server=Server(unwritable=frozenset({"a"})))

    assert all(each.store == {} for each in ways)
    assert any(replies_match(each.replies, [failure(Code.STORAGE)]) for each in ways)
    assert not any(replies_match(each.replies, [stored("a", b"abc")]) for each in ways)


def test_a_stat_of_what_the_store_can_not_hold_may_be_answered_in_two_ways_closing_or_not() -> None:
    ways = outcomes(wire(Stat("a", reply=True)), server=Server(unwritable=frozenset({"a"})))

    def endings(*replies: Reply) -> list[Ending]:
        return [each.ending for each in ways if replies_match(each.replies, replies)]

    assert endings(failure(Code.STORAGE, closing=True)) == [Ending.CLOSED]
    assert endings(failure(Code.STORAGE)) == endings(failure(Code.NOT_FOUND)) == [Ending.OPEN]
    assert endings(failure(Code.NOT_FOUND, closing=True)) == endings(failure(Code.BAD_FILENAME)) == []


def test_the_answer_to_a_refused_put_may_be_missing_only_where_its_body_is() -> None:
    whole = outcomes(A, server=Server(max_filesize=2))
    cut_off = outcomes(A[:-1], server=Server(max_filesize=2))

    assert not any(replies_match(each.replies, []) for each in whole)
    assert any(replies_match(each.replies, []) for each in cut_off)


def test_a_refused_put_after_which_the_server_goes_on_is_answered_without_closing() -> None:
    ways = outcomes(A, server=Server(max_filesize=2))
    [goes_on] = [each for each in ways if each.ending is Ending.OPEN]
    [closed] = [each for each in ways if each.ending is Ending.CLOSED]

    assert not replies_match(goes_on.replies, [failure(Code.TOO_LARGE, closing=True)])
    assert replies_match(goes_on.replies, [failure(Code.TOO_LARGE)])
    for closing in (False, True):
        assert replies_match(closed.replies, [failure(Code.TOO_LARGE, closing=closing)])


def test_a_put_that_is_refused_for_two_reasons_may_be_answered_with_either() -> None:
    header = b'{"cmd":"put","filename":"../a","filesize":3,"reply":true}'
    ways = outcomes(b"\x39\0\0\0" + header + b"abc", server=Server(max_filesize=2))

    for code in (Code.TOO_LARGE, Code.BAD_FILENAME):
        assert any(replies_match(each.replies, [failure(code)]) for each in ways)
    assert not any(replies_match(each.replies, [failure(Code.STORAGE)]) for each in ways)


def test_a_filesize_beyond_every_limit_is_malformed_or_too_large_and_its_body_is_not_waited_for_for_ever() -> None:
    header = b'{"cmd":"put","filename":"a","filesize":%d,"reply":true}' % (MAX_FILESIZE + 1)
    ways = outcomes(len(header).to_bytes(4, "little") + header, server=Server())

    assert any(replies_match(each.replies, [failure(Code.MALFORMED, closing=True)]) for each in ways)
    assert any(replies_match(each.replies, [failure(Code.TOO_LARGE, closing=True)]) for each in ways)
    assert all(each.store == {} for each in ways)


def test_a_reset_may_overtake_requests_that_were_complete_but_only_from_some_place_on() -> None:
    b = wire(Put("b", 1), body=b"y")
    stores = [each.store for each in outcomes(A + b, server=SILENT, reset=True)]

    assert {tuple(store) for store in stores} == {(), ("a",), ("a", "b")}
    assert {tuple(each.store) for each in outcomes(A + b, server=SILENT, ended=True)} == {("a", "b")}


def test_optional_replies_may_be_left_out_anywhere() -> None:
    owed = Expected(stored("a", b""))
    optional = Expected(failure(Code.INTERNAL), any_closing=True, optional=True)

    assert replies_match([optional, owed, optional], [stored("a", b"")])
    assert replies_match([optional, owed], [failure(Code.INTERNAL, closing=True), stored("a", b"")])
    assert not replies_match([optional, owed], [failure(Code.INTERNAL)])
    assert not replies_match([], [failure(Code.INTERNAL)])
    assert replies_match([], [])


def test_replies_that_came_may_be_several_of_the_first_ones_expected() -> None:
    owed = Expected(stored("a", b""))
    optional = Expected(failure(Code.INTERNAL), optional=True)

    assert counts_matched([optional, owed], []) == {0, 1}
    assert counts_matched([owed, optional, owed], [stored("a", b"")]) == {1, 2}
    assert counts_matched([owed], [failure(Code.INTERNAL)]) == set()
    assert counts_matched([owed] * 5000, [stored("a", b"")] * 4999) == {4999}
