"""How long is waited for an answer, and where that was in vain."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from jhup.machine import NOTHING, Machine

__all__ = ["Patience", "Waits"]

_TRIES: Final = 2
_TRIES_IN_ALL: Final = 8
"""So many times the whole time is waited for something after a symbol, before it counts as missing at once."""


@dataclass(frozen=True, slots=True)
class Waits:
    """How long is waited, in seconds.

    Attributes:
        quiet: for something after a symbol, before nothing is taken for the answer.
        settle: for more after a reply.
    """

    quiet: float
    settle: float

    def times(self, factor: float) -> "Waits":
        """Return longer ones."""
        return Waits(self.quiet * factor, self.settle * factor)


@dataclass(slots=True)
class Patience:
    """Remembers where the whole time was waited in vain for what the specification's machine demands."""

    machine: Machine
    in_vain: Counter[str] = field(default_factory=Counter)

    def demanded(self, state: int | None, key: str) -> tuple[bool, bool]:
        """Tell whether a reply (or a stored body) has to come at a place, and whether the end of the connection has."""
        if state is None or self.has_no_hope(key):
            return False, False
        outputs = list(self.machine.edges[state][key])
        return all(each.replies or each.stored for each in outputs), all(each.closes for each in outputs)

    def may_answer(self, state: int | None, key: str) -> bool:
        """Tell whether something may rightly come at a place."""
        return state is not None and any(each != NOTHING for each in self.machine.edges[state][key])

    def has_no_hope(self, key: str) -> bool:
        """Whether the whole time was waited often enough after a symbol, or altogether."""
        return self.in_vain[key] >= _TRIES or self.in_vain.total() >= _TRIES_IN_ALL

    def was_in_vain(self, key: str) -> None:
        """Note that what was demanded did not come."""
        self.in_vain[key] += 1
