"""The life of a server on `socketserver`, whatever it serves: from a bound socket to an end in order."""

import socket
import socketserver
import sys
import threading
from typing import Any, Final

import structlog

from jhup_reference.accepting import peer_name
from jhup_reference.connections import Connections
from jhup_reference.settings import Tuning

__all__ = ["TURN", "Lifecycle"]

TURN: Final = 0.1
"""Seconds within which the loop of a server notices that it shall end."""


class Lifecycle(socketserver.TCPServer):
    """Serves a socket that is bound already, until it is stopped.

    To be mixed in before any server class of `socketserver`.

    Args:
        listener: from `jhup_reference.listening.listen`; the server doesn't own it.
        handler: what serves a request.
        tuning: how connections are treated, in the end too.
    """

    def __init__(self, listener: socket.socket, handler: type[socketserver.BaseRequestHandler], tuning: Tuning) -> None:
        self.address_family = listener.family
        super().__init__(listener.getsockname(), handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.tuning = tuning
        self.connections = Connections()
        self._over = threading.Event()

    def run(self) -> None:
        """Serve until `stop`, and until what was under way then has ended."""
        try:
            self.serve_forever(TURN)
            self.finish()
        finally:
            self._over.set()

    def stop(self) -> None:
        """Accept no more, let what is under way complete for the time of grace, end the rest, and wait for all that.

        Belongs into another thread than `run`.
        """
        self.connections.stop()
        expiry = threading.Timer(self.tuning.grace, self.abort)
        expiry.daemon = True
        expiry.start()
        self.shutdown()
        self._over.wait()
        expiry.cancel()
        expiry.join()

    def abort(self) -> None:
        """End all that is under way at once."""
        self.connections.abort()

    def finish(self) -> None:
        """Wait for the connections under way; `stop` bounds them."""
        self.connections.wait(self.tuning.grace + self.tuning.linger + 1)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002
        """Log what no one foresaw; the server goes on (ERR-9, section 10.13)."""
        structlog.get_logger().error("internal", peer=peer_name(client_address), exc_info=sys.exc_info())

    def server_close(self) -> None:
        """Nothing: the listening socket belongs to whoever opened it."""
