"""The judge of echo servers: what the checks of chapter 10 ask for. It looks again, alone, before it blames anybody."""

from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeVar

from jhup.address import Address
from jhup.clauses import Clause
from jhup.echo import Rules, Service, Serving, Shape
from jhup_conformance.echo.acquittal import message_of
from jhup_conformance.echo.asking import CONTENT, Ask, Breach, Tried
from jhup_conformance.echo.datagrams import DatagramWire
from jhup_conformance.echo.declared import Declared
from jhup_conformance.echo.expecting import Expecting, is_content
from jhup_conformance.echo.gate import Gate
from jhup_conformance.echo.streams import StreamWire, leave
from jhup_conformance.findings import NotOffered
from jhup_conformance.profiles import Effort
from jhup_conformance.target.process import Spawned
from jhup_conformance.target.resources import Vitals
from jhup_conformance.target.timing import Pace
from jhup_conformance.verify.controls import Controls
from jhup_conformance.verify.judging import Judging
from jhup_conformance.wire.dialer import Dialer
from jhup_conformance.wire.driving import drive
from jhup_conformance.wire.line import Line
from jhup_conformance.wire.network import Clock

__all__ = ["BLAND", "EchoJudge"]

_T = TypeVar("_T")
_LANES: Final = 4
"""Connections at a time: few enough for the shortest queue of those that wait to be accepted, which holds five."""
BLAND: Final = b"abc"
"""The plainest message."""


