"""How many wrong servers break a clause, and how many of them the suite caught: from a run of `tox -e judge`.

`tox -e judge -- --all --page build` writes the artefact; without it the site says nothing about this.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

__all__ = ["ARTEFACT", "Trust", "artefact", "trust", "trust_in"]

ARTEFACT: Final = Path(__file__).parents[3] / "build" / "kill-matrix.json"
_GROUPS: Final = frozenset({"upload fault", "echo fault"})


@dataclass(frozen=True, slots=True)
class Trust:
    """What a run says of one clause.

    Attributes:
        broken_by: how many servers with one fault break it.
        caught: how many of these were blamed for it.
    """

    broken_by: int
    caught: int

    def __str__(self) -> str:
        servers = "1 wrong server" if self.broken_by == 1 else f"{self.broken_by} wrong servers"
        if self.caught == self.broken_by:
            return f"{servers}, {'caught' if self.broken_by == 1 else 'all caught'}"
        return f"{servers}, {self.caught} caught"


def artefact() -> Path:
    """Return where the artefact is looked for: JHUP_KILL_MATRIX, else below ``build/``."""
    return Path(os.environ.get("JHUP_KILL_MATRIX", ARTEFACT))


def trust_in(path: Path) -> Mapping[str, Trust]:
    """Return what a run says of each clause that some wrong server breaks; nothing where there is no artefact."""
    if not path.is_file():
        return {}
    found: dict[str, list[bool]] = {}
    for suspect in json.loads(path.read_text("utf-8"))["suspects"]:
        if suspect["group"] in _GROUPS:
            for clause in suspect["blamed"]:
                found.setdefault(clause, []).append(clause in suspect["found"])
    return {clause: Trust(len(caught), sum(caught)) for clause, caught in found.items()}


@cache
def trust() -> Mapping[str, Trust]:
    """Return the same from the artefact that is here."""
    return trust_in(artefact())
