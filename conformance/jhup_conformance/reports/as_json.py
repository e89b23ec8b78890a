"""report.json; its schema is `report.schema.json` beside this module."""

import platform
from collections.abc import Mapping, Sequence
from typing import Any, Final

from jhup.clauses import ConformanceClass
from jhup.locate import locate
from jhup_conformance import __version__
from jhup_conformance.findings import COUNTED, ClauseResult, Outcome
from jhup_conformance.reports.account import Account
from jhup_conformance.run.session import Run

__all__ = ["FORMAT", "count_by_class", "report_as_json"]

FORMAT: Final = 1
"""The number in `format` of report.json."""


def report_as_json(run: Run, found: Sequence[Account], files: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """Return the content of report.json.

    Args:
        run: a run that has ended.
        found: its findings.
        files: names of the files of failing exchanges, by clause and kind.
    """
    told = {each.clause.id: each for each in found}
    return {
        "format": FORMAT,
        "spec": run.options.spec_version,
        "suite": __version__,
        "target": str(run.target or ""),
        "service": run.options.service,
        "observed_by": run.observed_by,
        "seed": run.options.seed,
        "profile": run.options.profile.value,
        "started": run.started.isoformat(timespec="seconds"),
        "seconds": round(run.seconds, 3),
        "verdict": run.verdict.value,
        "exit_status": run.exit_status.value,
        "problem": run.problem or run.suite_problem,
        "first_contact": run.judge.first_contact if run.judge else None,
        "incidents": [each.to_json() for each in run.incidents],
        "class_met": run.class_met,
        "machine": _machine(run),
        "environment": environment(),
        "classes": {name.value: _lower(counts) for name, counts in count_by_class(run).items()},
        "clauses": [
            _clause(run, result, told.get(identifier), files.get(identifier, {}))
            for identifier, result in run.results.items()
        ],
    }


def _machine(run: Run) -> dict[str, Any] | None:
    """Return what was learnt of the target's state machine; its files stand beside report.json, in a folder."""
    if run.machine is None:
        return None
    return {
        "states": len(run.machine.target.states) if run.machine.target else None,
        "specified": len(run.machine.specified.states),
        "differences": [
            {
                "clause": each.difference.clause,
                "sentence": each.difference.sentence,
                "record": f"machine/difference-{number}.json",
            }
            for number, each in enumerate(run.machine.shown, 1)
        ],
        "doubts": list(run.machine.doubts),
        "missed": run.missed,
    }


def environment() -> dict[str, str]:
    """Return what the suite ran on."""
    return {
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.release()} {platform.machine()}",
    }


def count_by_class(run: Run) -> dict[ConformanceClass, dict[Outcome, int]]:
    """Count the outcomes of the clauses of each class that are judged."""
    counted: dict[ConformanceClass, dict[Outcome, int]] = {}
    for result in run.results.values():
        counts = counted.setdefault(result.clause.conformance_class, dict.fromkeys(COUNTED, 0))
        if (outcome := run.outcome(result)) in counts:
            counts[outcome] += 1
    return counted


def _lower(counts: Mapping[Outcome, int]) -> dict[str, int]:
    return {outcome.value.lower(): count for outcome, count in counts.items()}


def _clause(run: Run, result: ClauseResult, account: Account | None, files: Mapping[str, str]) -> dict[str, Any]:
    decisive = result.decisive
    record: dict[str, Any] = {
        "id": result.clause.id,
        "class": result.clause.conformance_class.value,
        "level": result.clause.level.value,
        "section": result.clause.section,
        "stands_in": locate(result.clause.id).link(run.options.spec),
        "text": result.clause.text,
        "outcome": run.outcome(result).value,
        "known_failing": run.options.known_failing.get(result.clause.id),
        "checks": len(result.checks),
        "left_out": result.left_out,
        "executions": result.executions,
        "cuts_proven": result.cuts_proven,
        "cuts_paced": result.cuts_paced,
        "seconds": round(result.seconds, 4),
        "expected": decisive.expected if decisive else "",
        "actual": result.why,
        "exchange": files.get("exchange"),
        "root": account.root if account else result.root,
        "executed_by": [check.node for check in result.checks],
    }
    if account:
        record |= {
            "details": list(account.check.details),
            "why": account.guidance.why,
            "usual_bug": account.guidance.bug,
            "hints": dict(account.hints),
            "again": list(account.again),
            "script": files.get("script"),
            "capture": files.get("capture"),
        }
    return record
