"""What stands between a failing attempt and blame: tried again alone, acquitted by a plainer one, made smaller.

Upload and echo servers are confirmed alike; they differ by how an attempt is made, slowed down and made smaller.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Generic, NoReturn

from jhup_conformance.findings import Finding, NotSeen, Wavering
from jhup_conformance.target.timing import Pace
from jhup_conformance.verify.failure import AttemptT, Failure

__all__ = ["LONGER_PAUSE", "TRIES", "Confirmation"]

TRIES: Final = 3
"""How often a failing attempt is made in all before it is blamed or called flaky."""
LONGER_PAUSE: Final = 4
"""By how much pauses grow when an attempt is made again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation(Generic[AttemptT]):
    """Confirms failures, for one check.

    Attributes:
        run: makes attempts at the same time, with so many seconds of patience; returns those that failed.
        pace: how long to wait.
        slower: returns an attempt with pauses so long that its cuts surely arrive.
        acquits: raises NotSeen when the target is not to be blamed for a failure.
        smallest: looks for a smaller failure, given what makes an attempt again.
        where: tells where the stream of a failure was cut, and what else belongs to it.
        excuses: tells whether a failure that does not come again is the machine's, and no sign of a flaky target.
    """

    run: Callable[[Sequence[AttemptT], float], Sequence[Failure[AttemptT]]]
    pace: Pace
    slower: Callable[[AttemptT], AttemptT]
    acquits: Callable[[Failure[AttemptT]], None]
    smallest: Callable[[Failure[AttemptT], Callable[[AttemptT], Failure[AttemptT] | None]], Failure[AttemptT]]
    where: Callable[[Failure[AttemptT]], str]
    excuses: Callable[[AttemptT], bool] = lambda _: False

    def look_again(self, first: Failure[AttemptT], batch: Sequence[AttemptT]) -> None:
        """Make a failing attempt again, alone and with more time, and blame the target only if it fails again.

        Raises:
            Finding: for the target.
            Wavering: when the attempt succeeded then.
            NotSeen: when nothing was learnt: it fails only beside others, or a plainer one fails as well.
        """
        self.acquits(first)  # a plainer attempt that fails tells sooner than one more wait
        if again := self._alone(first.attempt):
            self.acquits(again)
            self._blame(again)
        if first.timed_out:
            return  # it was only slow beside the others
        if self.excuses(first.attempt) and not self._alone(first.attempt):
            return
        failures = 1 + (self._alone(first.attempt) is not None)
        if failures == 1 and self._fails_beside(batch):
            raise NotSeen(f"it fails beside {len(batch) - 1} other connections, and never alone")
        raise Wavering(points=first.points, transcript=first.transcript, times=(failures, TRIES))

    def _fails_beside(self, batch: Sequence[AttemptT]) -> bool:
        """Tell whether a batch of several fails again, tried some times."""
        return len(batch) > 1 and any(self.run(batch, self.pace.last_patience) for _ in range(TRIES))

    def _alone(self, attempt: AttemptT) -> Failure[AttemptT] | None:
        """Make an attempt with nothing beside it, more time to wait, and pauses so long that its cuts surely arrive."""
        return next(iter(self.run([self.slower(attempt)], self.pace.last_patience)), None)

    def _again(self, attempt: AttemptT) -> Failure[AttemptT] | None:
        return next(iter(self.run([attempt], self.pace.patience)), None)

    def _blame(self, failed: Failure[AttemptT]) -> NoReturn:
        smallest = self.smallest(failed, self._again)
        raise Finding(
            points=smallest.points,
            where=self.where(smallest),
            transcript=smallest.transcript,
            timed_out=smallest.timed_out,
        )
