"""Conversations: several connections led step by step, and after each step all that is owed compared with the model.

What is stored is remembered from step to step, so that what one connection did is what another one finds.
"""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Self

from jhup.model import Ending, Outcome
from jhup_conformance.findings import Finding
from jhup_conformance.target.store import Body
from jhup_conformance.verify.exchange import Case, End, Exchange, script
from jhup_conformance.verify.judge import Judge
from jhup_conformance.verify.stream import Talk, header, prefix
from jhup_conformance.wire.line import Line, drive
from jhup_conformance.wire.transcript import Beside, Scene

__all__ = ["Conversation", "Move", "Party", "frame", "part_of_put", "rest_of_put", "whole_put"]

_FIRST_LOOK: Final = 0.0005
_LAST_LOOK: Final = 0.05
"""Seconds between two looks at the store, which gives no event to wait for."""
_STEPS_TOLD: Final = 8
"""How much of its story a finding tells."""


def frame(body: bytes = b"", **members: object) -> bytes:
    """Give the bytes of a request: prefix, header, body."""
    head = header(**members)
    return prefix(len(head)) + head + body


@dataclass(eq=False, slots=True)
class Party:
    """One connection of a conversation.

    Attributes:
        number: what the story calls it.
        line: the connection.
        under_way: what was sent of a request that is not complete.
        rest: what has still to be sent of it.
    """

    number: int
    line: Line
    _present: list["Party"]
    under_way: bytes = b""
    rest: bytes = b""

    def leave(self) -> None:
        """Let go of the connection."""
        self.line.drop()
        if self in self._present:
            self._present.remove(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()


@dataclass(frozen=True, slots=True)
class Move:
    """What is sent on one connection in one step.

    Attributes:
        party: the connection.
        data: the bytes.
        note: what they are, for people.
        under_way: what was sent with them of a request that they don't complete.
        rest: what is then left to be sent of it.
        cuts: positions in the bytes before which a new segment begins.
        end: what follows the last byte.
    """

    party: Party
    data: bytes
    note: str
    under_way: bytes = b""
    rest: bytes = b""
    cuts: tuple[int, ...] = ()
    end: End = End.HOLD

    def __str__(self) -> str:
        return f"#{self.party.number} {self.note}" + ("" if self.end is End.HOLD else f", then {self.end}")


def whole_put(party: Party, name: str, body: bytes, **members: object) -> Move:
    """Give a put as an unhurried client sends it."""
    whole = frame(body, cmd="put", filename=name, filesize=len(body), **members)
    return Move(party, whole, f"puts {len(body)} bytes as {name}", cuts=(4, len(whole) - len(body)))


def part_of_put(party: Party, name: str, body: bytes, sent: int) -> Move:
    """Give the beginning of a put.

    Args:
        party: the connection.
        name: the name to store under.
        body: the body.
        sent: how many bytes of it all; counted from the end where negative.
    """
    whole = frame(body, cmd="put", filename=name, filesize=len(body))
    begun, rest = whole[:sent], whole[sent:]
    note = f"sends {len(begun)} of {len(whole)} bytes of a put of {name}"
    return Move(party, begun, note, begun, rest, cuts=(4, len(whole) - len(body)))


def rest_of_put(party: Party) -> Move:
    """Give what is left of what was begun."""
    return Move(party, party.rest, "sends the rest")


class Conversation:
    """Leads connections to one target.

    Args:
        judge: gives connections, names and a view of the store.
        names: of the store, looked at after each step; nobody else uses them.

    Attributes:
        store: what is stored under the names at this moment.
        parties: the connections that are there.
    """

    def __init__(self, judge: Judge, names: Sequence[str]) -> None:
        self._judge = judge
        self._names = tuple(names)
        self._story: list[str] = []
        self._joined = 0
        self._last: Line | None = None
        self._lines: list[Line] = []
        self.store: dict[str, bytes] = {}
        self.parties: list[Party] = []

    def join(self) -> Party:
        """Open a connection. As a context it is let go of in the end."""
        return self.adopt(self._judge.runner.dialer.dial())

    def adopt(self, line: Line) -> Party:
        """Take in a connection that is open already, between two requests."""
        self._joined += 1
        self._lines.append(line)
        party = Party(self._joined, line, self.parties)
        self.parties.append(party)
        return party

    def leave(self) -> None:
        """Let go of all connections."""
        for party in list(self.parties):
            party.leave()

    def track(self, name: str) -> None:
        """Look at a name as well from now on."""
        self._names = (*self._names, name)

    def send(self, *moves: Move) -> None:
        """Send something on some connections at the same time, without a look at what comes of it."""
        self._send([self._begin(move, ()) for move in moves], " and ".join(map(str, moves)))
        for move in moves:
            move.party.under_way, move.party.rest = move.under_way, move.rest

    def step(self, move: Move, *, sealed: bool = False) -> None:
        """Send something, wait until a right outcome shows, and remember it.

        Args:
            move: what to send.
            sealed: whether a put of a new name follows. Once that is seen, all before it was carried out, also what
                can't be seen itself.

        Raises:
            Finding: when no right outcome shows.
        """
        seal = self._judge.names.new() if sealed else ""
        exchange = self._begin(_with_seal(move, seal), (*self._names, seal) if seal else self._names)
        self._send([exchange], str(move))
        (outcome,) = self._wait([exchange])
        self._take_over(move, outcome)

    def race(self, name: str, moves: Sequence[Move]) -> None:
        """Complete puts of one name on several connections at the same time: one of the bodies has to remain, whole.

        Raises:
            Finding: when anything else shows.
        """
        others = [each for each in self._names if each != name]
        seals = [self._judge.names.new() for _ in moves]
        exchanges = [
            self._begin(_with_seal(move, seal), (*others, seal)) for move, seal in zip(moves, seals, strict=True)
        ]
        self._send(exchanges, " and ".join(map(str, moves)))
        outcomes = self._wait(exchanges)
        seen = self._judge.observer.look([name])[name]
        bodies = [outcome.store[name] for outcome in outcomes]
        remaining = [body for body in bodies if Body.of(body) == seen]
        if not remaining:
            allowed = " or ".join(str(Body.of(body)) for body in dict.fromkeys(bodies))
            raise self._finding(f"{name} stored ({allowed})", f"{name}: {seen or 'not stored'}", moves[0].party.line)
        for move, outcome in zip(moves, outcomes, strict=True):
            self._take_over(move, outcome)
        self.store[name] = remaining[0]

    def confirm(self) -> None:
        """Let a moment pass and a plain put elsewhere take effect, then make sure that nothing has changed.

        Raises:
            Finding: when something has, or the put fails.
        """
        runner = self._judge.runner
        until = self._judge.clock.now() + runner.pace.settle
        if self._judge.lanes > len(self.parties) and not runner.prove_alive():
            raise self._finding("a put on another connection takes effect", "it does not", None, timed_out=True)
        self._judge.clock.sleep(max(0.0, until - self._judge.clock.now()))
        self._listen(0.0)
        self._check_bystanders(())
        for name, body in self._judge.observer.look(self._names).items():
            wanted = Body.of(self.store[name]) if name in self.store else None
            if body != wanted:
                raise self._finding(f"{name}: {wanted or 'not stored'}", f"{name}: {body or 'not stored'}", None)

    # One step

    def _begin(self, move: Move, watched: Iterable[str]) -> Exchange:
        def say(talk: Talk) -> None:
            talk.raw(move.party.under_way + move.data, "requests")
            talk.watched += watched
            talk.before |= self.store

        exchange = self._judge.runner.exchange(Case(say, end=move.end))
        exchange.line = self._last = move.party.line
        exchange.line.received.clear()
        exchange.line.plan(script(move.data, move.cuts, move.end, self._judge.runner.pace.pause))
        return exchange

    def _send(self, exchanges: Sequence[Exchange], note: str) -> None:
        self._judge.runner.executions += len(exchanges)
        self._story.append(note)
        lines = [exchange.line for exchange in exchanges]
        drive(lines, until=lambda _: True, patience=self._judge.runner.pace.last_patience, at_most=30.0)

    def _wait(self, exchanges: Sequence[Exchange]) -> list[Outcome]:
        """Wait until each exchange shows a right outcome, and give those."""
        since, wait = self._judge.clock.now(), 0.0
        while True:
            self._listen(wait)
            looks = [self._judge.observer.look(exchange.talk.watched) for exchange in exchanges]
            shown = [exchange.shown(look) for exchange, look in zip(exchanges, looks, strict=True)]
            outcomes = [outcome for outcome in shown if outcome is not None]
            waited = self._judge.clock.now() - since
            if len(outcomes) == len(exchanges):
                if waited > self._judge.runner.pace.settle or not any(map(_may_change, exchanges, outcomes)):
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
            late = waited > self._judge.runner.pace.last_patience
            if found and (late or not found.may_turn):
                raise self._finding(found.expected, found.actual, exchange.line, timed_out=found.timed_out)

    def _check_bystanders(self, moved: Container[Line]) -> None:
        """On connections where nothing was sent nothing may happen."""
        for party in self.parties:
            if party.line in moved:
                continue
            if party.line.closed or (party.line.received and not self._judge.speaks_unasked):
                actual = f"closed by the target ({party.line.closed})" if party.line.closed else "bytes came"
                raise self._finding(f"nothing on connection #{party.number}, which was left alone", actual, party.line)

    def _listen(self, seconds: float) -> None:
        lines = [party.line for party in self.parties if not party.line.closed]
        drive(lines, until=lambda _: False, patience=seconds, at_most=1.0)

    def _take_over(self, move: Move, outcome: Outcome) -> None:
        """Remember what is stored and where the connection stands."""
        party = move.party
        party.line.received.clear()
        for name in self._names:
            if name in outcome.store:
                self.store[name] = outcome.store[name]
        if outcome.ending is Ending.OPEN and move.end is End.HOLD and not party.line.closed:
            party.under_way, party.rest = move.under_way, move.rest
        else:
            party.leave()

    def _finding(self, expected: str, actual: str, line: Line | None, *, timed_out: bool = False) -> Finding:
        line = line or self._last
        if line:
            beside = (Beside(each.opened - line.opened, each.transcript) for each in self._lines if each is not line)
            line.transcript.scene = Scene(watched=self._names, beside=tuple(beside))
        number = next((party.number for party in self.parties if party.line is line), 0)
        told = "; ".join(self._story[-_STEPS_TOLD:])
        more = f"{len(self._story) - _STEPS_TOLD} steps, then " if len(self._story) > _STEPS_TOLD else ""
        actual = f"{actual} [connection #{number}, after {more}{told}]"
        return Finding(expected, actual, line.transcript if line else None, timed_out=timed_out)


def _may_change(exchange: Exchange, outcome: Outcome) -> bool:
    """Whether what shows may still turn into another right outcome: a refusal after which the server goes on."""
    return outcome.ending is Ending.EITHER and not (exchange.line.closed or exchange.line.dropped)


def _with_seal(move: Move, seal: str) -> Move:
    return replace(move, data=move.data + frame(b"!", cmd="put", filename=seal, filesize=1)) if seal else move
