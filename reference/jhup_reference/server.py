"""Upload servers on `socketserver`: a handler, and servers put together from an address family and a serving."""

import socket
import socketserver
import sys
from typing import Any

import structlog

from jhup_reference.connection import Connection
from jhup_reference.session import Session
from jhup_reference.settings import Limits, Tuning
from jhup_reference.store import Store

__all__ = ["ThreadingUploadServer", "UploadHandler", "UploadServer"]


class UploadHandler(socketserver.BaseRequestHandler):
    """Serves one connection."""

    server: "UploadServer"

    def handle(self) -> None:
        """Serve it to its end."""
        log = structlog.get_logger().bind(peer=self.client_address)
        session = Session(self.server.store, self.server.limits, log=log)
        Connection(self.request, session, tuning=self.server.tuning, log=log).serve()


class UploadServer(socketserver.TCPServer):
    """Serves the connections of a listening socket one after the other."""

    def __init__(self, listener: socket.socket, store: Store, *, limits: Limits, tuning: Tuning) -> None:
        super().__init__(listener.getsockname(), UploadHandler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.store = store
        self.limits = limits
        self.tuning = tuning

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002
        """Log what no one foresaw; the server goes on (ERR-9)."""
        structlog.get_logger().error("internal", peer=client_address, exc_info=sys.exc_info())


class ThreadingUploadServer(socketserver.ThreadingMixIn, UploadServer):
    """Serves each connection in a thread of its own."""

    daemon_threads = True
