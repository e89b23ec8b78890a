"""The declared formats and the reader written by hand are the same thing (chapters 2, 3 and 8)."""

from typing import Any

import pytest
from construct import ConstructError, StreamError, ValidationError
from hypothesis import given
from hypothesis import strategies as st

from jhup.errors import Malformed
from jhup.formats import Frame, JsonObject, Prefix, ReplyFrame, ReplyHeader, RequestHeader, prefix_fault
from jhup.limits import HEADER_CEILING, MAX_HEADER
from jhup.messages import Code, Failure, Hello, Put, Request
from jhup.reader import Broken, HeaderRead, Reader
from jhup.reply_reader import ReplyReader
from jhup.vectors import End, Stream, Vector, vectors

STRINGS = ['"put"', '"stat"', '"get"', '"a.txt"', '"é"', r'"\ud83d\ude00"', r'"\ud800"', '"a/b"', '""', '"3"']
NUMBERS = [
    "3",
    "0",
    "-0",
    "-1",
    "3.0",
    "3e0",
    "1e400",
    "3.0000000000000000001",
    "1.5",
    str(2**63 - 1),
    str(2**63),
    "9" * 4400,
]
OTHERS = ["true", "false", "null", "[]", "[[[]]]", "{}", '{"cmd":"put"}']
NOT_JSON = ["NaN", "-Infinity", "True", "'a'", '"\t"', r'"\x41"', "01", "+1", "1.", ".5"]
VALUES = [*STRINGS, *NUMBERS, *OTHERS, *NOT_JSON]
NAMES = ['"cmd"', '"filename"', '"filesize"', '"reply"', '"Cmd"', '"x"', r'"\u0063md"', r'"\ud800"', "cmd", '""']
GOOD_VALUES = {'"cmd"': '"put"', '"filename"': '"a"', '"filesize"': "1", '"reply"': "true", '"x"': "[1.5,{}]"}
SPACE = st.sampled_from(["", "", "", " ", "\n", "\t\r", "\f", "\ufeff", "/**/"])

good_members = st.permutations(list(GOOD_VALUES.items())).flatmap(
    lambda pairs: st.integers(2, len(pairs)).map(lambda count: pairs[:count])
)
odd_member = st.tuples(st.sampled_from(NAMES), st.sampled_from(VALUES))


@st.composite
def near_valid_headers(draw: st.DrawFn) -> bytes:
    """Draw a header that is valid but for a few odd members, odd white space, or one byte."""
    members = [*draw(good_members), *draw(st.lists(odd_member, max_size=2))]
    pairs = [f"{name}{draw(SPACE)}:{value}" for name, value in draw(st.permutations(members))]
    text = draw(SPACE) + "{" + ",".join(pairs) + "}" + draw(SPACE)
    header = bytearray(text.encode())
    match draw(st.sampled_from(["whole", "whole", "changed", "inserted", "left out"])):
        case "changed":
            header[draw(st.integers(0, len(header) - 1))] = draw(st.integers(0, 255))
        case "inserted":
            header.insert(draw(st.integers(0, len(header))), draw(st.integers(0, 255)))
        case "left out":
            del header[draw(st.integers(0, len(header) - 1))]
    return bytes(header)


def frame_of(header: bytes) -> bytes:
    return len(header).to_bytes(4, "little") + header


def by_format(header: bytes) -> Request | tuple[str, str, bool]:
    try:
        request = RequestHeader.parse(header)
        assert isinstance(request, Request)
        return request
    except Malformed as error:
        return error.clause, error.reason, error.asks_reply


def by_reader(header: bytes) -> Request | tuple[str, str, bool]:
    match next(Reader().receive(frame_of(header))):
        case HeaderRead(request):
            return request
        case Broken(error):
            return error.clause, error.reason, error.asks_reply
        case other:
            raise AssertionError(other)


@given(near_valid_headers())
def test_declared_header_and_reader_agree_on_headers_that_are_almost_valid(header: bytes) -> None:
    assert by_format(header) == by_reader(header)


@given(st.binary(min_size=2, max_size=64))
def test_declared_header_and_reader_agree_on_any_bytes(header: bytes) -> None:
    assert by_format(header) == by_reader(header)


