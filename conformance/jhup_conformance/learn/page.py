"""What was learnt, as files: both machines as pictures and data, a record for each difference, and a page."""

import json
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import jinja2

from jhup.clauses import clauses
from jhup.machine import EdgeKey, Machine, draw_machine, write_dot, write_machine
from jhup_conformance.learn.confirming import Confirmed
from jhup_conformance.learn.differences import wrong_edges
from jhup_conformance.learn.sentences import kind_of
from jhup_conformance.learn.study import Study
from jhup_conformance.run.report_folder import put_file
from jhup_conformance.wire.transcript import Scene

__all__ = ["MACHINE", "draw_specification", "draw_target", "remove_files", "write_files"]


MACHINE: Final = "machine"
"""The folder of these files within a report."""
_TITLE: Final = "The states of the target"


def write_files(folder: Path, learnt: Study) -> None:
    """Write everything into a folder, which is made if it isn't there.

    Args:
        folder: where; files of the same names are replaced.
        learnt: what came of learning a target.

    Raises:
        OSError: when a file can't be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for number, each in enumerate(learnt.shown, 1):
        put_file(folder / f"difference-{number}.json", _record(each, learnt.facts))
    drawing, right = draw_target(learnt), draw_specification(learnt)
    if learnt.target:
        put_file(folder / "machine.svg", drawing.encode())
        put_file(folder / "machine.dot", write_dot(learnt.target, title=_TITLE).encode())
        put_file(folder / "machine.json", write_machine(learnt.target, name="target", about=_TITLE).encode())
    put_file(folder / "specification.svg", right.encode())
    page = _template().render(
        facts=learnt.facts,
        differences=[_row(number, each) for number, each in enumerate(learnt.shown, 1)],
        doubts=learnt.doubts,
        target_drawing=drawing,
        specified_drawing=right,
    )
    put_file(folder / "machine.html", page.encode())


def remove_files(folder: Path) -> None:
    """Remove what an earlier run has left in a folder, which is no folder of anybody else's; nothing behind a link.

    Raises:
        OSError: when a file can't be removed.
    """
    if folder.is_symlink():
        folder.unlink()
    for name in ("machine.*", "specification.svg", "difference-*.json"):
        for path in folder.glob(name):
            path.unlink()


def draw_target(learnt: Study, page: str = "") -> str:
    """Return the target's machine as SVG, the edges that are wrong in colour; empty where there is none.

    Args:
        learnt: what came of learning it.
        page: on which the differences stand, where the drawing stands on another one.
    """
    if learnt.target is None:
        return ""
    marks = _marks(learnt.target, learnt.specified, learnt.shown)
    return draw_machine(learnt.target, title=_TITLE, marks={edge: page + place for edge, place in marks.items()})


def draw_specification(learnt: Study) -> str:
    """Return the specification's machine of the same symbols as SVG."""
    return draw_machine(learnt.specified, title="The states of the specification")


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


def _record(each: Confirmed, facts: Mapping[str, str]) -> bytes:
    """Return a record that `jhup-conformance replay` sends again."""
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
    return (json.dumps(record, indent=1) + "\n").encode()
