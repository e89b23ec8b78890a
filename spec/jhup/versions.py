"""The clauses of each version of the text, frozen: a claim of version 1.0 is judged by those of 1.0 for ever.

They stand in ``versions/`` beside the chapters, one file a version. `python spec/make.py` writes that of the version
that is being worked on; a released one is not written again.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Final

from jhup.clauses import ConformanceClass, Level, Role, text_root

__all__ = ["CURRENT", "Requirement", "first_version", "requirements", "versions"]

CURRENT: Final = "1.1"
"""The version of the text (section 1.6)."""

_FILE: Final = re.compile(r"(?P<version>\d+\.\d+)\.json", re.ASCII)


@dataclass(frozen=True, slots=True)
class Requirement:
    """A clause as a version had it.

    Attributes:
        id: its identifier.
        conformance_class: the class that promised it then.
        role: whom it bound.
        level: how strongly.
        text: its words then.
    """

    id: str
    conformance_class: ConformanceClass
    role: Role
    level: Level
    text: str


@cache
def versions() -> tuple[str, ...]:
    """Return all versions, the oldest first."""
    found = (_FILE.fullmatch(entry.name) for entry in (text_root() / "versions").iterdir())
    return tuple(sorted((match["version"] for match in found if match), key=_numbers))


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


@cache
def requirements(version: str) -> Mapping[str, Requirement]:
    """Return the clauses of a version by identifier, in the order of its book.

    Raises:
        KeyError: when there is no such version.
    """
    if version not in versions():
        raise KeyError(version)
    content = json.loads((text_root() / "versions" / f"{version}.json").read_text("utf-8"))
    return MappingProxyType({
        each["id"]: Requirement(
            each["id"], ConformanceClass(each["class"]), Role(each["role"]), Level(each["level"]), each["text"]
        )
        for each in content["clauses"]
    })  # fmt: skip


def first_version(identifier: str) -> str:
    """Return the version that a clause first stood in.

    Raises:
        KeyError: when no version has it.
    """
    for version in versions():
        if identifier in requirements(version):
            return version
    raise KeyError(identifier)
