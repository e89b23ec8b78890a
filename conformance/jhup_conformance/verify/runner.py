"""Runs exchanges, many at a time, and compares what comes of them with the right outcomes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from jhup.limits import CLOSE_WITHIN
from jhup.model import Server
from jhup_conformance.differences import Difference
from jhup_conformance.findings import NotSeen
from jhup_conformance.target.quiet import Quiet
from jhup_conformance.target.store import Body, Observer
from jhup_conformance.target.timing import Pace
from jhup_conformance.verify.exchange import Attempt, Exchange, Mismatch
from jhup_conformance.verify.names import Names
from jhup_conformance.verify.requests import put
from jhup_conformance.verify.rest import Rest
from jhup_conformance.verify.stream import End, Stream
from jhup_conformance.wire.dialer import Dialer
from jhup_conformance.wire.driving import drive
from jhup_conformance.wire.line import Line, overhear
from jhup_conformance.wire.network import Clock
from jhup_conformance.wire.transcript import Transcript

__all__ = ["Failed", "Runner"]

Store: TypeAlias = dict[str, Body | None]

_CLOSE_MARGIN: Final = 0.5
"""Seconds granted beyond the 5 of the clauses, for the way there and back."""
_AT_MOST: Final = 30.0
"""Seconds for one batch, whatever progress is made."""
_AT_EASE: Final = 5
"""Connections at a time beside which a target answers as fast as alone, more or less."""
_FIRST_LOOK: Final = 0.0002
_LAST_LOOK: Final = 0.05
"""Seconds between two looks at the store, which gives no event to wait for."""


@dataclass(frozen=True, slots=True)
class Failed:
    """An exchange that did not end as it should."""

    exchange: Exchange
    mismatch: Mismatch

    @property
    def attempt(self) -> Attempt:
        """What was tried."""
        return self.exchange.attempt

    @property
    def points(self) -> tuple[Difference, ...]:
        """In which points it differs from what is right."""
        return self.mismatch.points

    @property
    def timed_out(self) -> bool:
        """Whether nothing was seen at all of what was waited for."""
        return self.mismatch.timed_out

    @property
    def transcript(self) -> Transcript:
        """The record of it."""
        return self.exchange.line.transcript


class Runner:
    """Runs exchanges against one target.

    Attributes:
        dialer: opens the connections.
        pace: how long to wait.
        names: makes names that nobody else uses.
        server: what the model has to know of the target.
        observer: how its store is seen; None when it can't be.
        executions: how many exchanges were made so far.
        plain: the simplest put, as the target takes it.
        before_sending: called with the bytes and the names of each exchange; raises NotSeen to leave it out.
        after_failure: called when an exchange was not right; raises TargetGone when the target is gone or hung.
        after_close: called when connections were ended without a word; raises TargetGone when the target has turned
            clients away.
        proven_at: when an exchange last took effect, by the clock.
        quiet: proves that the target has nothing more to say; None where its process isn't known.
    """

    def __init__(self, dialer: Dialer, pace: Pace, names: Names, server: Server) -> None:
        self.dialer = dialer
        self.pace = pace
        self.names = names
        self.server = server
        self.observer: Observer | None = None
        self.executions = 0
        self.plain = Attempt(stream=put(b"alive").paced())
        self.before_sending: Callable[[bytes, Sequence[str]], None] = lambda _, __: None
        self.after_failure: Callable[[], None] = lambda: None
        self.after_close: Callable[[], None] = lambda: None
        self.proven_at = 0.0
        self.quiet: Quiet | None = None
        self._satisfied = 0.0
        self._serves_one = False
        """Whether the target was seen to serve nobody else while a connection was open."""

    @property
    def clock(self) -> Clock:
        """The clock that everything here goes by."""
        return self.dialer.network.clock

    def exchange(self, attempt: Attempt) -> Exchange:
        """Return an attempt under way, its names filled in."""
        exchange = Exchange(attempt, self.names, self.server)
        self.before_sending(exchange.bound.data, exchange.bound.watched)
        return exchange

    def run(self, attempts: Sequence[Attempt], *, patience: float) -> list[Failed]:
        """Make attempts at the same time, each on a connection of its own.

        Args:
            attempts: no more than the target serves at a time.
            patience: seconds without progress after which the target counts as silent.

        Returns:
            Those that failed.

        Raises:
            TargetGone: when the target can't be reached any more, or serves nobody any more.
            NotSeen: when a body that has to be stored before is not taken.
        """
        failed, in_doubt = self._try(attempts, patience)
        if (failed or in_doubt) and not self._has_others_open():
            self.after_failure()
        return failed

    def _has_others_open(self) -> bool:
        """Whether a check holds connections, beside which a target that serves one at a time would look hung."""
        return any(not (line.closed or line.dropped) for line in self.dialer.recent if line.transcript.entries)

    def _try(self, attempts: Sequence[Attempt], patience: float) -> tuple[list[Failed], bool]:
        """Make attempts; return those that failed, and whether the target is in doubt to serve still."""
        exchanges = [self.exchange(attempt) for attempt in attempts]
        before = {name: body for exchange in exchanges for name, body in exchange.bound.before.items()}
        if before:
            self._store(before, len(exchanges))
        lines: list[Line] = []
        try:
            lines.extend(self.dialer.dial(no_delay=exchange.bound.stream.no_delay) for exchange in exchanges)
            for exchange, line in zip(exchanges, lines, strict=True):
                pause = self._pause(exchange.bound.stream, len(exchanges))
                # A target that is still accepting connections would find both sides of a cut when it comes to read:
                # unless it is known what it has read, it is given time.
                blind = len(lines) > 1 and exchange.bound.stream.cuts and line.unread() is None
                exchange.begin(line, pause, lead=pause if blind else 0.0)
            self.executions += len(exchanges)
            self._drive(exchanges, patience)
            failed, left, in_doubt = self._judge(exchanges, patience)
            if not failed and any(each.may_change for each in exchanges) and not any(map(_waited_in_vain, exchanges)):
                answered = self._satisfied - max(line.last_sent for line in lines)
                self.pace.note(answered / max(1.0, len(lines) / _AT_EASE))
        finally:
            for line in lines:
                line.drop()
        if left and (in_doubt or self._serves_one):
            in_doubt = not self.prove_alive()
            self._serves_one = self._serves_one or not in_doubt
            failed = failed or _failed(left, self._look(left))
        if not (failed or in_doubt) and any(exchange.may_change for exchange in exchanges):
            self.proven_at = self.clock.now()
        return failed, in_doubt

    def prove_alive(self, patience: float | None = None) -> bool:
        """Tell whether a plain put on a new connection takes effect."""
        return not self._try([self.plain], patience or self.pace.last_patience)[0]

    def _store(self, bodies: Mapping[str, bytes], at_a_time: int) -> None:
        """Have bodies stored before exchanges that need them: each put on a connection of its own.

        Raises:
            NotSeen: when the target does not take one.
        """
        if (longest := max(map(len, bodies.values()))) > self.server.max_filesize:
            raise NotSeen(f"a body of {longest} bytes has to be stored before, which is more than the target takes")
        puts = [Attempt(stream=put(body, name=name).watching(name).paced()) for name, body in bodies.items()]
        for start in range(0, len(puts), at_a_time):
            for failed in self.run(puts[start : start + at_a_time], patience=self.pace.last_patience):
                raise NotSeen(
                    f"a control failed: expected {failed.mismatch.expected}; actual: {failed.mismatch.actual}"
                )

    def _pause(self, stream: Stream, beside: int) -> float:
        """Return the seconds between segments: those of an unhurried client arrive one by one also at a busy target."""
        return self.pace.pause * max(1.0, beside / _AT_EASE) if stream.is_paced else self.pace.pause

    def _drive(self, exchanges: Sequence[Exchange], patience: float) -> None:
        by_line = {exchange.line: exchange for exchange in exchanges}
        rest = self._rest(patience)
        closes = any(exchange.attempt.closes for exchange in exchanges)
        if closes:
            patience = max(patience, CLOSE_WITHIN + _CLOSE_MARGIN)
        elif any(exchange.may_be_silent for exchange in exchanges):
            patience = min(patience, self.pace.settle)  # what is still owed then is waited for with a look at the store
        drive(
            list(by_line),
            until=lambda line: by_line[line].is_satisfied(),
            patience=patience,
            at_most=_AT_MOST,
            rest=None if closes or not self._proves_quiet else rest.on_lines,  # a close may come by a timer
        )
        rest.review()

    @property
    def _proves_quiet(self) -> bool:
        return self.quiet is not None and self.quiet.is_trusted

    def _rest(self, patience: float) -> Rest:
        """Return what ends waits early; the whole time is waited before something counts as missing."""
        return Rest(self.quiet, is_hurried=patience < self.pace.last_patience)

    def _judge(self, exchanges: Sequence[Exchange], patience: float) -> tuple[list[Failed], Sequence[Exchange], bool]:
        """Compare with the right outcomes.

        Returns:
            What failed, what nothing but time has proven, and whether the target is in doubt to serve still.
        """
        in_doubt, left, store = False, list[Exchange](), None
        if self.observer:
            store = self._wait(exchanges, patience)
            self._satisfied = self.clock.now()
            if left := _unproven(exchanges, store):
                in_doubt = not self._settle(left)
                store = self._wait(exchanges, patience)
        # Hear what came while the store was looked at: a word too many, or a close.
        overhear(exchange.line for exchange in exchanges)
        return _failed(exchanges, store), left, in_doubt

    def _wait(self, exchanges: Sequence[Exchange], patience: float) -> Store:
        """Look until every exchange shows a right outcome, or can't any more, or made no progress for too long."""
        since, rest = self.clock.now(), self._rest(patience)
        until = since + _AT_MOST
        store = self._look(exchanges)
        failed, wait = _failed(exchanges, store), _FIRST_LOOK
        if any(each.exchange.line.closed and not each.exchange.line.received for each in failed):
            self.after_close()
        unread = [each.exchange.line.unread() for each in failed]
        while any(each.mismatch.may_turn for each in failed) and self.clock.now() < min(since + patience, until):
            self.clock.sleep(wait)
            wait = min(2 * wait, _LAST_LOOK)
            overhear(each.exchange.line for each in failed)
            pending = [each.exchange for each in failed]
            looked = {**store, **self._look(pending)}
            left = _failed(pending, looked)
            behind, unread = unread, [each.exchange.line.unread() for each in left]
            if len(left) < len(failed) or looked != store or unread != behind:
                since = self.clock.now()  # slow is not wrong: progress renews the wait
                for line in {each.exchange.line for each in failed} - {each.exchange.line for each in left}:
                    rest.came(line)
            failed, store = left, looked
            if rest.on_store(each.exchange.line for each in failed if each.mismatch.may_turn):
                break
        return store

    def _settle(self, exchanges: Sequence[Exchange]) -> bool:
        """Wait for proof that nothing wrong is on its way any more, or for the settling time; tells of signs of life.

        A target that must not do anything shows no sign that it is done: so a positive has to come through beside it,
        or after it where the target serves one connection at a time.
        """
        until = self.clock.now() + self.pace.settle
        left, wait = exchanges, _FIRST_LOOK
        while left and self.clock.now() < until:
            if all(each.line.dropped for each in left):
                self.clock.sleep(wait)
            drive([each.line for each in left], until=lambda _: False, patience=wait, at_most=wait)
            wait = min(2 * wait, _LAST_LOOK)
            left = _unproven(left, self._look(left))
        return self._serves_one or self.prove_alive()

    def _look(self, exchanges: Sequence[Exchange]) -> Store:
        if self.observer is None:
            return {}
        return self.observer.look([name for exchange in exchanges for name in exchange.bound.watched])


def _failed(exchanges: Sequence[Exchange], store: Store | None) -> list[Failed]:
    """Return those that show no right outcome."""
    return [Failed(exchange, mismatch) for exchange in exchanges if (mismatch := exchange.mismatch(store)) is not None]


def _waited_in_vain(exchange: Exchange) -> bool:
    """Tell whether a connection whose stream had ended was not closed: that wait is ours, and no answer time."""
    return exchange.attempt.stream.end is not End.HOLD and not (exchange.line.closed or exchange.line.dropped)


def _unproven(exchanges: Sequence[Exchange], store: Store) -> list[Exchange]:
    """Return those that show a right outcome, but one that may still turn into a wrong one."""
    return [each for each in exchanges if each.mismatch(store) is None and not each.is_proven(store)]
