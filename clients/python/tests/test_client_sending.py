"""What a client puts on the wire (section 9.1)."""

import errno
import gzip
import io
import os
import struct
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jhup_client import Client, FileFailed, FileShrank, Progress, Sent, Timeouts
from jhup_client.sending import BUFFER

StartPeer = Callable[..., Any]

MIB = 1 << 20


def read_to_end(server: Any) -> bytes:
    return server.read_to_end()


def file_with(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def test_client_sends_prefix_header_and_body(peer: StartPeer, tmp_path: Path, transport: str) -> None:
    server = peer(read_to_end, over=transport)

    sent = server.client().put(file_with(tmp_path, "a.txt", b"abc"))

    assert server.result() == b'\x2d\x00\x00\x00{"cmd":"put","filename":"a.txt","filesize":3}abc'
    assert sent == Sent("a.txt", 3)


def test_client_sends_an_empty_file(peer: StartPeer, tmp_path: Path) -> None:
    server = peer(read_to_end)

    server.client().put(file_with(tmp_path, "e.txt", b""))

    assert server.result() == b'\x2d\x00\x00\x00{"cmd":"put","filename":"e.txt","filesize":0}'


def test_client_counts_the_bytes_of_a_header_and_not_its_characters(peer: StartPeer, tmp_path: Path) -> None:
    server = peer(read_to_end)

    server.client().put(file_with(tmp_path, "日本", b"abc"))

    assert server.result() == '\x2e\x00\x00\x00{"cmd":"put","filename":"日本","filesize":3}abc'.encode()


def test_client_asks_for_a_reply_when_it_is_told_to(peer: StartPeer, tmp_path: Path) -> None:
    def script(server: Any) -> bytes:
        header, body = server.read_request()
        server.confirm(header, body)
        return header["reply"], server.read_to_end()

    server = peer(script)

    server.client().put(file_with(tmp_path, "a.txt", b"abc"), reply=True)

    assert server.result() == (True, b"")


def test_client_sends_the_base_name_without_any_folder(peer: StartPeer, tmp_path: Path) -> None:
    deep = tmp_path / "some" / "folder"
    deep.mkdir(parents=True)
    server = peer(lambda server: server.read_request())

    server.client().put(os.fspath(file_with(deep, "c.txt", b"x")))

    assert server.result() == ({"cmd": "put", "filename": "c.txt", "filesize": 1}, b"x")


def test_client_stores_under_another_name_when_told_to(peer: StartPeer, tmp_path: Path) -> None:
    server = peer(lambda server: server.read_request())

    server.client().put(file_with(tmp_path, "c.txt", b"x"), name="d.txt")

    assert server.result()[0]["filename"] == "d.txt"


def test_puts_of_one_connection_follow_each_other_without_waiting(peer: StartPeer, tmp_path: Path) -> None:
    server = peer(read_to_end)

    with server.client().connect() as connection:
        connection.put(file_with(tmp_path, "a.txt", b"abc"))
        connection.put(file_with(tmp_path, "b.txt", b"de"))

    assert server.result() == (
        b'\x2d\x00\x00\x00{"cmd":"put","filename":"a.txt","filesize":3}abc'
        b'\x2d\x00\x00\x00{"cmd":"put","filename":"b.txt","filesize":2}de'
    )


@pytest.mark.parametrize("reply", [False, True], ids=["by the system", "through the buffer"])
@pytest.mark.parametrize("size", [BUFFER - 60, BUFFER, 2 * BUFFER + 1, 5 * BUFFER + 7])
def test_bodies_arrive_whole_whatever_buffers_they_go_through(
    peer: StartPeer, tmp_path: Path, transport: str, reply: bool, size: int
) -> None:
    content = os.urandom(size)
    server = peer(lambda server: server.store_all(), over=transport)

    server.client().put(file_with(tmp_path, "big", content), reply=reply)

    assert server.result()["big"] == content


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sizes=st.lists(st.sampled_from([0, 1, 2, 1023, 4096, 65535, 262144]) | st.integers(0, 70000), max_size=6))
def test_any_files_arrive_in_order_over_one_connection(peer: StartPeer, sizes: list[int]) -> None:
    bodies = {f"f{index}": bytes([index]) * size for index, size in enumerate(sizes)}
    server = peer(lambda server: server.store_all())

    with server.client().connect() as connection:
        for index, (name, body) in enumerate(bodies.items()):
            connection.put(io.BytesIO(body), name=name, reply=index % 2 == 1)

    assert server.result() == bodies


