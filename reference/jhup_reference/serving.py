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
from jhup_reference.runtime.connections import Occupancy
from jhup_reference.runtime.listening import bound_address, listen, stop_listening
from jhup_reference.server import IterativeUploadServer, UploadServer, UploadService
from jhup_reference.settings import Durability, Limits, Serving, Tuning
from jhup_reference.store import Store

__all__ = ["CAN_FORK", "open_store", "running_upload_server", "upload_server"]

CAN_FORK: Final = hasattr(os, "fork")

_ANY_PORT: Final = Address(Transport.TCP, "127.0.0.1", 0)
_LIMITS: Final = Limits()
_TUNING: Final = Tuning()


def open_store(path: Path, serving: Serving, durability: Durability = Durability.NONE) -> Store:
    """Open the store that goes with a serving.

    Raises:
        FolderInUse: when another server has the folder.
        OSError: when it can't be opened.
    """
    if serving is Serving.MULTIPLEXING:
        from jhup_reference.fast.slowness import WatchedStore

        return WatchedStore(path, durability=durability)
    return Store(path, durability=durability)


def upload_server(
    listener: socket.socket, service: UploadService, serving: Serving, occupancy: Occupancy | None = None
) -> IterativeUploadServer:
    """Put a server together.

    Args:
        listener: from `jhup_reference.runtime.listening.listen`.
        service: what is served; its store is one of `open_store`.
        serving: how connections share the process.
        occupancy: the counter that several processes share.

    Raises:
        ValueError: when the platform has no such serving.
    """
    return _server_class(serving)(listener, service, occupancy)


def _server_class(serving: Serving) -> type[IterativeUploadServer]:
    if serving is Serving.THREADING:
        return UploadServer
    if serving is Serving.ITERATIVE:
        return IterativeUploadServer
    if serving is Serving.MULTIPLEXING:
        from jhup_reference.fast.multiplexing import MultiplexingUploadServer

        return MultiplexingUploadServer
    if not CAN_FORK:
        raise ValueError(f"this platform can't serve {serving}: it has no fork")
    from jhup_reference.forking import ForkingUploadServer

    return ForkingUploadServer


@contextmanager
def running_upload_server(
    storage: Path,
    *,
    address: Address = _ANY_PORT,
    serving: Serving = Serving.THREADING,
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
    store = open_store(storage, serving, durability)
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
