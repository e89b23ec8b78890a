"""What has to work before anything can be learnt: plain attempts, each made once a run and remembered as a fact."""

from collections.abc import Callable, Sequence
from typing import Final, Generic

from jhup_conformance.findings import NotSeen
from jhup_conformance.target.timing import Pace
from jhup_conformance.verify.failure import AttemptT, Failure

__all__ = ["Controls"]

_ENOUGH: Final = 3
"""So many attempts have to have failed twice before others are tried once only."""


class Controls(Generic[AttemptT]):
    """Facts about a target: which plain attempts it serves.

    Args:
        run: makes attempts, with so many seconds of patience; returns those that failed.
        pace: how long to wait.
        is_glued: tells whether an attempt has more than one request in a segment.
        glued: the plainest attempt of that kind: where it fails, no other of its kind is tried.
    """

    def __init__(
        self,
        run: Callable[[Sequence[AttemptT], float], Sequence[Failure[AttemptT]]],
        pace: Pace,
        *,
        is_glued: Callable[[AttemptT], bool] = lambda _: False,
        glued: AttemptT | None = None,
    ) -> None:
        self.pace = pace
        self._run = run
        self._is_glued = is_glued
        self._glued = glued
        self._problems: dict[AttemptT, str] = {}
        self._failed = 0

    def require(self, attempt: AttemptT, why: str) -> None:
        """Make sure that an attempt works.

        Raises:
            NotSeen: when it doesn't, so that nothing can be learnt from what builds on it.
        """
        if problem := self.problem(attempt):
            raise NotSeen(f"a control failed ({why}): expected {problem}")

    def problem(self, attempt: AttemptT) -> str:
        """Return what goes wrong with an attempt, in words; empty when it works."""
        if attempt not in self._problems:
            if attempt != self._glued and self._is_glued(attempt) and not self.works_glued:
                self._problems[attempt] = self._problems[self._the_glued]
            else:
                self._problems[attempt] = _words(self.fails(attempt))
        return self._problems[attempt]

    @property
    def works_glued(self) -> bool:
        """Whether the plainest attempt with glued requests works."""
        return self._glued is None or not self.problem(self._glued)

    @property
    def _the_glued(self) -> AttemptT:
        if self._glued is None:
            raise ValueError("there is no attempt with glued requests")
        return self._glued

    def fails(self, attempt: AttemptT) -> Failure[AttemptT] | None:
        """Return how an attempt fails, the second time with more patience; None when it works once.

        It blames nobody. So once some have failed twice, another that fails is believed at once: to wait for each of
        them took half of a run. Those first ones are waited for in full: a target that commits by a timer shows only
        then that its quiet proves nothing.
        """
        if not (failed := self._first(attempt, self.pace.patience)):
            return None
        if self._failed >= _ENOUGH:
            return failed
        again = self._first(attempt, self.pace.last_patience)
        self._failed += again is not None
        return again

    def fails_twice(self, attempt: AttemptT) -> Failure[AttemptT] | None:
        """Return the same for somebody who blames: the second time with all patience."""
        return self._first(attempt, self.pace.patience) and self._first(attempt, self.pace.last_patience)

    def _first(self, attempt: AttemptT, patience: float) -> Failure[AttemptT] | None:
        return next(iter(self._run([attempt], patience)), None)


def _words(failed: Failure[AttemptT] | None) -> str:
    if failed is None:
        return ""
    expected = "; ".join(dict.fromkeys(each.expected for each in failed.points))
    actual = "; ".join(dict.fromkeys(each.actual for each in failed.points))
    return f"{expected}; actual: {actual}"
