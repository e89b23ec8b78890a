"""Scripts: several connections led step by step, and after each step all that is owed compared with the model.

What is stored is remembered from step to step, so that what one connection did is what another one finds.
"""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final, Self

from jhup.model import Ending, Outcome
from jhup_conformance.differences import Difference, Other, WrongBody
from jhup_conformance.findings import Finding
from jhup_conformance.target.body import Body
from jhup_conformance.verify.dialogue import Dialogue
from jhup_conformance.verify.exchange import Attempt, Exchange
from jhup_conformance.verify.judge import Judge
from jhup_conformance.verify.peer import Peer, Step
from jhup_conformance.verify.requests import put, raw
from jhup_conformance.verify.steps import actions_of
from jhup_conformance.verify.stream import End
from jhup_conformance.wire.driving import drive
from jhup_conformance.wire.line import Line
from jhup_conformance.wire.transcript import Beside, Scene

__all__ = ["Script"]

_FIRST_LOOK: Final = 0.0005
_LAST_LOOK: Final = 0.05
"""Seconds between two looks at the store, which gives no event to wait for."""
_STEPS_TOLD: Final = 8
"""How many of its steps a finding tells."""


class Script:
    """Leads connections to one target; as a context it lets go of them in the end.

    Args:
        judge: gives connections, names and a view of the store.
        names: of the store, looked at after each step; nobody else uses them.

    Attributes:
        store: what is stored under the names at this moment.
        peers: the connections that are there.
    """

    def __init__(self, judge: Judge, *names: str) -> None:
        self._judge = judge
        self._runner = judge.bench.runner
        self._names = names
        self._story: list[str] = []
        self._has_failed = False
        self._last: Line | None = None
        self._lines: list[Line] = []
        self.store: dict[str, bytes] = {}
        self.peers: list[Peer] = []

    def connect(self) -> Peer:
        """Open a connection. As a context it is let go of in the end."""
        return self.adopt(self._runner.dialer.dial())

    def adopt(self, line: Line) -> Peer:
        """Take in a connection that is open already, between two requests."""
        self._lines.append(line)
        peer = Peer(len(self._lines), line, self.peers)
        self.peers.append(peer)
        return peer

    def beside(self, dialogues: Iterable[Dialogue]) -> None:
        """Take connections that are led elsewhere into the record: what comes of a step may hang on them."""
        self._lines += [each.line for each in dialogues]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()

    def leave(self) -> None:
        """Let go of all connections."""
        for peer in list(self.peers):
            peer.leave()

    def track(self, name: str) -> None:
        """Look at a name as well from now on."""
        self._names = (*self._names, name)

    def send(self, *steps: Step) -> None:
        """Send something on some connections at the same time, without a look at what comes of it."""
        self._send([self._begin(step, ()) for step in steps], " and ".join(map(str, steps)))
        for step in steps:
            step.peer.under_way, step.peer.rest = step.under_way, step.rest

    def step(self, step: Step, *, sealed: bool = False) -> None:
        """Send something, wait until a right outcome shows, and remember it.

        Args:
            step: what to send.
            sealed: whether a put of a new name follows. Once that is seen, all before it was carried out, also what
                can't be seen itself.

        Raises:
            Finding: when no right outcome shows.
        """
        seal = self._judge.names.new() if sealed else ""
        exchange = self._begin(step, (*self._names, seal) if seal else self._names, seal)
        self._send([exchange], str(step))
        (outcome,) = self._wait([exchange])
        self._take_over(step, outcome)

    def race(self, name: str, steps: Sequence[Step]) -> None:
        """Complete puts of one name on several connections at the same time: one of the bodies has to remain, whole.

        Raises:
            Finding: when anything else shows.
        """
        others = [each for each in self._names if each != name]
        seals = [self._judge.names.new() for _ in steps]
        exchanges = [self._begin(step, (*others, seal), seal) for step, seal in zip(steps, seals, strict=True)]
        self._send(exchanges, " and ".join(map(str, steps)))
        outcomes = self._wait(exchanges)
        seen = self._judge.observer.look([name])[name]
        bodies = [outcome.store[name] for outcome in outcomes]
        remaining = [body for body in bodies if Body.of(body) == seen]
        if not remaining:
            allowed = tuple(Body.of(body) for body in dict.fromkeys(bodies))
            raise self._finding(WrongBody(name, allowed, seen), line=steps[0].peer.line)
        for step, outcome in zip(steps, outcomes, strict=True):
            self._take_over(step, outcome)
        self.store[name] = remaining[0]

    def confirm(self) -> None:
        """Let a moment pass and a plain put elsewhere take effect, then make sure that nothing has changed.

        After a step that showed no right outcome there is nothing to make sure of.

        Raises:
            Finding: when something has, or the put fails.
        """
        if self._has_failed:
            return
        until = self._judge.clock.now() + self._runner.pace.settle
        if self._judge.lanes > len(self.peers) and not self._judge.is_alive():
            raise self._finding(Other("a put on another connection takes effect", "it does not"), timed_out=True)
        self._judge.clock.sleep(max(0.0, until - self._judge.clock.now()))
        self._listen(0.0)
        self._check_bystanders(())
        for name, body in self._judge.observer.look(self._names).items():
            wanted = Body.of(self.store[name]) if name in self.store else None
            if body != wanted:
                raise self._finding(WrongBody(name, (wanted,), body))

    # One step

    def _begin(self, step: Step, watched: Iterable[str], seal: str = "") -> Exchange:
        stream = step.stream
        if seal:
            stream = replace(stream, data=stream.data + put(b"!", name=seal).data)
        whole = raw(step.peer.under_way + stream.data, "requests").ending(stream.end)
        whole = replace(whole, watched=tuple(watched), before=tuple(self.store.items()))
        exchange = self._runner.exchange(
            Attempt(stream=whole, codes=self._judge.about_replies, unsolicited=self._hears)
        )
        exchange.line = self._last = step.peer.line
        exchange.line.received.clear()
        exchange.line.plan(actions_of(stream.bind(self._judge.names), self._runner.pace.pause))
        return exchange

    @property
    def _hears(self) -> bool:
        """Whether unsolicited bytes count."""
        return self._judge.about_replies and not self._judge.bench.speaks_unasked()

    def _send(self, exchanges: Sequence[Exchange], note: str) -> None:
        self._runner.executions += len(exchanges)
        self._story.append(note)
        lines = [exchange.line for exchange in exchanges]
        drive(lines, until=lambda _: True, patience=self._runner.pace.last_patience, at_most=30.0)

    def _wait(self, exchanges: Sequence[Exchange]) -> list[Outcome]:
        """Wait until each exchange shows a right outcome, and give those."""
        since, wait = self._judge.clock.now(), 0.0
        while True:
            self._listen(wait)
            looks = [self._judge.observer.look(exchange.bound.watched) for exchange in exchanges]
            shown = [exchange.shown(look) for exchange, look in zip(exchanges, looks, strict=True)]
            outcomes = [outcome for outcome in shown if outcome is not None]
            waited = self._judge.clock.now() - since
            if len(outcomes) == len(exchanges):
                if waited > self._runner.pace.settle or not any(map(_may_change, exchanges, outcomes)):
                    break
            else:
                self._be_patient(exchanges, looks, waited)
            wait = min(2 * wait or _FIRST_LOOK, _LAST_LOOK)
        self._check_bystanders({exchange.line for exchange in exchanges})
        return outcomes

    def _be_patient(
        self, exchanges: Sequence[Exchange], looks: Sequence[Mapping[str, Body | None]], waited: float
    ) -> None:
        for exchange, look in zip(exchanges, looks, strict=True):
            found = exchange.mismatch(look)
            late = waited > self._runner.pace.last_patience
            if found and (late or not (found.may_turn or _are_missing(found.points))):
                raise self._finding(*found.points, line=exchange.line, timed_out=found.timed_out)

    def _check_bystanders(self, moved: Container[Line]) -> None:
        """On connections where nothing was sent nothing may happen."""
        for peer in list(self.peers):
            if peer.line in moved:
                continue
            if peer.line.closed and peer.used and not peer.rest:
                peer.leave()  # whether a connection carries more than one request is for FRAME-10
                continue
            if peer.line.closed or (peer.line.received and not self._judge.bench.speaks_unasked()):
                actual = f"closed by the target ({peer.line.closed})" if peer.line.closed else "bytes came"
                wrong = Other(f"nothing on connection #{peer.number}, which was left alone", actual)
                raise self._finding(wrong, line=peer.line)

    def _listen(self, seconds: float) -> None:
        lines = [peer.line for peer in self.peers if not (peer.line.closed or peer.line.flooded)]
        drive(lines, until=lambda _: False, patience=seconds, at_most=1.0)
        if not lines:
            self._judge.clock.sleep(seconds)

    def _take_over(self, step: Step, outcome: Outcome) -> None:
        """Remember what is stored and where the connection stands."""
        peer = step.peer
        peer.used = True
        peer.line.received.clear()
        for name in self._names:
            if name in outcome.store:
                self.store[name] = outcome.store[name]
        if outcome.ending is Ending.OPEN and step.stream.end is End.HOLD and not peer.line.closed:
            peer.under_way, peer.rest = step.under_way, step.rest
        else:
            peer.leave()

    def _finding(self, *points: Difference, line: Line | None = None, timed_out: bool = False) -> Finding:
        self._has_failed = True
        line, number = line or self._last, 0
        if line:
            beside = (
                Beside(each.opened - line.opened, each.transcript, number)
                for number, each in enumerate(self._lines, 1)
                if each is not line
            )
            number = self._lines.index(line) + 1
            line.transcript.scene = Scene(watched=self._names, beside=tuple(beside), number=number)
        told = "; ".join(self._story[-_STEPS_TOLD:])
        more = f"{len(self._story) - _STEPS_TOLD} steps, then " if len(self._story) > _STEPS_TOLD else ""
        return Finding(
            points=points,
            where=f"connection #{number}, after {more}{told}",
            transcript=line.transcript if line else None,
            timed_out=timed_out,
        )


def _are_missing(points: Iterable[Difference]) -> bool:
    """Whether bodies are missing and nothing else is wrong: that they may not be for a moment is for STORE-8 to say."""
    return all(isinstance(each, WrongBody) and each.found is None for each in points)


def _may_change(exchange: Exchange, outcome: Outcome) -> bool:
    """Whether what shows may still turn into another right outcome: a refusal after which the server goes on."""
    return outcome.ending is Ending.EITHER and not (exchange.line.closed or exchange.line.dropped)
