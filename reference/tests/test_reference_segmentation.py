"""However a stream is cut into segments: the same store, the same replies, the same end."""

import shutil
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from jhup_reference.session import Session
from jhup_reference.settings import Limits
from jhup_reference.store import Store


def frame(header: str, body: bytes = b"") -> bytes:
    return len(header.encode()).to_bytes(4, "little") + header.encode() + body


REQUESTS = [
    frame('{"cmd":"put","filename":"a","filesize":3}', b"abc"),
    frame('{"cmd":"put","filename":"a","filesize":0,"reply":true}'),
    frame('{"cmd":"put","filename":"日本","filesize":5,"reply":true}', b"\x02\0\0\0{"),
    frame('{"cmd":"put","filename":"a/b","filesize":4,"reply":true}', b"\x02\0\0\0"),
    frame('{"cmd":"put","filename":"b","filesize":300,"reply":true}', bytes(300)),
    frame('{"cmd":"put","filename":"too-long","filesize":301,"reply":true}', bytes(301)),
    frame('{"cmd":"put","filename":"much-too-long","filesize":700}', bytes(700)),
    frame('{"cmd":"stat","filename":"a","reply":true}'),
    frame('{"cmd":"hello","reply":true}'),
    frame('{"cmd":"handle","reply":true}'),
    frame('{"cmd":"put","filename":"c","filesize":1e0,"reply":true}', b"x"),
    b"\x01\0\0\0",
    b"\x2d\0\0\0{",
]


def outcome(pieces: list[bytes]) -> tuple[dict[str, bytes], bytes, bool]:
    """What a session makes of a stream that comes in pieces: store, replies, and who ended it."""
    folder = Path(tempfile.mkdtemp())
    store = Store(folder)
    try:
        session = Session(store, Limits(max_filesize=300, max_discard=500))
        replies = b""
        for piece in pieces:
            if session.closing:
                break
            replies += b"".join(output for output in session.receive(piece) if isinstance(output, bytes))
        closing = session.closing
        session.receive_eof()
        return {path.name: path.read_bytes() for path in folder.iterdir()}, replies, closing
    finally:
        store.close()
        shutil.rmtree(folder)


@st.composite
def cut_streams(draw: st.DrawFn) -> tuple[bytes, list[bytes]]:
    stream = b"".join(draw(st.lists(st.sampled_from(REQUESTS), min_size=1, max_size=5)))
    cuts = sorted(draw(st.sets(st.integers(1, len(stream) - 1), max_size=8)))
    return stream, [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]


@settings(deadline=None, max_examples=150)
@given(cut_streams())
def test_any_segmentation_has_the_same_outcome(case):
    stream, pieces = case
    assert outcome(pieces) == outcome([stream])


def test_one_byte_at_a_time_has_the_same_outcome():
    stream = b"".join(REQUESTS)
    assert outcome([bytes([byte]) for byte in stream]) == outcome([stream])


@settings(deadline=None, max_examples=60)
@given(st.lists(st.sampled_from(REQUESTS), min_size=1, max_size=4).map(b"".join), st.data())
def test_a_stream_that_ends_anywhere_leaves_only_whole_bodies(stream, data):
    end = data.draw(st.integers(1, len(stream)))
    contents, _, _ = outcome([stream[:end]])
    assert contents.keys() <= {"a", "日本", "b"}
    assert contents.get("a", b"") in (b"", b"abc")
    assert contents.get("日本", b"\x02\0\0\0{") == b"\x02\0\0\0{"
    assert contents.get("b", bytes(300)) == bytes(300)
