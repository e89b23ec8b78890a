"""Receiving datagrams and answering them, over UDP and Unix sockets (section 10.11)."""

import contextlib
import socket
import struct
import sys
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

__all__ = ["Datagram", "answer", "prepare", "receive"]

_Ancillary: TypeAlias = tuple[tuple[int, int, bytes], ...]

# Every server socket that is bound to no single address has to be told which one an answer comes from (ECHO-54).
_IP_PKTINFO: Final = getattr(socket, "IP_PKTINFO", 8 if sys.platform == "linux" else None)  # named since Python 3.14
_IPV6_RECVPKTINFO: Final = getattr(socket, "IPV6_RECVPKTINFO", None)
_IPV6_PKTINFO: Final = getattr(socket, "IPV6_PKTINFO", None)
_IPV4_INFO: Final = struct.Struct("=I4s4s")  # interface, own address, address in the header
_ANCILLARY: Final = 256

_DONT_WAIT: Final = getattr(socket, "MSG_DONTWAIT", 0)
_SEND_WITHIN: Final = 1
"""Seconds for which an answer waits for room; over Unix sockets that is the receiver's, who may never make any."""

_RECEIVE_BUFFER: Final = 1024 * 1024
"""Bytes, as far as the system allows: so that a burst of long datagrams isn't lost here."""


@dataclass(frozen=True, slots=True)
class Datagram:
    """What arrived.

    Attributes:
        message: its bytes, at most the limit.
        over_long: whether it had more.
        ancillary: what goes with the answer, so that it comes from the address that the datagram was sent to.
    """

    message: bytes
    over_long: bool
    ancillary: _Ancillary


def prepare(sock: socket.socket) -> None:
    """Set a bound socket up for `receive` and `answer`."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
    if _DONT_WAIT:
        # Not a time-out of the socket object, which would try again and again without waiting while a receiver over
        # a Unix socket takes nothing: the system calls such a socket writable.
        sock.setblocking(True)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", _SEND_WITHIN, 0))
    if not hasattr(sock, "recvmsg"):
        return
    with contextlib.suppress(OSError):
        if sock.family == socket.AF_INET and _IP_PKTINFO is not None:
            sock.setsockopt(socket.IPPROTO_IP, _IP_PKTINFO, 1)
        elif sock.family == socket.AF_INET6 and _IPV6_RECVPKTINFO is not None:
            sock.setsockopt(socket.IPPROTO_IPV6, _IPV6_RECVPKTINFO, 1)


def receive(sock: socket.socket, limit: int) -> tuple[Datagram, Any]:
    """Receive a datagram and its sender's address, which is empty or None when it has none.

    Args:
        sock: prepared.
        limit: the most bytes wanted.

    Raises:
        OSError: when there is none, or it can't be received.
    """
    if hasattr(sock, "recvmsg"):
        data, ancillary, _, address = sock.recvmsg(limit + 1, _ANCILLARY, _DONT_WAIT)
    else:
        data, address = sock.recvfrom(limit + 1)
        ancillary = []
    told = tuple(each for item in ancillary if (each := _answering(*item)))
    return Datagram(data[:limit], len(data) > limit, told), address


def answer(sock: socket.socket, datagram: Datagram, reply: bytes, address: Any) -> None:
    """Send a reply to where a datagram came from, and from where it was sent to (ECHO-54, ECHO-55).

    Raises:
        OSError: when it can't be sent, or not within a second.
    """
    if datagram.ancillary:
        sock.sendmsg([reply], datagram.ancillary, 0, address)
    else:
        sock.sendto(reply, address)


def _answering(level: int, kind: int, data: bytes) -> tuple[int, int, bytes] | None:
    """Turn what says where a datagram was sent to into what says where the answer shall come from."""
    if (level, kind) == (socket.IPPROTO_IP, _IP_PKTINFO):
        _, own, _ = _IPV4_INFO.unpack(data)
        return level, kind, _IPV4_INFO.pack(0, own, bytes(4))  # by whatever interface the route says
    if (level, kind) == (getattr(socket, "IPPROTO_IPV6", None), _IPV6_PKTINFO):
        return level, kind, data
    return None
