"""What happened in a case, on both sides, in the order of time."""

import threading
import time
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

__all__ = ["Event", "Side", "Timeline", "lines", "shown"]


class Side(StrEnum):
    """Whose doing it was."""

    SERVER = "server"
    CLIENT = "client"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened.

    Attributes:
        at: seconds since the case began.
        side: whose doing it was.
        what: in words.
        connection: its number, from 1; 0 for what belongs to none.
    """

    at: float
    side: Side
    what: str
    connection: int = 0

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {"at": round(self.at, 4), "side": self.side.value, "what": self.what, "connection": self.connection}


class Timeline:
    """Collects events from several threads."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._events: list[Event] = []
        self._lock = threading.Lock()

    def add(self, side: Side, what: str, connection: int = 0) -> None:
        """Note something that happens now."""
        with self._lock:
            self._events.append(Event(time.monotonic() - self._began, side, what, connection))

    @property
    def events(self) -> tuple[Event, ...]:
        """All events so far."""
        with self._lock:
            return tuple(self._events)


def lines(events: tuple[Event, ...], most: int = 40) -> list[str]:
    """Return a timeline as lines: the server's doing on the left, the client's on the right.

    Args:
        events: in the order of time.
        most: how many lines; of a longer one the middle is left out.
    """
    several = len({event.connection for event in events if event.connection}) > 1
    made = []
    for event in events:
        arrow = {Side.SERVER: "<-", Side.CLIENT: "->", Side.FILE: "  "}[event.side]
        where = f" [{event.connection}]" if several and event.connection else ""
        made.append(f"{event.at:8.3f} s  {event.side:<6} {arrow}{where} {event.what}")
    if len(made) > most:
        half = most // 2
        made[half:-half] = [f"{'':8}    … {len(made) - 2 * half} more"]
    return made


def shown(data: bytes, most: int = 80) -> str:
    """Return bytes as text on one line that no terminal acts on."""
    text = data[:most].decode("utf-8", "backslashreplace")
    text = "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)
    return text if len(data) <= most else f"{text}…"
