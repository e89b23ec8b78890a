"""The connections that a process serves at the moment: to end them, to wait for them, to count them."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

__all__ = ["Connections", "Endable", "Occupancy"]


class Endable(Protocol):
    """What can be ended from another thread."""

    def stop(self) -> None:
        """End at once between requests, else when the request under way is complete."""

    def abort(self) -> None:
        """End whatever is under way."""


class Connections:
    """The connections under way in one process."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._all: set[Endable] = set()
        self._stopping = False

    def __len__(self) -> int:
        return len(self._all)

    @property
    def stopping(self) -> bool:
        """Whether all were asked to end, and so will be each that comes."""
        return self._stopping

    @contextmanager
    def holding(self, connection: Endable) -> Iterator[None]:
        """Count a connection among these while the block runs."""
        with self._changed:
            self._all.add(connection)
            stopping = self._stopping
        if stopping:
            connection.stop()
        try:
            yield
        finally:
            with self._changed:
                self._all.discard(connection)
                self._changed.notify_all()

    def stop(self) -> None:
        """Ask all to end, now and from now on."""
        with self._changed:
            self._stopping = True
            present = list(self._all)
        for connection in present:
            connection.stop()

    def abort(self) -> None:
        """End all at once."""
        with self._changed:
            present = list(self._all)
        for connection in present:
            connection.abort()

    def wait(self, seconds: float) -> bool:
        """Wait until none is left, for a bounded time; return whether that came."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._all, seconds)


class Occupancy:
    """How many connections are open."""

    def __init__(self) -> None:
        self._count = 0
        self._lock = threading.Lock()

    @property
    def count(self) -> int:
        """The open connections."""
        return self._count

    def enter(self) -> None:
        """Count one more."""
        with self._lock:
            self._count += 1

    def leave(self) -> None:
        """Count one less."""
        with self._lock:
            self._count -= 1
