"""Asking echo servers: streams that come in pieces, datagrams that get lost, and what the command prints (10.14)."""

import contextlib
import itertools
import os
import select
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jhup.address import Address, Transport, parse_address
from jhup_client import ConnectionFailed, ConnectionLost, Fault, NoAnswer, RequestFailed, echo, echo_datagram, echoing
from jhup_client.cli import main

StartPeer = Callable[..., Any]
Answers = Callable[[int, bytes], "bytes | None"]

WAIT = 30.0
MIB = 1 << 20

needs_unix = pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="this platform lacks Unix sockets")
DATAGRAMS = [Transport.UDP, pytest.param(Transport.UNIXGRAM, marks=needs_unix)]


class DatagramPeer:
    """A server that answers datagrams as told: by their number and bytes, with bytes or with nothing."""

    def __init__(self, sock: socket.socket, answers: Answers) -> None:
        self.socket = sock
        self.received: list[bytes] = []
        self.senders: list[Any] = []
        self._answers = answers
        self._stop, self._stopper = socket.socketpair()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            ready, _, _ = select.select([self.socket, self._stop], [], [])
            if self._stop in ready:
                return
            data, sender = self.socket.recvfrom(1 << 17)
            self.received.append(data)
            self.senders.append(sender)
            if (answer := self._answers(len(self.received), data)) is not None:
                self.socket.sendto(answer, sender)

    def end(self) -> None:
        self._stopper.close()
        self._thread.join()
        self._stop.close()
        self.socket.close()


StartDatagramPeer = Callable[[Transport, Answers], tuple[DatagramPeer, Address]]


@pytest.fixture
def datagram_peer(tmp_path: Path) -> Iterator[StartDatagramPeer]:
    """Start servers of datagrams; all are ended after the test."""
    with contextlib.ExitStack() as stack:

        def start(transport: Transport, answers: Answers) -> tuple[DatagramPeer, Address]:
            if transport is Transport.UDP:
                sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                sock.bind(("127.0.0.1", 0))
                address = Address(transport, *sock.getsockname())
            else:
                sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
                sock.bind(str(tmp_path / "s"))
                address = Address(transport, path=str(tmp_path / "s"))
            peer = DatagramPeer(sock, answers)
            stack.callback(peer.end)
            return peer, address

        yield start


