"""Sees the store by the target's own replies: a stat for each name, on a connection kept for it."""

from collections.abc import Iterable
from typing import Final

from jhup.errors import JhupError
from jhup.messages import Code, Failure, Reply, Stored
from jhup.names import is_valid_name
from jhup.reply_reader import ReplyReader
from jhup_conformance.findings import NotSeen
from jhup_conformance.target.store import Body, ObservedBy
from jhup_conformance.target.timing import Pace
from jhup_conformance.wire.dialer import Dialer
from jhup_conformance.wire.driving import drive
from jhup_conformance.wire.frames import header, prefix
from jhup_conformance.wire.line import Line
from jhup_conformance.wire.transcript import Action, Kind

__all__ = ["ReplyObserver"]

_ABSENT: Final = (Code.NOT_FOUND, Code.STORAGE)


class ReplyObserver:
    """Asks the target itself.

    Args:
        dialer: opens the connection, and a new one when the target has closed it.
        pace: how long to wait for answers.

    Attributes:
        keeps: whether the connection is kept for the next look; not with a target that serves one at a time.
    """

    way = ObservedBy.REPLIES

    def __init__(self, dialer: Dialer, pace: Pace) -> None:
        self._dialer = dialer
        self._pace = pace
        self._line: Line | None = None
        self.keeps = False

    def look(self, names: Iterable[str]) -> dict[str, Body | None]:
        """Tell what is stored under some names at this moment; None where nothing is.

        Raises:
            NotSeen: when the target does not answer or answers nonsense, so that nothing can be told.
        """
        wanted = [name for name in dict.fromkeys(names) if is_valid_name(name)]
        found: dict[str, Body | None] = dict.fromkeys(names)
        if wanted:
            found |= self._ask(wanted)
        return found

    def _ask(self, names: list[str]) -> dict[str, Body | None]:
        for _ in range(2):
            replies = self._replies(names)
            if not self.keeps:
                self.forget()
            if len(replies) == len(names):
                return {name: _body(reply) for name, reply in zip(names, replies, strict=True)}
            self.forget()  # closed, or stuck: a new connection may do
        raise NotSeen(f"the target answered {len(replies)} of {len(names)} stats, so that its store can't be seen")

    def _replies(self, names: list[str]) -> list[Reply]:
        if self._line is None or self._line.closed or self._line.dropped:
            self._line = self._dialer.dial()
        line, reader = self._line, ReplyReader()
        start = len(line.received)
        replies: list[Reply] = []
        seen = start

        def is_answered(line: Line) -> bool:
            nonlocal seen
            replies.extend(reader.receive(line.received[seen:]))
            seen = len(line.received)
            return len(replies) >= len(names)

        heads = [header(cmd="stat", filename=name, reply=True) for name in names]
        line.plan([Action(Kind.SENT, b"".join(prefix(len(head)) + head for head in heads))])
        try:
            drive([line], until=is_answered, patience=self._pace.last_patience, at_most=30.0)
        except JhupError as error:
            raise NotSeen(f"the target's answer to a stat is no reply: {error}") from error
        line.received.clear()
        line.transcript.entries.clear()
        return replies

    def forget(self) -> None:
        """Let the connection go; the next look opens another."""
        if self._line:
            self._line.drop()
            self._line = None


def _body(reply: Reply) -> Body | None:
    match reply:
        case Stored(_, filesize, sha256):
            return Body(filesize, sha256)
        case Failure(code) if code in _ABSENT:
            return None
        case _:
            raise NotSeen(f"the target answered a stat of a valid name with {reply}")