def cannot_send_files(*_: object) -> int:
    raise OSError(errno.EINVAL, "Invalid argument")


def test_a_file_that_the_system_cannot_send_is_read(
    peer: StartPeer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = os.urandom(5 * BUFFER)
    server = peer(lambda server: server.store_all())
    monkeypatch.setattr(os, "sendfile", cannot_send_files, raising=False)

    server.client().put(file_with(tmp_path, "f", content))

    assert server.result() == {"f": content}


def test_a_system_that_cannot_send_files_is_no_hindrance(
    peer: StartPeer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = os.urandom(5 * BUFFER)
    server = peer(lambda server: server.store_all())
    monkeypatch.delattr(os, "sendfile", raising=False)

    server.client().put(file_with(tmp_path, "f", content))

    assert server.result() == {"f": content}


def test_a_size_beyond_32_bits_is_announced_exactly(peer: StartPeer) -> None:
    def script(server: Any) -> tuple[Any, bytes]:
        return server.read_header(), server.read_to_end()

    server = peer(script)

    with pytest.raises(FileShrank):
        server.client().put(io.BytesIO(b"abc"), name="huge", size=2**32 + 5)

    assert server.result() == ({"cmd": "put", "filename": "huge", "filesize": 4294967301}, b"abc")


@pytest.mark.parametrize("reply", [False, True], ids=["by the system", "through the buffer"])
def test_memory_does_not_grow_with_the_file(peer: StartPeer, tmp_path: Path, reply: bool) -> None:
    path = tmp_path / "sparse"
    with path.open("wb") as file:
        file.truncate(64 * MIB)
    piece = bytearray(MIB)  # allocated before the measurement, as the server runs in this process

    def script(server: Any) -> int:
        header = server.read_header()
        left = header["filesize"]
        while left:
            left -= server.socket.recv_into(piece, min(left, MIB))
        if reply:
            digest = "3b6a07d0d404fab4e23b6d34bc6696a6a312dd92821332385e5af7c01c421351"
            server.reply(status="ok", filename="sparse", filesize=64 * MIB, sha256=digest)
        return len(server.read_to_end())

    server = peer(script)
    tracemalloc.start()
    try:
        server.client().put(path, reply=reply)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert server.result() == 0
    assert peak < 4 * MIB


class Changing:
    """Changes a file when so many bytes of it were taken, from inside the progress callback."""

    def __init__(self, path: Path, at: int, size: int) -> None:
        self.path = path
        self.at = at
        self.size = size
        self.seen: list[int] = []

    def __call__(self, progress: Progress) -> None:
        if progress.sent >= self.at and not (self.seen and self.seen[-1] >= self.at):
            os.truncate(self.path, self.size)
        self.seen.append(progress.sent)


REPLY = pytest.mark.parametrize("reply", [False, True], ids=["by the system", "through the buffer"])


@REPLY
@pytest.mark.parametrize("at", [0, 300_000], ids=["before the first byte", "inside the body"])
def test_a_file_that_grows_is_sent_as_long_as_announced(peer: StartPeer, tmp_path: Path, reply: bool, at: int) -> None:
    content = os.urandom(4 * MIB)
    path = file_with(tmp_path, "log", content)
    server = peer(lambda server: server.store_all())

    server.client().put(path, reply=reply, progress=Changing(path, at, 9 * MIB))

    assert server.result() == {"log": content}


SHRINKING = [
    pytest.param(0, 100, id="before the first byte"),
    pytest.param(0, 0, id="to nothing"),
    pytest.param(BUFFER - 1000, 100, id="after the first piece, below it"),
    pytest.param(BUFFER - 1000, 5 * MIB, id="after the first piece, above it"),
    pytest.param(6 * MIB - BUFFER, 6 * MIB - 1, id="by one byte, before the last piece"),
]


@REPLY
@pytest.mark.parametrize(("at", "left"), SHRINKING)
def test_a_file_that_shrinks_is_cut_off_and_never_filled_up(
    peer: StartPeer, tmp_path: Path, transport: str, reply: bool, at: int, left: int
) -> None:
    path = file_with(tmp_path, "shrinking", b"x" * (6 * MIB))

    def script(server: Any) -> tuple[int, int]:
        announced = server.read_header()["filesize"] if (at, left) != (0, 0) else 6 * MIB
        return announced, server.count_to_end()

    server = peer(script, over=transport)

    with pytest.raises(FileShrank) as caught:
        server.client().put(path, reply=reply, progress=Changing(path, at, left))

    announced, received = server.result()
    assert announced == 6 * MIB
    assert received < announced
    assert caught.value.clause == "CLIENT-5"


def test_a_file_cut_off_while_its_pages_are_on_their_way_is_reported(peer: StartPeer, tmp_path: Path) -> None:
    path = file_with(tmp_path, "late", b"x" * (6 * MIB))
    server = peer(lambda server: server.count_to_end())

    with pytest.raises(FileShrank):
        server.client().put(path, progress=Changing(path, 6 * MIB, 10))

    server.result()


@REPLY
def test_a_shrinking_file_does_not_take_back_the_files_before_it(peer: StartPeer, tmp_path: Path, reply: bool) -> None:
    """It is cut off at once, and then the replies owed to the others are heard."""
    path = file_with(tmp_path, "shrinking", b"x" * MIB)

    def script(server: Any) -> bytes:
        first = server.read_request()
        second = server.read_request()
        server.read_header()
        server.count_to_end()
        server.confirm(*second)
        return first[1] + second[1]

    server = peer(script)
    connection = server.client().connect()
    silent = connection.submit(io.BytesIO(b"one"), name="one")
    confirmed = connection.submit(io.BytesIO(b"two"), name="two", reply=True)

    with pytest.raises(FileShrank):
        connection.submit(path, reply=reply, progress=Changing(path, 0, 10))

    assert server.result() == b"onetwo"
    assert silent.outcome == Sent("one", 3)
    assert connection.result(confirmed).filename == "two"
    assert not connection.is_open


class Reader:
    """A file object that gives what it was told to."""

    def __init__(self, *pieces: Any) -> None:
        self.pieces = list(pieces)
        self.asked: list[int] = []

    def read(self, size: int) -> Any:
        self.asked.append(size)
        piece = self.pieces.pop(0) if self.pieces else b""
        if isinstance(piece, Exception):
            raise piece
        return piece


def test_a_file_object_may_give_its_bytes_in_any_pieces(peer: StartPeer) -> None:
    server = peer(lambda server: server.store_all())

    server.client().put(Reader(b"a", b"bc", b"def"), name="r", size=6)

    assert server.result() == {"r": b"abcdef"}


def test_a_file_object_is_never_asked_for_more_than_its_body(peer: StartPeer) -> None:
    reader = Reader(b"abc", b"more")
    server = peer(lambda server: server.store_all())

    server.client().put(reader, name="r", size=3)

    assert server.result() == {"r": b"abc"}
    assert reader.asked == [3]


@pytest.mark.parametrize(
    ("piece", "words"),
    [
        ("text", "gives str, not bytes"),
        (None, "gives NoneType, not bytes"),
        (b"much more", "gave 9 bytes when asked for 3"),
        (OSError(5, "Input/output error"), "input/output error"),
    ],
)
def test_a_file_object_that_gives_nothing_useful_fails_with_a_reason(peer: StartPeer, piece: Any, words: str) -> None:
    server = peer(lambda server: server.count_to_end())

    with pytest.raises(FileFailed, match=words):
        server.client().put(Reader(piece), name="r", size=3)

    server.result()


def test_a_file_object_is_sent_from_where_it_stands(peer: StartPeer, tmp_path: Path) -> None:
    path = file_with(tmp_path, "f", b"0123456789" + b"x" * (4 * MIB))
    server = peer(lambda server: server.store_all())

    with path.open("rb") as file:
        file.seek(10)
        server.client().put(file)
        end = file.tell()

    assert server.result() == {"f": b"x" * (4 * MIB)}
    assert end == 10 + 4 * MIB


def test_a_file_object_may_be_sent_in_part(peer: StartPeer, tmp_path: Path) -> None:
    path = file_with(tmp_path, "f", b"0123456789")
    server = peer(lambda server: server.store_all())

    with path.open("rb") as file:
        server.client().put(file, size=4)
        rest = file.read()

    assert server.result() == {"f": b"0123"}
    assert rest == b"456789"


def test_the_bytes_of_a_file_object_are_sent_and_not_those_of_its_descriptor(peer: StartPeer, tmp_path: Path) -> None:
    path = tmp_path / "packed.gz"
    with gzip.open(path, "wb") as packed:
        packed.write(b"x" * MIB)
    server = peer(lambda server: server.store_all())

    with gzip.open(path, "rb") as file:
        server.client().put(file, name="unpacked", size=MIB)

    assert server.result() == {"unpacked": b"x" * MIB}


def test_progress_begins_at_nothing_and_ends_at_the_size(peer: StartPeer, tmp_path: Path) -> None:
    news: list[Progress] = []
    server = peer(lambda server: server.count_to_end())

    server.client().put(file_with(tmp_path, "p", b"x" * (2 * MIB)), progress=news.append)

    assert news[0] == Progress("p", 0, 2 * MIB)
    assert news[-1] == Progress("p", 2 * MIB, 2 * MIB)
    assert [one.sent for one in news] == sorted({one.sent for one in news})
    server.result()


def test_what_a_progress_callback_raises_ends_the_connection_inside_the_body(peer: StartPeer, tmp_path: Path) -> None:
    def stop(progress: Progress) -> None:
        if progress.sent:
            raise KeyboardInterrupt

    server = peer(lambda server: (server.read_header(), server.count_to_end())[1])

    with pytest.raises(KeyboardInterrupt):
        server.client().put(file_with(tmp_path, "p", b"x" * (2 * MIB)), progress=stop)

    assert server.result() < 2 * MIB


BAD_NAMES = [
    pytest.param("a\\b", "NAME-6", id="backslash"),
    pytest.param("a\nb", "NAME-5", id="control character"),
    pytest.param("a\x7fb", "NAME-5", id="delete"),
    pytest.param(os.fsdecode(b"a\xff"), "NAME-8", id="not UTF-8"),
]


@pytest.mark.skipif(os.name != "posix", reason="other systems have no such names")
@pytest.mark.parametrize(("name", "clause"), BAD_NAMES)
def test_a_local_name_that_is_not_valid_fails_before_connecting(tmp_path: Path, name: str, clause: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"x")
    nobody = Client.at("127.0.0.1:1")  # connecting would fail in another way

    with pytest.raises(FileFailed) as caught:
        nobody.put(path)

    assert caught.value.clause == clause
    assert caught.value.fault == "local"


@pytest.mark.parametrize(
    ("name", "clause"),
    [
        ("", "NAME-3"),
        ("x" * 256, "NAME-4"),
        ("é" * 128, "NAME-4"),
        ("a/b", "NAME-6"),
        ("..", "NAME-7"),
        ("\ud800", "NAME-8"),
    ],
)
def test_a_chosen_name_that_is_not_valid_fails_before_connecting(tmp_path: Path, name: str, clause: str) -> None:
    path = file_with(tmp_path, "fine", b"x")

    with pytest.raises(FileFailed) as caught:
        Client.at("127.0.0.1:1").put(path, name=name)

    assert caught.value.clause == clause


def test_a_bad_name_leaves_a_connection_as_it_was(peer: StartPeer, tmp_path: Path) -> None:
    server = peer(lambda server: server.store_all())

    with server.client().connect() as connection:
        with pytest.raises(FileFailed):
            connection.put(io.BytesIO(b"x"), name="..")
        with pytest.raises(FileFailed):
            connection.put(tmp_path / "missing")
        with pytest.raises(FileFailed):
            connection.stat("a/b")
        connection.put(io.BytesIO(b"x"), name="fine")

    assert server.result() == {"fine": b"x"}


def test_missing_files_folders_and_unnamed_objects_are_refused_with_a_reason(tmp_path: Path) -> None:
    nobody = Client.at("127.0.0.1:1")

    with pytest.raises(FileFailed, match=r"missing: no such file$"):
        nobody.put(tmp_path / "missing")
    with pytest.raises(FileFailed, match=r"is a folder, not a file$"):
        nobody.put(tmp_path)
    with pytest.raises(FileFailed, match=r"has no name"):
        nobody.put(io.BytesIO(b"x"))
    with pytest.raises(FileFailed, match="null"):
        nobody.put("a\0b")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs on this platform")
def test_a_fifo_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")

    with pytest.raises(FileFailed, match=r"is a FIFO, not a file$"):
        Client.at("127.0.0.1:1").put(tmp_path / "fifo")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs on this platform")
def test_a_file_that_becomes_a_fifo_after_connecting_is_not_waited_for_either(peer: StartPeer, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    server = peer(lambda server: server.store_all())

    with server.client().connect() as connection, pytest.raises(FileFailed, match=r"is a FIFO"):
        connection.put(tmp_path / "fifo")

    assert server.result() == {}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs on this platform")
def test_a_path_that_becomes_a_fifo_while_it_is_opened_is_not_waited_for(
    peer: StartPeer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = file_with(tmp_path, "f", b"abc")
    server = peer(lambda server: server.store_all())
    really_open = os.open

    def replace_and_open(name: str, flags: int) -> int:
        path.unlink()
        os.mkfifo(path)
        return really_open(name, flags)

    with server.client().connect() as connection:
        monkeypatch.setattr("jhup_client.body.os.open", replace_and_open)
        with pytest.raises(FileFailed, match=r"is a FIFO, not a file$"):
            connection.put(path)
        monkeypatch.undo()

    assert server.result() == {}


def test_a_file_object_that_has_nothing_yet_is_not_asked_again_and_again(peer: StartPeer) -> None:
    class Empty(io.RawIOBase):
        def readable(self) -> bool:
            return True

        def readinto(self, buffer: Any) -> None:
            return None

    server = peer(lambda server: server.count_to_end())

    with pytest.raises(FileFailed, match="has no bytes at the moment"):
        server.client().put(Empty(), name="a", size=3)

    server.result()


def test_a_pipe_needs_a_size(peer: StartPeer) -> None:
    read_end, write_end = os.pipe()
    os.write(write_end, b"through a pipe")
    os.close(write_end)
    server = peer(lambda server: server.store_all())

    with open(read_end, "rb") as pipe, server.client().connect() as connection:  # noqa: PTH123
        with pytest.raises(FileFailed, match="give it as size"):
            connection.put(pipe, name="p")
        connection.put(pipe, name="p", size=14)

    assert server.result() == {"p": b"through a pipe"}


@pytest.mark.parametrize("field", ["connect", "stall", "reply", "settle"])
def test_a_bound_that_is_none_is_refused(field: str) -> None:
    with pytest.raises(ValueError, match=f"{field} is 0 seconds, expected more than 0"):
        Timeouts(**{field: 0})


def test_a_prefix_is_little_endian_whatever_the_machine(peer: StartPeer) -> None:
    name = "x" * 255
    server = peer(lambda server: server.read(4))

    with server.client().connect() as connection:
        connection.put(io.BytesIO(b""), name=name)
        connection.abort()

    assert server.result() == struct.pack("<i", 295)
