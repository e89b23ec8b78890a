"""Which connections are served, which are told that the server is busy, and which are closed at once (CONN-2)."""

import socket
import threading
from typing import Final

from jhup_reference.runtime.connections import Occupancy
from jhup_reference.runtime.parting import shut

__all__ = ["HANDSHAKES", "RESERVE", "Admission"]

RESERVE: Final = 32
"""Connections beyond the limit that are told that the server is busy; all others are just closed."""
HANDSHAKES: Final = 256
"""Connections that may be shaking hands. One more ends the oldest of them: no client needs that long."""


class Admission:
    """Counts connections, and says which can be taken.

    A connection that is to be secured counts from the end of its handshake: who has not shown a certificate takes
    no place from those who have.

    Args:
        limit: how many are served at a time.
        occupancy: how many there are.
        handshakes: whether connections are secured first.
    """

    def __init__(self, limit: int, occupancy: Occupancy, *, handshakes: bool = False) -> None:
        self._limit = limit
        self._occupancy = occupancy
        self._handshakes = handshakes
        self._lock = threading.Lock()
        self._counted: set[socket.socket] = set()
        self._securing: dict[socket.socket, None] = {}

    @property
    def count(self) -> int:
        """The connections that count."""
        return self._occupancy.count

    @property
    def is_busy(self) -> bool:
        """Whether there are more than are served."""
        return self.count > self._limit

    def arrive(self, sock: socket.socket) -> bool:
        """Take note of a connection that was accepted; return whether it can be taken at all."""
        if not self._handshakes:
            return self._count(sock)
        with self._lock:
            oldest = next(iter(self._securing)) if len(self._securing) >= HANDSHAKES else None
            if oldest is not None:
                del self._securing[oldest]
            self._securing[sock] = None
        if oldest is not None:
            shut(oldest, socket.SHUT_RDWR)  # wakes the thread that waits for it
        return True

    def secured(self, sock: socket.socket) -> bool:
        """Count a connection from the end of its handshake; return whether it can be taken at all."""
        with self._lock:
            self._securing.pop(sock, None)
        return self._count(sock)

    def leave(self, sock: socket.socket) -> None:
        """Forget a connection that is closed."""
        with self._lock:
            self._securing.pop(sock, None)
            counted = sock in self._counted
            self._counted.discard(sock)
        if counted:
            self._occupancy.leave()

    def _count(self, sock: socket.socket) -> bool:
        with self._lock:
            self._counted.add(sock)
        self._occupancy.enter()
        return self.count <= self._limit + RESERVE
