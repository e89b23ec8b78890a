"""Scripted servers: plain sockets and bytes written by hand, so that nothing depends on our own reader or writer."""

import contextlib
import hashlib
import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import pytest
import trustme

from jhup_client import Client, Timeouts, TlsOptions

HAS_UNIX = hasattr(socket, "AF_UNIX")
PATIENCE = 30.0
"""Seconds after which a script gives up on the client: only a failing test waits so long."""


QUICK = Timeouts(connect=10, stall=10, reply=10, settle=0.2)
"""Bounds for tests in which none of the long waits should ever end by itself."""


class Conversation:
    """The server's end of a connection, as scripts use it."""

    def __init__(self, sock: socket.socket) -> None:
        self.socket = sock

    def read(self, count: int) -> bytes:
        """Receive exactly so many bytes."""
        data = bytearray()
        while len(data) < count:
            piece = self.socket.recv(min(count - len(data), 1 << 20))
            if not piece:
                raise AssertionError(f"the client ended after {len(data)} of {count} bytes: {bytes(data[:80])!r}")
            data += piece
        return bytes(data)

    def read_header(self) -> dict[str, Any]:
        """Receive a prefix and the header that it counts."""
        (length,) = struct.unpack("<i", self.read(4))
        header: dict[str, Any] = json.loads(self.read(length))
        return header

    def read_request(self) -> tuple[dict[str, Any], bytes]:
        """Receive a header and the body that belongs to it."""
        header = self.read_header()
        return header, self.read(header.get("filesize", 0))

    def read_to_end(self) -> bytes:
        """Receive until the client ends its direction."""
        data = bytearray()
        while piece := self.socket.recv(1 << 20):
            data += piece
        return bytes(data)

    def count_to_end(self) -> int:
        """Receive until the connection ends in whatever way, and count the bytes."""
        count = 0
        with contextlib.suppress(ConnectionError):
            while piece := self.socket.recv(1 << 20):
                count += len(piece)
        return count

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def reply(self, **members: object) -> None:
        """Send a reply."""
        text = json.dumps(members).encode()
        self.send(struct.pack("<i", len(text)) + text)

    def confirm(self, header: dict[str, Any], body: bytes, **changed: object) -> None:
        """Send the right reply to a put, or one with some members changed."""
        members = {"filename": header["filename"], "filesize": len(body), "sha256": hashlib.sha256(body).hexdigest()}
        self.reply(status="ok", **members | changed)

    def store_all(self) -> dict[str, bytes]:
        """Carry out puts until the client ends, confirming those that ask for it."""
        store = {}
        while first := self.socket.recv(1):
            (length,) = struct.unpack("<i", first + self.read(3))
            header = json.loads(self.read(length))
            store[header["filename"]] = self.read(header["filesize"])
            if header.get("reply") is True:
                self.confirm(header, store[header["filename"]])
        return store

    def end(self) -> None:
        """Half-close."""
        self.socket.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        """End the connection by a reset. A Unix socket resets when it is closed with bytes unread."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


Script = Callable[[Conversation], Any]


class Peer:
    """A server that follows a script for each connection, one after the other."""

    def __init__(self, listener: socket.socket, target: str, scripts: tuple[Script, ...], wrap: "Wrap | None") -> None:
        self.target = target
        self._listener = listener
        self._scripts = scripts
        self._wrap = wrap
        self._results: list[Any] = []
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        try:
            for script in self._scripts:
                accepted, _ = self._listener.accept()
                accepted.settimeout(PATIENCE)
                with contextlib.ExitStack() as stack:
                    stack.callback(accepted.close)
                    sock = accepted if self._wrap is None else self._wrap(accepted)
                    stack.callback(sock.close)
                    self._results.append(script(Conversation(sock)))
        except BaseException as error:  # noqa: BLE001  # handed to the test
            self._error = error
        finally:
            self._listener.close()

    def client(self, *, tls: TlsOptions | None = None, **bounds: float) -> Client:
        """Return a client of this server, with quick time-outs but for those named."""
        target = self.target if tls is None else f"tls://{self.target}"
        return Client.at(target, timeouts=replace(QUICK, **bounds), tls=tls)

    def join(self) -> None:
        """Wait until the scripts have ended."""
        self._thread.join(PATIENCE + 5)
        assert not self._thread.is_alive(), "the script did not end"

    def results(self) -> list[Any]:
        """Wait until the scripts have ended, and return what they returned."""
        self.join()
        if self._error is not None:
            raise self._error
        return self._results

    def result(self) -> Any:
        """Wait until the script has ended, and return its result."""
        (result,) = self.results()
        return result


class Wrap(Protocol):
    def __call__(self, sock: socket.socket, /) -> socket.socket: ...


class StartPeer(Protocol):
    def __call__(self, *scripts: Script, over: str = "tcp", wrap: Wrap | None = None) -> Peer: ...


@pytest.fixture
def peer(tmp_path: Path) -> Iterator[StartPeer]:
    """Start scripted servers: ``peer(script, ...)``, a script for each connection that is expected."""
    peers: list[Peer] = []
    listeners: list[socket.socket] = []

    def start(*scripts: Script, over: str = "tcp", wrap: Wrap | None = None) -> Peer:
        listener, target = _listen(over, tmp_path / f"s{len(peers)}")
        listener.settimeout(PATIENCE)
        listeners.append(listener)
        peers.append(Peer(listener, target, scripts, wrap))
        return peers[-1]

    yield start
    for listener in listeners:
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
    for one in peers:
        one.join()


def _listen(over: str, path: Path) -> tuple[socket.socket, str]:
    if over == "unix":
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(path))
        listener.listen()
        return listener, f"unix:{path}"
    if over == "tcp6":
        listener = socket.create_server(("::1", 0), family=socket.AF_INET6)
        return listener, f"[::1]:{listener.getsockname()[1]}"
    listener = socket.create_server(("127.0.0.1", 0))
    return listener, f"127.0.0.1:{listener.getsockname()[1]}"


def _has_ipv6() -> bool:
    if not socket.has_ipv6:
        return False
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


PLAIN_TRANSPORTS = [
    "tcp",
    pytest.param("tcp6", marks=pytest.mark.skipif(not _has_ipv6(), reason="no IPv6 loopback")),
    pytest.param("unix", marks=pytest.mark.skipif(not HAS_UNIX, reason="no Unix sockets on this platform")),
]


@pytest.fixture(params=PLAIN_TRANSPORTS)
def transport(request: pytest.FixtureRequest) -> str:
    """Each of the transports without TLS."""
    name: str = request.param
    return name


@dataclass(frozen=True)
class Authority:
    """A certificate authority for tests, with a server's and a client's certificate in files."""

    ca: trustme.CA
    ca_file: Path
    server: ssl.SSLContext
    client_file: Path

    def wrap(self, sock: socket.socket) -> ssl.SSLSocket:
        return self.server.wrap_socket(sock, server_side=True, suppress_ragged_eofs=False)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """An authority that signed a certificate for 127.0.0.1."""
    ca = trustme.CA()
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("127.0.0.1").configure_cert(server)
    ca.configure_trust(server)
    ca_file, client_file = tmp_path / "ca.pem", tmp_path / "client.pem"
    ca.cert_pem.write_to_path(str(ca_file))
    ca.issue_cert("client@example.org").private_key_and_cert_chain_pem.write_to_path(str(client_file))
    return Authority(ca, ca_file, server, client_file)
