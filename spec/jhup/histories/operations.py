"""What a history is made of, and what can be wrong with one."""

import math
from collections.abc import Hashable
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

__all__ = ["Action", "HistoryError", "Kind", "Operation", "Value", "Violation"]

Value: TypeAlias = Hashable
"""What a name holds, such as the digest of a body. None stands for a name that is not stored."""


class HistoryError(ValueError):
    """The operations are no history that can be judged: a mistake of the caller, none of the store."""


class Action(Enum):
    """What an operation does to a register."""

    WRITE = "write"
    READ = "read"


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation on one name.

    Attributes:
        action: whether it writes or reads.
        value: what was written, or what was read; None for a read that found the name not stored.
        start: when it may have taken effect at the earliest.
        end: when it had taken effect at the latest; infinite for an open write, one that was never seen to end: it may
            take effect at any time after its start, or never.
        label: what the caller knows it by; not looked at.

    Raises:
        HistoryError: when it ends before it starts, when a read is open, or when a write writes nothing.
    """

    action: Action
    value: Value
    start: float
    end: float = math.inf
    label: str = ""

    def __post_init__(self) -> None:
        if not self.start <= self.end:
            raise HistoryError(f"{self} ends before it starts")
        if self.is_write and self.value is None:
            raise HistoryError(f"{self} writes no value; a store has no command to remove one")
        if not self.is_write and self.is_open:
            raise HistoryError(f"{self} is a read without an end, so without a result")

    @property
    def is_write(self) -> bool:
        """Whether it writes."""
        return self.action is Action.WRITE

    @property
    def is_open(self) -> bool:
        """Whether it was never seen to end."""
        return math.isinf(self.end)

    def precedes(self, other: "Operation") -> bool:
        """Whether it had ended before the other one started; at the same moment they overlap."""
        return self.end < other.start

    def __str__(self) -> str:
        value = "nothing" if self.value is None else str(self.value)
        end = "open" if self.is_open else f"{self.end:g}"
        return f"{self.label or self.action.value} {value} [{self.start:g}, {end}]"


class Kind(Enum):
    """What is wrong with a history, by the shape of the witness."""

    NEVER_WRITTEN = "a value was read that no operation wrote"
    TOO_EARLY = "a value was read before the write of it began"
    LOST = "the initial value was read after another value had been there"
    CAME_BACK = "a value was read again after another value had replaced it"
    NO_ORDER = "two values each had to be there before the other"


@dataclass(frozen=True, slots=True)
class Violation:
    """Why a history is not linearizable.

    Attributes:
        kind: what is wrong.
        witness: the fewest operations that prove it, one to four, in the order of their starts. Since every value is
            written at most once, they need no other operation beside them.
    """

    kind: Kind
    witness: tuple[Operation, ...]

    def __str__(self) -> str:
        return f"{self.kind.value}: {'; '.join(map(str, self.witness))}"
