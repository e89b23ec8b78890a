"""ctrf.json: the run in the Common Test Report Format, for dashboards and actions that read it."""

from collections.abc import Sequence
from typing import Any, Final

from jhup_conformance import __version__
from jhup_conformance.findings import ClauseResult, Outcome
from jhup_conformance.reports.account import Account
from jhup_conformance.reports.prose import account_lines
from jhup_conformance.reports.sentences import one_line
from jhup_conformance.run.session import Run

__all__ = ["ctrf"]

_STATUS: Final = {
    Outcome.PASS: "passed",
    Outcome.FAIL: "failed",
    Outcome.WARN: "passed",
    Outcome.FLAKY: "failed",
    Outcome.ERROR: "other",
}


def ctrf(run: Run, found: Sequence[Account]) -> dict[str, Any]:
    """Return the content of ctrf.json: one test for each clause.

    Args:
        run: a run that has ended.
        found: its findings.
    """
    told = {each.clause.id: each for each in found}
    tests = [_test(run, result, told.get(name)) for name, result in run.results.items()]
    begin = int(run.started.timestamp() * 1000)
    counted = {name: sum(each["status"] == name for each in tests) for name in ("passed", "failed", "skipped", "other")}
    return {
        "reportFormat": "CTRF",
        "specVersion": "0.0.0",
        "generatedBy": "jhup-conformance",
        "results": {
            "tool": {"name": "jhup-conformance", "version": __version__},
            "summary": {
                "tests": len(tests),
                **counted,
                "pending": 0,
                "start": begin,
                "stop": begin + int(run.seconds * 1000),
            },
            "tests": tests,
        },
    }


def _test(run: Run, result: ClauseResult, account: Account | None) -> dict[str, Any]:
    outcome = run.outcome(result)
    status = _STATUS.get(outcome, "skipped")
    if outcome in (Outcome.FAIL, Outcome.FLAKY) and not run.counts_against(result):
        status = "other"  # known, or not held against the target
    test: dict[str, Any] = {
        "name": result.clause.id,
        "status": status,
        "duration": round(result.seconds * 1000),
        "suite": ["jhup", result.clause.chapter.removesuffix(".md"), result.clause.conformance_class.value],
        "rawStatus": outcome.value,
        "tags": [result.clause.conformance_class.value, result.clause.level.value],
        "flaky": outcome is Outcome.FLAKY,
        "extra": {"text": result.clause.text},
    }
    if account:
        test |= {"message": one_line(account.check), "trace": "\n".join(account_lines(account))}
    elif status == "skipped":
        test["message"] = result.why
    return test
