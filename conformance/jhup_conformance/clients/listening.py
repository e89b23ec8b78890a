"""Where the scripted server listens: an address for each case, or one for all of them."""

import contextlib
import os
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from jhup.address import Address, Transport

__all__ = ["Listening", "open_listener"]

_WINDOW: Final = 128 * 1024
"""Bytes that a connection takes before the script reads them: few, so that what the script does is felt early."""


@dataclass(frozen=True, slots=True)
class Listening:
    """A socket, and the address that clients are told.

    Attributes:
        socket: bound; it listens unless connections are to be refused.
        address: as the client is told.
        tls: what a connection is wrapped in; None without TLS.
    """

    socket: socket.socket
    address: Address
    tls: ssl.SSLContext | None

    def close(self) -> None:
        """Stop listening."""
        # A thread may be waiting in accept(): only a shutdown wakes it, and not every system lets a listener have one.
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        if self.address.transport is Transport.UNIX:
            Path(self.address.path).unlink(missing_ok=True)


def open_listener(where: Address, tls: ssl.SSLContext | None, *, refusing: bool = False) -> Listening:
    """Listen, or hold a port without listening, so that connections are refused.

    Args:
        where: a TCP, TLS or Unix address; port 0 lets the system choose.
        tls: for TLS.
        refusing: whether connections are refused.

    Raises:
        OSError: when the address can't be used.
    """
    if where.transport is Transport.UNIX:
        with contextlib.suppress(FileNotFoundError):
            if not refusing and Path(where.path).is_socket():
                Path(where.path).unlink()
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        if not refusing:
            sock.bind(where.path)
            sock.listen(16)
        return Listening(sock, where, None)
    family = socket.AF_INET6 if ":" in where.host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":  # elsewhere the option lets two programs share a port
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _WINDOW)
        sock.bind((where.host, where.port))
        if not refusing:
            sock.listen(16)
    except OSError:
        sock.close()
        raise
    address = Address(Transport.TLS if tls else Transport.TCP, host=where.host, port=sock.getsockname()[1])
    return Listening(sock, address, tls)
