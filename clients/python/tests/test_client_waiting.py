"""What a client waits for, and how long (section 9.2)."""

import io
import os
import select
import socket
import struct
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from jhup_client import ConnectionLost, Fault, NoReply, Sent
from jhup_client.transport import unacknowledged

StartPeer = Callable[..., Any]

MIB = 1 << 20
ROUNDS = 20
"""MiB that fit into no system's buffers between two programs."""


def keep_until_the_client_leaves(server: Any) -> bytes:
    """Read everything, and never say or close anything: what deployed servers do."""
    return server.read_to_end()


def test_client_does_not_wait_for_a_reply_it_did_not_ask_for(peer: StartPeer, transport: str) -> None:
    released = threading.Event()

    def script(server: Any) -> bytes:
        data = server.read_to_end()
        assert released.wait(20)  # neither a word nor the end of the stream before the client is done
        return data

    server = peer(script, over=transport)

    sent = server.client(settle=0.05).put(io.BytesIO(b"abc"), name="a")
    released.set()

    assert sent == Sent("a", 3)
    assert server.result().endswith(b"abc")


def test_a_server_that_closes_at_the_end_of_the_stream_ends_the_wait(peer: StartPeer, transport: str) -> None:
    server = peer(keep_until_the_client_leaves, over=transport)

    server.client(settle=3600).put(io.BytesIO(b"abc"), name="a")

    assert server.result().endswith(b"abc")


@pytest.mark.parametrize("ask", ["hello", "stat", "put"])
def test_client_waits_a_bounded_time_for_a_reply_that_it_asked_for(peer: StartPeer, ask: str) -> None:
    server = peer(keep_until_the_client_leaves)
    client = server.client(reply=0.1)
    asks = {
        "hello": client.hello,
        "stat": lambda: client.stat("a"),
        "put": lambda: client.put(io.BytesIO(b"abc"), name="a", reply=True),
    }

    with pytest.raises(NoReply, match=r"no reply within 0.1 s") as caught:
        asks[ask]()

    assert caught.value.clause == "CLIENT-16"
    server.result()


def test_a_reply_that_drips_is_waited_for_while_it_grows(peer: StartPeer) -> None:
    def script(server: Any) -> None:
        server.read_request()
        text = b'{"status":"error","code":"busy","message":"","closing":false}'
        for byte in struct.pack("<i", len(text)) + text:
            server.send(bytes([byte]))
            threading.Event().wait(0.01)  # the pause is what is tested
        server.read_to_end()

    server = peer(script)

    with pytest.raises(Exception, match="too many connections"):
        server.client(reply=0.4).put(io.BytesIO(b"abc"), name="a", reply=True)

    server.result()


def test_a_reply_that_drips_for_ever_is_given_up(peer: StartPeer) -> None:
    def script(server: Any) -> None:
        server.read_request()
        server.send(struct.pack("<i", 65536))
        with suppress(ConnectionError):
            while True:
                server.send(b" ")
                threading.Event().wait(0.02)

    server = peer(script)

    with pytest.raises(NoReply):
        server.client(reply=0.1).put(io.BytesIO(b"abc"), name="a", reply=True)

    server.result()


def test_client_reads_replies_while_it_sends(peer: StartPeer, transport: str) -> None:
    """The server reads nothing more before a reply larger than all buffers between the two is taken."""
    padding = b" " * (MIB - 400)  # so that they are almost as long as any reply may be

    def script(server: Any) -> bytes:
        server.read_request()
        digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        text = b'{"status":"ok","filename":"a","filesize":3,"sha256":"%s"}' % digest.encode() + padding
        for _ in range(ROUNDS):
            server.send(struct.pack("<i", len(text)) + text)
        for _ in range(ROUNDS):
            server.read_request()
        return server.read_to_end()

    server = peer(script, over=transport)

    with server.client().connect() as connection:
        uploads = [connection.submit(io.BytesIO(b"abc"), name="a", reply=True) for _ in range(ROUNDS)]
        big = connection.submit(io.BytesIO(bytes(ROUNDS * MIB)), name="big")
        assert all(connection.result(upload).filesize == 3 for upload in uploads)

    assert server.result() == b""
    assert big.outcome == Sent("big", ROUNDS * MIB)


