"""A page of many reports: implementations in rows, classes in columns, by service and version."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, StrictUndefined

from jhup.clauses import ConformanceClass
from jhup_conformance import __version__
from jhup_conformance.findings import ECHO_CLASSES, UPLOAD_CLASSES
from jhup_conformance.reports.printable import printable
from jhup_conformance.target.services import UPLOAD

__all__ = ["Exhibit", "exhibit", "gallery_page"]

_AGAINST: Final = ("fail", "flaky", "error")
_LONGEST_NAME: Final = 80


@dataclass(frozen=True, slots=True)
class Cell:
    """What came of one class of one implementation.

    Attributes:
        word: met, or what stands against it.
        met: whether all its MUSTs hold, and those of the classes below.
    """

    word: str
    met: bool

    @property
    def against(self) -> bool:
        """Whether something stands against it, other than that it was not judged."""
        return self.word.endswith(_AGAINST)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exhibit:
    """One implementation in the gallery.

    Attributes:
        name: of the implementation: that of the folder.
        version: of the implementation, as far as a folder says it (``NAME@VERSION``).
        service: what it serves; clients have "client".
        page: where its report.html is, seen from the gallery; None where there is none.
        badge: where its badge is; None where there is none.
        verdict: of the run.
        class_met: the highest class met; None where none is.
        cells: by class.
        spec: the version of the specification that it was judged by.
        started: the day of the run.
        failing: the clauses that fail.
    """

    name: str
    version: str
    service: str
    page: str | None
    badge: str | None
    verdict: str
    class_met: str | None
    cells: Mapping[str, Cell]
    spec: str
    started: str
    failing: tuple[str, ...]


def exhibit(record: Mapping[str, Any], folder: Path, gallery: Path) -> Exhibit:
    """Return a row of the gallery.

    Args:
        record: a report.json that was checked.
        folder: where it lies; its name is that of the implementation, with a version after an ``@``.
        gallery: the folder of the gallery, which links are seen from.
    """
    name, _, version = folder.resolve().name.partition("@")
    service = str(record["service"]) if record.get("role", "server") == "server" else "client"
    failing = tuple(each["id"] for each in record["clauses"] if each["outcome"] == "FAIL")
    return Exhibit(
        name=printable(name, most=_LONGEST_NAME),
        version=printable(version, most=_LONGEST_NAME),
        service=service,
        page=_link(folder / "report.html", gallery),
        badge=_link(folder / "badge.svg", gallery),
        verdict=str(record.get("verdict", "")),
        class_met=record["class_met"],
        cells=_cells(record),
        spec=str(record.get("spec", "")),
        started=str(record.get("started", ""))[:10],
        failing=failing,
    )


def _link(target: Path, gallery: Path) -> str | None:
    if not target.is_file():
        return None
    try:
        return target.resolve().relative_to(gallery.resolve(), walk_up=True).as_posix()  # type: ignore[call-arg]
    except (TypeError, ValueError):  # before Python 3.12, or on another drive
        return target.resolve().as_uri()


def _cells(record: Mapping[str, Any]) -> dict[str, Cell]:
    known = [each.value for each in (UPLOAD_CLASSES if record["service"] == UPLOAD else ECHO_CLASSES)]
    met = record["class_met"]
    reached = known[: known.index(met) + 1] if met in known else []
    counted: dict[str, dict[str, int]] = {}
    for clause in record["clauses"]:
        counts = counted.setdefault(str(clause.get("class", "")), {})
        outcome = str(clause["outcome"]).lower()
        counts[outcome] = counts.get(outcome, 0) + 1
    return {name: Cell(_word(counted.get(name, {}), name in reached), name in reached) for name in known}


def _word(counts: Mapping[str, int], met: bool) -> str:
    if met:
        return "met"
    for outcome in _AGAINST:
        if counts.get(outcome):
            return f"{counts[outcome]} {outcome}"
    if counts.get("unverified"):
        return f"{counts['unverified']} unverified"
    if counts.get("unsupported"):
        return "not offered"
    return "not met" if counts else "not judged"


def gallery_page(exhibits: Sequence[Exhibit]) -> str:
    """Return the page, the services each in a table, in each the implementations that reach most first."""
    ranks = [each.value for each in ConformanceClass]

    def rank(each: Exhibit) -> tuple[int, int, str, str]:
        reached = ranks.index(each.class_met) if each.class_met in ranks else -1
        return -reached, len(each.failing), each.name, each.version

    by_service: dict[str, list[Exhibit]] = {}
    for each in sorted(exhibits, key=rank):
        by_service.setdefault(each.service, []).append(each)
    folder = files(__package__) / "templates"
    made = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = made.from_string(folder.joinpath("gallery.html.j2").read_text("utf-8"))
    return template.render(
        services=sorted(by_service.items(), key=lambda each: (each[0] != UPLOAD, each[0])),
        style=folder.joinpath("report.css").read_text("utf-8"),
        suite=__version__,
    )
