"""Section 2.3, segmentation: every request, cut wherever a byte stream may be cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jhup_conformance.checks import (
    End,
    Judge,
    Stream,
    bodies,
    check,
    command,
    edges_up_to,
    frame,
    header,
    name,
    pattern,
    put,
    requests,
)

LEAST_PAUSE = 0.005
"""Seconds at a cut of a sweep where nothing tells that a segment was read: the target reads from all connections."""

FILE = name("file")
ESCAPED = header(cmd="put", filename=FILE + "-é", filesize=2).replace("é".encode(), b"\\u00e9")
SPACED = b'  {\n\t"cmd" : "put",\r\n "filename" : "%s" , "filesize" : 3 }  ' % FILE.encode()
LONG = put(pattern(300))
PUT = put(b"abc")

SHAPES = {
    "one put": PUT,
    "raw UTF-8 name": put(b"abc", name=FILE + "-é日\U0001f600"),
    "escaped name": frame(ESCAPED, b"ab").watching(FILE + "-é"),
    "empty body": put(b""),
    "300 bytes of body": LONG,
    "white space": frame(SPACED, b"abc").watching(FILE),
    "body that looks like a request": put(PUT),
    "two puts": requests(PUT, put(b"de")),
    "two empty puts": requests(put(b""), put(b"")),
    "unknown command between puts": requests(PUT, command("x-nothing", filename="ignored", filesize=4), put(b"de")),
    "two puts with replies": requests(put(b"abc", reply=True), put(b"de", reply=True)),
}
shapes = pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())


def at_every(judge: Judge, shape: Stream, kind: str) -> list[Stream]:
    """Return the stream cut at every offset inside the fields of a kind, or at as many as the effort allows.

    Those inside a character are never left out.
    """
    offsets = shape.inside(kind)
    if judge.effort.offsets is not None and len(offsets) > judge.effort.offsets:
        split = {offset for offset in offsets if shape.splits_character(offset)}
        offsets = sorted(split.union(judge.random.sample(offsets, judge.effort.offsets)))
    pause = max(LEAST_PAUSE, 2 * judge.pace.pause)
    return [shape.cut(offset).sent(pause=pause) for offset in offsets]


@check("FRAME-3")
@shapes
def test_a_prefix_may_be_cut_anywhere(judge: Judge, shape: Stream) -> None:
    judge.check(*at_every(judge, shape, "prefix"))


@check("FRAME-4")
@shapes
def test_a_header_may_be_cut_anywhere(judge: Judge, shape: Stream) -> None:
    judge.check(*at_every(judge, shape, "header"))


@check("FRAME-5")
@shapes
def test_a_body_may_be_cut_anywhere(judge: Judge, shape: Stream) -> None:
    judge.check(*at_every(judge, shape, "body"))


@check("FRAME-4")
def test_the_largest_header_may_be_cut_at_the_edges_of_buffers(judge: Judge) -> None:
    largest = frame(header(cmd="put", filename=FILE, filesize=3).ljust(65_536), b"abc").watching(FILE)
    cuts = [4 + size for size in edges_up_to(65_535) if size] + [size for size in edges_up_to(65_535) if size > 4]

    judge.check(*(largest.cut(cut) for cut in cuts))


@check("FRAME-5")
@pytest.mark.parametrize("first", [1, 2, 1023, 1024, 1025, 4096, 65_536])
def test_a_long_body_may_arrive_in_pieces_of_any_size(judge: Judge, first: int) -> None:
    size = min(5 * 65_536 + 3, judge.limits.max_filesize)
    stream = put(pattern(size))
    start = stream.header().end

    judge.check(stream.cut(*(start + first * times for times in (1, 2, 4))))


def byte_by_byte(stream: Stream) -> Stream:
    return stream.cut(*range(1, len(stream)))


@check("FRAME-9")
def test_a_request_may_arrive_byte_by_byte(judge: Judge) -> None:
    judge.check(byte_by_byte(PUT))


@check("FRAME-9", quick=False)
def test_every_shape_may_arrive_byte_by_byte(judge: Judge) -> None:
    works_whole = [shape for shape in SHAPES.values() if shape != LONG and judge.works(shape)]
    judge.check(*map(byte_by_byte, works_whole))


@check("FRAME-18")
@shapes
@pytest.mark.parametrize("end", [End.FINISH, End.FINISH_AT_ONCE])
def test_end_of_stream_may_follow_the_last_byte(judge: Judge, shape: Stream, end: End) -> None:
    judge.check(shape.ending(end), requires=shape)


@check("FRAME-18")
@given(data=st.data())
def test_several_requests_may_be_cut_in_several_places(judge: Judge, data: st.DataObject) -> None:
    drawn = data.draw(st.lists(bodies(9000), min_size=1, max_size=4), label="bodies")
    stream = requests(*(put(body) for body in drawn if len(body) <= judge.limits.max_filesize), PUT)
    cuts = data.draw(st.sets(st.integers(1, len(stream) - 1), min_size=1, max_size=6), label="cuts")

    judge.check(stream.cut(*cuts), several_cuts=True)


@check("FRAME-18")
@pytest.mark.parametrize("count", [1, 2, 5])
def test_random_cuts_of_every_shape_change_nothing(judge: Judge, count: int) -> None:
    tries = range(judge.effort.examples // 4)
    streams = [shape.cut(*judge.random.sample(range(1, len(shape)), count)) for shape in SHAPES.values() for _ in tries]

    judge.check(*streams, several_cuts=True)


LINES = requests(
    *(put(b"".join(b"line %d of file %d\n" % (line, number) for line in range(12))) for number in range(3))
)


def as_taught(stream: Stream) -> Stream:
    """Return it as the taught client sends it: prefix, header and each line of the file on its own."""
    line_ends = [at + 1 for at in stream.inside("body") if stream.data[at : at + 1] == b"\n"]
    return stream.cut(*stream.paced().cuts, *line_ends)


@check("FRAME-18")
@pytest.mark.parametrize("no_delay", [True, False], ids=["each at once", "Nagle"])
@pytest.mark.parametrize("pause", [0.0, None], ids=["back to back", "paced"])
def test_the_sends_of_the_taught_client_are_understood(judge: Judge, no_delay: bool, pause: float | None) -> None:
    judge.check(as_taught(LINES).sent(pause=pause, no_delay=no_delay), requires=LINES, several_cuts=True)
