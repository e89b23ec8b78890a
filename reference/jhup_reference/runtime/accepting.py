"""Accepting connections."""

import errno
import socket
from typing import Any, Final

from jhup_reference.runtime.descriptors import is_scarce

__all__ = ["Exhausted", "TurnedAway", "accept", "peer_name"]

_EXHAUSTED: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


class Exhausted(OSError):
    """No descriptor is left for one more connection, which stays in the queue of the system."""


class TurnedAway(OSError):
    """One more connection was closed at once: the descriptors that are left are for those that are served already."""


def accept(listener: socket.socket, *, reserve: int = 0) -> tuple[socket.socket, Any]:
    """Accept a connection.

    Args:
        listener: from `jhup_reference.runtime.listening.listen`.
        reserve: descriptors to keep for connections that are served already.

    Returns:
        The connection, which blocks, and the client's address.

    Raises:
        Exhausted: when it can't be taken at the moment; without a pause the caller would spin.
        TurnedAway: when it was closed.
        OSError: when there is none.
    """
    try:
        sock, address = listener.accept()
    except OSError as error:
        if error.errno in _EXHAUSTED:
            raise Exhausted(error.errno, error.strerror) from None
        raise
    if is_scarce(sock.fileno(), reserve):
        sock.close()
        raise TurnedAway(errno.EMFILE, "the descriptors that are left are for connections that are served already")
    sock.setblocking(True)
    if sock.family != getattr(socket, "AF_UNIX", None):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock, address


def peer_name(address: Any) -> str:
    """Name a client in logs.

    Args:
        address: as `accept` returns it; of a Unix socket it has no name.
    """
    return f"{address[0]}:{address[1]}" if isinstance(address, tuple) else "local"
