"""What a run tells whoever shows how it goes on."""

from typing import Protocol

from jhup_conformance.findings import CheckResult
from jhup_conformance.run.session import Run

__all__ = ["Progress"]


class Progress(Protocol):
    """Somebody who wants to know how the run goes on."""

    def acquainted(self, run: Run) -> None:
        """The target is known, and the checks begin."""

    def checked(self, result: CheckResult, done: int, total: int) -> None:
        """A check has ended."""

    def finished(self, run: Run) -> None:
        """The run has ended, reports written."""
