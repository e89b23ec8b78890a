"""Cases as data: what the server does, what the file is, and the clauses that the outcome is judged by."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Final

from jhup_conformance.clients.command import Ending, message_lines
from jhup_conformance.clients.files import File, Placed
from jhup_conformance.clients.script import Script, Step, serve
from jhup_conformance.clients.talk import Talk
from jhup_conformance.clients.timeline import Event

__all__ = ["Broken", "Case", "Check", "Effort", "NotSeen", "Seen", "about_bytes", "about_report"]


@dataclass(frozen=True, slots=True)
class Broken:
    """The client broke the clause.

    Attributes:
        expected: what it should have done.
        actual: what it did.
    """

    expected: str
    actual: str


@dataclass(frozen=True, slots=True)
class NotSeen:
    """The case could not show whether the clause holds; the reason says what would help."""

    reason: str


class Effort(IntEnum):
    """From which profile on a case is run."""

    QUICK = 0
    DEFAULT = 1
    THOROUGH = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What was seen of one run of a client.

    Attributes:
        case: what was to happen.
        files: what it was asked to send.
        talks: its connections.
        ending: how its process ended; None where that can't be seen.
        events: both sides in the order of time.
        normal: the lines that it prints on standard error when all goes well, as `message_lines` returns them.
        small_memory: its memory while it sent a small file, in bytes; 0 where that wasn't seen.
        seconds: how long the case took.
    """

    case: "Case"
    files: Sequence[Placed]
    talks: Sequence[Talk]
    ending: Ending | None
    events: tuple[Event, ...]
    normal: frozenset[str] = frozenset()
    small_memory: int = 0
    seconds: float = 0.0

    @property
    def file(self) -> Placed:
        """The file that the case is about."""
        return self.files[0]

    @property
    def reported_success(self) -> bool:
        """Whether the client said that all went well: status 0, and no message that it doesn't always print."""
        ending = self.ending
        return ending is not None and ending.status == 0 and not self.has_message

    @property
    def has_message(self) -> bool:
        """Whether there was a message on standard error that isn't there when all goes well."""
        if self.ending is None:
            return False
        return not message_lines(self.ending.errors, [file.path for file in self.files]) <= self.normal

    @property
    def how_it_ended(self) -> str:
        """The ending in words."""
        return str(self.ending) if self.ending else "how the client ended can't be seen"


Judge = Callable[[Seen], Broken | NotSeen | None]
"""Says what a run showed of a clause; None when it holds."""


@dataclass(frozen=True, slots=True)
class Check:
    """How a case is judged by a clause.

    Attributes:
        judge: the judgement.
        needs_ending: whether it is about the client's report, so that its process has to be seen, and to end by itself.
        may_hang: whether not to end is what breaks the clause.
    """

    judge: Judge
    needs_ending: bool
    may_hang: bool = False


def about_bytes(judge: Judge) -> Check:
    """A check of what came over the connections, however the process ended."""
    return Check(judge, needs_ending=False)


def about_report(judge: Judge, *, may_hang: bool = False) -> Check:
    """A check of what the client reported."""
    return Check(judge, needs_ending=True, may_hang=may_hang)


_SERVE: Final[Script] = (serve,)
_NOTES: Final = File()


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One case.

    Attributes:
        name: what happens, in a few words; names the case everywhere.
        checks: by clause.
        script: what the server does on each connection.
        file: what is sent.
        more: further files of the same run; only for clients that can send several.
        asks: whether the client is to ask for replies.
        refuses: whether connections are refused.
        effort: from which profile on it is run.
        needs_tcp: whether it makes no sense over a Unix socket.
        needs_tls: whether it makes sense over TLS only.
        awkward: whether the file's name can't be said to a shell that splits its lines at white space.
        posix: whether only POSIX systems can have such a file.
        needs_memory: whether it is about the memory of the process.
        after: the name of a case that has to hold first, as this one would harm a client that fails it.
    """

    name: str
    checks: Mapping[str, Check] = field(default_factory=dict)
    script: Script = _SERVE
    file: File = _NOTES
    more: tuple[File, ...] = ()
    asks: bool = False
    refuses: bool = False
    effort: Effort = Effort.DEFAULT
    needs_tcp: bool = False
    needs_tls: bool = False
    awkward: bool = False
    posix: bool = False
    needs_memory: bool = False
    after: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return what is needed to run it again."""
        return {
            "name": self.name,
            "script": [step.to_json() for step in self.script],
            "files": [file.to_json() for file in (self.file, *self.more)],
            "asks": self.asks,
            "refuses": self.refuses,
        }

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> "Case":
        """Read it; what is wrong raises KeyError, ValueError or TypeError."""
        first, *more = (File.from_json(each) for each in record["files"])
        return cls(
            name=str(record["name"]),
            script=tuple(Step.from_json(each) for each in record["script"]),
            file=first,
            more=tuple(more),
            asks=bool(record["asks"]),
            refuses=bool(record["refuses"]),
        )