class TestStreams:
    def test_message_is_sent_and_the_answer_taken_up_to_the_end(self, peer: StartPeer, transport: str) -> None:
        def script(server: Any) -> bytes:
            received: bytes = server.read_to_end()
            for piece in (b"A", b"B\0", b"C"):
                server.send(piece)
            return received

        server = peer(script, over=transport)

        assert echo(b" ab\0c\n", parse_address(server.target)) == b"AB\0C"
        assert server.result() == b" ab\0c\n"

    def test_empty_message_is_end_of_stream_alone(self, peer: StartPeer) -> None:
        def script(server: Any) -> bytes:
            received: bytes = server.read_to_end()
            server.send(b"Hello, b''")
            return received

        server = peer(script)

        assert echo(b"", parse_address(server.target)) == b"Hello, b''"
        assert server.result() == b""

    def test_answer_before_the_end_of_the_message_is_taken(self, peer: StartPeer) -> None:
        def script(server: Any) -> int:
            server.read(1024)
            server.send(b"A" * 1024)
            server.end()
            count: int = server.count_to_end()
            return count

        assert echo(b"a" * 4 * MIB, parse_address(peer(script).target)) == b"A" * 1024

    def test_answer_of_a_session_is_read_while_the_message_is_sent(self, peer: StartPeer) -> None:
        def script(server: Any) -> None:
            while piece := server.socket.recv(1024):
                server.send(piece.upper() * 4)  # blocks for ever when nobody reads

        server = peer(script)

        assert echo(b"a" * 4 * MIB, parse_address(server.target)) == b"A" * 16 * MIB
        server.result()

    def test_reset_is_a_failure_although_an_answer_came(self, peer: StartPeer) -> None:
        def script(server: Any) -> None:
            server.read_to_end()
            server.send(b"ABC")
            server.reset()

        with pytest.raises(ConnectionLost, match="reset the connection") as caught:
            echo(b"abc", parse_address(peer(script).target))
        assert caught.value.clause == "ECHO-72"

    def test_answer_without_end_is_none(self, peer: StartPeer) -> None:
        released = threading.Event()

        def script(server: Any) -> None:
            server.read_to_end()
            server.send(b"ABC")
            assert released.wait(WAIT)

        with pytest.raises(NoAnswer, match=r"did not end within 0\.2 s; 3 bytes of it had come"):
            echo(b"abc", parse_address(peer(script).target), timeout=0.2)
        released.set()

    def test_answer_that_never_stops_takes_bounded_memory(
        self, peer: StartPeer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(echoing, "_MOST", MIB)

        def script(server: Any) -> None:
            with contextlib.suppress(ConnectionError):
                while True:
                    server.send(bytes(65536))

        with pytest.raises(NoAnswer, match="more than 1,048,576 bytes") as caught:
            echo(b"abc", parse_address(peer(script).target))
        assert caught.value.fault is Fault.SERVER

    def test_tls_is_refused(self) -> None:
        with pytest.raises(ConnectionFailed, match="TLS") as caught:
            echo(b"", Address(Transport.TLS, "127.0.0.1", 1))
        assert caught.value.fault is Fault.LOCAL


@pytest.mark.parametrize("transport", DATAGRAMS)
class TestDatagrams:
    @pytest.mark.parametrize(("message", "answer"), [(b"abc", b"ABC"), (b"", b""), (b"a" * 8192, b"\0" * 32_778)])
    def test_are_answered_by_one(
        self, datagram_peer: StartDatagramPeer, transport: Transport, message: bytes, answer: bytes
    ) -> None:
        server, address = datagram_peer(transport, lambda number, data: answer)

        assert echo(message, address) == answer
        assert server.received == [message]

    def test_are_sent_again_when_they_are_not_answered(
        self, datagram_peer: StartDatagramPeer, transport: Transport
    ) -> None:
        server, address = datagram_peer(transport, lambda number, data: b"ABC" if number == 3 else None)

        assert echo(b"abc", address, timeout=5) == b"ABC"
        assert server.received == [b"abc"] * 3
        assert len(set(server.senders)) == 1

    def test_that_are_never_answered_are_a_failure_in_the_end(
        self, datagram_peer: StartDatagramPeer, transport: Transport
    ) -> None:
        server, address = datagram_peer(transport, lambda number, data: None)

        with pytest.raises(NoAnswer, match=r"no answer within 0\.3 s to 5 tries") as caught:
            echo(b"abc", address, timeout=0.3)
        assert caught.value.clause == "ECHO-76"
        assert server.received == [b"abc"] * len(server.received)

    def test_are_not_taken_from_anybody_else(
        self, datagram_peer: StartDatagramPeer, transport: Transport, tmp_path: Path
    ) -> None:
        kind = socket.AF_INET if transport is Transport.UDP else socket.AF_UNIX
        with socket.socket(kind, socket.SOCK_DGRAM) as stranger:
            stranger.bind(("127.0.0.1", 0) if transport is Transport.UDP else str(tmp_path / "stranger"))

            def intrude(number: int, data: bytes) -> bytes:
                with contextlib.suppress(OSError):  # the system may tell the stranger so
                    stranger.sendto(b"WRONG", server.senders[-1])
                return b"RIGHT"

            server, address = datagram_peer(transport, intrude)
            assert echo(b"abc", address) == b"RIGHT"

    def test_that_are_too_long_are_not_sent(self, datagram_peer: StartDatagramPeer, transport: Transport) -> None:
        server, address = datagram_peer(transport, lambda number, data: b"")

        with pytest.raises(RequestFailed, match="1,048,576 bytes are too long") as caught:
            echo(bytes(MIB), address)
        assert caught.value.fault is Fault.LOCAL
        assert server.received == []


@needs_unix
class TestOwnPath:
    def test_is_reachable_for_a_server_of_another_user_and_gone_in_the_end(
        self, datagram_peer: StartDatagramPeer
    ) -> None:
        modes = []

        def answers(number: int, data: bytes) -> bytes:
            own = Path(server.senders[-1])
            modes.append((own.stat().st_mode & 0o777, own.parent.stat().st_mode & 0o777))
            return b"ABC"

        server, address = datagram_peer(Transport.UNIXGRAM, answers)
        assert echo(b"abc", address) == b"ABC"
        assert modes == [(0o666, 0o711)]
        assert not Path(server.senders[0]).parent.exists()

    def test_is_gone_after_a_failure(self, datagram_peer: StartDatagramPeer) -> None:
        server, address = datagram_peer(Transport.UNIXGRAM, lambda number, data: None)
        with pytest.raises(NoAnswer):
            echo(b"abc", address, timeout=0.1)
        assert not Path(server.senders[0]).parent.exists()

    def test_answers_of_others_are_told_apart_where_the_system_does_not(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(echo_datagram, "FILTERS", False)
        monkeypatch.chdir(tmp_path)
        (tmp_path / "s").touch()
        (tmp_path / "other").touch()
        server = Address(Transport.UNIXGRAM, path=str(tmp_path / "s"))
        judged = {
            sender: echo_datagram.is_from(sender, server) for sender in (server.path, "s", "other", "gone", "", None)
        }
        assert judged == {server.path: True, "s": True, "other": False, "gone": False, "": False, None: False}


class TestCommand:
    def test_prints_the_answer(self, peer: StartPeer, capsys: pytest.CaptureFixture[str]) -> None:
        def script(server: Any) -> bytes:
            received: bytes = server.read_to_end()
            server.send("HÉLLO".encode())
            return received

        server = peer(script)

        assert main(["echo", "héllo", server.target]) == 0
        assert server.result() == "héllo".encode()
        assert capsys.readouterr() == ("HÉLLO\n", "")

    def test_prints_nothing_that_a_terminal_acts_on(self, peer: StartPeer, capsys: pytest.CaptureFixture[str]) -> None:
        server = peer(lambda server: (server.read_to_end(), server.send(b"\x1b[2J\xff\x00\n\xc2\x9bA\\")))

        assert main(["echo", "x", server.target]) == 0
        assert capsys.readouterr().out == "\\x1b[2J\\xff\\x00\\n\\x9bA\\\n"

    def test_prints_bytes_as_they_are_when_told_so(
        self, peer: StartPeer, capfdbinary: pytest.CaptureFixture[bytes]
    ) -> None:
        server = peer(lambda server: (server.read_to_end(), server.send(b"\x1b\xff\n\0")))

        assert main(["echo", "--raw", "x", server.target]) == 0
        assert capfdbinary.readouterr().out == b"\x1b\xff\n\0"

    @pytest.mark.skipif(os.name != "posix", reason="arguments are text on other systems")
    def test_sends_the_bytes_of_its_argument(self, datagram_peer: StartDatagramPeer) -> None:
        server, address = datagram_peer(Transport.UDP, lambda number, data: b"")

        assert main(["echo", "a\udcff", str(address)]) == 0
        assert server.received == [b"a\xff"]

    @pytest.mark.parametrize(
        ("target", "message"),
        [
            ("127.0.0.1:1", "can't connect to 127.0.0.1:1: connection refused"),
            ("udp://127.0.0.1:1", "can't reach udp://127.0.0.1:1: connection refused"),
            pytest.param("unix:gone", "can't connect to unix:gone: no such file or directory", marks=needs_unix),
            pytest.param("unixgram:gone", "can't reach unixgram:gone: no such file or directory", marks=needs_unix),
            ("udp://nobody.invalid:1", "can't reach udp://nobody.invalid:1: unknown host"),
        ],
    )
    def test_says_that_nobody_is_there(
        self, target: str, message: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: Any
    ) -> None:
        monkeypatch.chdir(tmp_path)

        assert main(["echo", "x", target]) == 3
        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith(f"jhup-client: {message}")
        assert err.count("\n") == 1

    def test_says_that_no_answer_came(
        self, datagram_peer: StartDatagramPeer, capsys: pytest.CaptureFixture[str]
    ) -> None:
        _, address = datagram_peer(Transport.UDP, lambda number, data: None)

        assert main(["echo", "--timeout", "0.2", "x", str(address)]) == 1
        assert capsys.readouterr() == ("", "jhup-client: no answer within 0.2 s to 5 tries\n")

    def test_says_that_the_answer_broke_off(self, peer: StartPeer, capsys: pytest.CaptureFixture[str]) -> None:
        def script(server: Any) -> None:
            server.read_to_end()
            server.send(b"A")
            server.reset()

        assert main(["echo", "x", peer(script).target]) == 1
        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith("jhup-client: the server reset the connection; ")

    @pytest.mark.parametrize(
        ("arguments", "named"),
        [
            (["x"], "TARGET"),
            (["x", "nowhere"], "HOST:PORT"),
            (["x", "tls://127.0.0.1:1"], "not offered over TLS"),
            (["--timeout", "0", "x", "127.0.0.1:1"], "timeout"),
        ],
    )
    def test_refuses_what_makes_no_sense(
        self, arguments: list[str], named: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["echo", *arguments]) == 2
        assert named in capsys.readouterr().err


@pytest.fixture
def reference(tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Start reference echo servers; each gives its target."""
    pytest.importorskip("jhup_reference.cli", reason="the reference server is not installed")
    processes: list[subprocess.Popen[str]] = []
    paths = itertools.count()

    def start(transport: Transport, *options: str) -> str:
        if transport.is_local and not hasattr(socket, "AF_UNIX"):
            pytest.skip("this platform lacks Unix sockets")
        bind = f"{transport}:{tmp_path / f's{next(paths)}'}" if transport.is_local else f"{transport}://127.0.0.1:0"
        command = [sys.executable, "-m", "jhup_reference", "echo", "--bind", bind, *options]
        processes.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
        assert processes[-1].stdout is not None
        line = processes[-1].stdout.readline()
        assert line.startswith("listening ")
        return bind.replace(":0", f":{line.rpartition(':')[2].strip()}") if not transport.is_local else bind

    yield start
    for process in processes:
        process.terminate()
        with process:
            assert process.wait(WAIT) == 0


TRANSPORTS = [Transport.TCP, Transport.UNIX, *DATAGRAMS]


@pytest.mark.parametrize("transport", TRANSPORTS)
class TestWithTheReference:
    def test_upper_shouts(self, reference: Callable[..., str], transport: Transport) -> None:
        address = parse_address(reference(transport, "--service", "upper"))
        assert echo(b" a\0z\xe9 \n", address) == b"A\0Z\xe9"
        assert echo(b" ", address) == b""
        assert echo(b"", address) == b""

    def test_greet_greets(self, reference: Callable[..., str], transport: Transport) -> None:
        address = parse_address(reference(transport, "--service", "greet"))
        assert echo(b"it's\n", address) == b'Hello, b"it\'s"'
        assert echo(b"", address) == b"Hello, b''"

    def test_worker_names_itself(self, reference: Callable[..., str], transport: Transport) -> None:
        address = parse_address(reference(transport, "--service", "worker"))
        assert echo(b" a", address) == b"Thread-1 (process_request_thread):  a"
        assert echo(b"", address) == b"Thread-2 (process_request_thread): "
        if transport.is_stream:
            assert echo(b"\xff", address) == b""
        else:
            with pytest.raises(NoAnswer):
                echo(b"\xff", address, timeout=0.3)


@pytest.mark.parametrize("shape", ["session", "line"])
def test_long_messages_are_answered_whole_by_the_reference(reference: Callable[..., str], shape: str) -> None:
    address = parse_address(reference(Transport.TCP, "--service", "upper", "--shape", shape))
    assert echo(b"abcd\n" * 100_000, address).replace(b"\n", b"") == b"ABCD" * 100_000
