"""What came of a run against a client: outcomes by clause, the class met, the verdict."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from jhup.clauses import Clause, ConformanceClass, Level
from jhup_conformance.clients.case import Case, Seen
from jhup_conformance.clients.options import ClientOptions
from jhup_conformance.findings import COUNTED, FINDINGS, UPLOAD_CLASSES, ExitStatus, Outcome, Verdict

__all__ = ["CaseResult", "ClauseOutcome", "ClientResults"]

_RANK: Final = (
    Outcome.FAIL,
    Outcome.WARN,
    Outcome.ERROR,
    Outcome.FLAKY,
    Outcome.UNVERIFIED,
    Outcome.PASS,
    Outcome.UNSUPPORTED,
)
_HOLDS: Final = frozenset({Outcome.PASS, Outcome.UNSUPPORTED, Outcome.WARN})
_STATUS: Final = {
    Verdict.CONFORMS: ExitStatus.CONFORMS,
    Verdict.FAILS: ExitStatus.FAILS,
    Verdict.INCONCLUSIVE: ExitStatus.INCONCLUSIVE,
    Verdict.UNREACHABLE: ExitStatus.UNREACHABLE,
    Verdict.ERROR: ExitStatus.ERROR,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseResult:
    """What a case showed of a clause.

    Attributes:
        clause: identifier.
        case: the case.
        outcome: of this clause alone.
        expected: what the client should have done; empty unless something is wrong.
        actual: what it did, or why nothing could be said.
        seen: all that was seen; None where the case was not run.
        runs: how often it was run.
    """

    clause: str
    case: Case
    outcome: Outcome
    expected: str = ""
    actual: str = ""
    seen: Seen | None = None
    runs: int = 1


@dataclass(slots=True)
class ClauseOutcome:
    """What all cases showed of one clause.

    Attributes:
        clause: the clause.
        reason: why it has no case that could be run; empty when it has.
        unsupported: whether that reason is an optional ability that the client does not have.
        results: of its cases.
    """

    clause: Clause
    reason: str = ""
    unsupported: bool = False
    results: list[CaseResult] = field(default_factory=list)

    @property
    def decisive(self) -> CaseResult | None:
        """The result that decides: the worst."""
        return min(self.results, key=lambda each: _RANK.index(each.outcome), default=None)

    @property
    def outcome(self) -> Outcome:
        """The outcome of the clause."""
        if self.decisive:
            return self.decisive.outcome
        return Outcome.UNSUPPORTED if self.unsupported else Outcome.UNVERIFIED


@dataclass(slots=True)
class ClientResults:
    """The results of a run.

    Attributes:
        options: what was asked for.
        clauses: by identifier, in the order of the book.
        contact: the first contact in one line.
        problem: why the client could not be judged any further; empty when it could.
        unreachable: whether no connection came at all.
        started: when, in UTC.
        seconds: how long it took.
        cases: how many cases were run.
        runs: how often the client was run.
    """

    options: ClientOptions
    clauses: dict[str, ClauseOutcome]
    contact: str = ""
    problem: str = ""
    unreachable: bool = False
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    seconds: float = 0.0
    cases: int = 0
    runs: int = 0

    def add(self, results: Iterable[CaseResult]) -> None:
        """Take the results of a case."""
        for each in results:
            if each.clause in self.clauses:
                self.clauses[each.clause].results.append(each)

    def outcome(self, of: ClauseOutcome) -> Outcome:
        """Return the outcome of a clause; one that is listed as failing and passes is an error."""
        if of.clause.id in self.options.known_failing and of.outcome is Outcome.PASS:
            return Outcome.ERROR
        return of.outcome

    def counts_against(self, of: ClauseOutcome) -> bool:
        """Return whether a clause makes the client fail."""
        if of.clause.id in self.options.known_failing:
            return False
        return of.outcome is Outcome.FAIL or (self.options.strict and of.outcome is Outcome.WARN)

    def findings(self) -> Iterator[tuple[ClauseOutcome, CaseResult]]:
        """Yield what is told in full, in the order of the book."""
        for each in self.clauses.values():
            if each.decisive and self.outcome(each) in FINDINGS:
                yield each, each.decisive

    def count(self) -> dict[ConformanceClass, dict[Outcome, int]]:
        """Count the outcomes of each class."""
        counted: dict[ConformanceClass, dict[Outcome, int]] = {}
        for each in self.clauses.values():
            counts = counted.setdefault(each.clause.conformance_class, dict.fromkeys(COUNTED, 0))
            counts[self.outcome(each)] += 1
        return dict(sorted(counted.items(), key=lambda pair: UPLOAD_CLASSES.index(pair[0])))

    @property
    def class_met(self) -> str | None:
        """The highest class whose MUSTs all hold, those before it included."""
        met = None
        for name in UPLOAD_CLASSES:
            musts = [
                each.outcome
                for each in self.clauses.values()
                if each.clause.conformance_class is name and each.clause.level is Level.MUST
            ]
            if not set(musts) <= _HOLDS or Outcome.PASS not in musts:
                break
            met = name.value
        return met

    @property
    def verdict(self) -> Verdict:
        """What the run came to."""
        if any(map(self.counts_against, self.clauses.values())):
            return Verdict.FAILS
        if self.unreachable:
            return Verdict.UNREACHABLE
        outcomes = {each.clause: self.outcome(each) for each in self.clauses.values()}
        if Outcome.ERROR in outcomes.values():
            return Verdict.ERROR
        open_musts = [
            clause
            for clause, outcome in outcomes.items()
            if clause.level is Level.MUST and outcome not in _HOLDS and clause.id not in self.options.known_failing
        ]
        if open_musts or Outcome.PASS not in outcomes.values():
            return Verdict.INCONCLUSIVE
        return Verdict.CONFORMS

    @property
    def exit_status(self) -> ExitStatus:
        """How the command ends."""
        passed = any(each.outcome is Outcome.PASS for each in self.clauses.values())
        if self.verdict is Verdict.INCONCLUSIVE and self.options.allow_unverified and passed:
            return ExitStatus.CONFORMS
        return _STATUS[self.verdict]
