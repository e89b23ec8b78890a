"""Serving echoes with a thread for each request."""

import socketserver
import threading
import time
from typing import Any

from jhup_reference.echo.server import EchoServer, Full
from jhup_reference.runtime.lifecycle import TURN

__all__ = ["Threads"]


class Threads(socketserver.ThreadingMixIn, EchoServer):
    """Serves each request in a thread of its own, and no more of them at a time than it may."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._room = threading.BoundedSemaphore(self.tuning.max_connections)

    def await_room(self) -> None:
        """Wait until a thread has ended, if need be."""
        if not self._room.acquire(timeout=TURN):
            raise Full
        self._room.release()  # nobody else takes it: only the loop starts threads

    def process_request(self, request: Any, client_address: Any) -> None:
        """Start a thread."""
        self._room.acquire()
        try:
            super().process_request(request, client_address)
        except BaseException:
            self._room.release()
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve, in the thread."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._room.release()

    def finish(self) -> None:
        """Wait for the threads; `stop` bounds them."""
        super().finish()
        deadline = time.monotonic() + self.tuning.linger + 1
        for _ in range(self.tuning.max_connections):
            if not self._room.acquire(timeout=max(deadline - time.monotonic(), 0)):
                return
