"""A connection on which a check says one thing after another, and looks at what comes between."""

import json
from collections.abc import Callable, Iterable
from typing import Any, Self

from jhup.errors import JhupError
from jhup.messages import Reply
from jhup.reply_reader import ReplyReader
from jhup_conformance.findings import Finding
from jhup_conformance.verify.runner import Runner
from jhup_conformance.verify.steps import actions_of, scene_of
from jhup_conformance.verify.stream import Bound, End, Stream
from jhup_conformance.wire.driving import drive
from jhup_conformance.wire.line import Line
from jhup_conformance.wire.transcript import Action, Closed, Kind, Transcript

__all__ = ["Dialogue", "wait_for_all"]

_AT_MOST = 60.0
"""Seconds for one wait, whatever progress is made."""


class Dialogue:
    """One connection, led step by step; as a context it is let go of in the end.

    Args:
        runner: opens the connection.
        narrow: whether little is kept on its way, so that the target soon feels that nobody reads.

    Attributes:
        line: the connection.
    """

    def __init__(self, runner: Runner, *, narrow: bool = False) -> None:
        self._runner = runner
        self._replies = 0
        runner.executions += 1
        self.line: Line = runner.dialer.dial(narrow=narrow)

    @property
    def closed(self) -> Closed | None:
        """How the target has ended the connection; None while it is open."""
        return self.line.closed

    @property
    def received(self) -> bytes:
        """All bytes received."""
        return bytes(self.line.received)

    @property
    def transcript(self) -> Transcript:
        """What happened so far."""
        return self.line.transcript

    @property
    def is_sending(self) -> bool:
        """Whether something that was planned is still to be sent."""
        return self.line.is_sending

    def send(self, stream: Stream, *, lead: float | None = None, closes: bool = False) -> Bound:
        """Plan to send a stream after what was planned before, new names in place of its placeholders.

        Args:
            stream: what to send.
            lead: seconds before its first segment; none if None.
            closes: whether the target has to close the connection after it; the record says so.
        """
        bound = stream.bind(self._runner.names)
        steps = actions_of(bound, self._runner.pace.pause)
        if lead is not None and steps:
            steps[0] = Action(steps[0].kind, steps[0].data, lead)
        if not self.line.transcript.entries and self.line.transcript.scene is None:
            self.line.transcript.scene = scene_of(bound, steps, self._runner.server, closes=closes)
        else:
            self.line.transcript.scene = None  # what was looked at between is not told by a record of one stream
        self.line.plan(steps)
        return bound

    def end(self, end: End, *, after: float = 0.0) -> None:
        """Plan to end the stream, some seconds after what was planned before."""
        kind = {End.RESET: Kind.RESET, End.LEAVE: Kind.LEFT}.get(end, Kind.HALF_CLOSED)
        self.line.plan([Action(kind, pause=after)])

    def wait(self, until: Callable[["Dialogue"], bool], *, patience: float | None = None) -> bool:
        """Wait until something is the case, or the connection is closed, or silent for too long; tells which.

        Args:
            until: looked at once all is sent.
            patience: seconds without any progress; by default as long as an answer may take alone.
        """
        patience = self._runner.pace.last_patience if patience is None else patience
        drive([self.line], until=lambda _: until(self), patience=patience, at_most=_AT_MOST)
        return until(self)

    def pump(self, seconds: float) -> None:
        """Send what is due and take what has arrived, for so many seconds at the most."""
        drive([self.line], until=lambda _: True, patience=0.0, at_most=seconds)

    def flush(self) -> None:
        """Wait until all that was planned is sent, as long as the target takes it."""
        drive([self.line], until=lambda _: True, patience=self._runner.pace.patience, at_most=10.0)

    def wait_for_close(self, *, patience: float | None = None) -> bool:
        """Wait until the target has ended the connection; tells whether it did."""
        return self.wait(lambda self: self.closed is not None, patience=patience)

    def members(self) -> dict[str, Any]:
        """Wait for the next reply and return its members as they are.

        Raises:
            Finding: when none comes, or what comes is no object.
        """
        self.wait(lambda self: self._next() is not None)
        found = self._next()
        if found is None:
            raise Finding("a reply", self._what_came(), self.transcript, timed_out=self.closed is None)
        self._replies += 4 + len(found)
        try:
            members = json.loads(found.decode())
        except ValueError as error:
            raise Finding("a reply", f"not JSON in UTF-8: {error}", self.transcript) from error
        if not isinstance(members, dict):
            raise Finding("a reply", f"JSON, but no object: {found[:80]!r}", self.transcript)
        return members

    def reply(self) -> Reply:
        """Wait for the next reply and return its meaning; see `members`.

        Raises:
            Finding: when none comes, or what comes is no reply.
        """
        start = self._replies
        self.members()
        try:
            return next(ReplyReader().receive(self.received[start:]))
        except JhupError as error:
            raise Finding("a reply", f"not a reply: {error}", self.transcript) from error

    def _next(self) -> bytes | None:
        start, received = self._replies, self.line.received
        length = int.from_bytes(received[start : start + 4], "little", signed=True)
        found = bytes(received[start + 4 : start + 4 + max(0, length)])
        return found if len(received) >= start + 4 and len(found) >= length else None

    def _what_came(self) -> str:
        count = len(self.line.received) - self._replies
        came = f"{count} bytes that are no whole reply" if count else "nothing"
        return f"{came}, and the connection closed ({self.closed})" if self.closed else came

    def drop(self) -> None:
        """Let go of the connection."""
        self.line.drop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.drop()


def wait_for_all(
    dialogues: Iterable[Dialogue], until: Callable[[Dialogue], bool], *, patience: float, at_most: float
) -> None:
    """Wait on several connections at the same time, until each shows something, is closed, or silent for too long.

    Args:
        dialogues: the connections.
        until: looked at once all is sent on one.
        patience: seconds without any progress.
        at_most: seconds for all of it.
    """
    by_line = {each.line: each for each in dialogues}
    drive(list(by_line), until=lambda line: until(by_line[line]), patience=patience, at_most=at_most)
