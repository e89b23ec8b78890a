"""Whether somebody listens at an address: told by the system, or by a connection."""

import contextlib
import socket
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import psutil

from jhup.address import Address, Transport

__all__ = ["accepts", "is_told_to_listen"]

_ANSWER: Final = 0.5
"""Seconds in which a datagram that nobody takes is reported back, and one that somebody takes may be answered."""
_PROBE: Final = b"listening"


def is_told_to_listen(family: Sequence[psutil.Process], address: Address) -> bool:
    """Tell whether the system says so: not every server survives a connection that comes to nothing (ECHO-68).

    Args:
        family: the processes of the server.
        address: where it is to listen.
    """
    if not address.transport.is_stream:
        return False
    kind = "unix" if address.transport.is_local else "tcp"
    with contextlib.suppress(psutil.Error):
        return any(_is_at(address, each) for process in family for each in process.net_connections(kind))
    return False


def _is_at(address: Address, connection: Any) -> bool:
    if address.transport.is_local:
        return bool(connection.laddr == address.path)
    return bool(connection.status == psutil.CONN_LISTEN and connection.laddr.port == address.port)


def accepts(address: Address, probe: Path) -> bool:
    """Tell whether a connection is accepted, or a datagram taken.

    Args:
        address: where.
        probe: the path of a socket that is made where a datagram needs one to be answered at.
    """
    transport = address.transport
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    where: tuple[str, int] | str = (address.host, address.port)
    if transport.is_local:
        family, where = socket.AF_UNIX, address.path
    kind = socket.SOCK_STREAM if transport.is_stream else socket.SOCK_DGRAM
    with socket.socket(family, kind) as sock:
        sock.settimeout(1.0)
        if transport is Transport.UNIXGRAM:
            probe.unlink(missing_ok=True)
            sock.bind(str(probe))
        if sock.connect_ex(where) != 0:
            return False
        if transport.is_stream:  # let go by a reset: servers that spin after an orderly end are spared it
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return transport.is_stream or _is_bound(sock)


def _is_bound(sock: socket.socket) -> bool:
    """Tell whether somebody has the address that a datagram socket is connected to: only then is nothing sent back.

    An answer shows it too, but to wait for one would be to judge: it is waited for only a moment.
    """
    sock.settimeout(_ANSWER)
    try:
        sock.send(_PROBE)
        sock.recv(65_536)
    except TimeoutError:
        return True
    except OSError:
        return False
    return True
