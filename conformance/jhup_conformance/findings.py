"""What can come of a check and of a clause, and what that makes of a run (see the table in conformance/README.md)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Final

from jhup.clauses import Clause, ConformanceClass, Level
from jhup_conformance.differences import Difference, Other
from jhup_conformance.wire.transcript import Transcript

__all__ = [
    "COUNTED",
    "ECHO_CLASSES",
    "FINDINGS",
    "HELD_AGAINST",
    "UPLOAD_CLASSES",
    "CheckResult",
    "ClauseResult",
    "ExitStatus",
    "Finding",
    "NotOffered",
    "NotSeen",
    "Outcome",
    "Picture",
    "SuiteError",
    "TooShort",
    "Verdict",
    "Wavering",
    "class_met",
]


class Outcome(StrEnum):
    """What came of a check or a clause."""

    PASS = "PASS"  # noqa: S105  # a verdict, no password
    FAIL = "FAIL"
    WARN = "WARN"
    UNSUPPORTED = "UNSUPPORTED"
    UNVERIFIED = "UNVERIFIED"
    FLAKY = "FLAKY"
    ERROR = "ERROR"
    NOT_JUDGED = "NOT_JUDGED"


COUNTED: Final = tuple(each for each in Outcome if each is not Outcome.NOT_JUDGED)
"""The outcomes that are counted; what isn't judged counts nowhere."""
HELD_AGAINST: Final = (Outcome.FAIL, Outcome.WARN, Outcome.FLAKY)
"""The outcomes of clauses that something was held against."""
FINDINGS: Final = (*HELD_AGAINST, Outcome.ERROR)
"""The outcomes that are told in full, the gravest first."""


class Verdict(StrEnum):
    """What came of a run."""

    CONFORMS = "conforms"
    FAILS = "fails"
    INCONCLUSIVE = "inconclusive"
    UNREACHABLE = "unreachable"
    ERROR = "error"


class ExitStatus(IntEnum):
    """How the command ends."""

    CONFORMS = 0
    FAILS = 1
    USAGE = 2
    UNREACHABLE = 3
    INCONCLUSIVE = 4
    ERROR = 5
    INTERRUPTED = 130


UPLOAD_CLASSES: Final = (
    ConformanceClass.BASIC,
    ConformanceClass.STREAM,
    ConformanceClass.SAFE,
    ConformanceClass.REPLIES,
)
ECHO_CLASSES: Final = (ConformanceClass.BASIC, ConformanceClass.FULL)


@dataclass(frozen=True, slots=True)
class Picture:
    """What shows a finding better than words, as an SVG document for pages and as lines for terminals."""

    svg: str
    text: str


class Finding(Exception):
    """The target broke the clause under check.

    Attributes:
        points: what differs from what is right; made of `expected` and `actual` where a check says it in words.
        where: where the stream was cut, in words; empty where that is of no account.
        transcript: the exchange that shows it, the smallest that was found.
        timed_out: whether the target was only too slow, as far as can be told.
        times: how often it failed of how many tries; None where it failed each time.
        picture: shows it, where a check has drawn it.
    """

    def __init__(
        self,
        expected: str = "",
        actual: str = "",
        transcript: Transcript | None = None,
        *,
        points: Sequence[Difference] = (),
        where: str = "",
        timed_out: bool = False,
        times: tuple[int, int] | None = None,
        picture: Picture | None = None,
    ) -> None:
        self.points = tuple(points) or (Other(expected, actual),)
        self.where = where
        self.transcript = transcript
        self.timed_out = timed_out
        self.times = times
        self.picture = picture
        super().__init__(f"expected {self.expected}; actual: {self.actual}")

    @property
    def expected(self) -> str:
        """What should have been seen, for people."""
        return "; ".join(dict.fromkeys(each.expected for each in self.points))

    @property
    def actual(self) -> str:
        """What was seen, for people."""
        text = "; ".join(dict.fromkeys(each.actual for each in self.points))
        if self.times:
            failed, tried = self.times
            text += f"; failed {failed} of {tried} times with the same bytes"
        return text + (f" [{self.where}]" if self.where else "")

    def worded(self, expected: str) -> "Finding":
        """Return the finding with another expectation in words."""
        return type(self)(expected, self.actual, self.transcript, timed_out=self.timed_out)


class Wavering(Finding):
    """What failed once held when the same bytes were sent again."""


class NotSeen(Exception):
    """There is nothing to observe the clause by; the message says what would help."""


class NotOffered(Exception):
    """The target doesn't offer the optional feature that the clause is about."""


