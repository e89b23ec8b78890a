"""A run in a table: a row for each section, a column for each class, in each cell what came of its clauses."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Final

from jhup.clauses import Clause, ConformanceClass, chapter_text
from jhup_conformance.findings import FINDINGS, ClauseResult, Outcome
from jhup_conformance.language import ENGLISH, Words, message
from jhup_conformance.run.session import Run

__all__ = ["Overview", "cell_words"]

_WORST: Final = {
    Outcome.FAIL: message("fail"),
    Outcome.ERROR: message("error"),
    Outcome.FLAKY: message("flaky"),
    Outcome.WARN: message("warn"),
    Outcome.UNVERIFIED: message("unverified"),
    Outcome.UNSUPPORTED: message("unsupported"),
    Outcome.PASS: message("pass"),
}
"""What counts, the worst first, in the words of a cell."""


class Overview:
    """The table of a run, as far as the run has come.

    Args:
        run: the run.
        say: in which language.
    """

    def __init__(self, run: Run, say: Words = ENGLISH) -> None:
        self._run = run
        self._say = say
        self.classes = tuple(
            each
            for each in run.options.kind.classes
            if any(result.clause.conformance_class is each for result in run.results.values())
        )

    def rows(self, *, under_way: bool = False) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Yield each section's name and its cells, one for each class.

        Args:
            under_way: whether the run goes on, so that a clause without a result is still to be checked.
        """
        by_row: dict[str, list[ClauseResult]] = {}
        chapters = {result.clause.chapter for result in self._run.results.values()}
        for result in self._run.results.values():
            by_row.setdefault(_name(result.clause, whole=len(chapters) > 1), []).append(result)
        for name, results in by_row.items():
            yield name, tuple(self._cell(results, each, under_way) for each in self.classes)

    def _cell(self, results: Iterable[ClauseResult], of: ConformanceClass, under_way: bool) -> str:
        mine = [each for each in results if each.clause.conformance_class is of]
        left = [each for each in mine if not (each.checks or each.reason or each.does_not_apply)]
        to_do = len(left) if under_way else 0
        counted = Counter(self._run.outcome(each) for each in mine if not (to_do and each in left))
        return cell_words(counted, to_do, self._say)


def cell_words(counted: Counter[Outcome], to_do: int, say: Words = ENGLISH) -> str:
    """Say what came of some clauses in a few words: what stands against the target, else what is most frequent."""
    found = [(outcome, counted[outcome]) for outcome in _WORST if counted[outcome]]
    total = sum(count for _, count in found)
    against = [each for each in found if each[0] in FINDINGS]
    told = (
        against or sorted((each for each in found if each[0] is not Outcome.PASS), key=lambda each: -each[1]) or found
    )
    if to_do:
        return ", ".join(
            [*(f"{count} {say(_WORST[each])}" for each, count in told[:1]), say("{count} to do", count=to_do)]
        )
    for outcome, count in told[:1]:
        word = say(_WORST[outcome])
        if count == total:
            return f"{count} {word}"
        return say("{count} of {total} {outcome}", count=count, total=total, outcome=word)
    return ""


@cache
def _name(clause: Clause, *, whole: bool) -> str:
    """Return the name of a clause's chapter, or of its section where there is one chapter alone."""
    heading = re.match(r"# (?:\d+\.? )?(.+)", chapter_text(clause.chapter)) if whole else None
    return heading[1] if heading else clause.section