class EchoJudge(Judging):
    """Judges one echo server.

    Attributes:
        declared: what it was said to be, with what was found out in place of what was not said.
        wire: says things to it.
        plain: what came of the plainest exchanges.
    """

    def __init__(
        self,
        declared: Declared,
        wire: StreamWire | DatagramWire,
        pace: Pace,
        effort: Effort,
        *,
        transport_facts: Sequence[str],
        does_not_apply: Callable[[str], str],
        vitals: Vitals | None = None,
        spawned: Spawned | None = None,
    ) -> None:
        super().__init__(effort, vitals=vitals, spawned=spawned)
        self.declared = declared
        self.wire = wire
        self.plain = Gate()
        self._pace = pace
        self._facts = list(transport_facts)
        self._does_not_apply = does_not_apply
        self._lanes: int | None = None
        self._controls: Controls[Ask] = Controls(self._run, pace)

    # What a run asks for

    @property
    def pace(self) -> Pace:
        """How long to wait."""
        return self._pace

    @property
    def clock(self) -> Clock:
        """The clock that all waiting goes by."""
        return self.wire.clock

    @property
    def executions(self) -> int:
        """How many exchanges were made so far."""
        return self.wire.executions

    @property
    def observed_by(self) -> list[str]:
        """How the target is seen: by its answers."""
        return ["answers"]

    @property
    def gate(self) -> str:
        """Why nothing can be judged; empty when plain exchanges are right."""
        return self.plain.reason

    @property
    def facts(self) -> list[str]:
        """What is taken as declared."""
        return self._facts

    def does_not_apply(self, clause: Clause) -> str:
        """Return the reason why a clause is not about this server (section 10.18)."""
        return self._does_not_apply(clause.id)

    def close(self) -> None:
        """Let go of what is open towards the target."""
        if isinstance(self.wire, DatagramWire):
            self.wire.close()

    def admit(self, clause: Clause, *, tried: bool) -> None:  # noqa: ARG002  # upload servers need it
        """Let a check begin, unless not even plain exchanges are right (`Gate.admit`)."""
        self.plain.admit(clause)

    # What checks ask for

    @property
    def rules(self) -> Rules:
        """What the sets of right answers have to know."""
        return self.wire.rules

    @property
    def service(self) -> Service:
        """What the server makes of a message."""
        return self.declared.service

    @property
    def shape(self) -> Shape:
        """How it cuts what it receives into messages."""
        return self.wire.shape

    @property
    def limit(self) -> int:
        """The most bytes that it takes as one message."""
        return self.rules.limit(self.shape)

    @property
    def streams(self) -> StreamWire:
        """The connections; checks of clauses about streams run only where there are any."""
        if not isinstance(self.wire, StreamWire):
            raise NotOffered("the target is reached by datagrams")
        return self.wire

    @property
    def datagrams(self) -> DatagramWire:
        """The datagrams; checks of clauses about them run only where there are any."""
        if not isinstance(self.wire, DatagramWire):
            raise NotOffered("the target is reached by a stream")
        return self.wire

    @property
    def is_iterative(self) -> bool:
        """Whether it is declared to serve one at a time."""
        return self.declared.serving is Serving.ITERATIVE

    @property
    def lanes(self) -> int:
        """How many asks are made at a time, looked up once: one where more would wait for each other."""
        if self._lanes is None:
            alone = self.is_iterative and self.shape is not Shape.DATAGRAM
            self._lanes = 1 if alone or not self._keeps_apart() else _LANES
        return self._lanes

    def _keeps_apart(self) -> bool:
        """Tell whether several clients at a time each get an answer of their own; only some clauses promise it."""
        if isinstance(self.wire, StreamWire) and not self.serves_beside(_LANES - 1):
            return False
        asks = [self.message(b"%d" % number * 5) for number in range(_LANES)]
        return not any(tried.mismatch for _ in range(2) for tried in self.wire.run(asks, patience=self.pace.patience))

    def serves_beside(self, count: int) -> bool:
        """Tell whether a plain message is answered while some other connections are open and silent."""
        idle = [self.streams.dial() for _ in range(count)]
        try:
            return self.is_alive()
        finally:
            for line in idle:
                leave(line)

    def message(self, data: bytes) -> Ask:
        """Return what makes the server take some bytes as one message: a line is ended, if it isn't yet."""
        return message_of(data, self.shape)

    def sample(self, items: Sequence[_T], *, share: int = 2) -> list[_T]:
        """Return all items, or in a quick run a share of a sweep: its ends, and some between."""
        most = self.effort.offsets // share if self.effort.offsets else None
        if most is None or len(items) <= most:
            return list(items)
        chosen = {0, len(items) - 1, *self.random.sample(range(len(items)), most - 2)}
        return [items[index] for index in sorted(chosen)]

    def expect_messages(
        self, messages: Iterable[bytes], *, of_others: Callable[[Tried], bool] = lambda _: False
    ) -> None:
        """Try messages, each on its own; each has to be answered rightly, but for what other clauses are about.

        Raises:
            Finding: for the first that failed, and failed again when it was tried alone.
            Wavering: for one that failed and then held.
        """
        asks = [self.message(data) for data in messages]
        if self.shape in (Shape.LINE, Shape.LINE_ONE_SHOT):
            asks = [ask for ask in asks if b"\n" not in ask.data[:-1]]  # one message each, and no two lines
        self.expect(asks, of_others=of_others)

    def expect(
        self,
        asks: Iterable[Ask],
        *,
        breaches: frozenset[Breach] = CONTENT,
        control: Ask | None = None,
        shrinks: bool = False,
        of_others: Callable[[Tried], bool] = lambda _: False,
    ) -> None:
        """Try asks, as many at a time as the target serves; each has to be answered rightly.

        Args:
            asks: what is to be tried, the smallest first, because the first that fails is shown.
            breaches: those that the clause under check is about; others are for other checks.
            control: what has to work, else nothing is learnt.
            shrinks: whether a smaller ask that fails too is looked for.
            of_others: tells what other clauses are about, and is left to their checks.

        Raises:
            Finding: for one that failed, and failed again when it was tried alone.
            Wavering: for one that failed and then held.
            NotSeen: when the control fails, or resets take all answers.
        """
        if control:
            self._controls.require(control, "the nearest plain exchange fails too")
        expecting = Expecting(self.wire, self.pace, self._controls, breaches, of_others, shrinks=shrinks)
        waiting = list(asks)
        size = self.lanes if len(waiting) > 1 else 1
        for start in range(0, len(waiting), size):
            expecting.expect(waiting[start : start + size])

    def expect_any(self, ask: Ask, *, breaches: frozenset[Breach] = CONTENT) -> None:
        """Expect a right answer to generated bytes, which is about nothing that shows with plainer ones.

        Raises:
            Finding: with the smallest ask that was found.
            NotSeen: when a plainer message is answered wrongly as well, because other clauses cover that.
        """
        self.expect([ask], breaches=breaches, shrinks=True)

    def serves(self, patiently: bool = True) -> bool:
        """Tell whether a plain message is answered; where none ever was, whether a connection is accepted.

        Raises:
            TargetGone: when nobody is there.
        """
        if self.dialer is None:
            return self.gate != "" or self.is_alive()
        with self.dialer.looking(self.pace.last_patience if patiently else self.pace.patience):
            if not self.gate:
                return self.is_alive()
            leave(self.dialer.dial())
            return True

    @property
    def dialer(self) -> Dialer | None:
        """What opens the connections; None where there are only datagrams."""
        return self.wire.dialer if isinstance(self.wire, StreamWire) else None

    def is_back(self, address: Address | None) -> None:
        """Turn to a target that was started again."""
        if address is None:
            return
        if isinstance(self.wire, DatagramWire):
            self.wire.sender.turn_to(address)
        else:
            self.wire.dialer.turn_to(address)

    def is_alive(self) -> bool:
        """Tell whether a plain message on a new connection, or in a datagram, is answered rightly."""
        if isinstance(self.wire, DatagramWire):
            return self.wire.control()
        return self._controls.fails_twice(self.message(BLAND)) is None

    def hear(self, line: Line, *, until: Callable[[Line], bool], patience: float | None = None) -> bool:
        """Wait until a connection has shown something, or is closed, or silent for too long; tells which."""
        patience = self.pace.last_patience if patience is None else patience
        drive([line], until=until, patience=patience, at_most=60.0)
        return until(line)

    def _run(self, asks: Sequence[Ask], patience: float) -> list[Tried]:
        """Make asks, and return those whose answer is wrong in itself."""
        return [each for each in self.wire.run(asks, patience=patience) if is_content(each)]
