"""The report of a run against a client: report.json, junit.xml, report.html, and a record of each finding."""

import json
import platform
import shlex
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree

from jinja2 import Environment, StrictUndefined

from jhup.locate import locate
from jhup_conformance import SPEC_VERSION, __version__
from jhup_conformance.clients.results import CaseResult, ClauseOutcome, ClientResults
from jhup_conformance.clients.timeline import lines
from jhup_conformance.findings import Outcome
from jhup_conformance.reports.guidance import guidance
from jhup_conformance.run.report_folder import put_file, settle

__all__ = ["FORMAT", "again", "record_of", "report_as_json", "write_report"]

FORMAT: Final = 1
"""The number in `format` of the record of a finding."""


def write_report(results: ClientResults, folder: Path) -> None:
    """Write all reports into a folder, which is made if need be; records of an earlier run go.

    Raises:
        OSError: when it can't be written.
    """
    settle(folder)
    for identifier in results.clauses:
        (folder / f"{identifier}.json").unlink(missing_ok=True)
    for of, result in results.findings():
        if result.seen is not None:
            _write_json(folder / f"{of.clause.id}.json", record_of(results, result))
    _write_json(folder / "report.json", report_as_json(results))
    put_file(folder / "junit.xml", _junit(results))
    put_file(folder / "report.html", _page(results).encode())


def _write_json(path: Path, record: dict[str, Any]) -> None:
    put_file(path, (json.dumps(record, indent=1) + "\n").encode())


def record_of(results: ClientResults, result: CaseResult) -> dict[str, Any]:
    """Return the record of a finding, from which `replay` runs the case again."""
    seen = result.seen
    return {
        "format": FORMAT,
        "role": "client",
        "clause": result.clause,
        "client": results.options.shown,
        "seed": results.options.seed,
        "expected": result.expected,
        "actual": result.actual,
        "case": result.case.to_json(),
        "timeline": [event.to_json() for event in seen.events] if seen else [],
    }


def again(results: ClientResults, clause: str, *, recorded: bool) -> Iterator[str]:
    """Yield the commands that show a finding again, the shortest first."""
    options = results.options
    client = shlex.join(options.command) if options.command else "COMMAND"
    stdin = f"--stdin {shlex.quote(options.said.encode('unicode_escape').decode())} " if options.said else ""
    listen = f"--listen {options.listen} " if options.listen.port or options.listen.path else ""
    if recorded and options.report:
        record = shlex.quote(str(Path(options.report, f"{clause}.json")))
        yield f"jhup-conformance replay {record} {stdin}{listen}-- {client}"
    flags = "".join(f"{flag} " for flag, is_set in (("--ask", options.asks), ("--many", options.many)) if is_set)
    flags += f"--seed {options.seed} --profile {options.profile} "
    yield f"jhup-conformance client {stdin}{listen}{flags}--clause {clause} -- {client}"


def report_as_json(results: ClientResults) -> dict[str, Any]:
    """Return the content of report.json: the members of a server's report, and `role` and `first_contact`."""
    options = results.options
    return {
        "format": FORMAT,
        "role": "client",
        "spec": SPEC_VERSION,
        "suite": __version__,
        "target": options.shown,
        "service": "upload",
        "observed_by": ["process"] if options.sees_the_end else [],
        "first_contact": {"line": results.contact, "kinds": [], "root": None, "forms": []} if results.contact else None,
        "seed": options.seed,
        "profile": options.profile,
        "started": results.started.isoformat(timespec="seconds"),
        "seconds": round(results.seconds, 3),
        "verdict": results.verdict.value,
        "exit_status": results.exit_status.value,
        "problem": results.problem,
        "incidents": [],
        "class_met": results.class_met,
        "environment": {
            "python": platform.python_version(),
            "platform": f"{platform.system()} {platform.release()} {platform.machine()}",
        },
        "classes": {
            name.value: {outcome.value.lower(): number for outcome, number in counts.items()}
            for name, counts in results.count().items()
        },
        "clauses": [_clause(results, each) for each in results.clauses.values()],
    }


