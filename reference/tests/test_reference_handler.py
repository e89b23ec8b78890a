"""One connection served by blocking calls, over a pair of sockets: time-outs, slow readers, long bodies, the end."""

import contextlib
import os
import socket
import stat
import threading
from collections.abc import Callable, Iterator

import pytest

from jhup import Code, Failure, ReplyReader, Stored
from jhup_reference.buffers import Buffers
from jhup_reference.fast.splicing import CAN_SPLICE, splice_body
from jhup_reference.handler import UploadHandler
from jhup_reference.runtime.connections import Connections
from jhup_reference.runtime.journal import Journal
from jhup_reference.session import Session
from jhup_reference.settings import Limits
from jhup_reference.store import Store

MIB = 1024 * 1024


def frame(header: str) -> bytes:
    return len(header).to_bytes(4, "little") + header.encode()


class Host:
    """What a handler needs of a server."""

    def __init__(self, store: Store, *, seconds: float, linger: float, buffers: int, moves: bool) -> None:
        self.connections = Connections()
        self.buffers = Buffers(buffers)
        self.mover = splice_body if CAN_SPLICE and moves else None
        self.linger = linger
        self.session = Session(store, Limits())
        self._seconds = seconds

    def journal(self, client_address: object) -> Journal:
        return self.session.journal

    def begin(self, request: socket.socket, journal: Journal) -> Session:
        return self.session

    def started(self, request: socket.socket) -> tuple[()]:
        return ()

    def idle_timeout(self, session: Session) -> float:
        return self._seconds


class Pair:
    """A client's socket and the thread that serves its other end."""

    def __init__(
        self, store: Store, *, seconds: float = 60.0, linger: float = 0.1, buffers: int = 1, moves: bool = True
    ) -> None:
        self.client, served = socket.socketpair()
        self.client.settimeout(30)
        self.host = Host(store, seconds=seconds, linger=linger, buffers=buffers, moves=moves)
        self.session = self.host.session
        self.thread = threading.Thread(target=UploadHandler, args=(served, "client", self.host))
        self.thread.start()

    def rest(self) -> bytes:
        data = b""
        while piece := self.client.recv(65536):
            data += piece
        return data

    def join(self) -> None:
        self.thread.join(30)
        assert not self.thread.is_alive()


@pytest.fixture
def pair(store: Store) -> Iterator[Callable[..., Pair]]:
    pairs: list[Pair] = []

    def pair(**options: float) -> Pair:
        pairs.append(Pair(store, **options))
        return pairs[-1]

    yield pair
    for each in pairs:
        each.client.close()
        each.join()


class TestEnd:
    def test_of_the_stream_ends_the_connection_after_what_is_owed(self, pair):
        served = pair()
        served.client.sendall(frame('{"cmd":"put","filename":"a","filesize":3,"reply":true}') + b"abc\1\0")
        served.client.shutdown(socket.SHUT_WR)
        assert len(list(ReplyReader().receive(served.rest()))) == 1
        served.join()

    def test_of_a_malformed_stream_comes_without_waiting_for_what_the_prefix_claims(self, pair):
        served = pair()
        served.client.sendall(b"\xff\xff\xff\x7f")
        assert served.rest() == b""

    def test_is_half_a_close_first_so_that_no_reset_destroys_replies(self, pair):
        served = pair(linger=30)
        served.client.sendall(frame('{"cmd":"put","filename":3,"reply":true}'))
        (failure,) = ReplyReader().receive(served.rest())
        assert isinstance(failure, Failure)
        assert failure.code is Code.MALFORMED
        served.client.sendall(bytes(MIB))  # discarded: it would be refused with a reset otherwise
        served.client.close()
        served.join()

    def test_comes_although_the_client_goes_on_sending(self, pair):
        served = pair(linger=0.05)
        served.client.sendall(b"\0\0\0\0")
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            while True:
                served.client.sendall(bytes(65536))
        served.join()

    def test_comes_when_nothing_arrives_for_the_time_that_a_client_may_be_silent(self, pair, storage):
        served = pair(seconds=0.05)
        served.client.sendall(frame('{"cmd":"put","filename":"a","filesize":3}') + b"ab")
        assert served.rest() == b""
        assert list(storage.iterdir()) == []

    def test_comes_when_nothing_arrives_of_a_long_body(self, pair, storage):
        served = pair(seconds=0.05)
        served.client.sendall(frame('{"cmd":"put","filename":"a","filesize":3000000}') + b"ab")
        assert served.rest() == b""
        assert list(storage.iterdir()) == []

    def test_comes_when_asked_for_between_requests(self, pair, storage):
        served = pair()
        served.client.sendall(frame('{"cmd":"put","filename":"a","filesize":1,"reply":true}') + b"x")
        served.client.recv(65536)
        served.host.connections.stop()
        assert served.rest() == b""
        served.join()

    def test_comes_after_the_request_under_way_when_asked_for_within_it(self, pair, storage, eventually):
        served = pair()
        served.client.sendall(frame('{"cmd":"put","filename":"a","filesize":3}') + b"ab")
        eventually(lambda: served.session.body_due == 1)
        served.host.connections.stop()
        served.client.sendall(b"c" + frame('{"cmd":"put","filename":"b","filesize":0}'))
        assert served.rest() == b""
        assert "a" in [path.name for path in storage.iterdir()]

    def test_comes_between_two_requests_of_one_segment_when_asked_for(self, pair, storage, monkeypatch):
        served = pair()
        find = Store.find

        def find_while_the_server_stops(store: Store, name: str) -> object:
            served.host.connections.stop()
            return find(store, name)

        monkeypatch.setattr(Store, "find", find_while_the_server_stops)
        served.client.sendall(frame('{"cmd":"stat","filename":"a","reply":true}') * 100)
        assert len(list(ReplyReader().receive(served.rest()))) == 1

    def test_comes_at_once_when_aborted(self, pair, storage, eventually):
        served = pair()
        served.client.sendall(frame('{"cmd":"put","filename":"a","filesize":3}') + b"ab")
        eventually(lambda: served.session.body_due == 1)
        served.host.connections.abort()
        served.join()
        assert list(storage.iterdir()) == []


