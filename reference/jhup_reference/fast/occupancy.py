"""How many connections the processes of a server have open together."""

import mmap
import threading
from typing import Final

from jhup_reference.runtime.connections import Occupancy

__all__ = ["SharedOccupancy"]

_SLOT: Final = 8
_SLACK: Final = 2


class SharedOccupancy(Occupancy):
    """How many connections are open in all processes of a server.

    Each process counts in a slot of its own in memory that all share, so that no lock is needed between them.

    Args:
        processes: how many.
    """

    def __init__(self, processes: int) -> None:
        super().__init__()
        self._slots = memoryview(mmap.mmap(-1, _SLOT * processes)).cast("q")
        self._mine = 0
        self._lock = threading.Lock()

    @property
    def count(self) -> int:
        """The open connections of all processes."""
        return sum(self._slots)

    @property
    def is_ahead(self) -> bool:
        """Whether this process has clearly more of them than another."""
        return self._slots[self._mine] > min(self._slots) + _SLACK

    def become(self, process: int) -> None:
        """Count for one of the processes from now on, beginning with none."""
        self._mine = process
        self.empty(process)

    def empty(self, process: int) -> None:
        """Forget the connections of a process that has ended."""
        self._slots[process] = 0

    def enter(self) -> None:
        """Count one more in this process."""
        with self._lock:
            self._slots[self._mine] += 1

    def leave(self) -> None:
        """Count one less in this process."""
        with self._lock:
            self._slots[self._mine] -= 1
