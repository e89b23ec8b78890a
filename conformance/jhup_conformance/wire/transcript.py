"""What was sent and what came on one connection, with times: the evidence of a verdict, and what can be replayed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

__all__ = ["OWN", "Action", "Beside", "Closed", "Entry", "Kind", "Scene", "Transcript"]

FORMAT: Final = 1


class Kind(StrEnum):
    """What happened."""

    SENT = "sent"
    RECEIVED = "received"
    HALF_CLOSED = "half-closed"  # by the suite
    RESET = "reset"  # by the suite
    LEFT = "left"  # by the suite: closed in both directions, so that what still comes meets a reset
    CLOSED = "closed"  # by the target


OWN: Final = (Kind.SENT, Kind.HALF_CLOSED, Kind.RESET, Kind.LEFT)
"""What the suite does."""


class Closed(StrEnum):
    """How the target ended a connection. Both count as closed (section 1.4)."""

    END_OF_STREAM = "end of stream"
    RESET = "reset"


@dataclass(frozen=True, slots=True)
class Action:
    """A step of a script.

    Attributes:
        kind: SENT, HALF_CLOSED, RESET or LEFT.
        data: the bytes of a segment to send.
        pause: seconds to wait before the step.
        prompt: whether the pause is only there for the target to read what was sent before, so that it ends once that
            is known to be read.
    """

    kind: Kind
    data: bytes = b""
    pause: float = 0.0
    prompt: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a transcript: `at` in seconds since the connection was opened."""

    at: float
    kind: Kind
    data: bytes = b""
    how: str = ""


_LONG: Final = 512


def _bytes_field(data: bytes) -> dict[str, Any]:
    """Short data whole; long data whole too, but as it would be read: replay needs every byte."""
    return {"hex": data.hex()} if len(data) > _LONG or not _is_plain(data) else {"text": data.decode("ascii")}


def _step_field(step: Action) -> dict[str, Any]:
    shown = _bytes_field(step.data) if step.data else {}
    return {"pause": round(step.pause, 6), "kind": step.kind.value, **shown}


def _bytes_of(line: Mapping[str, Any]) -> bytes:
    return bytes.fromhex(line["hex"]) if "hex" in line else line.get("text", "").encode()


def _is_plain(data: bytes) -> bool:
    return all(0x20 <= byte < 0x7F for byte in data)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What the record of a connection does not tell, but whoever judges it again has to know.

    Attributes:
        plan: all that was to be done; more than what was done when the target went away before.
        watched: the names that were looked at in the end.
        before: what was stored before, by name.
        doubtful: valid names that the store may be unable to hold.
        taken: valid names that have to be refused, because the folder has something else there.
        must_close: whether it counts when the target does not close.
        limits: the target's `max_header` and `max_filesize`, and whether it replies.
        beside: connections that were open at the same time, in the order in which they were opened.
        number: what findings call this one among them; 0 where they have no name for it.
    """

    plan: tuple[Action, ...] = ()
    watched: tuple[str, ...] = ()
    before: Mapping[str, bytes] = field(default_factory=dict)
    doubtful: frozenset[str] = frozenset()
    taken: frozenset[str] = frozenset()
    must_close: bool = False
    limits: tuple[int, int, bool] | None = None
    beside: tuple["Beside", ...] = ()
    number: int = 0

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON, what is empty left out."""
        record: dict[str, Any] = {
            "watched": list(self.watched),
            "before": {name: _bytes_field(body) for name, body in self.before.items()},
            "doubtful": sorted(self.doubtful),
            "taken": sorted(self.taken),
            "must_close": self.must_close,
            "beside": [
                {
                    "after": round(each.after, 6),
                    **({"number": each.number} if each.number else {}),
                    **Transcript(each.transcript.entries).to_json(),
                }
                for each in self.beside
            ],
            "number": self.number,
        }
        if self.limits:
            record["limits"] = dict(zip(_LIMITS, self.limits, strict=True))
        return {name: value for name, value in record.items() if value or name == "watched"}

    @classmethod
    def from_json(cls, record: Mapping[str, Any], plan: tuple[Action, ...]) -> "Scene":
        """Read it; what is wrong raises KeyError, ValueError, TypeError or AttributeError."""
        limits = record.get("limits")
        return cls(
            plan=plan,
            watched=tuple(record["watched"]),
            before={name: _bytes_of(body) for name, body in record.get("before", {}).items()},
            doubtful=frozenset(record.get("doubtful", ())),
            taken=frozenset(record.get("taken", ())),
            must_close=bool(record.get("must_close")),
            limits=(limits["max_header"], limits["max_filesize"], limits["replies"]) if limits else None,
            beside=tuple(
                Beside(each["after"], Transcript.from_json(each), int(each.get("number", 0)))
                for each in record.get("beside", ())
            ),
            number=int(record.get("number", 0)),
        )


