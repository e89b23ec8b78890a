"""What stands between a failing exchange and blame: controls, a second look with more time, the smallest case."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Final, NoReturn

from jhup_conformance.findings import Finding, NotSeen, Wavering
from jhup_conformance.profiles import Effort
from jhup_conformance.target.knowledge import Knowledge
from jhup_conformance.target.process import Spawned
from jhup_conformance.target.resources import Vitals
from jhup_conformance.target.timing import Pace
from jhup_conformance.verify.exchange import Case, End, script
from jhup_conformance.verify.judging import Judging
from jhup_conformance.verify.plain_replies import PLAIN_REPLIES
from jhup_conformance.verify.runner import Failed, Runner
from jhup_conformance.verify.shrink import shrink
from jhup_conformance.verify.stream import Recipe, Talk
from jhup_conformance.verify.unasked import unasked
from jhup_conformance.wire.line import drive
from jhup_conformance.wire.network import Clock
from jhup_conformance.wire.transcript import Action, Kind

__all__ = ["SURE_PAUSE", "SecondLooks"]

_LOOKS: Final = 3
"""How often a failing exchange is made in all before it is blamed or called flaky."""

_LONGER_PAUSE: Final = 4
"""By how much pauses grow when a case is tried again."""
SURE_PAUSE: Final = 0.02
"""Seconds between two segments that arrive as two also on a busy machine."""
_PAUSES: Final = 0.3
"""Seconds that all pauses of a case may take together for the sake of that."""


def _two_puts(talk: Talk) -> None:
    talk.put(b"first")
    talk.put(b"second")


_TWO_PUTS: Final = Case(_two_puts)


class SecondLooks(Judging):
    """Blames a target for nothing that a plainer exchange shows too, and for nothing that was seen but once.

    Attributes:
        runner: makes the exchanges.
        known: what was learnt of the target before.
    """

    def __init__(
        self,
        runner: Runner,
        known: Knowledge,
        effort: Effort,
        *,
        vitals: Vitals | None = None,
        spawned: Spawned | None = None,
    ) -> None:
        super().__init__(effort, vitals=vitals, spawned=spawned)
        self.runner = runner
        self.known = known
        self.runner.weighs_codes = False
        self._speaks_unasked: bool | None = None
        self._controls: dict[object, str] = {}

    @property
    def pace(self) -> Pace:
        """How long to wait."""
        return self.runner.pace

    @property
    def clock(self) -> Clock:
        """The clock that all waiting goes by."""
        return self.runner.clock

    # Controls

    def control(self, control: Case | Recipe, *, why: str = "the same bytes in one segment fail too") -> None:
        """Make sure that something plain works, once a run.

        Raises:
            NotSeen: when it doesn't, so that nothing can be learnt from what was to be tried.
        """
        case = control if isinstance(control, Case) else Case(control)
        if case not in self._controls and self._is_glued(case) and not self.takes_two_at_once:
            self._controls[case] = self._controls[_TWO_PUTS]
        if problem := self._problem(case):
            raise NotSeen(f"the control failed ({why}): expected {problem}")

    @property
    def takes_two_at_once(self) -> bool:
        """Whether two plain puts in one segment are carried out; looked up once, for all that is glued like them."""
        return not self._problem(_TWO_PUTS)

    def _is_glued(self, case: Case) -> bool:
        talk = Talk(self.runner.names)
        case.recipe(talk)
        return not case.cuts and len(talk.requests()) > 0

    def _problem(self, case: Case) -> str:
        if case not in self._controls:
            failed = self._fails_twice(case)
            self._controls[case] = f"{failed.mismatch.expected}; actual: {failed.mismatch.actual}" if failed else ""
        return self._controls[case]

    @property
    def about_replies(self) -> bool:
        """Whether a clause of chapter 8 is judged.

        What fails when nobody asks for a reply as well, and in silence, says nothing of replies; and what is wrong
        about any reply, or its code, nothing of the other chapters.
        """
        return self.runner.weighs_codes

    @about_replies.setter
    def about_replies(self, value: bool) -> None:
        self.runner.weighs_codes = value
        self.runner.hears_all = value and not self.speaks_unasked

    @contextmanager
    def weighing_codes(self) -> Iterator[None]:
        """Let the codes of errors count while the block lasts: where a code shows how something else was understood."""
        before = self.runner.weighs_codes
        self.runner.weighs_codes = True
        try:
            yield
        finally:
            self.runner.weighs_codes = before

    @property
    def speaks_unasked(self) -> bool:
        """Whether something comes for a plain put or its end, looked up once: all that is heard may be of that kind.

        CONN-1 forbids it, and has checks of its own.
        """
        if self._speaks_unasked is None:
            self._speaks_unasked = bool(self.known.unsolicited) or self._hears_something()
        return self._speaks_unasked

    def _hears_something(self) -> bool:
        talk, moment = Talk(self.runner.names), 2 * self.pace.settle
        talk.put(b"abc")
        self.runner.executions += 1
        line = self.runner.dialer.dial()
        try:
            line.plan(script(talk.stream, talk.borders(), End.HOLD, self.pace.pause))
            line.plan([Action(Kind.HALF_CLOSED, pause=moment)])
            drive([line], until=lambda line: bool(line.received), patience=moment, at_most=2.0)
            return bool(line.received)
        finally:
            line.drop()

    # Second looks

    def _fails_twice(self, case: Case) -> Failed | None:
        return self._first_failed(case) and self._alone(case)

    def _look_again(self, first: Failed, batch: Sequence[Case]) -> None:
        """Try a failing case again, alone and with more time, and blame the target only if it fails again.

        Raises:
            Finding: for the target.
            Wavering: when the case held then.
            NotSeen: when nothing was learnt, as from what fails beside others alone, which has clauses of its own.
        """
        case, mismatch = first.exchange.case, first.mismatch
        if again := self._alone(case):
            self._acquit(again)
            self._blame(again)
        if mismatch.timed_out:
            return  # it was only slow beside the others
        if case.is_unhurried and not self._alone(case):
            return  # the machine was busy and has joined segments, which no unhurried client sends
        failures = 1 + (self._alone(case) is not None)
        if failures == 1 and self._fails_beside(batch):
            raise NotSeen(f"it fails beside {len(batch) - 1} other connections, and never alone")
        raise Wavering(
            mismatch.expected,
            f"{mismatch.actual}; failed {failures} times of {_LOOKS} under the same bytes",
            first.exchange.line.transcript,
        )

    def _fails_beside(self, batch: Sequence[Case]) -> bool:
        """Tell whether a batch of several fails again, tried some times."""
        patience = self.runner.pace.last_patience
        return len(batch) > 1 and any(self.runner.run(batch, patience=patience) for _ in range(_LOOKS))

    def _acquit(self, failed: Failed) -> None:
        """Blame the target for nothing that fails without what the check is about, too.

        Raises:
            NotSeen: when it does.
        """
        case = failed.exchange.case
        if failed.exchange.line.received and self.speaks_unasked:
            raise NotSeen("it says what nobody asked for, which has clauses of its own")
        if case.apart:
            self.control(self._slower(case.apart), why="the same without what this is about fails too")
        silent = unasked(case, self.runner.names)
        if silent is None:
            return
        if self.about_replies:
            failed_too = self._fails_twice(silent)
            if failed_too and not failed_too.exchange.line.received:
                raise NotSeen(f"the same fails when no reply is asked for: {failed_too.mismatch.actual}")
        elif failed.exchange.line.received:
            for plain in PLAIN_REPLIES:
                self.control(plain, why="a plain request is not answered rightly, which has clauses of its own")

    def _alone(self, case: Case) -> Failed | None:
        """Try a case with nothing beside it, more time to wait, and longer pauses, so that its cuts surely arrive."""
        failed = self.runner.run([self._slower(case)], patience=self.runner.pace.last_patience)
        return failed[0] if failed else None

    def _slower(self, case: Case) -> Case:
        """Give a case with pauses so long that its cuts arrive as such, also on a busy machine."""
        if case.pause == 0 or not case.cuts:
            return case
        talk = Talk(self.runner.names)
        case.recipe(talk)
        count = len(tuple(case.cuts(talk) if callable(case.cuts) else case.cuts))
        longer = _LONGER_PAUSE * self.runner.pace.pause
        return replace(case, pause=max(case.pause or 0.0, longer, min(SURE_PAUSE, _PAUSES / max(1, count))))

    def _blame(self, failed: Failed) -> NoReturn:
        """Blame the target for the smallest case that fails.

        Raises:
            Finding: always, but
            NotSeen: when that is no matter of the check.
        """
        smallest = shrink(failed, self._first_failed, self.clock)
        if smallest.exchange.case.several and len(smallest.exchange.cuts) == 1:
            raise NotSeen(f"a single cut does it, which has clauses of its own: {_where(smallest)}")
        raise Finding(
            smallest.mismatch.expected,
            f"{smallest.mismatch.actual}{_where(smallest)}",
            smallest.exchange.line.transcript,
            timed_out=smallest.mismatch.timed_out,
        )

    def _first_failed(self, case: Case) -> Failed | None:
        failed = self.runner.run([case], patience=self.runner.pace.patience)
        return failed[0] if failed else None


def _where(failed: Failed) -> str:
    talk, cuts = failed.exchange.talk, failed.exchange.cuts
    inside = [cut for cut in cuts if 0 < cut < len(talk.stream)]
    if not inside:
        return ""
    places = ", ".join(talk.where(cut) for cut in inside[:3])
    more = f", and {len(inside) - 3} more" if len(inside) > 3 else ""
    return f" [cut {places}{more}]"
