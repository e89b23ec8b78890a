"""The clauses of a run, shared among processes that each have a server of their own: whoever comes first judges one."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from jhup_conformance.findings import CheckResult
from jhup_conformance.profiles import Profile
from jhup_conformance.run.incidents import Incident
from jhup_conformance.run.options import Options
from jhup_conformance.run.session import Run
from jhup_conformance.run.turned_away import TurnedAway

__all__ = ["Claims", "Part", "Share", "Whole", "join", "part_of", "usual_jobs"]

_MOST: Final = 2
"""Processes that judge, unless more are asked for."""
_OVER: Final = "over"


class Share(Protocol):
    """What part of a run's checks this process makes.

    Attributes:
        is_lead: whether it reports on all of them.
    """

    is_lead: bool

    def begin(self) -> None:
        """Prepare for the checks, while they are collected."""

    def takes(self, clause: str) -> bool:
        """Tell whether this process judges a clause."""

    def heard(self) -> Iterable[CheckResult]:
        """Return what others have checked since this was asked last."""

    def rest(self) -> Iterable[CheckResult]:
        """Yield what others check still, until they have ended; this process takes no further clause."""

    def stop(self) -> None:
        """Have the others end where they are, servers stopped."""

    def join(self, run: Run, not_run: Mapping[str, str]) -> Mapping[str, str]:
        """Put together what came of all parts.

        Args:
            run: of this process, which has ended.
            not_run: the checks that were planned and not made by this process, each with its clause.

        Returns:
            Those of them that no other has made.
        """


class Whole:
    """All of it."""

    is_lead = True

    def begin(self) -> None:
        """Do nothing."""

    def takes(self, clause: str) -> bool:  # noqa: ARG002 - whichever it is
        """Take each clause."""
        return True

    def heard(self) -> Iterable[CheckResult]:
        """Return nothing: there are no others."""
        return ()

    rest = heard

    def stop(self) -> None:
        """Do nothing."""

    def join(self, run: Run, not_run: Mapping[str, str]) -> Mapping[str, str]:  # noqa: ARG002 - it has all
        """Return them: there are no others."""
        return not_run


class Claims:
    """The clauses that a process has come to first: each is a file, which only one process can make.

    Args:
        folder: of these files, the same for all processes of a run.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[str, bool] = {}

    def takes(self, clause: str) -> bool:
        """Claim a clause, and tell whether it is this process's; none is new once the run is over."""
        if clause not in self._known:
            if self.is_over:
                return False
            self._known[clause] = self._make(clause)
        return self._known[clause]

    def _make(self, clause: str) -> bool:
        try:
            (self._folder / clause).touch(exist_ok=False)
        except OSError:  # another has it, or the folder went with a run that was killed
            return False
        return True

    @property
    def taken(self) -> frozenset[str]:
        """The clauses that this process judges."""
        return frozenset(clause for clause, is_own in self._known.items() if is_own)

    def end(self) -> None:
        """Let no process take another clause."""
        (self._folder / _OVER).touch()

    @property
    def is_over(self) -> bool:
        """Whether none may take another."""
        return (self._folder / _OVER).exists()


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What came of the clauses that one process judged.

    Attributes:
        taken: these clauses.
        not_run: checks of theirs that were planned and not made.
        checks: what came of the others, by clause; and of ERR-9, which any check may break.
        left_out: how many were left out, by clause.
    """

    taken: frozenset[str]
    not_run: frozenset[str]
    checks: dict[str, list[CheckResult]]
    left_out: dict[str, int]
    incidents: list[Incident] = field(default_factory=list)
    left_for_time: int = 0
    turned_away: TurnedAway
    problem: str = ""
    gone: bool = False
    suite_problem: str = ""


def part_of(run: Run, taken: frozenset[str], not_run: Mapping[str, str]) -> Part:
    """Return what came of a process's share; nothing of a target that was not there from the beginning."""
    is_known = run.judge is not None
    return Part(
        taken=taken,
        not_run=frozenset(node for node, clause in not_run.items() if clause in taken),
        checks={clause: result.checks for clause, result in run.results.items() if result.checks},
        left_out={clause: result.left_out for clause, result in run.results.items() if result.left_out},
        incidents=run.incidents,
        left_for_time=run.left_for_time,
        turned_away=run.turned_away,
        problem=run.problem if is_known else "",
        gone=run.gone and is_known,
        suite_problem=run.suite_problem,
    )


def join(run: Run, part: Part) -> None:
    """Add to a run what came of another process's share."""
    for clause, checks in part.checks.items():
        run.results[clause].checks += checks
    for clause, count in part.left_out.items():
        run.results[clause].left_out += count
    run.incidents[:] = sorted([*run.incidents, *part.incidents], key=lambda each: each.at)
    run.left_for_time += part.left_for_time
    run.turned_away.join(part.turned_away)
    run.problem = run.problem or part.problem
    run.gone = run.gone or part.gone
    run.suite_problem = run.suite_problem or part.suite_problem


def usual_jobs(options: Options) -> int:
    """Return how many processes judge when nobody says: more than one only where that saves time and nothing differs.

    A quick run and one of some clauses end as soon alone, and ``-x`` is about the first finding.
    """
    is_long = options.clauses is None and options.profile is not Profile.QUICK and not options.stop_first
    return min(_MOST, _processors()) if is_long and options.can_be_shared else 1


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
