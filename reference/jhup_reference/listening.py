"""Listening sockets: one function for every address family."""

import socket

from jhup.address import Address, Transport

__all__ = ["listen", "ready_line"]

_BACKLOG = 1024


def listen(address: Address) -> socket.socket:
    """Bind and listen.

    Args:
        address: of a stream transport; port 0 lets the system choose one.

    Raises:
        OSError: when that can't be done.
    """
    family, *_, place = socket.getaddrinfo(
        address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    return socket.create_server(place[:2], family=family, backlog=_BACKLOG)


def ready_line(listener: socket.socket, transport: Transport) -> str:
    """Say where a server listens, for people and programs that wait for it."""
    host, port = listener.getsockname()[:2]
    host = f"[{host}]" if ":" in host else host
    return f"listening {transport} {host}:{port}"
