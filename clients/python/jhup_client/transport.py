"""Byte streams that never wait: what the rest of the client needs of a socket, and the plain ones (section 2.1)."""

import os
import selectors
import socket
import sys
from typing import Protocol

__all__ = ["PlainTransport", "SendfileUnavailable", "Transport", "unacknowledged"]


class SendfileUnavailable(Exception):
    """The operating system can't send this file over this transport; its bytes have to be read and sent."""


class Transport(Protocol):
    """One connection that never waits. Errors of the network are `OSError`, those of TLS included."""

    @property
    def socket(self) -> socket.socket:
        """The socket, for waiting and for asking its state."""

    @property
    def can_send_files(self) -> bool:
        """Whether `send_file` may be tried."""

    def interest(self, sending: bool, /) -> int:
        """Return for which events of `selectors` to wait before the next try; reading is always among them."""

    def send(self, data: memoryview) -> int:
        """Send some of the bytes; 0 when none can be taken now."""

    def send_file(self, descriptor: int, offset: int, count: int, /) -> int | None:
        """Send some bytes of a file; None when none can be taken now, 0 at the end of the file.

        Raises:
            SendfileUnavailable: and nothing was sent.
        """

    def receive(self, buffer: memoryview) -> int | None:
        """Receive some bytes; None when there are none now, 0 at the end of the stream."""

    def flush(self) -> bool:
        """Send what is held back here; return whether nothing is left."""

    def half_close(self) -> bool:
        """End our direction once nothing is held back and all that came was received; return whether it is done."""

    def close(self) -> None:
        """Abandon the connection, without waiting."""


def unacknowledged(sock: socket.socket) -> int | None:
    """Return how many bytes of a socket are on their way: not yet acknowledged, or over a Unix socket not yet read.

    A socket is writable again only when a good part of its buffer is free. That can take minutes with a slow reader;
    this number shows all the while that bytes are taken.
    """
    if sys.platform != "linux":
        return None
    import fcntl
    import termios

    try:
        answer = fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, bytes(4))  # SIOCOUTQ has the same number
    except OSError:
        return None
    return int.from_bytes(answer, sys.byteorder, signed=True)


class PlainTransport:
    """A TCP or Unix stream socket."""

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        self._socket = sock

    @property
    def socket(self) -> socket.socket:
        """The socket itself."""
        return self._socket

    @property
    def can_send_files(self) -> bool:
        """Whether the platform has sendfile."""
        return hasattr(os, "sendfile")

    def interest(self, sending: bool, /) -> int:
        """Reading, and while sending writing too."""
        return selectors.EVENT_READ | selectors.EVENT_WRITE if sending else selectors.EVENT_READ

    def send(self, data: memoryview) -> int:
        """Send some of the bytes."""
        try:
            return self._socket.send(data)
        except BlockingIOError:
            return 0

    def send_file(self, descriptor: int, offset: int, count: int, /) -> int | None:
        """Let the operating system send some bytes of a file."""
        try:
            return os.sendfile(self._socket.fileno(), descriptor, offset, count)
        except BlockingIOError:
            return None
        except (ConnectionError, TimeoutError):
            raise
        except OSError as error:  # the file's: of a kind that can't be joined to a socket, or it can't be read
            raise SendfileUnavailable from error

    def receive(self, buffer: memoryview) -> int | None:
        """Receive some bytes."""
        try:
            return self._socket.recv_into(buffer)
        except BlockingIOError:
            return None

    def flush(self) -> bool:
        """Nothing is ever held back."""
        return True

    def half_close(self) -> bool:
        """End our direction."""
        self._socket.shutdown(socket.SHUT_WR)
        return True

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()
