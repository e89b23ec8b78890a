"""What a check has raised, turned into its result, and into pytest's own report."""

from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from jhup.clauses import Clause, Level
from jhup_conformance.findings import CheckResult, Finding, NotOffered, NotSeen, Outcome, TooShort, Wavering
from jhup_conformance.reports.prose import check_lines
from jhup_conformance.reports.right import stored_differences
from jhup_conformance.wire.dialer import TargetGone

__all__ = ["causes", "result_of", "shape"]


def result_of(error: BaseException | None, clause: Clause, node: str, *, folder: Path | None) -> CheckResult:
    """Return what came of a check.

    Args:
        error: what it raised.
        clause: which it is about.
        node: its name.
        folder: the target's, where it can be seen; stored bodies that are wrong are looked at now.
    """
    result = CheckResult(clause.id, node, Outcome.PASS)
    cause = next(causes(error), None)
    if cause is None:
        return result
    result.outcome = _outcome(cause, clause)
    if not isinstance(cause, Finding):
        result.actual = str(cause) or type(cause).__name__
        return result
    result.expected, result.actual = cause.expected, cause.actual
    result.points, result.transcript, result.where = cause.points, cause.transcript, cause.where
    result.picture = cause.picture
    if cause.transcript is not None and folder is not None:
        result.details = tuple(stored_differences(cause.transcript, folder))
    return result


def _outcome(cause: BaseException, clause: Clause) -> Outcome:
    match cause:
        case Wavering() | hypothesis.errors.Flaky():
            return Outcome.FLAKY
        case Finding():
            return Outcome.FAIL if clause.level is Level.MUST else Outcome.WARN
        case NotSeen() | TargetGone():  # if it is gone, a look after the check says more
            return Outcome.UNVERIFIED
        case NotOffered():
            return Outcome.UNSUPPORTED
        case TooShort():
            return Outcome.NOT_JUDGED
    return Outcome.ERROR


def causes(error: BaseException | None) -> Iterator[BaseException]:
    """Return what was raised; out of a group, what says most first."""
    if isinstance(error, BaseExceptionGroup):
        leaves = [leaf for each in error.exceptions for leaf in causes(each)]
        findings = [
            Wavering(transcript=each.transcript, points=each.points, where=each.where)
            for each in leaves
            if isinstance(each, Finding)
        ]
        yield from findings or leaves
    elif error is not None:
        yield error


def shape(report: pytest.TestReport, item: pytest.Item, result: CheckResult, service: str) -> None:
    """Make pytest's own report say the same."""
    path, line, _ = item.location
    where = (str(path), (line or 0) + 1)
    if result.outcome in (Outcome.UNVERIFIED, Outcome.UNSUPPORTED, Outcome.WARN):
        report.outcome = "skipped"
        report.longrepr = (*where, f"{result.outcome}: {result.actual}")
    elif result.outcome is Outcome.PASS:
        report.outcome = "passed"
    elif result.outcome is not Outcome.ERROR:
        report.outcome = "failed"
        report.longrepr = "\n".join(check_lines(result, service))
