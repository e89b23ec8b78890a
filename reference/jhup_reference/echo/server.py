"""Echo servers on `socketserver`, as parts: what is common, and what streams and datagrams are to a server."""

import re
import socket
import socketserver
import threading
from typing import Any, ClassVar, Final

import structlog

from jhup_reference.echo.datagrams import Datagram, answer, prepare, receive
from jhup_reference.echo.service import EchoService
from jhup_reference.echo.stream import StreamConnection
from jhup_reference.runtime.accepting import peer_name
from jhup_reference.runtime.journal import Journal
from jhup_reference.runtime.lifecycle import Lifecycle

__all__ = ["DatagramPart", "EchoServer", "Full", "StreamPart"]

_NOT_IN_NAMES: Final = re.compile(rb"[^\x20-\x39\x3b-\x7e]")


class Full(OSError):
    """There is no room for one more request at the moment; it waits in the queue of the system."""


class EchoServer(Lifecycle):
    """Serves one request at a time.

    Args:
        listener: from `jhup_reference.runtime.listening.listen`; the server doesn't own it.
        service: what is served.
    """

    handler: ClassVar[type[socketserver.BaseRequestHandler]]

    def __init__(self, listener: socket.socket, service: EchoService) -> None:
        super().__init__(listener, self.handler, service.tuning)
        self.service = service

    def worker_name(self) -> bytes:
        """Name who serves the request: the thread that asks (ECHO-20, ECHO-66)."""
        name = threading.current_thread().name.encode("ascii", "replace")
        return _NOT_IN_NAMES.sub(b"-", name) or b"worker"

    def await_room(self) -> None:
        """Wait a moment for room for one more request.

        Raises:
            Full: when none has come.
        """


class _StreamHandler(socketserver.BaseRequestHandler):
    """Serves one connection."""

    server: EchoServer

    def handle(self) -> None:
        """Serve it to its end."""
        server = self.server
        conversation = server.service.conversation(server.worker_name())
        journal = Journal(peer_name(self.client_address), server.health)
        connection = StreamConnection(self.request, conversation, server.tuning, journal)
        with server.connections.holding(connection):
            connection.serve()


class StreamPart(EchoServer):
    """Its requests are connections."""

    handler = _StreamHandler

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept a connection."""
        self.await_room()
        self.health.count("connections")
        return super().get_request()


class _DatagramHandler(socketserver.BaseRequestHandler):
    """Answers one datagram, once (ECHO-53)."""

    server: EchoServer
    request: Datagram

    def handle(self) -> None:
        """Answer it, with an empty datagram where the reply is empty (ECHO-57)."""
        server = self.server
        reply = server.service.reply(self.request.message, server.worker_name())
        if reply is None:
            return  # ECHO-58
        try:
            answer(server.socket, self.request, reply, self.client_address)
            server.health.count("answers")
        except OSError as error:  # ECHO-62 among others: too long for the transport, or nobody there any more
            log = structlog.get_logger()
            log.debug("not answered", peer=peer_name(self.client_address), reason=error.strerror or str(error))


class DatagramPart(EchoServer):
    """Its requests are datagrams."""

    handler = _DatagramHandler

    def __init__(self, listener: socket.socket, service: EchoService) -> None:
        super().__init__(listener, service)
        prepare(listener)

    def get_request(self) -> tuple[Datagram, Any]:  # type: ignore[override]  # as socketserver's own UDPServer does
        """Receive a datagram."""
        self.await_room()
        return receive(self.socket, self.service.limit)

    def verify_request(self, request: Any, client_address: Any) -> bool:
        """Leave a datagram unanswered that is over-long, or whose sender has no address (ECHO-59, ECHO-61).

        An over-long one could be cut as well; but nobody shall take the reply to a part for the reply to the whole.
        """
        if client_address and not request.over_long:
            return True
        reason = "over-long" if request.over_long else "no address to answer to"
        structlog.get_logger().debug("dropped", peer=peer_name(client_address), reason=reason)
        return False
