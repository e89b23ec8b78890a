"""Accepting connections."""

import errno
import socket
from typing import Any, Final

from jhup_reference.runtime.descriptors import is_scarce

__all__ = ["Exhausted", "accept", "peer_name"]

_EXHAUSTED: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


class Exhausted(OSError):
    """The process or the system has no descriptor to spare for one more connection."""


def accept(listener: socket.socket) -> tuple[socket.socket, Any]:
    """Accept a connection.

    Args:
        listener: from `jhup_reference.runtime.listening.listen`.

    Returns:
        The connection, which blocks, and the client's address.

    Raises:
        Exhausted: when it can't be taken at the moment; without a pause the caller would spin.
        OSError: when there is none.
    """
    try:
        sock, address = listener.accept()
    except OSError as error:
        if error.errno in _EXHAUSTED:
            raise Exhausted(error.errno, error.strerror) from None
        raise
    if is_scarce(sock.fileno()):
        sock.close()
        raise Exhausted(errno.EMFILE, "the rest is kept for the connections that are served already")
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
