"""Helpers of the reference's tests: a client of plain sockets, and server processes that are always ended."""

import contextlib
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from jhup import Reply, ReplyReader
from jhup.address import Address, Transport, parse_address
from jhup_reference.store import Store

hypothesis.settings.register_profile("reference", deadline=None)  # a busy machine is no fault of the code
hypothesis.settings.load_profile("reference")

WAIT = 30.0
"""Seconds after which a peer in these tests counts as hung; never reached when all is well."""


def frame(header: str | bytes, body: bytes = b"") -> bytes:
    """Prefix, header and body."""
    raw = header.encode() if isinstance(header, str) else header
    return len(raw).to_bytes(4, "little") + raw + body


class Client:
    """A client that knows nothing but its socket."""

    def __init__(self, sock: socket.socket) -> None:
        self.socket = sock
        self._reader = ReplyReader()
        self._replies: list[Reply] = []

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def request(self, header: str, body: bytes = b"") -> None:
        self.send(frame(header, body))

    def put(self, name: str, body: bytes) -> Reply:
        """A put that asks for a reply, and the reply."""
        self.request(f'{{"cmd":"put","filename":"{name}","filesize":{len(body)},"reply":true}}', body)
        return self.reply()

    def end(self) -> None:
        """Send no more; where the server has reset the connection (ENOTCONN) it is at its end."""
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_WR)

    def reply(self) -> Reply:
        """The next reply."""
        while not self._replies:
            data = self.socket.recv(65536)
            assert data, "the server closed instead of replying"
            self._replies += self._reader.receive(data)
        return self._replies.pop(0)

    def rest(self) -> list[Reply]:
        """All replies up to the server's close, or to its reset."""
        with contextlib.suppress(ConnectionResetError):
            while data := self.socket.recv(65536):
                self._replies += self._reader.receive(data)
        replies, self._replies = self._replies, []
        return replies

    def reset(self) -> None:
        """End with a reset."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.socket.close()


def connect_to(address: Address, tls: ssl.SSLContext | None = None) -> socket.socket:
    if address.transport is Transport.UNIX:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.settimeout(WAIT)
        sock.connect(address.path)
        return sock
    sock = socket.create_connection((address.host, address.port), timeout=WAIT)
    return tls.wrap_socket(sock, server_hostname="localhost") if tls else sock


class ServerProcess:
    """A server that runs in a process of its own."""

    def __init__(self, arguments: list[str], errors: Path, *, shell: str = "", stderr: int | None = None) -> None:
        self.errors = errors
        command = [sys.executable, "-m", "jhup_reference", *arguments]
        if "--bind" not in arguments:
            command += ["--bind", "127.0.0.1:0"]
        if shell:  # which ends in: exec "$@"
            command = ["sh", "-c", shell, "sh", *command]
        with errors.open("wb") as file:
            self.process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=file if stderr is None else stderr, text=True
            )
        assert self.process.stdout is not None
        self.line = self.process.stdout.readline().rstrip("\n")
        if not self.line:
            self.process.wait(WAIT)
            self.process.stdout.close()
            return
        transport, _, place = self.line.removeprefix("listening ").rpartition(" ")
        self.address = parse_address(f"{transport}://{place}" if transport else place)

    def wait(self) -> int:
        """Wait for its end and return its exit status."""
        status = self.process.wait(WAIT)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return status

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.wait()


@pytest.fixture
def eventually() -> Callable[[Callable[[], object]], None]:
    """Wait for what can only be seen by looking."""

    def eventually(holds: Callable[[], object]) -> None:
        deadline = time.monotonic() + WAIT
        while not holds():
            assert time.monotonic() < deadline, "it never came true"
            time.sleep(0.005)

    return eventually


@pytest.fixture
def storage(tmp_path: Path) -> Path:
    folder = tmp_path / "store"
    folder.mkdir()
    return folder


@pytest.fixture
def store(storage: Path) -> Iterator[Store]:
    store = Store(storage)
    yield store
    store.close()


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Callable[..., ServerProcess]]:
    """Start servers with all their arguments; all are ended after the test."""
    servers: list[ServerProcess] = []

    def start(arguments: list[str], **streams: Any) -> ServerProcess:
        servers.append(ServerProcess(arguments, tmp_path / f"stderr-{len(servers)}", **streams))
        return servers[-1]

    yield start
    for server in servers:
        server.end()


@pytest.fixture
def start(processes: Callable[..., ServerProcess], storage: Path) -> Callable[..., ServerProcess]:
    """Start upload servers of the storage folder."""
    return lambda *options, **streams: processes(["upload", "--storage", str(storage), *options], **streams)


@pytest.fixture
def start_echo(processes: Callable[..., ServerProcess]) -> Callable[..., ServerProcess]:
    """Start echo servers."""
    return lambda service, *options: processes(["echo", "--service", service, *options])


class EchoClient:
    """A client of an echo server, of whatever transport, that knows nothing but its socket."""

    def __init__(self, sock: socket.socket) -> None:
        self.socket = sock

    def send(self, data: bytes) -> None:
        assert self.socket.send(data) == len(data)

    def end(self) -> None:
        """Send no more; where the server has reset the connection (ENOTCONN) it is at its end."""
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_WR)

    def read(self, count: int) -> bytes:
        """Exactly so many bytes of a stream, or one datagram that has so many."""
        if self.socket.type is socket.SOCK_DGRAM:
            data = self.socket.recv(1 << 18)
            assert len(data) == count, data
            return data
        data = b""
        while len(data) < count:
            piece = self.socket.recv(count - len(data))
            assert piece, f"the server closed after {data!r}"
            data += piece
        return data

    def rest(self) -> bytes:
        """All bytes of a stream up to its orderly end."""
        data = b""
        while piece := self.socket.recv(65536):
            data += piece
        return data

    def reset(self) -> None:
        """End with a reset."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.socket.close()


@pytest.fixture
def echo_client(tmp_path: Path) -> Iterator[Callable[[Address], EchoClient]]:
    """Connect clients of echo servers; all are closed after the test."""
    with contextlib.ExitStack() as stack:
        paths = iter(range(1_000))

        def connect(address: Address) -> EchoClient:
            if address.transport.is_stream:
                return EchoClient(stack.enter_context(connect_to(address)))
            if address.transport is Transport.UDP:
                family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
                sock = stack.enter_context(socket.socket(family, socket.SOCK_DGRAM))
                sock.connect((address.host, address.port))
            else:
                sock = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
                sock.bind(str(tmp_path / f"c{next(paths)}"))
                sock.connect(address.path)
            sock.settimeout(WAIT)
            return EchoClient(sock)

        yield connect


@pytest.fixture
def connect() -> Iterator[Callable[..., Client]]:
    """Connect clients; all are closed after the test."""
    with contextlib.ExitStack() as stack:

        def connect(address: Address, tls: ssl.SSLContext | None = None) -> Client:
            return Client(stack.enter_context(connect_to(address, tls)))

        yield connect
