"""Non-blocking channels to the target: plain sockets and TLS, with half-close and reset (section 2.1).

TLS runs over memory buffers, because a socket wrapped by `ssl` can't give end of stream in one direction only.
"""

import contextlib
import socket
import ssl
import struct
from typing import Final, Protocol

from jhup.address import Address, Transport
from jhup_conformance.wire.delivery import Queues
from jhup_conformance.wire.network import Network, StreamSocket, SystemNetwork, Unreachable

__all__ = ["Channel", "Unreachable", "connect"]

_CHUNK: Final = 256 * 1024
_RESET_ON_CLOSE: Final = struct.pack("ii", 1, 0)


class Channel(Protocol):
    """One connection, seen from the suite's end. No method blocks."""

    def fileno(self) -> int:
        """Return the descriptor to wait for."""

    @property
    def has_unsent(self) -> bool:
        """Whether bytes wait inside the channel for the socket to take them."""

    def send(self, data: memoryview) -> int:
        """Return bytes to the transport; returns how many it took, 0 when it is full.

        Raises:
            ConnectionError: when the peer has reset the connection.
        """

    def receive(self) -> bytes | None:
        """Return what has arrived: empty at end of stream, None when there is nothing yet.

        Raises:
            ConnectionError: when the peer has reset the connection.
        """

    def unread(self) -> int | None:
        """Return how many bytes the target has not read of those that the transport took; None where nothing tells."""

    def queues(self) -> Queues | None:
        """Return what waits at the target's end, either way; None where nothing tells."""

    def set_buffers(self, size: int) -> None:
        """Have the system keep so many bytes of either direction: with few, a peer soon feels that nobody reads.

        Args:
            size: bytes; systems round it, and some keep what they had.
        """

    def half_close(self) -> None:
        """Return end of stream to the peer and go on receiving."""

    def reset(self) -> None:
        """End the connection abruptly: a reset where the transport has one."""

    def close(self) -> None:
        """End the connection in order."""


class _Plain:
    """A stream socket as it is."""

    has_unsent = False

    def __init__(self, sock: StreamSocket, network: Network, sent: int = 0) -> None:
        sock.setblocking(False)
        self._socket, self._network, self._sent = sock, network, sent

    def fileno(self) -> int:
        return self._socket.fileno()

    def send(self, data: memoryview) -> int:
        try:
            count = self._socket.send(data)
        except BlockingIOError:
            return 0
        self._sent += count
        return count

    def unread(self) -> int | None:
        return self._network.unread(self._socket, self._sent)

    def queues(self) -> Queues | None:
        return self._network.queues(self._socket, self._sent)

    def receive(self) -> bytes | None:
        try:
            return self._socket.recv(_CHUNK)
        except BlockingIOError:
            return None

    def set_buffers(self, size: int) -> None:
        with contextlib.suppress(OSError):  # it only makes a check quicker
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, size)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, size)

    def half_close(self) -> None:
        with contextlib.suppress(OSError):  # already reset by the peer: the next receive says so
            self._socket.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self._socket.close()

    def close(self) -> None:
        self._socket.close()


