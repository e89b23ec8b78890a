"""Accepting connections."""

import errno
import socket
import time
from typing import Any, Final

import structlog

__all__ = ["accept", "peer_name"]

_EXHAUSTED: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
_BREATH: Final = 0.05


def accept(listener: socket.socket) -> tuple[socket.socket, Any]:
    """Accept a connection.

    Args:
        listener: from `jhup_reference.listening.listen`.

    Returns:
        The connection, which blocks, and the client's address.

    Raises:
        OSError: when there is none, or it can't be taken at the moment.
    """
    try:
        sock, address = listener.accept()
    except OSError as error:
        if error.errno in _EXHAUSTED:  # the connection stays in the queue: without a pause the caller would spin
            structlog.get_logger().warning("can't accept", reason=error.strerror)
            time.sleep(_BREATH)
        raise
    sock.setblocking(True)
    if sock.family != getattr(socket, "AF_UNIX", None):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock, address


def peer_name(address: Any) -> str:
    """Name a client in logs.

    Args:
        address: as `accept` gives it; of a Unix socket it has no name.
    """
    return f"{address[0]}:{address[1]}" if isinstance(address, tuple) else "local"
