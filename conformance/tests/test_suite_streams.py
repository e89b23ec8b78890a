"""Streams are values: the bytes that they mean, the places in them, names that are filled in for each execution."""

import pytest

from jhup_conformance.verify.names import Names, name
from jhup_conformance.verify.requests import NOTHING, command, frame, hello, put, raw, requests, stat
from jhup_conformance.verify.steps import actions
from jhup_conformance.verify.stream import End, Stream
from jhup_conformance.wire.frames import header, prefix
from jhup_conformance.wire.transcript import Action, Kind

TWO = requests(put(b"abc", name="é"), command("x"))
TWO_BYTES = b'\x2a\x00\x00\x00{"cmd":"put","filename":"\xc3\xa9","filesize":3}abc\x0b\x00\x00\x00{"cmd":"x"}'
FILE = name("file")


def bound(stream: Stream) -> bytes:
    return stream.bind(Names("0123abcd")).data


def test_a_put_is_prefix_header_and_body() -> None:
    assert TWO.data == TWO_BYTES


def test_streams_of_the_same_content_are_equal_and_hash_alike() -> None:
    assert {requests(put(b"a"), put(b"b")).paced(), requests(put(b"a"), put(b"b")).paced()} == {
        requests(put(b"a"), put(b"b")).cut(4, 62, 63, 67, 125)
    }
    assert put(b"a") != put(b"b")
    assert put(b"a") != put(b"a").ending(End.RESET)


@pytest.mark.parametrize(
    ("offset", "place"),
    [
        (1, "between byte 1 and 2 of the first request's prefix"),
        (4, "between the first request's prefix and the first request's header"),
        (7, "3 bytes into the first request's header"),
        (30, "26 bytes into the first request's header, inside é"),
        (47, "1 bytes into the first request's body"),
        (49, "between the first request's body and the second request's prefix"),
        (51, "between byte 2 and 3 of the second request's prefix"),
        (64, "after the second request's header"),
    ],
)
def test_a_cut_is_named_by_its_field(offset: int, place: str) -> None:
    assert TWO.where(offset) == place


def test_offsets_inside_leave_the_borders_of_fields_out() -> None:
    assert TWO.inside("prefix") == [1, 2, 3, 50, 51, 52]
    assert list(TWO.body().inside) == [47, 48]


def test_an_unhurried_client_ends_its_segments_at_the_borders() -> None:
    assert TWO.paced().cuts == (4, 46, 49, 53)
    assert TWO.by_request().cuts == (49,)
    assert [stream.is_paced for stream in (TWO, TWO.by_request(), TWO.paced())] == [False, False, True]
    assert [stream.is_glued for stream in (TWO, TWO.by_request(), TWO.paced())] == [True, False, False]


def test_cuts_outside_do_not_count_and_stand_in_order() -> None:
    assert TWO.cut(99, 7, 0, 64, 7, 2).cuts == (2, 7)


def test_a_field_that_is_not_there_is_named() -> None:
    with pytest.raises(LookupError, match="the second request has no body"):
        TWO.body(1)


def test_the_first_bytes_keep_the_fields_that_they_reach() -> None:
    begun = TWO.paced().first(47)

    assert begun.data == TWO_BYTES[:47]
    assert begun.cuts == (4, 46)
    assert (begun.body().start, begun.body().end) == (46, 47)
    assert TWO.first(-1).data == TWO_BYTES[:-1]


def test_each_unnamed_put_has_a_name_of_its_own() -> None:
    first, second = requests(put(b"a"), put(b"b")).bind(Names("0123abcd")).watched

    assert (first, second) == ("jc-0123abcd-000001", "jc-0123abcd-000002")


def test_a_named_placeholder_is_the_same_name_everywhere() -> None:
    data = bound(requests(put(b"a", name=FILE), stat(FILE)))

    assert data.count(b"jc-0123abcd-000001") == 2


def test_each_execution_has_other_names_of_the_same_length() -> None:
    names, stream = Names("0123abcd"), put(b"abc")

    once, again = stream.bind(names), stream.bind(names)

    assert len(once.data) == len(again.data) == len(stream)
    assert once.watched != again.watched


def test_names_are_filled_in_where_they_stand_as_escapes_or_in_another_encoding() -> None:
    escaped = "".join(f"\\u{ord(each):04x}" for each in FILE)
    wide = f'{{"filename":"{FILE}"}}'.encode("utf-16-le")

    assert b"\\u0030\\u0031\\u0032\\u0033" in bound(frame(escaped.encode()).watching(FILE))
    assert "0123abcd".encode("utf-16-le") in bound(frame(wide).watching(FILE))


def test_a_body_that_looks_like_requests_keeps_its_names_apart() -> None:
    stream = put(requests(put(b"x"), put(b"y")))

    assert len(stream.watched) == len(set(stream.watched)) == 3
    assert len(set(stream.bind(Names("0123abcd")).watched)) == 3


def test_what_is_stored_before_is_looked_at_and_filled_in() -> None:
    filled = put(b"new", name=FILE).having({FILE: b"old"}).bind(Names("0123abcd"))

    assert filled.before == {"jc-0123abcd-000001": b"old"}
    assert filled.watched == ("jc-0123abcd-000001",)


@pytest.mark.parametrize("label", ["A", "~a", "a" * 14, "é"])
def test_a_label_that_would_not_fit_is_refused(label: str) -> None:
    with pytest.raises(ValueError, match="a label has up to 13 characters"):
        name(label)


def test_joined_streams_lose_their_cuts_and_ends() -> None:
    joined = requests(put(b"a").paced().ending(End.RESET), raw(b"xy"), NOTHING)

    assert (joined.cuts, joined.end, joined.requests) == ((), End.HOLD, 2)


def test_stat_and_hello_ask_for_a_reply_unless_told_otherwise() -> None:
    assert stat("a").data[4:] == b'{"cmd":"stat","filename":"a","reply":true}'
    assert hello(reply=False).data[4:] == b'{"cmd":"hello","reply":false}'


def test_a_claim_stands_in_place_of_the_length() -> None:
    assert frame(b"{}", claim=-1).data == b"\xff\xff\xff\xff{}"


def test_actions_send_each_segment_after_a_pause() -> None:
    assert actions(b"abcdef", [4, 2, 2, 0, 6, 99], End.HOLD, 0.5) == [
        Action(Kind.SENT, b"ab", 0.0),
        Action(Kind.SENT, b"cd", 0.5),
        Action(Kind.SENT, b"ef", 0.5),
    ]


@pytest.mark.parametrize(
    ("end", "last"),
    [
        (End.FINISH, Action(Kind.HALF_CLOSED, b"", 0.5)),
        (End.FINISH_AT_ONCE, Action(Kind.HALF_CLOSED, b"", 0.0)),
        (End.RESET, Action(Kind.RESET, b"", 0.5)),
        (End.LEAVE, Action(Kind.LEFT, b"", 0.0)),
    ],
)
def test_actions_end_as_asked(end: End, last: Action) -> None:
    assert actions(b"ab", [], end, 0.5)[-1] == last


def test_a_prefix_is_little_endian_and_signed() -> None:
    assert (prefix(45), prefix(-1)) == (b"\x2d\x00\x00\x00", b"\xff\xff\xff\xff")


def test_a_header_is_compact_and_raw() -> None:
    assert header(cmd="put", filename="é") == b'{"cmd":"put","filename":"\xc3\xa9"}'
