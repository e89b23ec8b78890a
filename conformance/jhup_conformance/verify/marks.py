"""How a check says which clause it judges, and what it presumes."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import pytest

from jhup_conformance.verify.stream import Stream

__all__ = ["check", "clause_mark", "together"]

_F = TypeVar("_F", bound=Callable[..., Any])


def clause_mark(
    clause: str,
    *,
    presumes: Iterable[Stream] = (),
    blind: bool = False,
    late: bool = False,
    last: bool = False,
    quick: bool = True,
) -> pytest.MarkDecorator:
    """Return the mark of a check of one clause, for a parameter set of a test that checks several; see `check`."""
    return pytest.mark.clause(clause, presumes=tuple(presumes), blind=blind, late=late, last=last, quick=quick)


def check(
    clause: str,
    *,
    presumes: Iterable[Stream] = (),
    blind: bool = False,
    late: bool = False,
    last: bool = False,
    quick: bool = True,
) -> Callable[[_F], _F]:
    """Mark a test as a check of one clause.

    Args:
        clause: its identifier.
        presumes: streams that have to work, else nothing is learnt; each is tried once a run.
        blind: whether it needs no view of the store, and no plain put that works.
        late: whether it runs after all others, because it is hard on the target.
        last: whether it runs after those, because it ends the target's process.
        quick: whether it also belongs to a quick run; one that takes long doesn't, where others see most of the same.
    """

    def mark(function: _F) -> _F:
        marked: _F = clause_mark(clause, presumes=presumes, blind=blind, late=late, last=last, quick=quick)(function)
        return marked

    return mark


def together(
    argument: str, values: Iterable[object], titles: Iterable[object], *, at_a_time: int
) -> pytest.MarkDecorator:
    """Parametrize a test with groups of values, tried at the same time: eight cost as much as one.

    Args:
        argument: takes a tuple of values.
        values: the values to try.
        titles: of each value, for people.
        at_a_time: how many make a group.
    """
    pairs = list(zip(values, map(str, titles), strict=True))
    groups = [pairs[start : start + at_a_time] for start in range(0, len(pairs), at_a_time)]
    return pytest.mark.parametrize(
        argument,
        [tuple(value for value, _ in group) for group in groups],
        ids=[group[0][1] if len(group) == 1 else f"{group[0][1]} to {group[-1][1]}" for group in groups],
    )
