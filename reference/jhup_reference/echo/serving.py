"""Echo servers put together, for the command and for programs."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from jhup.address import Address, Transport
from jhup.echo import Rules, Service, Shape
from jhup_reference.echo.classes import server_class
from jhup_reference.echo.server import EchoServer
from jhup_reference.echo.service import EchoService
from jhup_reference.runtime.listening import bound_address, listen, stop_listening
from jhup_reference.settings import Serving, Tuning

__all__ = ["echo_server", "echo_service", "running_echo_server"]

_ANY_PORT: Final = Address(Transport.TCP, "127.0.0.1", 0)
_TUNING: Final = Tuning()


def echo_service(
    rules: Rules, transport: Transport, shape: Shape | None = None, tuning: Tuning = _TUNING
) -> EchoService:
    """Say what is served over a transport.

    Args:
        rules: what the service makes of a message.
        transport: of the address that it is offered at.
        shape: what a message is; by default a datagram, or on a stream what arrives first.
        tuning: how connections are treated.

    Raises:
        ValueError: when the transport has no such shape.
    """
    if shape is None:
        shape = Shape.ONE_SHOT if transport.is_stream else Shape.DATAGRAM
    if transport.is_stream is (shape is Shape.DATAGRAM):
        kind = "streams" if transport.is_stream else "datagrams"
        raise ValueError(f"the shape {shape} isn't one of {kind}, which {transport} carries")
    return EchoService(rules=rules, shape=shape, tuning=tuning)


def echo_server(listener: socket.socket, transport: Transport, service: EchoService, serving: Serving) -> EchoServer:
    """Put a server together.

    Args:
        listener: from `jhup_reference.runtime.listening.listen`; closing it is left to the caller.
        transport: the listener's.
        service: what is served; its shape fits the transport.
        serving: how requests share the process.

    Raises:
        ValueError: when there is no such server, here or anywhere.
    """
    return server_class(transport, serving)(listener, service)


@contextmanager
def running_echo_server(
    service: Service,
    *,
    address: Address = _ANY_PORT,
    serving: Serving = Serving.THREADING,
    shape: Shape | None = None,
    trim: bool = True,
    max_message: int | None = None,
    tuning: Tuning = _TUNING,
) -> Iterator[Address]:
    r"""Run an echo server in a thread while the block lasts: its loop there, clients here, and an end in order.

    ::

        with running_echo_server(Service.UPPER) as address:
            for text in (b"one", b"two", b"three"):
                with socket.create_connection((address.host, address.port)) as client:
                    client.sendall(text)
                    client.shutdown(socket.SHUT_WR)
                    with client.makefile("rb") as answer:
                        print(answer.read())

    When the block is left no more requests are taken; what has arrived is answered, within the grace of the tuning;
    the thread and those of its connections end, and the path of a Unix socket is removed.

    Args:
        service: what is made of a message.
        address: where to listen; by default on a free port of the loopback interface.
        serving: how requests share the process.
        shape: what a message is; by default a datagram, or on a stream what arrives first.
        trim: whether upper and greet remove white space from the ends of a message.
        max_message: the most bytes that are taken as one message; None for the limit of the shape.
        tuning: how connections are treated.

    Yields:
        The address, with the port that the system chose.

    Raises:
        OSError: when the address can't be bound.
        ValueError: for values that don't go together, and for forking, which only a process of its own can do safely.
    """
    if serving is Serving.FORKING:
        raise ValueError("a server in a thread can't fork safely: run `jhup-server echo --serving forking`")
    rules = Rules(service=service, trim=trim, max_message=max_message)
    offered = echo_service(rules, address.transport, shape, tuning)
    kind = server_class(address.transport, serving)
    listener = listen(address)
    try:
        server = kind(listener, offered)
        thread = threading.Thread(target=server.run, name="echo server", daemon=True)
        thread.start()
        try:
            yield bound_address(listener, address.transport)
        finally:
            server.stop()
            thread.join()
    finally:
        stop_listening(listener)
