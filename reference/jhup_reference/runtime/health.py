"""What a server has done since its start, told when it is asked for and once a minute."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Final

import structlog

from jhup_reference.runtime.logs import lines_dropped

__all__ = ["Health"]

_EVERY: Final = 60.0


class Health:
    """Counts what happens, and logs the counts.

    Args:
        open_connections: returns how many connections are open.
        every: seconds between two lines; nothing is said where nothing has happened.
        clock: seconds, from any beginning.
    """

    def __init__(
        self,
        open_connections: Callable[[], int] = lambda: 0,
        *,
        every: float = _EVERY,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._open_connections = open_connections
        self._every = every
        self._clock = clock
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._puts = self._bytes = 0
        self._asked = False
        self._due = clock() + every
        self._told: dict[str, int] = {}

    def count(self, event: str, times: int = 1) -> None:
        """Count an event."""
        with self._lock:
            self._counts[event] += times

    def stored(self, filesize: int, files: int = 1) -> None:
        """Count stored files and their bytes."""
        with self._lock:
            self._puts += files
            self._bytes += filesize

    def totals(self) -> dict[str, int]:
        """Return what was counted: puts, bytes, and the other events by their names."""
        with self._lock:
            return {"puts": self._puts, "bytes": self._bytes, **self._counts}

    def ask(self) -> None:
        """Have the counts logged at the next `tick`; safe in a signal handler."""
        self._asked = True

    def tick(self) -> None:
        """Log the counts if somebody asked, or a minute has passed in which something happened."""
        if not self._asked and self._clock() < self._due:
            return
        asked, self._asked = self._asked, False
        self._due = self._clock() + self._every
        totals = self.totals()
        if asked or totals != self._told:
            self._told = totals
            named = {name.replace(" ", "_"): count for name, count in sorted(totals.items())}
            structlog.get_logger().info(
                "health", open=self._open_connections(), **named, log_lines_dropped=lines_dropped()
            )
