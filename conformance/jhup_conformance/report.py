"""The reports of a run: report.json, junit.xml, report.html, and each failing exchange as a file to be replayed."""

import html
import json
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree

from jhup.clauses import ConformanceClass
from jhup_conformance import SPEC_VERSION, __version__
from jhup_conformance.console import finding_lines, status_words
from jhup_conformance.outcome import CheckResult, ClauseResult, Outcome
from jhup_conformance.run import Run

__all__ = ["FORMAT", "report_as_json", "write_reports"]

FORMAT: Final = 1
"""The number in `format` of report.json."""


def write_reports(run: Run, folder: Path) -> None:
    """Write all reports of a run into a folder, which is made if need be.

    Raises:
        OSError: when it can't be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    exchanges = _write_exchanges(run, folder)
    record = report_as_json(run, exchanges)
    (folder / "report.json").write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", "utf-8")
    _junit(run).write(folder / "junit.xml", "utf-8", xml_declaration=True)
    (folder / "report.html").write_text(_html(run), "utf-8")


def _write_exchanges(run: Run, folder: Path) -> dict[str, str]:
    names = {}
    for identifier, result in run.results.items():
        decisive = result.decisive
        if decisive is None or decisive.transcript is None:
            continue
        name = f"{identifier}.json"
        record = {
            "clause": identifier,
            "target": str(run.target),
            "expected": decisive.expected,
            "actual": decisive.actual,
            **decisive.transcript.to_json(),
        }
        (folder / name).write_text(json.dumps(record, indent=1) + "\n", "utf-8")
        names[identifier] = name
    return names


def report_as_json(run: Run, exchanges: dict[str, str]) -> dict[str, Any]:
    """Give the content of report.json.

    Args:
        run: a run that has ended.
        exchanges: names of the files of failing exchanges, by clause.
    """
    return {
        "format": FORMAT,
        "spec": SPEC_VERSION,
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
        "class_met": run.class_met,
        "classes": _classes(run),
        "clauses": [_clause(run, result, exchanges) for result in run.results.values()],
    }


def _classes(run: Run) -> dict[str, dict[str, int]]:
    counted: dict[ConformanceClass, dict[str, int]] = {}
    for result in run.results.values():
        counts = counted.setdefault(result.clause.conformance_class, {outcome.value.lower(): 0 for outcome in Outcome})
        counts[run.outcome(result).value.lower()] += 1
    return {name.value: counts for name, counts in counted.items()}


def _clause(run: Run, result: ClauseResult, exchanges: dict[str, str]) -> dict[str, Any]:
    decisive = result.decisive
    return {
        "id": result.clause.id,
        "class": result.clause.conformance_class.value,
        "level": result.clause.level.value,
        "outcome": run.outcome(result).value,
        "known_failing": run.options.known_failing.get(result.clause.id),
        "checks": len(result.checks),
        "left_out": result.left_out,
        "executions": result.executions,
        "seconds": round(result.seconds, 4),
        "expected": decisive.expected if decisive else "",
        "actual": decisive.actual if decisive else result.does_not_apply or result.reason,
        "exchange": exchanges.get(result.clause.id),
        "executed_by": [check.node for check in result.checks],
    }


def _junit(run: Run) -> "ElementTree.ElementTree[ElementTree.Element]":
    outcomes = [run.outcome(result) for result in run.results.values()]
    counts = {
        "tests": len(outcomes),
        "failures": sum(map(run.counts_against, run.results.values())),
        "errors": outcomes.count(Outcome.ERROR),
        "skipped": outcomes.count(Outcome.UNVERIFIED) + outcomes.count(Outcome.UNSUPPORTED),
    }
    suite = ElementTree.Element(
        "testsuite",
        {"name": "jhup-conformance", "time": f"{run.seconds:.3f}", "timestamp": run.started.isoformat()[:19]}
        | {name: str(count) for name, count in counts.items()},
    )
    for result in run.results.values():
        case = ElementTree.SubElement(
            suite,
            "testcase",
            {"classname": f"jhup.{result.clause.chapter.removesuffix('.md')}", "name": result.clause.id,
             "time": f"{result.seconds:.3f}"},
        )  # fmt: skip
        _junit_outcome(run, result, case)
    root = ElementTree.Element("testsuites")
    root.append(suite)
    return ElementTree.ElementTree(root)


def _junit_outcome(run: Run, result: ClauseResult, case: ElementTree.Element) -> None:
    outcome, decisive = run.outcome(result), result.decisive
    message = (decisive.actual if decisive else result.does_not_apply or result.reason)[:500]
    if run.counts_against(result) and decisive:
        failure = ElementTree.SubElement(case, "failure", {"message": message, "type": outcome.value})
        failure.text = _xml_text("\n".join(finding_lines(decisive)))
    elif outcome is Outcome.ERROR:
        ElementTree.SubElement(case, "error", {"message": message, "type": outcome.value})
    elif outcome in (Outcome.UNVERIFIED, Outcome.UNSUPPORTED):
        ElementTree.SubElement(case, "skipped", {"message": f"{outcome}: {message}"})


def _xml_text(text: str) -> str:
    """Leave out what XML 1.0 can't hold."""
    return "".join(character for character in text if character in "\t\n" or character >= " ")


_PAGE: Final = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>JHUP conformance: {target}</title>
<style>
:root {{ color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }}
body {{ max-width: 70rem; margin: 2rem auto; padding: 0 1rem }}
table {{ border-collapse: collapse; width: 100% }}
td, th {{ text-align: left; padding: .2rem .6rem; vertical-align: top }}
tr + tr {{ border-top: 1px solid color-mix(in srgb, currentColor 20%, transparent) }}
pre {{ overflow-x: auto; padding: .8rem; border: 1px solid color-mix(in srgb, currentColor 20%, transparent) }}
.FAIL, .ERROR {{ font-weight: bold }}
</style>
<h1>{verdict}</h1>
<p>{target}, class met: {met}; {when}, {seconds:.1f} s, seed {seed}.</p>
<h2>Findings</h2>
{findings}
<h2>Clauses</h2>
<table><thead><tr><th>clause<th>class<th>level<th>outcome<th>executions<th>text</thead><tbody>
{rows}
</tbody></table>
"""


def _html(run: Run) -> str:
    findings = [
        f"<pre>{html.escape(chr(10).join(finding_lines(result.decisive)))}</pre>"
        for result in run.results.values()
        if result.decisive and _is_finding(result.decisive)
    ]
    rows = [
        f'<tr class="{run.outcome(result)}"><td>{result.clause.id}<td>{result.clause.conformance_class}'
        f"<td>{result.clause.level}<td>{run.outcome(result)}<td>{result.executions}<td>{html.escape(result.clause.text)}"
        for result in run.results.values()
    ]
    return _PAGE.format(
        target=html.escape(str(run.target)),
        verdict=html.escape(status_words(run.exit_status).capitalize()),
        met=run.class_met or "none",
        when=run.started.isoformat(timespec="seconds"),
        seconds=run.seconds,
        seed=run.options.seed,
        findings="\n".join(findings) or "<p>None.</p>",
        rows="\n".join(rows),
    )


def _is_finding(check: CheckResult) -> bool:
    return check.outcome in (Outcome.FAIL, Outcome.WARN, Outcome.FLAKY, Outcome.ERROR)