class _Tls:
    """TLS over a plain channel: records are made and read in memory."""

    def __init__(self, plain: _Plain, tls: ssl.SSLObject, incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO) -> None:
        self._plain = plain
        self._tls = tls
        self._incoming = incoming
        self._outgoing = outgoing
        self._unsent = b""
        self._ended = False

    def fileno(self) -> int:
        return self._plain.fileno()

    @property
    def has_unsent(self) -> bool:
        return bool(self._unsent or self._outgoing.pending)

    def send(self, data: memoryview) -> int:
        taken = 0
        if data and not self.has_unsent:
            taken = self._tls.write(data[:16384])  # one record: its border is a segment's border
        self._flush()
        return taken

    def _flush(self) -> None:
        pending = self._unsent + self._outgoing.read()
        self._unsent = pending[self._plain.send(memoryview(pending)) :] if pending else b""

    def receive(self) -> bytes | None:
        raw = self._plain.receive()
        if raw:
            self._incoming.write(raw)
        elif raw is not None:
            self._ended = True
        received = bytearray()
        try:
            while piece := self._tls.read(_CHUNK):
                received += piece
        except ssl.SSLWantReadError:
            pass
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
            self._ended = True
        except ssl.SSLError as error:
            raise ConnectionResetError(f"TLS: {error.reason}") from error
        else:
            self._ended = True
        self._flush()
        if received:
            return bytes(received)
        return b"" if self._ended else None

    def unread(self) -> int | None:
        return self._plain.unread()

    def queues(self) -> Queues | None:
        return None if self.has_unsent else self._plain.queues()

    def set_buffers(self, size: int) -> None:
        self._plain.set_buffers(size)

    def half_close(self) -> None:
        with contextlib.suppress(ssl.SSLError, OSError):
            self._tls.unwrap()  # writes close_notify; the peer's own is still to come
        with contextlib.suppress(OSError):
            self._flush()
        self._plain.half_close()

    def reset(self) -> None:
        self._plain.reset()

    def close(self) -> None:
        with contextlib.suppress(ssl.SSLError, OSError):
            self._tls.unwrap()
        with contextlib.suppress(OSError):
            self._flush()
        self._plain.close()


def _reset_at_once() -> socket.socket:
    """Return a connection that its peer has ended: somebody is there who accepts, and resets before we can look."""
    ours, theirs = socket.socketpair()
    theirs.close()
    return ours


def connect(
    address: Address,
    *,
    timeout: float,
    context: ssl.SSLContext | None,
    no_delay: bool = True,
    narrow: bool = False,
    network: Network | None = None,
) -> Channel:
    """Open a connection to the target.

    Args:
        address: where; a stream transport.
        timeout: seconds for the connection and for the handshake of TLS.
        context: for TLS.
        no_delay: whether to switch Nagle's algorithm off, so that each send leaves at once.
        narrow: whether the systems shall keep little on its way, so that a target soon feels that nobody reads.
        network: where the target is; the machine's own if None.

    Raises:
        Unreachable: with the reason.
    """
    network = network or SystemNetwork()
    try:
        sock = network.open_stream(address, timeout, narrow=narrow)
    except ConnectionResetError:
        return _Plain(_reset_at_once(), network)
    except OSError as error:
        slow = isinstance(error, TimeoutError)
        why = "it takes no more connections" if slow else error.strerror or error
        raise Unreachable(f"can't connect to {address}: {why}", timed_out=slow) from error
    if sock.family != getattr(socket, "AF_UNIX", None):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, no_delay)
    if address.transport is not Transport.TLS:
        return _Plain(sock, network)
    if context is None:
        raise ValueError("TLS needs a context")
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_hostname=address.host)
    try:
        sent = _handshake(sock, tls, incoming, outgoing)
    except OSError as error:  # ssl.SSLError is one
        sock.close()
        reason = getattr(error, "verify_message", None) or getattr(error, "reason", None) or error
        raise Unreachable(f"no TLS with {address}: {reason}") from error
    return _Tls(_Plain(sock, network, sent), tls, incoming, outgoing)


def _handshake(sock: StreamSocket, tls: ssl.SSLObject, incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO) -> int:
    """Agree with the target on keys; return how many bytes that took from here."""
    sent = 0
    while True:
        try:
            tls.do_handshake()
        except ssl.SSLWantReadError:
            sent += outgoing.pending
            sock.sendall(outgoing.read())
            raw = sock.recv(_CHUNK)
            if not raw:
                raise ConnectionResetError("the target closed the connection in the handshake") from None
            incoming.write(raw)
        else:
            sent += outgoing.pending
            sock.sendall(outgoing.read())
            return sent
