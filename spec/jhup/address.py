"""Addresses as people write them on command lines, for servers, clients and the suite alike (section 2.1)."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

__all__ = ["Address", "Transport", "parse_address"]


class Transport(StrEnum):
    """What carries the bytes; the value is the scheme that stands before the address."""

    TCP = "tcp"
    TLS = "tls"
    UNIX = "unix"
    UDP = "udp"
    UNIXGRAM = "unixgram"

    @property
    def is_stream(self) -> bool:
        """Whether it is a byte stream; otherwise it carries datagrams."""
        return self not in _DATAGRAM

    @property
    def is_local(self) -> bool:
        """Whether its addresses are paths of Unix sockets."""
        return self in _LOCAL


_DATAGRAM: Final = frozenset({Transport.UDP, Transport.UNIXGRAM})
_LOCAL: Final = frozenset({Transport.UNIX, Transport.UNIXGRAM})


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server is.

    Attributes:
        transport: what carries the bytes.
        host: name or address of the host, without brackets; empty for Unix sockets.
        port: 0 to 65535; 0 for Unix sockets, and where a server shall choose one.
        path: of a Unix socket; empty otherwise.
    """

    transport: Transport
    host: str = ""
    port: int = 0
    path: str = ""

    def __str__(self) -> str:
        if self.transport.is_local:
            return f"{self.transport}:{self.path}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        scheme = "" if self.transport is Transport.TCP else f"{self.transport}://"
        return f"{scheme}{host}:{self.port}"


_HOST_PORT: Final = re.compile(r"(?:\[(?P<bracketed>[^\[\]]+)\]|(?P<host>[^:\[\]/]+)):(?P<port>\d{1,5})", re.ASCII)
_FORMS: Final = "HOST:PORT, [::1]:PORT, tcp://…, tls://…, unix:PATH, udp://… or unixgram:PATH"


def parse_address(text: str) -> Address:
    """Read an address.

    Args:
        text: ``HOST:PORT``, ``[::1]:PORT``, ``tcp://HOST:PORT``, ``tls://HOST:PORT``, ``udp://HOST:PORT``,
            ``unix:PATH`` or ``unixgram:PATH`` (also with two slashes before the path).

    Raises:
        ValueError: with a line for people that names what was wrong and what was expected.
    """
    for transport in (Transport.UNIX, Transport.UNIXGRAM):
        scheme = f"{transport}:"
        if text.startswith(scheme):
            path = text.removeprefix(scheme)
            path = path.removeprefix("//")
            if not path:
                raise ValueError(f"{text!r} has no path after {scheme!r}")
            return Address(transport, path=path)
    scheme, separator, rest = text.rpartition("://")
    try:
        transport = Transport(scheme) if separator else Transport.TCP
    except ValueError:
        raise ValueError(f"{text!r}: unknown scheme {scheme!r}; expected {_FORMS}") from None
    match = _HOST_PORT.fullmatch(rest)
    if match is None:
        raise ValueError(f"{text!r} is not an address; expected {_FORMS}")
    port = int(match["port"])
    if port > 65535:
        raise ValueError(f"{text!r}: port {port} is above 65535")
    return Address(transport, host=match["bracketed"] or match["host"], port=port)
