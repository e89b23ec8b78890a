"""Says things to an echo server on streams, many connections at a time."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from jhup.echo import Answers, Rules, Shape, right_answers
from jhup.limits import CLOSE_WITHIN
from jhup_conformance.echo.asking import Ask, Breach, Mismatch, Tried, compare, is_whole
from jhup_conformance.target.timing import Pace
from jhup_conformance.verify.steps import actions
from jhup_conformance.verify.stream import End
from jhup_conformance.wire.dialer import Dialer
from jhup_conformance.wire.driving import drive
from jhup_conformance.wire.line import Line, overhear
from jhup_conformance.wire.network import Clock
from jhup_conformance.wire.transcript import Closed, Kind

__all__ = ["CLOSE_PATIENCE", "StreamWire", "leave"]

CLOSE_PATIENCE: Final = CLOSE_WITHIN + 0.5
"""Seconds to wait for a close: the 5 of the clauses, and what the way there and back may take."""
_AT_MOST: Final = 30.0
"""Seconds for one batch, whatever progress is made: the absolute bound of section 10.10."""


class StreamWire:
    """Connections to one server.

    Attributes:
        dialer: opens them.
        rules: what the server is.
        shape: how it cuts a stream into messages.
        executions: how many exchanges were made so far.
    """

    def __init__(self, dialer: Dialer, pace: Pace, rules: Rules, shape: Shape) -> None:
        self.dialer = dialer
        self.rules = rules
        self.shape = shape
        self.executions = 0
        self._pace = pace

    @property
    def clock(self) -> Clock:
        """The clock that all waiting goes by."""
        return self.dialer.network.clock

    def right(self, ask: Ask) -> Answers:
        """Return the right answers to an ask."""
        return right_answers(ask.data, shape=self.shape, rules=self.rules, ended=ask.ended)

    def dial(self) -> Line:
        """Open a connection for a check that leads a conversation of its own."""
        self.executions += 1
        return self.dialer.dial()

    def run(self, asks: Sequence[Ask], *, patience: float) -> list[Tried]:
        """Try asks at the same time, each on a connection of its own.

        Raises:
            TargetGone: when the target can't be reached any more.
        """
        lines: list[Line] = []
        rights = [self.right(ask) for ask in asks]
        try:
            for ask in asks:
                lines.append(self.dial())
                pause = self._pace.pause if ask.pause is None else ask.pause
                lines[-1].plan(actions(ask.data, ask.cuts, ask.end, pause, prompt=ask.pause is None))
            self._drive(dict(zip(lines, zip(asks, rights, strict=True), strict=True)), patience)
            tried = [self._judge(*each) for each in zip(asks, rights, lines, strict=True)]
            if len(asks) == 1 and lines[0].received and not tried[0].mismatch:
                self._pace.note(_answer_time(lines[0]))
        finally:
            for line in lines:
                leave(line)
        return tried

    def _drive(self, asks: dict[Line, tuple[Ask, Answers]], patience: float) -> None:
        def is_satisfied(line: Line) -> bool:
            ask, right = asks[line]
            if ask.must_close or ask.ended or not line.received:
                return False  # until it is closed
            return is_whole(right, bytes(line.received))

        to_close = any(ask.must_close for ask, _ in asks.values())
        drive(
            list(asks),
            until=is_satisfied,
            patience=max(patience, CLOSE_PATIENCE) if to_close else patience,
            at_most=_AT_MOST,
        )
        overhear(asks)

    def _judge(self, ask: Ask, right: Answers, line: Line) -> Tried:
        received = bytes(line.received)
        if ask.end is End.RESET:
            return Tried(ask, received, None, line.transcript)
        mismatch = compare(ask, right, received, self.shape, timed_out=line.closed is None)
        if mismatch and line.closed is Closed.RESET and right.is_prefix_of_member(received):
            return Tried(ask, received, None, line.transcript, lost=True)
        if mismatch is None and ask.must_close and not line.closed:
            mismatch = Mismatch(
                Breach.OPEN, f"the connection closed within {CLOSE_WITHIN:.0f} s", "still open", timed_out=True
            )
        elif mismatch and not line.closed:
            mismatch = replace(mismatch, actual=f"{mismatch.actual}; the connection is still open")
        return Tried(ask, received, mismatch, line.transcript)


def leave(line: Line) -> None:
    """Let go of a connection in order, as clients do: what a reset does to a server is for ECHO-68."""
    if not line.dropped:
        line.channel.close()
        line.dropped = True


def _answer_time(line: Line) -> float:
    """Return the seconds from the last byte sent until the last one received."""
    heard = max(entry.at for entry in line.transcript.entries if entry.kind is Kind.RECEIVED)
    return max(0.0, line.opened + heard - line.last_sent)
