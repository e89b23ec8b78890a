"""The clauses, read from the text of the specification: the one place that holds them.

The text is found beside this package in a checkout, and inside it once installed from a wheel.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from types import MappingProxyType
from typing import Final

__all__ = [
    "Clause",
    "ConformanceClass",
    "Level",
    "Role",
    "chapter_text",
    "chapters",
    "clause",
    "clauses",
    "parse",
    "text_root",
]


class ConformanceClass(StrEnum):
    """The classes of section 1.5; upload servers have the first four, echo servers `basic` and `full`."""

    BASIC = "basic"
    STREAM = "stream"
    SAFE = "safe"
    REPLIES = "replies"
    FULL = "full"


class Role(StrEnum):
    """Whom a clause binds."""

    SERVER = "server"
    CLIENT = "client"


class Level(StrEnum):
    """How strongly a clause binds (BCP 14)."""

    MUST = "MUST"
    SHOULD = "SHOULD"
    MAY = "MAY"


@dataclass(frozen=True, slots=True)
class Clause:
    """One numbered sentence of the specification.

    Attributes:
        id: its identifier, such as ``"FRAME-3"``; never used for anything else.
        conformance_class: the class of servers that promises it.
        role: whom it binds.
        level: MUST (also for MUST NOT), SHOULD or MAY.
        text: the sentence, on one line, in Markdown.
        chapter: name of the file that holds it, such as ``"02-framing.md"``.
        section: number and title of its section, such as ``"2.3 Segmentation"``.
    """

    id: str
    conformance_class: ConformanceClass
    role: Role
    level: Level
    text: str
    chapter: str
    section: str

    @property
    def prefix(self) -> str:
        """The letters of the identifier, which name the chapter: ``"FRAME"``."""
        return self.id.rpartition("-")[0]

    @property
    def number(self) -> int:
        """The number within the chapter."""
        return int(self.id.rpartition("-")[2])

    def __str__(self) -> str:
        return f"{self.id} ({self.conformance_class}, {self.role}, {self.level}) {self.text}"


_HEAD: Final = re.compile(r"\*\*(?P<id>[A-Z]+-\d+)\*\* `(?P<class>\w+)` `(?P<role>\w+)` `(?P<level>\w+)`", re.ASCII)
_WITHDRAWN: Final = re.compile(r"\*\*[A-Z]+-\d+\*\* \*withdrawn\*", re.ASCII)
_SECTION: Final = re.compile(r"##? (?P<title>\d+(?:\.\d+)? .+)")
_CHAPTER: Final = re.compile(r"\d\d-[\w-]+\.md", re.ASCII)


def text_root() -> Traversable:
    """Return the folder of the text: chapters, and below it ``vectors/``."""
    package = files("jhup")
    installed = package / "text"
    return installed if installed.is_dir() else package / ".."


@cache
def chapters() -> tuple[str, ...]:
    """Return the names of the chapters' files in the order of the book."""
    return tuple(sorted(entry.name for entry in text_root().iterdir() if _CHAPTER.fullmatch(entry.name)))


def chapter_text(chapter: str) -> str:
    """Return the Markdown of a chapter.

    Args:
        chapter: one of `chapters`.
    """
    return (text_root() / chapter).read_text("utf-8")


def parse(chapter: str, text: str) -> Iterator[Clause]:
    """Read the clauses of one chapter, without those that were withdrawn.

    Raises:
        ValueError: when a paragraph that begins like a clause isn't one.
    """
    section = ""
    for paragraph in re.split(r"\n\s*\n", text):
        if heading := _SECTION.match(paragraph):
            section = heading["title"].strip()
        if not re.match(r"\*\*[A-Z]+-\d+\*\*", paragraph):
            continue
        head, _, sentence = paragraph.partition("\n")
        if _WITHDRAWN.fullmatch(head):
            continue
        match = _HEAD.fullmatch(head)
        if match is None:
            raise ValueError(f"{chapter}: not the head of a clause: {head!r}")
        yield Clause(
            id=match["id"],
            conformance_class=ConformanceClass(match["class"]),
            role=Role(match["role"]),
            level=Level(match["level"]),
            text=" ".join(sentence.split()),
            chapter=chapter,
            section=section,
        )


@cache
def clauses() -> Mapping[str, Clause]:
    """Return all clauses by identifier, in the order of the book.

    Raises:
        ValueError: when an identifier stands twice.
    """
    found: dict[str, Clause] = {}
    for chapter in chapters():
        for each in parse(chapter, chapter_text(chapter)):
            if each.id in found:
                raise ValueError(f"{each.id} stands in {found[each.id].chapter} and in {chapter}")
            found[each.id] = each
    return MappingProxyType(found)


def clause(identifier: str) -> Clause:
    """Return one clause.

    Raises:
        KeyError: when the specification has no such clause.
    """
    return clauses()[identifier]
