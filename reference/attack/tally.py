"""What an attack counts: inputs, and everything that should never happen."""

import threading
import time
from collections import Counter
from dataclasses import dataclass, field

__all__ = ["Tally"]


@dataclass
class Tally:
    """The counts of one part of the campaign.

    Attributes:
        title: of the part.
        seconds: how long it took.
        counts: of what was tried.
        faults: what went wrong, one line each; the first fifty.
    """

    title: str
    seconds: float = 0.0
    counts: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _began: float = field(default_factory=time.monotonic)

    def add(self, what: str, times: int = 1) -> None:
        """Count something that was tried."""
        with self._lock:
            self.counts[what] += times

    def fault(self, kind: str, what: str) -> None:
        """Take note of something that should never happen.

        Args:
            kind: crash, leak, lost, outside, hung or log.
            what: one line.
        """
        with self._lock:
            self.counts[f"{kind}!"] += 1
            if len(self.faults) < 50:
                self.faults.append(f"{kind}: {what}")

    def end(self) -> "Tally":
        """Stop the clock."""
        self.seconds = time.monotonic() - self._began
        return self
