"""What was sent and what came on one connection, with times: the evidence of a verdict, and what can be replayed."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

__all__ = ["Action", "Closed", "Entry", "Kind", "Transcript"]

FORMAT: Final = 1


class Kind(StrEnum):
    """What happened."""

    SENT = "sent"
    RECEIVED = "received"
    HALF_CLOSED = "half-closed"  # by the suite
    RESET = "reset"  # by the suite
    CLOSED = "closed"  # by the target


class Closed(StrEnum):
    """How the target ended a connection. Both count as closed (section 1.4)."""

    END_OF_STREAM = "end of stream"
    RESET = "reset"


@dataclass(frozen=True, slots=True)
class Action:
    """A step of a script.

    Attributes:
        kind: SENT, HALF_CLOSED or RESET.
        data: the bytes of a segment to send.
        pause: seconds to wait before the step.
    """

    kind: Kind
    data: bytes = b""
    pause: float = 0.0


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


def _is_plain(data: bytes) -> bool:
    return all(0x20 <= byte < 0x7F for byte in data)


@dataclass(slots=True)
class Transcript:
    """The record of one connection."""

    entries: list[Entry] = field(default_factory=list)

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

    def to_json(self) -> dict[str, Any]:
        """Give the record as JSON; what was sent and when can be sent again from it."""
        entries = []
        for entry in self.entries:
            line: dict[str, Any] = {"at": round(entry.at, 6), "kind": entry.kind.value}
            if entry.data:
                line |= _bytes_field(entry.data)
            if entry.how:
                line["how"] = entry.how
            entries.append(line)
        return {"format": FORMAT, "entries": entries}

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> "Transcript":
        """Read a record.

        Raises:
            ValueError: when it is none, naming what is wrong.
        """
        if record.get("format") != FORMAT:
            raise ValueError(f"format is {record.get('format')!r}, expected {FORMAT}")
        transcript = cls()
        for number, line in enumerate(record.get("entries", ())):
            try:
                data = bytes.fromhex(line["hex"]) if "hex" in line else line.get("text", "").encode()
                transcript.add(float(line["at"]), Kind(line["kind"]), data, line.get("how", ""))
            except (KeyError, ValueError, TypeError, AttributeError) as error:
                raise ValueError(f"entry {number} can't be read: {error!r}") from error
        return transcript

    def actions(self) -> list[Action]:
        """Give what the suite did, with the same pauses, as a script."""
        steps: list[Action] = []
        last = 0.0
        for entry in self.entries:
            if entry.kind in (Kind.SENT, Kind.HALF_CLOSED, Kind.RESET):
                steps.append(Action(entry.kind, entry.data, max(0.0, entry.at - last)))
                last = entry.at
        return steps
