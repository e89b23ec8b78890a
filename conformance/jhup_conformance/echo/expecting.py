"""Asks an echo server, and looks again, alone, where an answer is wrong in a way that a check is about."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from jhup_conformance.echo.acquittal import EchoAcquittal
from jhup_conformance.echo.asking import CONTENT, Ask, Breach, Tried, Wire
from jhup_conformance.findings import NotSeen
from jhup_conformance.target.timing import Pace
from jhup_conformance.verify.confirm import TRIES, Confirmation
from jhup_conformance.verify.controls import Controls
from jhup_conformance.wire.dump import show_bytes

__all__ = ["Expecting", "is_content"]


def is_content(tried: Tried) -> bool:
    """Tell whether an answer is wrong in itself: nothing, too little, too much or something else."""
    return tried.mismatch is not None and tried.mismatch.breach in CONTENT


@dataclass(frozen=True, slots=True)
class Expecting:
    """What one check expects of answers.

    Attributes:
        wire: makes the asks, and knows the right answers.
        pace: how long to wait.
        controls: what is known to work.
        breaches: those that the clause under check is about; others are for other checks.
        of_others: tells what other clauses are about, and is left to their checks.
        shrinks: whether a smaller ask that fails too is looked for.
    """

    wire: Wire
    pace: Pace
    controls: Controls[Ask]
    breaches: frozenset[Breach]
    of_others: Callable[[Tried], bool]
    shrinks: bool

    def expect(self, batch: Sequence[Ask]) -> None:
        """Make some asks at a time, each of which has to be answered rightly.

        Raises:
            Finding: for one that failed, and failed again when it was tried alone.
            Wavering: for one that failed and then held.
            NotSeen: when resets take all answers.
        """
        for tried in self.wire.run(batch, patience=self.pace.patience):
            found = self._asked_until_answered(tried) if tried.lost else tried
            if self._is_for(found):
                self._confirmation().look_again(found, batch)

    def _is_for(self, tried: Tried) -> bool:
        """Tell whether what came of an ask fails, and in a way that the check is about."""
        if tried.mismatch is None or tried.mismatch.breach not in self.breaches or self.of_others(tried):
            return False
        return not (Breach.NOTHING in self.breaches and self._acquittal.is_only_after(tried))

    def _asked_until_answered(self, lost: Tried) -> Tried:
        """Ask again where a reset took the answer, which proves nothing.

        Raises:
            NotSeen: when a reset takes it each time.
        """
        for _ in range(TRIES):
            tried = self.wire.run([self._acquittal.slower(lost.ask)], patience=self.pace.last_patience)[0]
            if not tried.lost:
                return tried
        raise NotSeen(f"each time a reset took the answer to {show_bytes(lost.ask.data)}")

    def _run(self, asks: Sequence[Ask], patience: float) -> list[Tried]:
        return [each for each in self.wire.run(asks, patience=patience) if self._is_for(each)]

    def _confirmation(self) -> Confirmation[Ask]:
        acquittal = self._acquittal
        return Confirmation(
            run=self._run,
            pace=self.pace,
            slower=acquittal.slower,
            acquits=acquittal.acquits,
            smallest=acquittal.smallest,
            where=acquittal.where,
        )

    @property
    def _acquittal(self) -> EchoAcquittal:
        return EchoAcquittal(controls=self.controls, pace=self.pace, wire=self.wire, shrinks=self.shrinks)
