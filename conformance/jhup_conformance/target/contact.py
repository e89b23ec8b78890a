"""What first contact has shown of a target: each form of a simplest upload that was tried, and what came of it."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from jhup_conformance.wire.transcript import Transcript

__all__ = ["Contact", "Kind", "Tried"]


class Kind(StrEnum):
    """What a target shows itself to be, in the fixed words of reports."""

    SPEAKS = "speaks JHUP"
    WHOLE = "reads whole requests only"
    BIG_ENDIAN = "big-endian"
    DIALECT = "another dialect"
    ONE_CONNECTION = "one connection, then exits"
    ONE_UPLOAD = "one upload a connection"
    NEVER_READS = "never reads"
    ECHOES = "echoes"
    SPEAKS_FIRST = "speaks first"
    NOTHING = "nothing appeared"
    OTHER_NAMES = "the folder holds files under other names"
    NO_ROOM = "the store can't be written"
    UNSEEN = "stored files can't be seen"


@dataclass(frozen=True, slots=True)
class Tried:
    """A form of upload, and what came of it."""

    form: str
    came: str


@dataclass(slots=True)
class Contact:
    """What first contact has shown.

    Attributes:
        kinds: what the target is; one that speaks first may be something else as well.
        detail: more about the last of them: its members, the bytes unread, the folder.
        advice: what the owner should do about it.
        tried: the forms, in order.
        root: the clause that this breaks, so that nothing else can be judged; empty for none.
        transcript: the exchange that shows it.
        stops: why nothing can be judged; empty where the checks go on.
    """

    kinds: list[Kind] = field(default_factory=list)
    detail: str = ""
    advice: str = ""
    tried: list[Tried] = field(default_factory=list)
    root: str = ""
    transcript: Transcript | None = None
    stops: str = ""

    @property
    def line(self) -> str:
        """All of it in one line."""
        words = "; ".join(self.kinds) or Kind.UNSEEN.value
        detail = f" {self.detail}" if self.detail else ""
        return f"{words}{detail}" + (f": {self.advice}" if self.advice else "")

    def to_json(self) -> dict[str, Any]:
        """Return what report.json says of it."""
        return {
            "line": self.line,
            "kinds": [kind.value for kind in self.kinds],
            "root": self.root or None,
            "forms": [{"form": each.form, "came": each.came} for each in self.tried],
        }
