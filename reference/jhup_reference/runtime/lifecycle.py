"""The life of a server on `socketserver`, whatever it serves: from a bound socket to an end in order."""

import contextlib
import socket
import socketserver
import sys
import threading
import time
from typing import Any, Final

import structlog

from jhup_reference.runtime.accepting import Exhausted, TurnedAway, accept, peer_name
from jhup_reference.runtime.connections import Connections
from jhup_reference.runtime.health import Health
from jhup_reference.settings import Tuning

__all__ = ["TURN", "Lifecycle"]

TURN: Final = 0.1
"""Seconds within which the loop of a server notices that it shall end."""
_KEPT: Final = 16
_BREATH: Final = 0.05
_SAID_EVERY: Final = 60.0


class Lifecycle(socketserver.TCPServer):
    """Serves a socket that is bound already, until it is stopped.

    To be mixed in before any server class of `socketserver`.

    Args:
        listener: from `jhup_reference.runtime.listening.listen`; the server doesn't own it.
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
        self.health = Health(self.open_connections)
        self._over = threading.Event()
        self._exhaustion_said = float("-inf")

    def open_connections(self) -> int:
        """Return how many connections are open."""
        return len(self.connections)

    def descriptors_kept(self) -> int:
        """Return how many descriptors no new connection may have, because those that are served need them."""
        return _KEPT

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

    # Hooks of socketserver

    def get_request(self) -> tuple[Any, Any]:
        """Accept a connection. Where no descriptor is left for one, pause instead of spinning.

        Raises:
            OSError: when there is none.
        """
        try:
            return accept(self.socket, reserve=self.descriptors_kept())
        except Exhausted as error:
            self._say_exhausted(error)
            self.pause_accepting(_BREATH)
            raise
        except TurnedAway as error:
            self.health.count("turned away")
            self._say_exhausted(error)
            raise

    def _say_exhausted(self, error: OSError) -> None:
        if time.monotonic() - self._exhaustion_said >= _SAID_EVERY:
            self._exhaustion_said = time.monotonic()
            structlog.get_logger().warning("too few descriptors", reason=error.strerror)

    def pause_accepting(self, seconds: float) -> None:
        """Accept nothing for a moment. Those that are served go on: they aren't served by this thread."""
        time.sleep(seconds)

    def service_actions(self) -> None:
        """Say how the server does, when that is due."""
        super().service_actions()
        self.health.tick()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002
        """Log what no one foresaw; the server goes on (ERR-9, section 10.13)."""
        with contextlib.suppress(Exception):  # this is where errors end
            self.health.count("internal")
            structlog.get_logger().error("internal", peer=peer_name(client_address), exc_info=sys.exc_info())

    def server_close(self) -> None:
        """Nothing: the listening socket is closed by the code that opened it."""
