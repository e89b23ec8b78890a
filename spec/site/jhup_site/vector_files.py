"""The vectors of all files in one form: a name, its clauses, its bytes, and lines that say what they mean."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, TypeAlias

from jhup.clauses import text_root

__all__ = ["Fact", "Part", "Shown", "page_of", "shown", "vector_files", "vectors_of"]

Part: TypeAlias = Mapping[str, Any]
"""A part of bytes as the files have it: ``hex`` or ``text``, and how many ``times``."""

_ANSWERS: Final = {
    "reply": "the reply",
    "right": "right answers",
    "beginnings": "beginnings of right answers",
    "wrong": "wrong answers",
}
_TOLD: Final = ("shape", "limit", "ended", "trim", "worker", "silence")


@dataclass(frozen=True, slots=True)
class Fact:
    """A line about a vector.

    Attributes:
        what: what it is about.
        parts: bytes, each list of parts an alternative.
        code: a value in JSON.
        text: what it says in words, after the rest.
    """

    what: str
    parts: tuple[Sequence[Part], ...] = ()
    code: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """A vector as the site shows it.

    Attributes:
        name: what the file calls it.
        anchor: its address, which no vector of another file has.
        clauses: the clauses that it illustrates.
        wire: its bytes.
        facts: what they mean, and what else the file says.
    """

    name: str
    anchor: str
    clauses: tuple[str, ...]
    wire: Sequence[Part]
    facts: tuple[Fact, ...]


@cache
def vector_files() -> tuple[str, ...]:
    """Return the names of all files of vectors, of the upload protocol and of the echo services."""
    names = (entry.name for entry in (text_root() / "vectors").iterdir())
    return tuple(sorted(name for name in names if name.endswith(".json") and not name.endswith(".schema.json")))


def page_of(file: str) -> str:
    """Return the page that shows a file."""
    return f"vectors/{file.removesuffix('.json')}"


@cache
def shown(file: str) -> tuple[Shown, ...]:
    """Return the vectors of a file, in its order."""
    content = json.loads((text_root() / "vectors" / file).read_text("utf-8"))
    vectors = [each for group in content.values() if isinstance(group, list) for each in group]
    taken: dict[str, int] = {}
    stem = file.removesuffix(".json")
    return tuple(_shown(each, _anchor(f"{stem} {each['name']}", taken)) for each in vectors)


@cache
def vectors_of(identifier: str) -> tuple[Shown, ...]:
    """Return the vectors that illustrate a clause."""
    return tuple(each for file in vector_files() for each in shown(file) if identifier in each.clauses)


def _anchor(name: str, taken: dict[str, int]) -> str:
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    taken[slug] = taken.get(slug, 0) + 1
    return slug if taken[slug] == 1 else f"{slug}-{taken[slug]}"


def _shown(raw: dict[str, Any], anchor: str) -> Shown:
    wire = next(raw[key] for key in ("wire", "message", "sent") if key in raw)
    facts = list(_outcomes(raw["outcomes"])) if "outcomes" in raw else list(_answers(raw))
    if "near" in raw:
        facts.append(Fact("differs by one rule from", text=raw["near"]))
    if raw.get("canonical"):
        facts.append(Fact("canonical", text="a writer gives exactly these bytes"))
    return Shown(raw["name"], anchor, tuple(raw["clauses"]), _parts(wire), tuple(facts))


def _parts(value: Any) -> Sequence[Part]:
    if isinstance(value, str):
        return [{"text": value}] if value else []
    return list(value)


def _answers(raw: dict[str, Any]) -> Iterator[Fact]:
    for key in _TOLD:
        if key in raw:
            value = raw[key]
            yield Fact(key, text=value if isinstance(value, str) else json.dumps(value))
    for key, what in _ANSWERS.items():
        if key in raw and raw[key] is None:
            yield Fact(what, text="none is owed, and none may be given")
        elif key in raw:
            answers = [raw[key]] if key == "reply" else raw[key]
            yield Fact(what, parts=tuple(_parts(answer) for answer in answers))


def _outcomes(outcomes: list[dict[str, Any]]) -> Iterator[Fact]:
    for number, outcome in enumerate(outcomes):
        what = "or" if number else "means"
        for event in outcome["events"]:
            yield from _event(what, event)
            what = "then"
        if "unfinished" in outcome:
            yield from _event("unfinished", outcome["unfinished"])
        yield Fact("end" if outcome["events"] or "unfinished" in outcome else what, text=_end(outcome))


def _event(what: str, event: dict[str, Any]) -> Iterator[Fact]:
    kind = next(key for key in event if key not in {"body", "refused"})
    value = json.dumps(event[kind], ensure_ascii=False)
    yield Fact(f"{what} {kind}", code=value, text=f"refused by {event['refused']}" if "refused" in event else "")
    if event.get("body"):
        yield Fact("its body", parts=(event["body"],))


def _end(outcome: dict[str, Any]) -> str:
    match outcome["end"]:
        case "malformed":
            reply = {"owed": "; a reply is owed", "none": "; no reply", "either": "; a reply or none", None: ""}
            return f"malformed by {outcome['breaks']}{reply[outcome.get('reply')]}"
        case "inside":
            return "inside a frame: truncated"
        case _:
            return "between two frames"
