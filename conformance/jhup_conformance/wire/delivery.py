"""Whether a target on this machine has read what was sent to it, as Linux tells: no pause can promise that.

TCP: `sock_diag` (NETLINK_SOCK_DIAG, see sock_diag(7)) looks up the server's end of the connection by its addresses, and
gives its receive queue and how many bytes have arrived there. It needs no privileges. Acknowledgements would not do: a
server that answers holds them back for 40 ms. Unix sockets: SIOCOUTQ counts what the peer has not read.
"""

import contextlib
import socket
import struct
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from jhup_conformance.wire.network import StreamSocket

__all__ = ["Deliveries", "Queues"]

_SOCK_DIAG: Final = 4
_BY_FAMILY: Final = 20
_REQUEST: Final = 1
_ERROR: Final = 2
_TCP_INFO: Final = 2
_HEADER: Final = struct.Struct("=IHHII")
_QUEUE_AT: Final = 16 + 4 + 48 + 4
"""Where the answer has the receive queue: after the headers, the addresses and the timer."""
_INODE_AT: Final = _QUEUE_AT + 4 + 4 + 4
"""After both queues and the owner."""
_ATTRIBUTES_AT: Final = 16 + 72
_BYTES_RECEIVED_AT: Final = 128
"""Where `struct tcp_info` has the bytes that have arrived (since Linux 4.1)."""
_NOT_SENT_AT: Final = 144
"""Where it has the bytes that were written there and have not left (since Linux 4.6)."""


@dataclass(frozen=True, slots=True)
class Queues:
    """The target's end of a TCP connection.

    Attributes:
        unread: bytes that the target has not read of those sent to it.
        unsent: bytes that it has written and that have not left its system.
        inode: of its socket; 0 where no process holds it, because it is not accepted yet, or let go of.
    """

    unread: int
    unsent: int
    inode: int

    @property
    def are_empty(self) -> bool:
        """Whether nothing is under way in either direction, and somebody holds the socket."""
        return not self.unread and not self.unsent and self.inode != 0


class Deliveries:
    """Asks the kernel; where it can't be asked, nothing is known."""

    def __init__(self) -> None:
        self._netlink = open_netlink()

    def close(self) -> None:
        """Ask no more."""
        if self._netlink:
            self._netlink.close()
            self._netlink = None

    def unread(self, sock: "StreamSocket", sent: int) -> int | None:
        """Return how many bytes the other end has not read; None where that can't be told.

        Args:
            sock: the suite's end.
            sent: how many bytes were sent on it.
        """
        if not sys.platform.startswith("linux"):
            return None
        try:
            if sock.family == socket.AF_UNIX:
                return _unread_local(sock)
        except (OSError, struct.error, ValueError):
            return None
        queues = self.queues(sock, sent)
        return queues.unread if queues else None

    def queues(self, sock: "StreamSocket", sent: int) -> Queues | None:
        """Return what waits at the other end of a TCP connection; None where that can't be told.

        Args:
            sock: the suite's end.
            sent: how many bytes were sent on it.
        """
        if self._netlink is None or sock.family == getattr(socket, "AF_UNIX", None):
            return None
        with contextlib.suppress(OSError, struct.error, ValueError):
            return self._ask(sock, sent)
        return None

    def _ask(self, sock: "StreamSocket", sent: int) -> Queues | None:
        if self._netlink is None:
            return None
        ours, theirs = sock.getsockname(), sock.getpeername()
        body = _request(int(sock.family), theirs, ours)
        self._netlink.send(_HEADER.pack(_HEADER.size + len(body), _BY_FAMILY, _REQUEST, 0, 0) + body)
        answer = self._netlink.recv(65_536)
        if _HEADER.unpack_from(answer)[1] == _ERROR:
            return None  # not on this machine, or not under this address
        queued: int = struct.unpack_from("=I", answer, _QUEUE_AT)[0]
        inode: int = struct.unpack_from("=I", answer, _INODE_AT)[0]
        counts = _counts(answer)
        return counts and Queues(queued + max(0, sent - counts[0]), counts[1], inode)


def open_netlink() -> socket.socket | None:
    """Return a socket to ask by; None where there is none, as outside of Linux or in a sandbox."""
    if not hasattr(socket, "AF_NETLINK"):
        return None
    with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
        netlink = stack.enter_context(socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _SOCK_DIAG))
        netlink.bind((0, 0))
        netlink.settimeout(1.0)
        stack.pop_all()
        return netlink
    return None


def _request(family: int, server: Any, client: Any) -> bytes:
    """Return the question for one TCP connection, seen from the server's end, with its `tcp_info`."""
    addresses = [socket.inet_pton(family, each[0].partition("%")[0]).ljust(16, b"\0") for each in (server, client)]
    identity = struct.pack("!HH", server[1], client[1]) + addresses[0] + addresses[1]
    scope = server[3] if len(server) > 3 else 0
    return struct.pack("=BBBBI", family, socket.IPPROTO_TCP, 1 << (_TCP_INFO - 1), 0, 0xFFFFFFFF) + (
        identity + struct.pack("=I", scope) + b"\xff" * 8
    )


def _counts(answer: bytes) -> tuple[int, int] | None:
    """Return how many bytes have arrived at the server's end, and how many wait there to leave; None where unknown."""
    at = _ATTRIBUTES_AT
    while at + 4 <= len(answer):
        length, kind = struct.unpack_from("=HH", answer, at)
        if kind == _TCP_INFO and length >= 4 + _BYTES_RECEIVED_AT + 8:
            arrived = int(struct.unpack_from("=Q", answer, at + 4 + _BYTES_RECEIVED_AT)[0])
            tells = length >= 4 + _NOT_SENT_AT + 4
            return arrived, int(struct.unpack_from("=I", answer, at + 4 + _NOT_SENT_AT)[0]) if tells else 1
        at += max(4, length + 3 & ~3)
    return None


def _unread_local(sock: "StreamSocket") -> int:
    import fcntl  # neither is on Windows
    import termios

    return int(struct.unpack("i", fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, bytes(4)))[0])