@pytest.mark.parametrize("reply", [False, True], ids=["by the system", "through the buffer"])
def test_a_server_that_reads_slowly_is_waited_for(peer: StartPeer, tmp_path: Path, reply: bool) -> None:
    path = tmp_path / "f"
    path.write_bytes(os.urandom(32 * MIB))

    def script(server: Any) -> bytes:
        header = server.read_header()
        body = b""
        for _ in range(16):
            threading.Event().wait(0.1)  # in all longer than the client's bound
            body += server.read(2 * MIB)
        if reply:
            server.confirm(header, body)
        assert server.read_to_end() == b""
        return body

    server = peer(script)

    server.client(stall=1.0).put(path, reply=reply)

    assert server.result() == path.read_bytes()


@pytest.mark.skipif(sys.platform != "linux", reason="only there a socket tells how much is on its way")
def test_a_server_so_slow_that_the_socket_stays_full_is_waited_for(peer: StartPeer) -> None:
    """A socket is writable again only when most of its buffer is free, which here takes longer than the bound."""

    def script(server: Any) -> int:
        received = 0
        while piece := server.socket.recv(4096):
            received += len(piece)
            threading.Event().wait(0.02)
        return received

    server = peer(script, over="unix")

    server.client(stall=0.5).put(io.BytesIO(bytes(400_000)), name="a")

    assert server.result() > 400_000


@pytest.mark.parametrize("reply", [False, True], ids=["by the system", "through the buffer"])
def test_a_server_that_takes_nothing_is_given_up(peer: StartPeer, tmp_path: Path, transport: str, reply: bool) -> None:
    path = tmp_path / "sparse"
    with path.open("wb") as file:
        file.truncate(64 * MIB)
    given_up = threading.Event()

    def script(server: Any) -> int:
        assert given_up.wait(20)
        return server.count_to_end()

    server = peer(script, over=transport)

    with pytest.raises(ConnectionLost, match=r"took no bytes for 0.2 s") as caught:
        server.client(stall=0.2).put(path, reply=reply)
    given_up.set()

    assert (caught.value.clause, caught.value.fault) == ("CLIENT-13", Fault.SERVER)
    assert server.result() < 64 * MIB


def test_bytes_that_the_other_host_never_takes_are_not_handed_over(peer: StartPeer) -> None:
    """They fit into our own buffer, so that they are written; but they stay there."""
    given_up = threading.Event()

    def script(server: Any) -> int:
        assert given_up.wait(20)
        return server.count_to_end()

    server = peer(script)
    with server.client(stall=0.2).connect() as connection:
        sock = connection._channel._transport.socket
        if unacknowledged(sock) is None:
            pytest.skip("this platform doesn't tell how much is on its way")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 32 * MIB)
        writable = sock.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF)
        connection.put(io.BytesIO(bytes(MIB)), name="first")
        full = threading.Event()
        while unacknowledged(sock) == 0 and not full.is_set():
            connection.put(io.BytesIO(bytes(writable // 8)), name="more")
        with pytest.raises(ConnectionLost, match=r"took no bytes for 0.2 s"):
            connection.finish()
    given_up.set()

    server.result()


def test_what_is_on_its_way_shrinks_before_a_socket_is_writable() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        if unacknowledged(ours) is None:
            pytest.skip("this platform doesn't tell how much is on its way")
        with suppress(BlockingIOError):
            while True:
                ours.send(bytes(1024))
        before = unacknowledged(ours)

        theirs.recv(1024)

        assert select.select([], [ours], [], 0)[1] == []
        assert before is not None
        assert 0 < (unacknowledged(ours) or 0) < before


def test_a_server_that_floods_does_not_keep_a_silent_upload_from_ending(peer: StartPeer) -> None:
    def script(server: Any) -> None:
        server.read_request()
        with suppress(ConnectionError):
            while True:
                server.send(bytes(65536))

    server = peer(script)

    with server.client(settle=0.1).connect() as connection:
        connection.put(io.BytesIO(b"abc"), name="a")

    assert connection.was_spoken_to
    server.result()
