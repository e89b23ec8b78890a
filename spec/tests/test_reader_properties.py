"""Properties of the reader over all streams: segmentation, faults, memory, bodies moved past it (chapters 2 and 6)."""

import tracemalloc
from collections.abc import Callable, Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jhup.limits import MAX_HEADER, PREFIX_SIZE
from jhup.messages import Hello, Put, Stat, Unknown
from jhup.reader import BodyRead, Broken, Event, HeaderRead, PutRead, Reader, State
from jhup.reply_reader import ReplyReader
from jhup.vectors import Meaning, vectors
from jhup.writer import write_request

EDGES = (0, 1, 2, 3, 4, 5, 255, 256, 257, 1023, 1024, 1025, 4095, 4096, 4097)
sizes = st.sampled_from(EDGES) | st.integers(0, 2000)
bodies = sizes.flatmap(lambda size: st.binary(min_size=size, max_size=size))


def framed(header: bytes) -> bytes:
    return len(header).to_bytes(4, "little") + header


def put_frame(body: bytes) -> bytes:
    return framed(b'{"cmd":"put","filename":"a","filesize":%d}' % len(body)) + body


SHORT_WIRES = [each.wire for each in vectors() if len(each.wire) < 300]
short_wires = st.integers(0, len(SHORT_WIRES) - 1).map(SHORT_WIRES.__getitem__)
frames = st.one_of(
    bodies.map(put_frame),
    st.sampled_from([framed(b'{"cmd":"hello"}'), framed(b'{"cmd":"stat","filename":"a"}'), framed(b'{"cmd":"get"}')]),
)
good_streams = st.lists(frames, max_size=6).map(b"".join)
streams = st.builds(lambda good, last: good + last, good_streams, short_wires | st.binary(max_size=40))


@st.composite
def cut(draw: st.DrawFn, of: st.SearchStrategy[bytes]) -> tuple[bytes, list[bytes]]:
    """Draw a stream, and its segments."""
    stream = draw(of)
    cuts = draw(st.lists(st.integers(0, len(stream)), max_size=12))
    edges = [0, *sorted(cuts), len(stream)]
    return stream, [stream[begin:end] for begin, end in pairwise(edges)]


@given(segmented=cut(streams))
def test_any_segmentation_has_the_same_outcome(
    read_requests: Callable[..., Meaning], segmented: tuple[bytes, Sequence[bytes]]
) -> None:
    stream, segments = segmented

    assert read_requests(segments) == read_requests([stream])


@given(segmented=cut(streams))
def test_any_segmentation_of_replies_has_the_same_outcome(
    read_replies: Callable[..., Meaning], segmented: tuple[bytes, Sequence[bytes]]
) -> None:
    stream, segments = segmented

    assert read_replies(segments) == read_replies([stream])


def small_prefix(length: int) -> bytes:
    return length.to_bytes(4, "little", signed=True)


noise = st.one_of(
    st.binary(max_size=200),
    st.builds(
        lambda length, rest: small_prefix(length) + rest,
        st.integers(-2, 40) | st.sampled_from([MAX_HEADER, MAX_HEADER + 1, 2**31 - 1]),
        sizes.flatmap(lambda size: st.binary(min_size=size, max_size=size)),
    ),
    st.builds(framed, st.text('{}[]":,\\0123456789.eE-+cmdputfilename \n', min_size=2).map(str.encode)),
)


@given(segmented=cut(noise))
def test_any_bytes_are_read_or_malformed_and_nothing_else(
    read_requests: Callable[..., Meaning], segmented: tuple[bytes, Sequence[bytes]]
) -> None:
    stream, segments = segmented

    assert read_requests(segments) == read_requests([stream])


@given(segmented=cut(noise))
def test_any_bytes_are_replies_or_malformed_and_nothing_else(
    read_replies: Callable[..., Meaning], segmented: tuple[bytes, Sequence[bytes]]
) -> None:
    stream, segments = segmented

    assert read_replies(segments) == read_replies([stream])


