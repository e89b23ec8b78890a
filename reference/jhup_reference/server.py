"""Upload servers on `socketserver`: what is common to all servings.

A server is put together from parts: a listening socket of any address family, an `UploadService`, and the serving,
which is the class: this one is iterative, the others override how a connection gets its turn.
"""

import socket
import socketserver
from typing import Any, Final

import structlog

from jhup_reference.accepting import accept, peer_name
from jhup_reference.connections import Occupancy
from jhup_reference.lifecycle import Lifecycle
from jhup_reference.service import UploadService

__all__ = ["RESERVE", "UploadHandler", "UploadServer"]

RESERVE: Final = 32
"""Connections beyond the limit that are told that the server is busy; all others are just closed."""


class UploadHandler(socketserver.BaseRequestHandler):
    """Serves one connection by blocking calls."""

    server: "UploadServer"

    def handle(self) -> None:
        """Serve it to its end."""
        server = self.server
        session = server.service.session(self.client_address, busy=server.is_busy())
        connection = server.service.connection(self.request, session)
        with server.connections.holding(connection):
            connection.serve()


class UploadServer(Lifecycle):
    """Serves the connections of a listening socket one after the other.

    Args:
        listener: from `jhup_reference.listening.listen`; the server doesn't own it.
        service: what is served.
        occupancy: the counter of open connections, shared by the processes of a server.
    """

    def __init__(self, listener: socket.socket, service: UploadService, occupancy: Occupancy | None = None) -> None:
        super().__init__(listener, UploadHandler, service.tuning)
        self.service = service
        self.occupancy = occupancy or Occupancy()

    def is_busy(self) -> bool:
        """Whether there are more connections than are served."""
        return self.occupancy.count > self.tuning.max_connections

    # Hooks of socketserver

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept a connection."""
        return accept(self.socket)

    def verify_request(self, request: Any, client_address: Any) -> bool:  # noqa: ARG002
        """Count a connection; say no to one that is far too many."""
        self.occupancy.enter()
        if self.occupancy.count <= self.tuning.max_connections + RESERVE:
            return True
        structlog.get_logger().warning("too many connections", peer=peer_name(client_address))
        return False

    def shutdown_request(self, request: Any) -> None:
        """Close a connection, once it has been verified or turned down."""
        self.occupancy.leave()
        super().shutdown_request(request)
