"""What the scripted server does on a connection, as data: a case is run from it, recorded with it, and replayed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from jhup_conformance.clients.files import Change

__all__ = [
    "Do",
    "Script",
    "Step",
    "body",
    "change",
    "confirm",
    "header",
    "prefix",
    "probe_half_close",
    "refuse",
    "request",
    "reset",
    "sample",
    "say",
    "serve",
    "shut_window",
    "slowly",
    "to_end",
    "wait",
]


_NONE: Final[Mapping[str, Any]] = {}


class Do(StrEnum):
    """What a step does."""

    READ_PREFIX = "read the prefix"
    READ_HEADER = "read the header"
    READ_BODY = "read of the body"
    READ_REQUEST = "read the request"
    READ_TO_END = "read to the end"
    READ_SLOWLY = "read slowly"
    SERVE = "serve"
    WAIT = "wait"
    SHUT_WINDOW = "read nothing until the client goes"
    CHANGE = "change the file"
    SAMPLE = "look at the client's memory"
    CONFIRM = "reply ok"
    REFUSE = "reply error"
    SAY = "say"
    PROBE = "probe the half-close"
    HALF_CLOSE = "half-close"
    CLOSE = "close"
    RESET = "reset"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step.

    Attributes:
        do: what.
        count: bytes to read; 0 for all there are.
        seconds: how long to wait, or between two pieces.
        times: how many pieces.
        data: what to say.
        members: of a reply, those that differ from the right one; None takes one away.
        cuts: where a reply is cut into segments; -1 alone means at every byte.
        change: of the file.
    """

    do: Do
    count: int = 0
    seconds: float = 0.0
    times: int = 0
    data: bytes = b""
    members: Mapping[str, Any] = field(default_factory=dict)
    cuts: tuple[int, ...] = ()
    change: Change | None = None

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON, what is empty left out."""
        record: dict[str, Any] = {"do": self.do.value, "count": self.count, "seconds": self.seconds}
        record |= {"times": self.times, "data": self.data.hex(), "members": dict(self.members)}
        record |= {"cuts": list(self.cuts), "change": self.change.value if self.change else ""}
        return {name: value for name, value in record.items() if value}

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> "Step":
        """Read it; what is wrong raises KeyError, ValueError or TypeError."""
        return cls(
            do=Do(record["do"]),
            count=int(record.get("count", 0)),
            seconds=float(record.get("seconds", 0)),
            times=int(record.get("times", 0)),
            data=bytes.fromhex(record.get("data", "")),
            members=dict(record.get("members", {})),
            cuts=tuple(map(int, record.get("cuts", ()))),
            change=Change(record["change"]) if record.get("change") else None,
        )

    def __str__(self) -> str:
        told = [str(self.do)]
        if self.count:
            told.append(f"{self.count:,} bytes")
        if self.times:
            told.append(f"{self.times} times")
        if self.seconds:
            told.append(f"{self.seconds:g} s")
        if self.change:
            told.append(self.change)
        if self.members:
            told.append(", ".join(f"{name} {value!r}" for name, value in self.members.items()))
        if self.cuts:
            told.append("one byte at a time" if self.cuts == (-1,) else f"cut at {', '.join(map(str, self.cuts))}")
        return " ".join(told)


Script = tuple[Step, ...]

serve = Step(do=Do.SERVE, seconds=5.0)
"""Carry out requests as a right server does, replies where asked for, until the client ends.

After 5 s without a further request the server half-closes, so that a client which waits for something unasked goes on
to its end: CLIENT-10 has a case of its own."""
prefix = Step(do=Do.READ_PREFIX)
header = Step(do=Do.READ_HEADER)
request = Step(do=Do.READ_REQUEST)
to_end = Step(do=Do.READ_TO_END)
"""Read until the client ends its direction, whatever comes."""
reset = Step(do=Do.RESET)
sample = Step(do=Do.SAMPLE)
probe_half_close = Step(do=Do.PROBE)
"""After the client's end of stream: send two bytes, and see whether it had closed both directions."""


def body(count: int = 0) -> Step:
    """Read so many bytes of the body; all of it for 0."""
    return Step(do=Do.READ_BODY, count=count)


def slowly(count: int, *, seconds: float, times: int) -> Step:
    """Read pieces of `count` bytes of the body, a pause of `seconds` before each."""
    return Step(do=Do.READ_SLOWLY, count=count, seconds=seconds, times=times)


def wait(seconds: float) -> Step:
    """Do nothing for a while."""
    return Step(do=Do.WAIT, seconds=seconds)


def shut_window(seconds: float) -> Step:
    """Read nothing until the client has gone, but not longer than `seconds`."""
    return Step(do=Do.SHUT_WINDOW, seconds=seconds)


def change(how: Change) -> Step:
    """Change the file now."""
    return Step(do=Do.CHANGE, change=how)


def say(data: bytes) -> Step:
    """Send bytes."""
    return Step(do=Do.SAY, data=data)


def confirm(members: Mapping[str, Any] = _NONE, *, cuts: tuple[int, ...] = (), seconds: float = 0.0) -> Step:
    """Reply ok to the last request, with some members changed."""
    return Step(do=Do.CONFIRM, cuts=cuts, seconds=seconds, members=members)


def refuse(members: Mapping[str, Any] = _NONE, *, cuts: tuple[int, ...] = (), seconds: float = 0.0) -> Step:
    """Reply with an error: storage, not closing, unless `members` say else."""
    return Step(do=Do.REFUSE, cuts=cuts, seconds=seconds, members=members)
