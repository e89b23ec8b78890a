"""Echo servers on `socketserver`, as parts: what is common, and what streams and datagrams are to a server."""

import re
import socket
import threading
from typing import Any, ClassVar, Final

import structlog

from jhup_reference.accepting import accept, peer_name
from jhup_reference.echo.datagram import DatagramHandler
from jhup_reference.echo.datagrams import Datagram, prepare, receive
from jhup_reference.echo.service import EchoService
from jhup_reference.echo.stream import StreamHandler
from jhup_reference.lifecycle import Lifecycle

__all__ = ["DatagramPart", "EchoServer", "Full", "StreamPart"]

_NOT_IN_NAMES: Final = re.compile(rb"[^\x20-\x39\x3b-\x7e]")


class Full(OSError):
    """There is no room for one more request at the moment; whoever sent it waits in the queue of the system."""


class EchoServer(Lifecycle):
    """Serves one request at a time.

    Args:
        listener: from `jhup_reference.listening.listen`; the server doesn't own it.
        service: what is served.
    """

    handler: ClassVar[type[StreamHandler | DatagramHandler]]

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


class StreamPart(EchoServer):
    """Its requests are connections."""

    handler = StreamHandler

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept a connection."""
        self.await_room()
        return accept(self.socket)


class DatagramPart(EchoServer):
    """Its requests are datagrams."""

    handler = DatagramHandler

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
