"""Ending a connection so that what was sent last arrives (ERR-13, ECHO-49)."""

import contextlib
import socket
import time
from typing import Final

__all__ = ["part", "shut"]

_SCRATCH: Final = 16 * 1024


def part(sock: socket.socket, *, ended: bool, linger: float) -> None:
    """Half-close, discard input for a bounded time so that no reset destroys replies, and close.

    Args:
        sock: connected.
        ended: whether the peer has given end of stream, so that there is nothing to discard.
        linger: seconds for which input is discarded; `shut` from another thread ends that as well.
    """
    deadline = time.monotonic() + linger
    shut(sock, socket.SHUT_WR)
    with contextlib.suppress(OSError):
        scratch = bytearray(0 if ended else _SCRATCH)
        while not ended and (left := deadline - time.monotonic()) > 0:
            sock.settimeout(left)
            ended = not socket.socket.recv_into(sock, scratch)  # of TLS, whatever its records hold
    sock.close()


def shut(sock: socket.socket, how: int) -> None:
    """Shut a direction of a connection that may be gone already; a thread that waits in it is woken.

    Args:
        sock: any socket.
        how: ``socket.SHUT_RD``, ``SHUT_WR`` or ``SHUT_RDWR``.
    """
    with contextlib.suppress(OSError):
        socket.socket.shutdown(sock, how)  # the method of a TLS socket would forget its state
