"""What is logged of one connection: the first event of each kind in full, of the rest their number."""

from collections import Counter
from typing import Any

import structlog

from jhup_reference.runtime.health import Health

__all__ = ["Journal"]


class Journal:
    """The log of one connection. No client makes it longer than a few lines, but by storing files.

    Args:
        peer: names the client.
        health: where events are counted; by default nowhere that anybody looks.
    """

    def __init__(self, peer: str = "", health: Health | None = None) -> None:
        self._log: Any = structlog.get_logger().bind(peer=peer)
        self._health = health or Health()
        self._kinds: Counter[tuple[str, str]] = Counter()
        self._puts = self._bytes = 0

    def note(self, event: str, kind: str = "", **details: object) -> None:
        """Log an event if the connection had none of its kind yet, else count it.

        Args:
            event: what happened.
            kind: which sort of it, such as an error code.
            details: for the line in the log.
        """
        self._health.count(event)
        self._kinds[event, kind] += 1
        if self._kinds[event, kind] == 1:
            named = {"kind": kind} if kind else {}
            self._log.info(event, **named, **details)

    def missed(self, event: str, **details: object) -> None:
        """Log what is nobody's fault, for those who debug."""
        self._log.debug(event, **details)

    def stored(self, filename: str, filesize: int) -> None:
        """Log a file that was stored."""
        self._puts += 1
        self._bytes += filesize
        self._log.info("stored", filename=filename, filesize=filesize)

    def settle(self) -> None:
        """Have the files counted that were stored since the last time."""
        if self._puts:
            self._health.stored(self._bytes, self._puts)
            self._puts = self._bytes = 0

    def crashed(self) -> None:
        """Log the exception that is being handled, which no one foresaw."""
        self._health.count("internal")
        self._log.exception("internal")

    def end(self) -> None:
        """Log how often what was logged once has happened again."""
        self.settle()
        for (event, kind), count in self._kinds.items():
            if count > 1:
                named = {"kind": kind} if kind else {}
                self._log.info(f"{event}, again", count=count - 1, **named)
        self._kinds.clear()
