"""Upload servers on `socketserver`: what is common to all servings.

A server is put together from parts: a listening socket of any address family, an `UploadService`, and the serving,
which is the class: this one is iterative, the others override how a connection gets its turn.
"""

import errno
import socket
import socketserver
import sys
import threading
import time
from typing import Any, Final

import structlog

from jhup_reference.connections import Connections, Occupancy
from jhup_reference.service import UploadService, peer_name

__all__ = ["RESERVE", "UploadHandler", "UploadServer"]

RESERVE: Final = 32
"""Connections beyond the limit that are told that the server is busy; all others are just closed."""

_EXHAUSTED: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
_BREATH: Final = 0.05
_POLL: Final = 0.1


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


class UploadServer(socketserver.TCPServer):
    """Serves the connections of a listening socket one after the other.

    Args:
        listener: from `jhup_reference.listening.listen`; the server doesn't own it.
        service: what is served.
        occupancy: the counter of open connections, shared by the processes of a server.
    """

    def __init__(self, listener: socket.socket, service: UploadService, occupancy: Occupancy | None = None) -> None:
        self.address_family = listener.family
        super().__init__(listener.getsockname(), UploadHandler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.service = service
        self.occupancy = occupancy or Occupancy()
        self.connections = Connections()

    def is_busy(self) -> bool:
        """Whether there are more connections than are served."""
        return self.occupancy.count > self.service.tuning.max_connections

    # The life of a server

    def run(self) -> None:
        """Serve until `stop`, and until what was under way then has ended."""
        self.serve_forever(_POLL)
        self.finish()

    def stop(self) -> None:
        """Accept no more, let requests under way complete for the time of grace, and end the others.

        Belongs into another thread than `run`.
        """
        self.connections.stop()
        expiry = threading.Timer(self.service.tuning.grace, self.connections.abort)
        expiry.daemon = True
        expiry.start()
        self.shutdown()

    def finish(self) -> None:
        """Wait for the connections under way; `stop` bounds them."""
        self.connections.wait(self.service.tuning.grace + self.service.tuning.linger + 1)

    # Hooks of socketserver

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept a connection."""
        try:
            sock, address = self.socket.accept()
        except OSError as error:
            if error.errno in _EXHAUSTED:  # the connection stays in the queue: without a pause this would spin
                structlog.get_logger().warning("can't accept", reason=error.strerror)
                time.sleep(_BREATH)
            raise
        sock.setblocking(True)
        if sock.family != getattr(socket, "AF_UNIX", None):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock, address

    def verify_request(self, request: Any, client_address: Any) -> bool:  # noqa: ARG002
        """Count a connection; say no to one that is far too many."""
        self.occupancy.enter()
        if self.occupancy.count <= self.service.tuning.max_connections + RESERVE:
            return True
        structlog.get_logger().warning("too many connections", peer=peer_name(client_address))
        return False

    def shutdown_request(self, request: Any) -> None:
        """Close a connection, once it has been verified or turned down."""
        self.occupancy.leave()
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002
        """Log what no one foresaw; the server goes on (ERR-9)."""
        structlog.get_logger().error("internal", peer=peer_name(client_address), exc_info=sys.exc_info())

    def server_close(self) -> None:
        """Nothing: the listening socket belongs to whoever opened it."""
