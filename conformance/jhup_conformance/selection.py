"""Which checks run and in which order, and which of them are left out while a run is under way."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

import pytest

from jhup_conformance.findings import ClauseResult, Outcome, SuiteError
from jhup_conformance.profiles import EFFORTS, Profile
from jhup_conformance.run import last_failed
from jhup_conformance.run.session import Run

__all__ = ["Selection", "clause_mark"]

_UNSEEN: Final = 2
"""How often the same check may come to nothing, each time with other values, before it is left."""
_LONG: Final = 60.0
"""Seconds after which the rest of a run tries no more of each check than a quick one does: the target is slow."""


def clause_mark(item: pytest.Item) -> pytest.Mark:
    """Return what says which clause a check is about.

    Raises:
        SuiteError: when nothing does.
    """
    mark = item.get_closest_marker("clause")
    if mark is None:
        raise SuiteError(f"{item.nodeid} does not say which clause it checks")
    return mark


class Selection:
    """Chooses among the checks of the suite.

    Args:
        run: what the checks are for; its results say which clauses were asked for.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._first = last_failed.load(run.options) if run.options.last_failed else frozenset()
        self._unseen: Counter[str] = Counter()
        self._quick: frozenset[str] = frozenset()

    @property
    def _profile(self) -> Profile:
        return self._run.options.profile

    def is_asked_for(self, mark: pytest.Mark) -> bool:
        """Tell whether any check with a mark is."""
        whole = EFFORTS[self._profile].sets is None
        return mark.args[0] in self._run.results and (whole or bool(mark.kwargs["quick"]))

    def divide(self, items: Sequence[pytest.Item]) -> tuple[list[pytest.Item], list[pytest.Item]]:
        """Return the checks that were asked for, in the order of the classes and the book, and the others."""
        asked, left = list[pytest.Item](), list[pytest.Item]()
        for item in items:
            mark = item.get_closest_marker("clause")
            (asked if mark and mark.args[0] in self._run.results else left).append(item)
        asked.sort(key=self._order)
        quick = self._first_sets(asked, EFFORTS[Profile.QUICK].sets)
        self._quick = frozenset(item.nodeid for item in quick)
        if (most := EFFORTS[self._profile].sets) is None:
            return asked, left
        kept = self._first_sets(asked, most)
        chosen = set(kept)
        return kept, left + [item for item in asked if item not in chosen]

    @staticmethod
    def _first_sets(items: Sequence[pytest.Item], most: int | None) -> list[pytest.Item]:
        """Return the first sets of parameters of each test that quick runs have, so many of each."""
        seen: Counter[tuple[str, str]] = Counter()
        kept: list[pytest.Item] = []
        for item in items:
            mark = clause_mark(item)
            test = (_function(item), mark.args[0])
            seen[test] += 1
            if mark.kwargs["quick"] and (most is None or seen[test] <= most):
                kept.append(item)
        return kept

    def _order(self, item: pytest.Item) -> tuple[bool, bool, bool, int]:
        """Put what failed last time first, then the classes in their order, and the hard ones last."""
        mark = clause_mark(item)
        clause = self._run.results[mark.args[0]].clause
        waits = mark.args[0] not in self._first
        return (
            waits,
            mark.kwargs["last"],
            mark.kwargs["late"],
            self._run.options.kind.classes.index(clause.conformance_class),
        )

    def came_to_nothing(self, item: pytest.Item) -> None:
        """Take note that nothing was learnt by a check."""
        self._unseen[_function(item)] += 1

    def why_left_out(self, item: pytest.Item, result: ClauseResult) -> str:
        """Return the reason why a check that was chosen isn't run after all; empty where it is.

        Args:
            item: the check.
            result: what came of its clause so far.
        """
        if self._profile is Profile.THOROUGH:
            return ""
        if result.outcome in (Outcome.FAIL, Outcome.WARN):
            return "the clause has failed already; --profile thorough goes on"
        if self._unseen[_function(item)] >= _UNSEEN:
            return "nothing was learnt by the same check with other values; --profile thorough goes on"
        if self.is_long and result.checks and item.nodeid not in self._quick:
            self._run.left_for_time += 1
            return "the run takes long; --profile thorough goes on"
        return ""

    @property
    def is_long(self) -> bool:
        """Whether the run takes so long that less is tried of all that is left; one of a few clauses never does."""
        options = self._run.options
        return self._profile is Profile.DEFAULT and options.clauses is None and self._run.seconds > _LONG


def _function(item: pytest.Item) -> str:
    """Return what a check has in common with the same one with other values."""
    return item.nodeid.partition("[")[0]