def _clause(results: ClientResults, of: ClauseOutcome) -> dict[str, Any]:
    decisive, identifier = of.decisive, of.clause.id
    is_finding = any(each is of for each, _ in results.findings())
    record: dict[str, Any] = {
        "id": identifier,
        "class": of.clause.conformance_class.value,
        "level": of.clause.level.value,
        "section": of.clause.section,
        "text": of.clause.text,
        "outcome": results.outcome(of).value,
        "known_failing": results.options.known_failing.get(identifier),
        "checks": len(of.results),
        "left_out": 0,
        "stands_in": locate(identifier).link(None),
        "executions": sum(each.runs for each in of.results),
        "cuts_proven": 0,
        "cuts_paced": 0,
        "seconds": round(sum(each.seen.seconds for each in of.results if each.seen), 3),
        "expected": decisive.expected if decisive else "",
        "actual": decisive.actual if decisive else of.reason,
        "exchange": f"{identifier}.json"
        if is_finding and decisive and decisive.seen and results.options.report
        else None,
        "executed_by": [each.case.name for each in of.results],
    }
    if is_finding:
        known = guidance()[identifier]
        record |= {"why": known.why, "usual_bug": known.bug, "again": list(again(results, identifier, recorded=True))}
    return record


def _junit(results: ClientResults) -> bytes:
    outcomes = [results.outcome(each) for each in results.clauses.values()]
    counts = {
        "tests": len(outcomes),
        "failures": sum(map(results.counts_against, results.clauses.values())),
        "errors": outcomes.count(Outcome.ERROR),
        "skipped": outcomes.count(Outcome.UNVERIFIED) + outcomes.count(Outcome.UNSUPPORTED),
    }
    suite = ElementTree.Element(
        "testsuite",
        {"name": "jhup-conformance client", "time": f"{results.seconds:.3f}"}
        | {name: str(count) for name, count in counts.items()},
    )
    for of in results.clauses.values():
        case = ElementTree.SubElement(suite, "testcase", {"classname": "jhup.client", "name": of.clause.id})
        _add_to(case, results, of)
    root = ElementTree.Element("testsuites")
    root.append(suite)
    text: bytes = ElementTree.tostring(root, "utf-8", xml_declaration=True)
    return text


def _add_to(case: ElementTree.Element, results: ClientResults, of: ClauseOutcome) -> None:
    outcome, decisive = results.outcome(of), of.decisive
    message = decisive.actual if decisive else of.reason
    told = _xml_text("\n".join((message, *(lines(decisive.seen.events) if decisive and decisive.seen else ()))))
    attributes = {"message": _xml_text(message), "type": outcome.value}
    if results.counts_against(of):
        ElementTree.SubElement(case, "failure", attributes).text = told
    elif outcome is Outcome.ERROR:
        ElementTree.SubElement(case, "error", attributes).text = told
    elif outcome in (Outcome.UNVERIFIED, Outcome.UNSUPPORTED):
        ElementTree.SubElement(case, "skipped", {"message": _xml_text(f"{outcome}: {message}")})
    elif outcome is not Outcome.PASS:
        ElementTree.SubElement(case, "system-out").text = told


def _xml_text(text: str) -> str:
    """Leave out what XML 1.0 can't hold."""
    return "".join(each for each in text if each in "\t\n" or " " <= each < "\ud800" or "\ue000" <= each <= "\ufffd")


def _page(results: ClientResults) -> str:
    folder = files(__package__)
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(folder.joinpath("report.html.j2").read_text("utf-8"))
    style = files("jhup_conformance.reports").joinpath("templates", "report.css").read_text("utf-8")
    return template.render(
        results=results,
        style=style,
        spec=SPEC_VERSION,
        suite=__version__,
        findings=[
            {
                "of": of,
                "result": result,
                "outcome": results.outcome(of),
                "guidance": guidance()[of.clause.id],
                "events": result.seen.events if result.seen else (),
                "again": list(again(results, of.clause.id, recorded=result.seen is not None)),
            }
            for of, result in results.findings()
        ],
        rows=[(of, results.outcome(of)) for of in results.clauses.values()],
    )
