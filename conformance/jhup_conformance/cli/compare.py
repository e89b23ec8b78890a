"""`compare`: what has changed between two runs, clause by clause; for CI, where nothing may get worse."""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import click
from rich.console import Console
from rich.markup import escape

from jhup.clauses import ConformanceClass
from jhup_conformance.cli.records import read_record
from jhup_conformance.findings import ExitStatus, Outcome
from jhup_conformance.reports.printable import printable
from jhup_conformance.run.options import UsageError

__all__ = ["Change", "Verdict", "changes", "compare", "read_report"]


class Verdict(StrEnum):
    """What became of a clause."""

    WORSE = "worse"
    BETTER = "better"
    OTHER = "other"
    NEW = "new"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Change:
    """A difference between two runs.

    Attributes:
        what: a clause, "class met" or "verdict".
        verdict: whether it is better now.
        old: what it was.
        new: what it is.
    """

    what: str
    verdict: Verdict
    old: str
    new: str


_GOOD: Final = {
    Outcome.FAIL: 0,
    Outcome.ERROR: 1,
    Outcome.FLAKY: 2,
    Outcome.WARN: 3,
    Outcome.UNVERIFIED: 4,
    Outcome.UNSUPPORTED: 4,
    Outcome.NOT_JUDGED: 4,
    Outcome.PASS: 5,
}
"""How good an outcome is; between equals a change is neither better nor worse."""


def read_report(path: Path) -> dict[str, Any]:
    """Read a report.json, or the one in a folder of reports.

    Raises:
        UsageError: when it can't be read, or isn't one of this format.
    """
    return read_record(path / "report.json" if path.is_dir() else path, "report")


def changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    """Return the differences, in the order of the book, the class met last.

    Raises:
        UsageError: when the reports are of different services.
    """
    if old["service"] != new["service"]:
        services = " and ".join(printable(each["service"]) for each in (old, new))
        raise UsageError(f"the reports are of different services: {services}")
    before = {clause["id"]: Outcome(clause["outcome"]) for clause in old["clauses"]}
    after = {clause["id"]: Outcome(clause["outcome"]) for clause in new["clauses"]}
    for name in dict.fromkeys([*before, *after]):
        if name not in after:
            yield Change(name, Verdict.GONE, before[name], "")
        elif name not in before:
            yield Change(name, _newcomer(after[name]), "", after[name])
        elif before[name] is not after[name]:
            yield Change(name, _between(_GOOD[before[name]], _GOOD[after[name]]), before[name], after[name])
    if old["class_met"] != new["class_met"]:
        verdict = _between(_rank(old["class_met"]), _rank(new["class_met"]))
        yield Change("class met", verdict, old["class_met"] or "none", new["class_met"] or "none")


def _newcomer(outcome: Outcome) -> Verdict:
    """A clause that was not judged before is worse only if it fails: something is wrong that nobody had accepted."""
    return Verdict.WORSE if outcome is Outcome.FAIL else Verdict.NEW


def _between(old: int, new: int) -> Verdict:
    if old == new:
        return Verdict.OTHER
    return Verdict.BETTER if new > old else Verdict.WORSE


def _rank(name: str | None) -> int:
    """Return the place of a class; upload's and echo's are never compared with each other."""
    names = [each.value for each in ConformanceClass]
    return names.index(name) if name in names else -1


_STYLES: Final = {Verdict.WORSE: "bold white on red", Verdict.BETTER: "black on green"}


@click.command(epilog="Exit status: 0 when nothing got worse; 1 when something did; 2 usage.")
@click.argument("old", type=click.Path(path_type=Path))
@click.argument("new", type=click.Path(path_type=Path))
@click.option("--no-color", is_flag=True, help="Plain text, as in a pipe.")
def compare(old: Path, new: Path, no_color: bool) -> None:
    """Print what changed between two runs.

    OLD and NEW are their report.json, or the folders that have them.

    A clause that changed between UNVERIFIED, UNSUPPORTED and NOT_JUDGED is neither better nor worse.
    """
    console = Console(no_color=no_color or None, highlight=False, soft_wrap=True)
    try:
        first, second = read_report(old), read_report(new)
        found = list(changes(first, second))
    except UsageError as error:
        click.echo(f"jhup-conformance: {error}", err=True)
        sys.exit(ExitStatus.USAGE)
    for each in found:
        style = _STYLES.get(each.verdict, "none")
        way = " → ".join(filter(None, (each.old, each.new)))
        console.print(f"[{style}]{each.verdict:<6}[/] {each.what:<9} {escape(printable(way))}")
    counts = {verdict: sum(each.verdict is verdict for each in found) for verdict in Verdict}
    told = ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)
    console.print(told or "nothing has changed")
    sys.exit(ExitStatus.FAILS if counts[Verdict.WORSE] else ExitStatus.CONFORMS)
