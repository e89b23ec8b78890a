"""Listening sockets of every address family, and what is left of them (section 2.1)."""

import contextlib
import errno
import os
import socket
import stat
from pathlib import Path
from typing import Final

from jhup.address import Address, Transport

__all__ = ["bound_address", "listen", "ready_line", "stop_listening"]

_BACKLOG: Final = 1024
_FAMILY_UNIX: Final = getattr(socket, "AF_UNIX", None)


def listen(address: Address) -> socket.socket:
    """Bind and listen.

    Args:
        address: of a stream transport; port 0 lets the system choose one.

    Returns:
        The listening socket. It doesn't block in accept: another process may have taken the connection.

    Raises:
        OSError: when that can't be done.
    """
    listener = _listen_unix(Path(address.path)) if address.transport is Transport.UNIX else _listen_tcp(address)
    listener.setblocking(False)
    return listener


def _listen_tcp(address: Address) -> socket.socket:
    family, *_, place = socket.getaddrinfo(
        address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    return socket.create_server(place[:2], family=family, backlog=_BACKLOG)


def _listen_unix(path: Path) -> socket.socket:
    if _FAMILY_UNIX is None:
        raise OSError(errno.EAFNOSUPPORT, "this platform has no Unix sockets")
    listener = socket.socket(_FAMILY_UNIX, socket.SOCK_STREAM)
    # Section 12.1: from the first moment nobody else may connect. The mask is the process's, so this is for its start.
    mask = os.umask(0o177)
    try:
        _remove_dead(path)
        listener.bind(os.fspath(path))
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    finally:
        os.umask(mask)
    return listener


def _remove_dead(path: Path) -> None:
    """Remove the socket of a server that was killed; leave everything else to `bind`, which will refuse."""
    try:
        if not stat.S_ISSOCK(path.lstat().st_mode):
            return
    except FileNotFoundError:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(os.fspath(path))
        except ConnectionRefusedError:
            path.unlink()


def stop_listening(listener: socket.socket) -> None:
    """Close a listening socket and remove its path, if it has one."""
    name = listener.getsockname() if listener.family == _FAMILY_UNIX else ""
    listener.close()
    if name:
        with contextlib.suppress(OSError):
            Path(os.fsdecode(name)).unlink()


def bound_address(listener: socket.socket, transport: Transport) -> Address:
    """Tell where a listening socket is, with the port that the system chose."""
    name = listener.getsockname()
    if transport is Transport.UNIX:
        return Address(transport, path=os.fsdecode(name))
    return Address(transport, host=name[0], port=name[1])


def ready_line(address: Address) -> str:
    """Say where a server listens, for people and programs that wait for it: ``listening tcp 127.0.0.1:41873``.

    Args:
        address: as `bound_address` gives it.
    """
    if address.transport is Transport.UNIX:
        return f"listening {address}"
    return f"listening {address.transport} {Address(Transport.TCP, host=address.host, port=address.port)}"
