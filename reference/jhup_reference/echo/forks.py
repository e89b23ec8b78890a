"""Serving echoes with a child process for each request, where the platform has fork."""

import os
import socket
import time
from typing import Any, Final

from jhup_reference.echo.server import EchoServer, Full
from jhup_reference.runtime.children import Children

__all__ = ["Forks"]

_BREATH: Final = 0.02


class Forks(Children, EchoServer):
    """Serves each request in a child process of its own, and no more of them at a time than it may."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.max_children = self.tuning.max_connections + 1  # beyond, socketserver would wait for ever, deaf to signals

    def await_room(self) -> None:
        """Wait a moment for a child to end, if need be."""
        if len(self.active_children or ()) < self.tuning.max_connections:
            return
        self.collect_children()
        if len(self.active_children or ()) >= self.tuning.max_connections:
            time.sleep(_BREATH)
            raise Full

    def worker_name(self) -> bytes:
        """Name the child."""
        return b"Process-%d" % os.getpid()

    def begin_child(self) -> None:
        """Don't listen; but a datagram is answered from the socket that it came to."""
        if self.socket.type is socket.SOCK_STREAM:
            self.socket.close()