@pytest.mark.parametrize(
    "broken",
    [
        each
        for each in vectors()
        if each.stream is Stream.REQUESTS and len(each.meanings) == 1 and not each.meanings[0].events
        and each.meanings[0].end is not End.BETWEEN
    ],
    ids=lambda each: each.name,
)  # fmt: skip
def test_declared_frame_fails_where_the_reader_does(broken: Vector) -> None:
    with pytest.raises((Malformed, ConstructError)) as caught:
        Frame.parse(broken.wire)

    if isinstance(caught.value, Malformed):
        assert caught.value.clause == broken.meanings[0].breaks
    elif broken.meanings[0].end is End.MALFORMED:
        assert isinstance(caught.value, ValidationError)
        assert broken.meanings[0].breaks in ("FRAME-14", "FRAME-15")
    else:
        assert isinstance(caught.value, StreamError)


def test_declared_reply_fails_where_the_reply_reader_does(reply_vector: Vector) -> None:
    first = reply_vector.meanings[0]
    if first.events or first.end is End.BETWEEN:
        assert list(ReplyReader().receive(reply_vector.wire[:0])) == []
        return

    with pytest.raises((Malformed, ConstructError)):
        ReplyFrame.parse(reply_vector.wire)


@pytest.mark.parametrize("length", [-(2**31), -1, 0, 1, HEADER_CEILING + 1, 2**31 - 1])
def test_declared_prefix_takes_no_length_out_of_its_limits(length: int) -> None:
    with pytest.raises(ValidationError):
        Prefix.parse(length.to_bytes(4, "little", signed=True))
    with pytest.raises(ValidationError):
        Prefix.build(length)


@pytest.mark.parametrize("length", [2, 3, 255, 256, MAX_HEADER, HEADER_CEILING])
def test_declared_prefix_takes_lengths_up_to_its_limits(length: int) -> None:
    assert Prefix.parse(length.to_bytes(4, "little")) == length
    assert Prefix.build(length) == length.to_bytes(4, "little")


@pytest.mark.parametrize(
    ("length", "limit", "clause"),
    [
        (1, MAX_HEADER, "FRAME-14"),
        (-1, MAX_HEADER, "FRAME-14"),
        (2, MAX_HEADER, None),
        (MAX_HEADER, MAX_HEADER, None),
        (MAX_HEADER + 1, MAX_HEADER, "FRAME-15"),
        (MAX_HEADER + 1, HEADER_CEILING, None),
        (HEADER_CEILING, HEADER_CEILING, None),
        (HEADER_CEILING + 1, HEADER_CEILING, "FRAME-15"),
    ],
)
def test_prefix_is_judged_by_the_limit_of_the_receiver(length: int, limit: int, clause: str | None) -> None:
    fault = prefix_fault(length, limit)

    assert (fault.clause if fault else None) == clause
    assert fault is None or str(length) in fault.reason


def test_declared_frame_has_no_body_but_that_of_a_put() -> None:
    frame = Frame.parse(frame_of(b'{"cmd":"hello"}') + b"more")

    assert frame.header == Hello()
    assert frame.filesize is None
    assert frame.body is None


def test_declared_frame_takes_exactly_filesize_bytes() -> None:
    frame = Frame.parse(frame_of(b'{"cmd":"put","filename":"a","filesize":2}') + b"abc")

    assert frame.header == Put("a", 2)
    assert frame.body == b"ab"


def test_declared_headers_build_what_they_parse() -> None:
    failure = Failure(Code.BUSY, "later", closing=True)

    assert RequestHeader.parse(RequestHeader.build(Put("a", 2, reply=True))) == Put("a", 2, reply=True)
    assert ReplyHeader.parse(ReplyHeader.build(failure)) == failure


def test_declared_object_is_a_dictionary() -> None:
    members: dict[str, Any] = JsonObject(RequestHeader.subcon.subcon).parse(b'{"a":[1]}')

    assert members == {"a": [1]}


def test_formats_are_not_compiled() -> None:
    for declared in (Prefix, RequestHeader, ReplyHeader, Frame, ReplyFrame):
        assert type(declared).__name__ != "Compiled", "compiled formats leave out the checks of lengths"
