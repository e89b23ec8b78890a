"""`statement`: a conformance statement in the form of section 15.2, filled in from a report.json."""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import click

from jhup.clauses import ConformanceClass, clauses
from jhup_conformance.cli.records import read_record
from jhup_conformance.findings import ECHO_CLASSES, FINDINGS, UPLOAD_CLASSES, ExitStatus, Outcome
from jhup_conformance.reports.printable import printable
from jhup_conformance.run.usage import UsageError

__all__ = ["as_table", "statement", "statement_of"]

_OPEN: Final = "to be filled in"
_OPTIONS: Final = (
    "transports", "replies", "longest header", "longest body", "connections at a time", "idle time-out",
    "a filesize from 2^53 on", 'the cases of chapter 3 that say "either"', "a refused body",
    "an entry that is not a stored file", "names", "loss of power", "a killed process",
)  # fmt: skip
"""The rows of section 15.3, which a run can't learn."""


def statement_of(report: Mapping[str, Any], digest: str, *, name: str = "", version: str = "") -> dict[str, Any]:
    """Return a statement as data, valid by ``spec/formats/statement.schema.json``.

    Args:
        report: the content of a report.json.
        digest: the SHA-256 digest of its file, in hexadecimal.
        name: of the implementation; to be filled in without one.
        version: of the implementation; likewise.
    """
    service, met = report["service"], report["class_met"]
    claimed = [each for each in report["clauses"] if _belongs(each["id"], service, met)]
    filled: dict[str, Any] = {
        "format": 1,
        "implementation": {"name": name or _OPEN, "version": version or _OPEN},
        "role": "client" if any(each["id"].startswith("CLIENT-") for each in report["clauses"]) else "server",
        "specification": report["spec"],
        "class": met,
        "exceptions": list(_reasons(claimed, FINDINGS)),
        "not_verified": list(_reasons(claimed, {Outcome.UNVERIFIED})),
        "options": dict.fromkeys(_OPTIONS if service == "upload" else (), _OPEN),
        "evidence": {
            "suite": f"jhup-conformance {report['suite']}",
            "date": report["started"],
            "seed": report["seed"],
            "profile": report["profile"],
            "observed_by": report["observed_by"],
            "report_sha256": digest,
        },
    }
    return filled


def _belongs(identifier: str, service: str, met: str | None) -> bool:
    """Tell whether a clause is of the class that was met or of one before it; of any where none was met."""
    if identifier not in clauses() or met is None:
        return True
    order = UPLOAD_CLASSES if service == "upload" else ECHO_CLASSES
    return clauses()[identifier].conformance_class in order[: order.index(ConformanceClass(met)) + 1]


def _reasons(found: Iterable[Mapping[str, Any]], outcomes: Iterable[Outcome]) -> Iterator[dict[str, str]]:
    wanted = set(outcomes)
    for each in found:
        if Outcome(each["outcome"]) in wanted:
            reason = printable(" ".join(each.get("actual", "").split()) or "no reason given", most=200)
            yield {"clause": each["id"], "reason": f"{each['outcome']}: {reason}"}


def as_table(filled: Mapping[str, Any]) -> str:
    """Return a statement as the table of section 15.2, in Markdown."""
    evidence, implementation = filled["evidence"], filled["implementation"]
    seen = ", ".join(evidence["observed_by"]) or "its connections alone"
    rows = {
        "implementation": f"{implementation['name']}, version {implementation['version']}",
        "role": filled["role"],
        "specification": filled["specification"],
        "class": filled["class"] or "none",
        "exceptions": _listed(filled["exceptions"]),
        "not verified": _listed(filled["not_verified"]),
        **filled["options"],
        "evidence": f"{evidence['suite']}, {evidence['date']}, seed {evidence['seed']}, profile {evidence['profile']}, "
        f"observed by {seen}, report.json with SHA-256 {evidence['report_sha256']}",
        "contact": _OPEN,
    }
    lines = [f"| {item} | {_cell(content)} |" for item, content in rows.items()]
    return "\n".join(["# Conformance statement", "", "| item | content |", "|---|---|", *lines]) + "\n"


def _listed(items: Iterable[Mapping[str, str]]) -> str:
    return "<br>".join(f"{each['clause']}: {each['reason']}" for each in items) or "none"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


@click.command(epilog="Exit status: 0; 2 usage.")
@click.argument("report", metavar="REPORT", type=click.Path(path_type=Path))
@click.option("--name", default="", metavar="TEXT", help="Name of the implementation.")
@click.option("--implementation-version", "version", default="", metavar="TEXT", help="Its version.")
@click.option("--json", "is_json", is_flag=True, help="Print the statement as data in place of a table.")
def statement(report: Path, name: str, version: str, is_json: bool) -> None:
    """Print a conformance statement, filled in from REPORT: a report.json, or the folder that has it.

    What a run can't learn says "to be filled in". Chapter 15 of the specification tells what a claim needs.
    """
    path = report / "report.json" if report.is_dir() else report
    try:
        record = read_record(path, "report")
        missing = [key for key in ("spec", "suite", "started", "seed", "profile", "observed_by") if key not in record]
        if missing:
            raise UsageError(f"{path} is not a whole report.json: it has no {', '.join(missing)}")
        filled = statement_of(record, sha256(path.read_bytes()).hexdigest(), name=name, version=version)
    except UsageError as error:
        click.echo(f"jhup-conformance: {error}", err=True)
        sys.exit(ExitStatus.USAGE)
    click.echo(json.dumps(filled, ensure_ascii=False, indent=1) if is_json else as_table(filled), nl=is_json)
