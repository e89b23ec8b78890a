"""Says things to an echo server in datagrams, which may be lost: silence counts after three tries, beside a control."""

from collections.abc import Callable, Sequence
from typing import Final

from jhup.address import Address, Transport
from jhup.echo import UDP_CARRIES, DatagramAnswers, Rules, Shape, Silence
from jhup_conformance.echo.asking import Ask, Breach, Mismatch, Tried, compare
from jhup_conformance.findings import NotSeen
from jhup_conformance.target.timing import Pace
from jhup_conformance.wire.channel import Unreachable
from jhup_conformance.wire.datagrams import Letter, Sender, TooLong, wait_for
from jhup_conformance.wire.dialer import TargetGone
from jhup_conformance.wire.dump import show_bytes
from jhup_conformance.wire.network import Clock, Network

__all__ = ["CONTROL", "DatagramWire"]

_TRIES: Final = 3
_KEPT: Final = 48
"""Sockets that are kept open, so that what comes late or astray is seen."""
CONTROL: Final = b"control"
"""The basic message that is answered where another one is not."""


class DatagramWire:
    """Datagrams to one server, each from a socket of its own.

    Attributes:
        rules: what the server is.
        executions: how many datagrams were sent so far that were judged.
        has_answered: whether a control was answered at any time.
    """

    shape: Final = Shape.DATAGRAM

    def __init__(self, target: Address, pace: Pace, rules: Rules, *, network: Network | None = None) -> None:
        self.sender = Sender(target, network)
        self.rules = rules
        self.executions = 0
        self.has_answered = False
        self._pace = pace
        self._carries = UDP_CARRIES if target.transport is Transport.UDP else 128 * 1024

    @property
    def clock(self) -> Clock:
        """The clock that all waiting goes by."""
        return self.sender.network.clock

    def right(self, ask: Ask) -> DatagramAnswers:
        """Return the right answers to an ask."""
        return DatagramAnswers(ask.data, self.rules, self._carries)

    def run(self, asks: Sequence[Ask], *, patience: float) -> list[Tried]:
        """Send asks at the same time; what stays unanswered is sent again, alone.

        Raises:
            TargetGone: when nobody has the target's address any more.
            NotSeen: when the transport carries no datagram of that length.
        """
        letters = [self.send(ask.data) for ask in asks]
        self.executions += len(asks)
        owed = [
            letter for letter, ask in zip(letters, asks, strict=True) if self.right(ask).silence is not Silence.REQUIRED
        ]
        self.wait(letters, until=lambda: all(letter.arrived for letter in owed), seconds=patience)
        if len(letters) == 1 and letters[0].arrived:
            self._pace.note(letters[0].answer_time)
        tried = [self._judge(ask, letter, patience) for ask, letter in zip(asks, letters, strict=True)]
        self.sender.close_old(_KEPT)
        return tried

    def send(self, data: bytes, *, named: bool = True) -> Letter:
        """Send one datagram.

        Raises:
            TargetGone: when nobody has the target's address any more.
            NotSeen: when the transport carries no datagram of that length.
        """
        try:
            return self.sender.send(data, named=named)
        except TooLong as error:
            raise NotSeen(f"no datagram of {len(data)} bytes can be sent from here: {error}") from error
        except Unreachable as error:
            raise TargetGone(str(error)) from error

    def close(self) -> None:
        """Let go of all sockets."""
        self.sender.close()

    def wait(self, letters: Sequence[Letter], *, until: Callable[[], bool], seconds: float) -> None:
        """Take what comes until something is the case, or for so many seconds."""
        wait_for(self.sender.network, letters, until=until, seconds=seconds, expected=self.sender.where)

    def control(self, *, patience: float | None = None) -> bool:
        """Tell whether a basic message is answered, one of three losses granted."""
        patience = self._pace.last_patience if patience is None else patience
        for _ in range(_TRIES):
            if self._is_answered(self.send(CONTROL), patience):
                self.has_answered = True
                return True
        return False

    def _is_answered(self, letter: Letter, patience: float) -> bool:
        self.wait([letter], until=lambda: bool(letter.arrived), seconds=patience)
        return bool(letter.arrived)

    def _judge(self, ask: Ask, letter: Letter, patience: float) -> Tried:
        right = self.right(ask)
        if right.silence is not Silence.WRONG:
            self._let_settle(letter)
        elif not letter.arrived and not self._astray(ask, right):
            letter = self._try_again(ask, letter, patience)
        answer = letter.arrived[0][0] if letter.arrived else b""
        return Tried(ask, answer, self._mismatch(ask, letter, right), letter.transcript)

    def _let_settle(self, letter: Letter) -> None:
        """Wait for the positive that comes after a silence, and a moment more."""
        if not self.control():
            raise NotSeen(f"silence can't be told from the end: {show_bytes(CONTROL)} is not answered any more")
        self.wait([letter], until=lambda: False, seconds=self._pace.settle)

    def _try_again(self, ask: Ask, first: Letter, patience: float) -> Letter:
        """Send an unanswered datagram again, with a control between; gives whichever try was answered, or the first."""
        tries = [first]
        for _ in range(_TRIES - 1):
            if self.has_answered and not self.control(patience=patience):
                raise TargetGone(f"{show_bytes(CONTROL)} is not answered any more, though it was before")
            tries.append(self.send(ask.data))
            self.wait(tries, until=lambda: any(letter.arrived for letter in tries), seconds=max(patience, 0.3))
            if answered := [letter for letter in tries if letter.arrived]:
                return answered[0]
        return first

    def _mismatch(self, ask: Ask, letter: Letter, right: DatagramAnswers) -> Mismatch | None:
        if not letter.arrived:
            return None if right.silence is not Silence.WRONG else self._silence(ask, right)
        answer, source = letter.arrived[0]
        if right.silence is Silence.REQUIRED:
            return Mismatch(Breach.WRONG, f"no answer to {show_bytes(ask.data)}", f"the answer {show_bytes(answer)}")
        if source != self.sender.where:
            return Mismatch(
                Breach.ELSEWHERE, f"an answer from {self.sender.where}", f"{show_bytes(answer)} from {source}"
            )
        if wrong := compare(ask, right, answer, Shape.DATAGRAM, timed_out=False):
            return wrong
        if len(letter.arrived) > 1:
            count = len(letter.arrived)
            return Mismatch(Breach.TWICE, "one datagram for one", f"{count} datagrams, the second {_show(letter, 1)}")
        return None

    def _astray(self, ask: Ask, right: DatagramAnswers) -> Letter | None:
        """Return the sender of something else to whom the answer to an ask went."""
        self.wait(self.sender.open, until=lambda: True, seconds=0.0)
        for other in self.sender.open:
            own = self.right(Ask(other.data))
            if other.data != ask.data and any(
                right.contains(data) and not own.contains(data) for data, _ in other.arrived
            ):
                return other
        return None

    def _silence(self, ask: Ask, right: DatagramAnswers) -> Mismatch:
        """Say that nothing came back; perhaps it went to somebody else."""
        wanted = next(iter(right.members(self.rules.name or b"worker")))
        expected = f"the datagram {show_bytes(wanted) or '(an empty one)'} for {show_bytes(ask.data) or 'an empty one'}"
        if other := self._astray(ask, right):
            return Mismatch(Breach.ASTRAY, expected, f"it went to the sender of {show_bytes(other.data)}")
        return Mismatch(Breach.NOTHING, expected, f"no answer to {_TRIES} tries, controls between them", timed_out=True)


def _show(letter: Letter, index: int) -> str:
    return show_bytes(letter.arrived[index][0]) or "empty"