@given(segmented=cut(streams | noise))
def test_a_reader_keeps_no_more_than_one_prefix_or_header(segmented: tuple[bytes, Sequence[bytes]]) -> None:
    reader = Reader()

    for segment in segmented[1]:
        for _ in reader.receive(segment):
            pass
        assert len(reader._pending) < (MAX_HEADER if reader.state is State.HEADER else PREFIX_SIZE)
        assert reader.state is State.HEADER or reader.state is State.PREFIX or not reader._pending


@given(segmented=cut(good_streams))
def test_bodies_are_views_of_the_callers_buffer_and_complete(segmented: tuple[bytes, Sequence[bytes]]) -> None:
    reader = Reader()
    due = 0
    for segment in segmented[1]:
        for event in reader.receive(segment):
            match event:
                case HeaderRead(Put() as put):
                    due = put.filesize
                case HeaderRead():
                    assert due == 0
                case BodyRead(data):
                    assert data.obj is segment
                    assert 0 < len(data) <= due
                    due -= len(data)
                    assert reader.body_due == due
                case PutRead():
                    assert due == 0
                case other:
                    raise AssertionError(other)


def drain(reader: Reader, stream: bytes, moved: Sequence[int]) -> list[Event]:
    """Read a stream like a server that moves pieces of bodies past its reader; one of 0 bytes is read instead."""
    events: list[Event] = []
    wishes = iter(moved)
    at = 0
    while at < len(stream):
        count = min(next(wishes, len(stream)), len(stream) - at, reader.body_due)
        if count and (event := reader.body_moved(count)):
            events.append(event)
        if not count:
            events += reader.receive(stream[at : at + 1])
        at += count or 1
    return events


@given(good_streams, st.lists(st.integers(0, 3000), max_size=8))
def test_a_body_that_is_moved_past_the_reader_leaves_the_same_requests(stream: bytes, moved: list[int]) -> None:
    read = list(Reader().receive(stream))

    passed_by = drain(Reader(), stream, moved)

    def without_bodies(events: list[Event]) -> list[Event]:
        return [event for event in events if not isinstance(event, BodyRead)]

    assert without_bodies(passed_by) == without_bodies(read)


@given(st.lists(st.sampled_from([Put("a", 3), Put("é", 0, reply=True), Stat("a"), Hello(), Unknown("x")]), max_size=5))
def test_what_the_writer_writes_is_what_the_reader_reads(requests: list[Put | Stat | Hello | Unknown]) -> None:
    stream = b"".join(write_request(each) + b"z" * getattr(each, "filesize", 0) for each in requests)

    assert [each.request for each in Reader().receive(stream) if isinstance(each, HeaderRead)] == requests


@pytest.mark.parametrize("length", [MAX_HEADER, MAX_HEADER + 1, 2**31 - 1])
def test_a_prefix_alone_takes_no_memory(length: int) -> None:
    readers = [Reader() for _ in range(64)]
    tracemalloc.start()
    try:
        for reader in readers:
            list(reader.receive(length.to_bytes(4, "little") + b"{"))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < len(readers) * 2048


def test_a_long_body_takes_no_memory() -> None:
    reader = Reader()
    list(reader.receive(framed(b'{"cmd":"put","filename":"a","filesize":1073741824}')))
    segment = bytes(1 << 20)
    tracemalloc.start()
    try:
        for _ in range(1024):
            for _ in reader.receive(segment):
                pass
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert reader.state is State.PREFIX
    assert peak < 65536


def test_a_broken_stream_takes_no_memory() -> None:
    reader = Reader()
    [broken] = reader.receive(b"\0\0\0\0")
    tracemalloc.start()
    try:
        for _ in range(100):
            assert list(reader.receive(bytes(100_000))) == []
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert isinstance(broken, Broken)
    assert kept < 65536
    assert not reader._pending


def test_a_reader_of_replies_keeps_no_more_than_one_reply() -> None:
    reader = ReplyReader()
    reply = framed(b'{"status":"error","code":"busy","message":"","closing":false}')

    assert len(list(reader.receive(reply * 100 + reply[:10]))) == 100
    assert len(reader._pending) == 10
