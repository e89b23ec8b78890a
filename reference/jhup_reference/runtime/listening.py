"""Sockets that wait for clients, of every transport, and what is left of them (sections 2.1 and 10.1)."""

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
    """Bind, and on a stream transport listen.

    Args:
        address: port 0 lets the system choose one.

    Returns:
        The bound socket. It blocks in nothing: another process may have taken the connection or datagram.

    Raises:
        OSError: when that can't be done.
    """
    kind = socket.SOCK_STREAM if address.transport.is_stream else socket.SOCK_DGRAM
    listener = _bind_unix(Path(address.path), kind) if address.transport.is_local else _bind_inet(address, kind)
    listener.setblocking(False)
    return listener


def _bind_inet(address: Address, kind: socket.SocketKind) -> socket.socket:
    family, *_, place = socket.getaddrinfo(address.host, address.port, type=kind, flags=socket.AI_PASSIVE)[0]
    if kind is socket.SOCK_STREAM:
        return socket.create_server(place[:2], family=family, backlog=_BACKLOG)
    # Without SO_REUSEADDR, which would let two servers of datagrams have the same port, and one of them get nothing.
    listener = socket.socket(family, kind)
    try:
        listener.bind(place)
    except OSError:
        listener.close()
        raise
    return listener


def _bind_unix(path: Path, kind: socket.SocketKind) -> socket.socket:
    if _FAMILY_UNIX is None:
        raise OSError(errno.EAFNOSUPPORT, "this platform has no Unix sockets")
    listener = socket.socket(_FAMILY_UNIX, kind)
    # Section 12.1: from the first moment nobody else may connect. The mask is the process's, so this is for its start.
    mask = os.umask(0o177)
    try:
        _remove_dead(path, kind)
        listener.bind(os.fspath(path))
        if kind is socket.SOCK_STREAM:
            listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    finally:
        os.umask(mask)
    return listener


def _remove_dead(path: Path, kind: socket.SocketKind) -> None:
    """Remove the socket of a server that is gone; leave everything else to `bind`, which will refuse."""
    try:
        if not stat.S_ISSOCK(path.lstat().st_mode):
            return
    except FileNotFoundError:
        return
    with socket.socket(socket.AF_UNIX, kind) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(os.fspath(path))
        except ConnectionRefusedError:
            path.unlink()
        except OSError as error:
            if error.errno != errno.EPROTOTYPE:  # somebody's, of the other kind
                raise


def stop_listening(listener: socket.socket) -> None:
    """Close a listening socket and remove its path, if it has one and no other server has taken it meanwhile."""
    name = listener.getsockname() if listener.family == _FAMILY_UNIX else ""
    kind = listener.type
    listener.close()
    if name:
        with contextlib.suppress(OSError):
            _remove_dead(Path(os.fsdecode(name)), kind)


def bound_address(listener: socket.socket, transport: Transport) -> Address:
    """Return where a bound socket is, with the port that the system chose."""
    name = listener.getsockname()
    if transport.is_local:
        return Address(transport, path=os.fsdecode(name))
    return Address(transport, host=name[0], port=name[1])


def ready_line(address: Address) -> str:
    """Say where a server listens, for people and programs that wait for it: ``listening tcp 127.0.0.1:41873``.

    Args:
        address: as `bound_address` returns it.
    """
    if address.transport.is_local:
        return f"listening {address}"
    return f"listening {address.transport} {Address(Transport.TCP, host=address.host, port=address.port)}"