class TooShort(Exception):
    """What was tried held, and the clause is about more time than the run has; the message says how long would do."""


class SuiteError(Exception):
    """The suite itself failed, or a control that should have held."""


@dataclass(slots=True)
class CheckResult:
    """What came of one check of one clause.

    Attributes:
        cuts_proven: cuts before which the target had read all that was sent earlier, as its kernel told.
        cuts_paced: cuts before which only time had passed.
        points: of a finding, what differs from what is right.
        where: of a finding, where the stream was cut.
        details: of a finding, what was looked up at once: where a stored body first differs from the right one.
        picture: of a finding, where it has one.
    """

    clause: str
    node: str
    outcome: Outcome
    executions: int = 0
    seconds: float = 0.0
    expected: str = ""
    actual: str = ""
    points: tuple[Difference, ...] = ()
    where: str = ""
    transcript: Transcript | None = None
    details: tuple[str, ...] = ()
    picture: Picture | None = None
    cuts_proven: int = 0
    cuts_paced: int = 0


_RANK: Final = (
    Outcome.FAIL,
    Outcome.WARN,
    Outcome.ERROR,
    Outcome.FLAKY,
    Outcome.UNVERIFIED,
    Outcome.NOT_JUDGED,
    Outcome.PASS,
    Outcome.UNSUPPORTED,
)


@dataclass(slots=True)
class ClauseResult:
    """What came of all checks of one clause.

    Attributes:
        clause: the clause.
        reason: why it has no check, when it has none.
        checks: what its checks gave.
        left_out: how many checks were not run, because the clause had failed already, or nothing was learnt.
        does_not_apply: why it is not about this target, when it isn't.
        judged_by: the version of the text that the run judges by, where that has no such clause; empty where it has.
        root: the clause whose failure this one hangs on; None where it stands alone.
    """

    clause: Clause
    reason: str = ""
    checks: list[CheckResult] = field(default_factory=list)
    left_out: int = 0
    does_not_apply: str = ""
    judged_by: str = ""
    root: str | None = None

    @property
    def decisive(self) -> CheckResult | None:
        """The check that decides the outcome: the worst."""
        return min(self.checks, key=lambda check: _RANK.index(check.outcome), default=None)

    @property
    def outcome(self) -> Outcome:
        """The outcome; without a check it is NOT_JUDGED where there is a reason for that, else UNVERIFIED."""
        return Outcome.NOT_JUDGED if self.judged_by else self.came_to

    @property
    def came_to(self) -> Outcome:
        """The outcome by the text of today."""
        if self.does_not_apply:
            return Outcome.UNSUPPORTED
        if self.decisive:
            return self.decisive.outcome
        return Outcome.NOT_JUDGED if self.reason else Outcome.UNVERIFIED

    @property
    def why(self) -> str:
        """Why it has that outcome, for people; what differed, where something did."""
        actual = self.decisive.actual if self.decisive else ""
        if not self.judged_by:
            return self.does_not_apply or actual or self.reason
        newer = f"newer than specification {self.judged_by}, by which this run judges"
        return f"{newer}; it came to {self.came_to}" + (f": {actual}" if actual else "")

    @property
    def executions(self) -> int:
        """How many exchanges were made for it."""
        return sum(check.executions for check in self.checks)

    @property
    def cuts_proven(self) -> int:
        """How many cuts are known to have arrived as such."""
        return sum(check.cuts_proven for check in self.checks)

    @property
    def cuts_paced(self) -> int:
        """How many cuts were only given time to arrive as such."""
        return sum(check.cuts_paced for check in self.checks)

    @property
    def seconds(self) -> float:
        """How long its checks took."""
        return sum(check.seconds for check in self.checks)

    def holds(self) -> bool:
        """Tell whether nothing stands against the clause; one that isn't judged has nothing against it."""
        return self.outcome in (Outcome.PASS, Outcome.UNSUPPORTED, Outcome.WARN, Outcome.NOT_JUDGED)


def class_met(results: Iterable[ClauseResult], classes: tuple[ConformanceClass, ...]) -> ConformanceClass | None:
    """Return the highest class whose MUSTs all hold, those of the classes below it included."""
    by_class: dict[ConformanceClass, list[ClauseResult]] = {each: [] for each in classes}
    for result in results:
        if result.clause.level is Level.MUST and result.clause.conformance_class in by_class:
            by_class[result.clause.conformance_class].append(result)
    met = None
    for each in classes:
        musts = by_class[each]
        if not all(result.holds() for result in musts):
            break
        if not any(result.outcome is Outcome.PASS for result in musts):
            break  # nothing was seen of this class
        met = each
    return met
