"""What has to work before anything can be learnt: plain exchanges, each tried once a run and remembered as a fact."""

from typing import Final

from jhup_conformance.findings import NotSeen
from jhup_conformance.verify.exchange import Attempt
from jhup_conformance.verify.runner import Failed, Runner
from jhup_conformance.verify.stream import put, requests

__all__ = ["TWO_PUTS", "Controls"]

TWO_PUTS: Final = requests(put(b"first"), put(b"second"))
"""What a target has to take in one segment before anything glued is tried."""


class Controls:
    """Facts about a target: which plain attempts it serves.

    Args:
        runner: makes the exchanges.
    """

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._problems: dict[Attempt, str] = {}

    def require(self, attempt: Attempt, why: str) -> None:
        """Make sure that an attempt works.

        Raises:
            NotSeen: when it doesn't, so that nothing can be learnt from what builds on it.
        """
        if problem := self.problem(attempt):
            raise NotSeen(f"a control failed ({why}): expected {problem}")

    def problem(self, attempt: Attempt) -> str:
        """Return what goes wrong with an attempt, in words; empty when it works.

        A stream with glued requests fails like the plainest of its kind where that fails.
        """
        if attempt not in self._problems:
            plainest = Attempt(stream=TWO_PUTS)
            if attempt != plainest and attempt.stream.is_glued and (problem := self.problem(plainest)):
                self._problems[attempt] = problem
            else:
                self._problems[attempt] = self._words(self.fails_twice(attempt))
        return self._problems[attempt]

    @property
    def takes_two_at_once(self) -> bool:
        """Whether two plain puts in one segment are carried out."""
        return not self.problem(Attempt(stream=TWO_PUTS))

    def fails_twice(self, attempt: Attempt) -> Failed | None:
        """Return how an attempt fails, the second time with more patience; None when it works once."""
        pace = self._runner.pace
        if not self._runner.run([attempt], patience=pace.patience):
            return None
        failed = self._runner.run([attempt], patience=pace.last_patience)
        return failed[0] if failed else None

    @staticmethod
    def _words(failed: Failed | None) -> str:
        return f"{failed.mismatch.expected}; actual: {failed.mismatch.actual}" if failed else ""
