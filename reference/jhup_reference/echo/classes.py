"""The classes of echo servers: every transport with every serving, composed from one part each.

`socketserver` has a class for each transport, and a mix-in for each way to serve several requests at a time. An echo
server is one of the former, one or none of the latter, and what streams or datagrams need.
"""

import os
import socketserver
import types
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, Final, cast

from jhup.address import Transport
from jhup_reference.echo.server import DatagramPart, EchoServer, StreamPart
from jhup_reference.echo.threads import Threads
from jhup_reference.settings import Serving

__all__ = ["SERVINGS", "server_class"]

_CLASSES: Final = {
    Transport.TCP: "TCPServer",
    Transport.UDP: "UDPServer",
    Transport.UNIX: "UnixStreamServer",
    Transport.UNIXGRAM: "UnixDatagramServer",
}


def _servings() -> Mapping[Serving, tuple[type, ...]]:
    servings: dict[Serving, tuple[type, ...]] = {Serving.ITERATIVE: (), Serving.THREADING: (Threads,)}
    if hasattr(os, "fork"):
        from jhup_reference.echo.forks import Forks

        servings[Serving.FORKING] = (Forks,)
    return MappingProxyType(servings)


SERVINGS: Final = _servings()
"""The servings that this platform has, and the class that makes each."""


@cache
def server_class(transport: Transport, serving: Serving) -> type[EchoServer]:
    """Compose the class of the echo servers that have a transport and a serving.

    Raises:
        ValueError: when there is none, here or anywhere.
    """
    if transport not in _CLASSES:
        raise ValueError(f"no echo service has the transport {transport}")
    base: type | None = getattr(socketserver, _CLASSES[transport], None)
    if base is None:
        raise ValueError(f"this platform has no {transport} sockets")
    if serving not in SERVINGS:
        raise ValueError(f"echo servers aren't {serving} here, but {', '.join(SERVINGS)}")
    parts: tuple[Any, ...] = (*SERVINGS[serving], StreamPart if transport.is_stream else DatagramPart, base)
    name = f"{serving.title()}{_CLASSES[transport].removesuffix('Server')}EchoServer"
    return cast(type[EchoServer], types.new_class(name, parts))