class TestLongBody:
    @pytest.mark.parametrize("asks", ["", ',"reply":true'], ids=["silent", "with-reply"])
    @pytest.mark.parametrize("size", [64 * 1024 + 1, MIB - 1, MIB, MIB + 1, 5 * MIB + 12345])
    def test_is_stored_exactly_and_the_next_request_served(self, pair, storage, size, asks):
        served = pair()
        body = os.urandom(size)
        header = frame(f'{{"cmd":"put","filename":"a","filesize":{size}{asks}}}')
        served.client.sendall(header + body + frame('{"cmd":"put","filename":"b","filesize":1}') + b"x")
        served.client.shutdown(socket.SHUT_WR)
        assert bool(served.rest()) == bool(asks)
        assert (storage / "a").read_bytes() == body
        assert (storage / "b").read_bytes() == b"x"

    def test_needs_nothing_that_is_there_for_speed(self, pair, storage):
        served = pair(moves=False)
        body = os.urandom(3 * MIB)
        served.client.sendall(frame(f'{{"cmd":"put","filename":"a","filesize":{len(body)}}}') + body)
        served.client.shutdown(socket.SHUT_WR)
        assert served.rest() == b""
        assert (storage / "a").read_bytes() == body

    @pytest.mark.skipif(not CAN_SPLICE, reason="this platform lacks splice")
    def test_is_read_by_a_buffer_where_no_pipe_can_be_made(self, pair, storage, monkeypatch):
        def exhausted() -> tuple[int, int]:
            raise OSError(24, "Too many open files")

        monkeypatch.setattr(os, "pipe", exhausted)
        served = pair()
        served.client.sendall(frame('{"cmd":"put","filename":"a","filesize":3000000}') + bytes(3_000_000))
        served.client.shutdown(socket.SHUT_WR)
        assert served.rest() == b""
        assert (storage / "a").stat().st_size == 3_000_000

    def test_that_breaks_off_leaves_nothing(self, pair, storage):
        served = pair()
        served.client.sendall(frame('{"cmd":"put","filename":"a","filesize":3000000}') + bytes(2_999_999))
        served.client.shutdown(socket.SHUT_WR)
        assert served.rest() == b""
        served.join()
        assert list(storage.iterdir()) == []

    def test_is_read_with_a_small_buffer_when_no_large_one_is_left(self, pair, storage):
        served = pair(buffers=0)
        served.client.sendall(frame('{"cmd":"put","filename":"a","filesize":3000000,"reply":true}') + bytes(3_000_000))
        served.client.shutdown(socket.SHUT_WR)
        (reply,) = ReplyReader().receive(served.rest())
        assert isinstance(reply, Stored)

    @pytest.mark.skipif(not CAN_SPLICE, reason="this platform lacks splice")
    def test_that_the_disk_refuses_midway_is_consumed_and_the_next_request_served(self, pair, storage, monkeypatch):
        splice, written = os.splice, []

        def full(source: int, sink: int, count: int, **options: int) -> int:
            if stat.S_ISREG(os.fstat(sink).st_mode):  # not what fills the pipe, of which there may be any number
                written.append(count)
                if len(written) == 2:
                    raise OSError(28, "No space left on device")
            return splice(source, sink, count, **options)

        monkeypatch.setattr(os, "splice", full)
        served = pair()
        served.client.sendall(frame('{"cmd":"put","filename":"a","filesize":3000000}') + bytes(3_000_000))
        served.client.sendall(frame('{"cmd":"put","filename":"b","filesize":1,"reply":true}') + b"x")
        served.client.shutdown(socket.SHUT_WR)
        (reply,) = ReplyReader().receive(served.rest())
        assert isinstance(reply, Stored)
        assert [path.name for path in storage.iterdir()] == ["b"]


class TestSlowReader:
    def test_is_waited_for_without_piling_up_replies(self, pair):
        served = pair()
        request = frame('{"cmd":"x","reply":true}')
        count = 30_000
        sender = threading.Thread(target=served.client.sendall, args=(request * count,))
        sender.start()
        reader, replies = ReplyReader(), 0
        while replies < count:
            replies += len(list(reader.receive(served.client.recv(1000))))
        sender.join()
        assert replies == count


class TestBuffers:
    def test_are_reused_and_bounded(self):
        buffers = Buffers(limit=1)
        first = buffers.take()
        assert first is not None
        assert buffers.take() is None
        buffers.put_back(first)
        assert buffers.take() is first
