"""Large buffers for long bodies: reused, and no more of them than the process should pay for."""

import threading
from typing import Final

__all__ = ["LARGE", "SMALL", "Buffers"]

SMALL: Final = 64 * 1024
LARGE: Final = 1024 * 1024
"""Bytes: from here on a larger buffer doesn't copy faster."""


class Buffers:
    """A few large buffers that connections share, each in turn.

    Args:
        limit: how many there may be; a connection that finds none left uses its own small one.
    """

    def __init__(self, limit: int = 16) -> None:
        self._lock = threading.Lock()
        self._free: list[memoryview] = []
        self._left = limit

    def take(self) -> memoryview | None:
        """Return a large buffer, if one is left."""
        with self._lock:
            if self._free:
                return self._free.pop()
            if not self._left:
                return None
            self._left -= 1
        return memoryview(bytearray(LARGE))

    def put_back(self, buffer: memoryview) -> None:
        """Take one back."""
        with self._lock:
            self._free.append(buffer)