_LIMITS: Final = ("max_header", "max_filesize", "replies")


@dataclass(frozen=True, slots=True)
class Beside:
    """Another connection of a scene.

    Attributes:
        after: how many seconds after the one that the scene is about it was opened; negative where before it.
        transcript: what happened on it.
        number: what findings call it; 0 where they have no name for it.
    """

    after: float
    transcript: "Transcript"
    number: int = 0


@dataclass(slots=True)
class Transcript:
    """The record of one connection, and the scene that it was part of, where that is known."""

    entries: list[Entry] = field(default_factory=list)
    scene: Scene | None = None

    def add(self, at: float, kind: Kind, data: bytes = b"", how: str = "") -> None:
        """Note what happened at a time, in seconds since the connection was opened."""
        self.entries.append(Entry(at, kind, data, how))

    @property
    def sent(self) -> bytes:
        """All bytes sent."""
        return b"".join(entry.data for entry in self.entries if entry.kind is Kind.SENT)

    @property
    def received(self) -> bytes:
        """All bytes received."""
        return b"".join(entry.data for entry in self.entries if entry.kind is Kind.RECEIVED)

    @property
    def segments(self) -> int:
        """How many segments were sent."""
        return sum(entry.kind is Kind.SENT for entry in self.entries)

    @property
    def unsent(self) -> tuple[Action, ...]:
        """What was planned and not done any more, because the target had ended the connection."""
        return self.scene.plan[len(list(self._own())) :] if self.scene else ()

    def to_json(self) -> dict[str, Any]:
        """Return the record as JSON; what was sent and when can be sent again from it."""
        entries = []
        for entry in self.entries:
            line: dict[str, Any] = {"at": round(entry.at, 6), "kind": entry.kind.value}
            if entry.data:
                line |= _bytes_field(entry.data)
            if entry.how:
                line["how"] = entry.how
            entries.append(line)
        record: dict[str, Any] = {"format": FORMAT, "entries": entries}
        if self.scene:
            record["unsent"] = [
                {
                    "pause": round(step.pause, 6),
                    "kind": step.kind.value,
                    **(_bytes_field(step.data) if step.data else {}),
                }
                for step in self.unsent
            ]
            record["scene"] = self.scene.to_json()
        return record

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> "Transcript":
        """Read a record.

        Raises:
            ValueError: when it is none, naming what is wrong.
        """
        if record.get("format") != FORMAT:
            raise ValueError(f"format is {record.get('format')!r}, expected {FORMAT}")
        transcript = cls()
        for number, line in enumerate(record.get("entries", ())):
            try:
                transcript.add(float(line["at"]), Kind(line["kind"]), _bytes_of(line), line.get("how", ""))
            except (KeyError, ValueError, TypeError, AttributeError) as error:
                raise ValueError(f"entry {number} can't be read: {error!r}") from error
        if "scene" in record:
            try:
                unsent = [
                    Action(Kind(step["kind"]), _bytes_of(step), float(step["pause"])) for step in record["unsent"]
                ]
                transcript.scene = Scene.from_json(record["scene"], (*transcript._done(), *unsent))
            except (KeyError, ValueError, TypeError, AttributeError) as error:
                raise ValueError(f"the scene can't be read: {error!r}") from error
        return transcript

    def actions(self) -> list[Action]:
        """Return what the suite did, and would have done, with the same pauses, as a script."""
        return [*self._done(), *self.unsent]

    def _own(self) -> Iterator[Entry]:
        """Return what the suite did."""
        return (entry for entry in self.entries if entry.kind in OWN)

    def _done(self) -> Iterator[Action]:
        last = 0.0
        for entry in self._own():
            pause = 0.0 if entry.kind is Kind.LEFT else max(0.0, entry.at - last)  # it leaves before it can hear
            yield Action(entry.kind, entry.data, pause)
            last = entry.at
