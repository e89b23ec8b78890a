"""What was learnt, as files: both machines as pictures and data, a record for each difference, and a page."""

import json
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import jinja2

from jhup.clauses import clauses
from jhup.machine import EdgeKey, Machine, draw_machine, write_dot, write_machine
from jhup_conformance.learn.confirming import Confirmed
from jhup_conformance.learn.differences import wrong_edges
from jhup_conformance.learn.sentences import kind_of
from jhup_conformance.wire.transcript import Scene

__all__ = ["write_files"]


def write_files(
    folder: Path,
    *,
    target: Machine | None,
    specified: Machine,
    shown: Sequence[Confirmed],
    doubts: Sequence[str],
    facts: Mapping[str, str],
) -> None:
    """Write everything into a folder, which is made if it isn't there.

    Args:
        folder: where; files of the same names are replaced.
        target: the target's machine, None when there is none.
        specified: the specification's machine.
        shown: the differences that showed again, the most telling first.
        doubts: what is not certain, one line each.
        facts: lines for the head of the page, by their labels.

    Raises:
        OSError: when a file can't be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for number, each in enumerate(shown, 1):
        _record(folder / f"difference-{number}.json", each, facts)
    if target:
        title = "The states of the target"
        drawing = draw_machine(target, title=title, marks=_marks(target, specified, shown))
        (folder / "machine.svg").write_text(drawing, "utf-8")
        (folder / "machine.dot").write_text(write_dot(target, title=title), "utf-8")
        (folder / "machine.json").write_text(write_machine(target, name="target", about=title), "utf-8")
    right = draw_machine(specified, title="The states of the specification")
    (folder / "specification.svg").write_text(right, "utf-8")
    page = _template().render(
        facts=facts,
        differences=[_row(number, each) for number, each in enumerate(shown, 1)],
        doubts=doubts,
        target_drawing=drawing if target else "",
        specified_drawing=right,
    )
    (folder / "machine.html").write_text(page, "utf-8")


def _marks(target: Machine, specified: Machine, shown: Sequence[Confirmed]) -> dict[EdgeKey, str]:
    """Return the edges of the differences that showed again, and those like them, each with the place on the page."""
    marks: dict[EdgeKey, str] = {}
    places: dict[tuple[str, str], str] = {}
    for number, each in enumerate(shown, 1):
        place = f"#difference-{number}"
        places.setdefault((kind_of(each.difference.state), each.difference.clause), place)
        if (edge := each.difference.edge(target)) is not None:
            marks.setdefault(edge, place)
    for edge, kind, clause in wrong_edges(target, specified):
        if place := places.get((kind, clause), ""):
            marks.setdefault(edge, place)
    return marks


def _template() -> jinja2.Template:
    text = files("jhup_conformance.learn").joinpath("machine.html.j2").read_text("utf-8")
    return jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(text)


def _row(number: int, each: Confirmed) -> dict[str, Any]:
    difference = each.difference
    clause = clauses()[difference.clause]
    steps = [
        {"symbol": key, "output": str(output)} for key, output in zip(difference.word, difference.outputs, strict=True)
    ]
    return {
        "number": number,
        "clause": clause.id,
        "text": clause.text,
        "sentence": difference.sentence,
        "steps": steps,
        "right": [str(output) for output in dict.fromkeys(difference.right)],
    }


def _record(path: Path, each: Confirmed, facts: Mapping[str, str]) -> None:
    """Write a record that `jhup-conformance replay` sends again."""
    difference = each.difference
    each.transcript.scene = Scene(must_close=all(output.closes for output in difference.right))
    record = {
        "clause": difference.clause,
        "expected": f"after {', '.join(difference.word)}: {' or '.join(map(str, difference.right))}",
        "actual": str(difference.outputs[-1]),
        "target": facts.get("target", ""),
        "service": "upload",
        **each.transcript.to_json(),
    }
    path.write_text(json.dumps(record, indent=1) + "\n", "utf-8")
