"""How long to wait: derived from the target's own answer times, never fixed."""

from dataclasses import dataclass, field
from math import ceil
from statistics import median
from typing import Final

__all__ = ["Pace"]

_UNKNOWN_BEAT: Final = 0.010
_LEAST_PAUSE: Final = 0.001
_MOST_PAUSE: Final = 0.020
_LEAST_SETTLE: Final = 0.004


@dataclass(slots=True)
class Pace:
    """Waits, all in seconds. They follow the answer times seen last, so that a target that slows down is waited for."""

    _beats: list[float] = field(default_factory=list)

    def note(self, seconds: float) -> None:
        """Take note of an answer time: from the last byte of a request until its outcome was seen."""
        self._beats.append(seconds)
        del self._beats[:-64]

    @property
    def is_known(self) -> bool:
        """Whether any answer was seen yet."""
        return bool(self._beats)

    @property
    def beat(self) -> float:
        """The median of the answer times seen last."""
        return median(self._beats) if self._beats else _UNKNOWN_BEAT

    @property
    def slowest(self) -> float:
        """The longest of the answer times seen last."""
        return max(self._beats, default=_UNKNOWN_BEAT)

    @property
    def slow(self) -> float:
        """An answer time that nine of ten answers kept: a few that others delayed don't count."""
        return sorted(self._beats)[ceil(0.9 * (len(self._beats) - 1))] if self._beats else _UNKNOWN_BEAT

    @property
    def pause(self) -> float:
        """Between two segments that shall arrive as two."""
        return min(max(_LEAST_PAUSE, self.beat), _MOST_PAUSE)

    @property
    def patience(self) -> float:
        """Without any progress, until a target counts as silent for now."""
        return min(max(0.3, 20 * self.slow), 5.0)

    @property
    def last_patience(self) -> float:
        """The same when a wait is tried again alone, before it counts."""
        return min(max(1.5, 4 * self.patience), 8.0)

    @property
    def settle(self) -> float:
        """For something wrong to become visible, besides the positive that proves it."""
        return min(max(_LEAST_SETTLE, 8 * self.beat), 0.5)

    def __str__(self) -> str:
        return (
            f"answers in {self.beat * 1000:.1f} ms; pause {self.pause * 1000:.1f} ms, "
            f"patience {self.patience:.1f} s, then {self.last_patience:.1f} s alone"
        )
