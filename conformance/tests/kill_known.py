"""What the suite is known to say wrongly of suspects: exactly that is borne with, and nothing beside it."""

from dataclasses import dataclass
from typing import Final

from kill_runs import Record

__all__ = ["KNOWN", "Known", "is_as_known"]


@dataclass(frozen=True, slots=True)
class Known:
    """What is wrong in the verdict on a suspect.

    Attributes:
        why: how it comes, where that is known.
        missed: clauses that are not blamed and should be.
        accused: clauses that are blamed and should not be.
    """

    why: str
    missed: frozenset[str] = frozenset()
    accused: frozenset[str] = frozenset()


KNOWN: Final[dict[str, Known]] = {
    "flushes at the end": Known(
        "not found out yet",
        frozenset({"STORE-4"}),
        frozenset({"ERR-4"}),
    ),
    "gives up sending": Known(
        "the control already meets a server that gives up on replies nobody takes", frozenset({"CONN-8"})
    ),
    "spins at the end": Known("not found out yet; seen twice, as a process", frozenset({"ERR-7"})),
}
"""Suspects by name; each has to go from here by making it right."""


def is_as_known(record: Record) -> bool:
    """Tell whether nothing is wrong in a verdict but what is known of that suspect."""
    known = KNOWN.get(record.name, Known(""))
    return not record.problem and known.missed.issuperset(record.missed) and known.accused.issuperset(record.accused)
