"""A process that judges some of a run's clauses, with a server that it starts by the same command.

`python -m jhup_conformance.run.helper` reads a `Task` from its input, says on its output which checks have ended, and
in the end what came of them. It is started by `jhup_conformance.run.helping`.
"""

import os
import pickle
import shutil
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from jhup_conformance.findings import CheckResult
from jhup_conformance.run.options import Options
from jhup_conformance.run.session import Run
from jhup_conformance.run.shares import Claims, Part, part_of

__all__ = ["Helping", "Task"]


@dataclass(frozen=True, slots=True)
class Task:
    """What a helper has to do.

    Attributes:
        options: of the run.
        folder: of the claims.
    """

    options: Options
    folder: Path


class Helping:
    """The share of a helper, and how it tells of it.

    Args:
        folder: of the claims.
        to: whom it tells, in pickled messages.
    """

    is_lead = False

    def __init__(self, folder: Path, to: IO[bytes]) -> None:
        self._folder = folder
        self._claims = Claims(folder)
        self._to = to

    def begin(self) -> None:
        """Do nothing."""

    def takes(self, clause: str) -> bool:
        """Tell whether this process judges a clause."""
        return self._claims.takes(clause)

    def heard(self) -> Iterable[CheckResult]:
        """Return nothing: helpers don't hear of each other."""
        return ()

    rest = heard

    def stop(self) -> None:
        """Do nothing: it is others that stop this one."""

    def join(self, run: Run, not_run: Mapping[str, str]) -> Mapping[str, str]:
        """Say what came of it; whoever hears it knows what nobody has made."""
        self._tell(part_of(run, self._claims.taken, not_run))
        return {}

    # What a run tells as it goes on

    def acquainted(self, run: Run) -> None:
        """Say nothing: the process that the user sees does."""

    def checked(self, result: CheckResult, done: int, total: int) -> None:  # noqa: ARG002 - as others count them
        """Say that a check has ended."""
        self._tell(result)

    def finished(self, run: Run) -> None:
        """Say nothing more."""

    def _tell(self, message: CheckResult | Part) -> None:
        try:
            pickle.dump(message, self._to)
            self._to.flush()
        except OSError as error:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise KeyboardInterrupt("nobody listens any more") from error  # it was killed: end in order


def main() -> None:
    """Do what the input says."""
    from jhup_conformance.run.launch import launch  # whatever launches can start helpers, and so has this module

    task: Task = pickle.load(sys.stdin.buffer)  # noqa: S301 - of the process that has started this one
    to = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whoever prints shall not disturb
    helping = Helping(task.folder, to)
    launch(task.options, helping, share=helping)


if __name__ == "__main__":
    main()
