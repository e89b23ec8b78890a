"""The cases, a module for each section of the specification that binds clients."""

from collections.abc import Iterator, Mapping
from functools import cache

from jhup.clauses import Clause, Level, Role, clauses
from jhup_conformance.clients.case import Case
from jhup_conformance.clients.checks import s9_1_sending, s9_2_waiting, s9_3_reporting, s11_1_growing

__all__ = ["CASES", "NOT_JUDGED", "case_named", "client_clauses", "reason_not_judged"]

CASES: tuple[Case, ...] = (
    *s9_1_sending.CASES,
    *s9_2_waiting.CASES,
    *s9_3_reporting.CASES,
    *s11_1_growing.CASES,
)
"""All cases, in the order of the book."""

NOT_JUDGED: Mapping[str, str] = dict.fromkeys(
    ("ECHO-72", "ECHO-73", "ECHO-74", "ECHO-75", "ECHO-76", "ECHO-77"),
    "binds clients of the echo services; this command judges clients that upload",
)
"""Client clauses without a case, each with the reason."""


def client_clauses() -> Iterator[Clause]:
    """Yield the clauses that bind clients which upload, in the order of the book."""
    yield from (each for each in clauses().values() if each.role is Role.CLIENT and each.id not in NOT_JUDGED)


def reason_not_judged(clause: Clause) -> str:
    """Return why a client clause has no case; empty when it has to have one."""
    if clause.level is Level.MAY:
        return "a permission: whatever a client does here is right"
    return NOT_JUDGED.get(clause.id, "")


@cache
def _by_name() -> Mapping[str, Case]:
    return {case.name: case for case in CASES}


def case_named(name: str) -> Case | None:
    """Return a case by its name; None when there is none."""
    return _by_name().get(name)
