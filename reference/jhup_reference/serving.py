"""Servings by name, and servers that run in a thread of the calling program."""

import os
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from jhup.address import Address, Transport
from jhup_reference.connections import Occupancy
from jhup_reference.listening import bound_address, listen, stop_listening
from jhup_reference.multiplexing import MultiplexingUploadServer
from jhup_reference.server import UploadServer
from jhup_reference.service import UploadService
from jhup_reference.settings import Durability, Limits, Serving, Tuning
from jhup_reference.store import Store
from jhup_reference.threads import ThreadingUploadServer

__all__ = ["CAN_FORK", "running_upload_server", "upload_server"]

CAN_FORK: Final = hasattr(os, "fork")

_ANY_PORT: Final = Address(Transport.TCP, "127.0.0.1", 0)
_LIMITS: Final = Limits()
_TUNING: Final = Tuning()

_SERVERS: Final[dict[Serving, type[UploadServer]]] = {
    Serving.ITERATIVE: UploadServer,
    Serving.THREADING: ThreadingUploadServer,
    Serving.MULTIPLEXING: MultiplexingUploadServer,
}
if CAN_FORK:
    from jhup_reference.forks import ForkingUploadServer

    _SERVERS[Serving.FORKING] = ForkingUploadServer


def upload_server(
    listener: socket.socket, service: UploadService, serving: Serving, occupancy: Occupancy | None = None
) -> UploadServer:
    """Put a server together.

    Args:
        listener: from `jhup_reference.listening.listen`.
        service: what is served.
        serving: how connections share the process.
        occupancy: the counter that several processes share.

    Raises:
        ValueError: when the platform has no such serving.
    """
    if serving not in _SERVERS:
        raise ValueError(f"this platform can't serve {serving}: it has no fork")
    return _SERVERS[serving](listener, service, occupancy)


@contextmanager
def running_upload_server(
    storage: Path,
    *,
    address: Address = _ANY_PORT,
    serving: Serving = Serving.MULTIPLEXING,
    limits: Limits = _LIMITS,
    tuning: Tuning = _TUNING,
    tls: ssl.SSLContext | None = None,
    durability: Durability = Durability.NONE,
) -> Iterator[Address]:
    """Run an upload server in a thread while the block lasts.

    Args:
        storage: an existing folder.
        address: where to listen; by default on a free port of the loopback interface.
        serving: how connections share the process.
        limits: what is accepted.
        tuning: how connections are treated.
        tls: with it, connections are secured.
        durability: what a put waits for.

    Yields:
        The address, with the port that the system chose.

    Raises:
        FolderInUse: when another server has the folder.
        OSError: when the folder can't be opened or the address not be bound.
        ValueError: for forking, which only a process of its own can do safely.
    """
    if serving is Serving.FORKING:
        raise ValueError("a server in a thread can't fork safely: run `jhup-server upload --serving forking`")
    store = Store(storage, durability=durability)
    try:
        listener = listen(address)
        try:
            service = UploadService(store=store, limits=limits, tuning=tuning, tls=tls)
            server = upload_server(listener, service, serving)
            thread = threading.Thread(target=server.run, name="upload server", daemon=True)
            thread.start()
            try:
                yield bound_address(listener, Transport.TLS if tls else address.transport)
            finally:
                server.stop()
                thread.join()
        finally:
            stop_listening(listener)
    finally:
        store.close()
