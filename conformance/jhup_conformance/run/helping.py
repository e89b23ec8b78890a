"""Has a run's clauses judged by several processes, each with a server that it starts by the same command."""

import contextlib
import os
import pickle
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from jhup_conformance.findings import CheckResult
from jhup_conformance.run import helper as helper_module
from jhup_conformance.run.helper import Task
from jhup_conformance.run.options import Options
from jhup_conformance.run.session import Run
from jhup_conformance.run.shares import Claims, Part, join

__all__ = ["Helped"]

_ENDS_WITHIN: Final = 15.0
"""Seconds in which a helper that is to end where it is has stopped its server."""


class Helped:
    """The share of the process that the user has started, beside helpers.

    Args:
        options: of the run.
        jobs: how many processes judge, this one among them.
    """

    is_lead = True

    def __init__(self, options: Options, jobs: int) -> None:
        self._options = options
        self._jobs = jobs
        self._folder: Path | None = None
        self._claims: Claims | None = None
        self._helpers: list[subprocess.Popen[bytes]] = []
        self._messages: queue.SimpleQueue[CheckResult | Part | None] = queue.SimpleQueue()
        self._at_work = 0
        self._until: float | None = None
        self._stopped = 0
        self._shown: list[CheckResult] = []
        self._parts: list[Part] = []

    def begin(self) -> None:
        """Start the helpers: they take as long to be ready as this process."""
        self._folder = Path(tempfile.mkdtemp(prefix="jhup-claims-"))
        self._claims = Claims(self._folder)
        task = pickle.dumps(Task(replace(self._options, jobs=1, report=None, summary=None), self._folder))
        for _ in range(self._jobs - 1):
            helper = subprocess.Popen(
                [sys.executable, "-P", "-m", helper_module.__name__],  # whatever lies where the user stands
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                start_new_session=True,  # Ctrl-C is for the process that the user sees, which passes it on
            )
            self._helpers.append(helper)
            threading.Thread(target=self._listen, args=(helper, task), daemon=True).start()
        self._at_work = len(self._helpers)

    def _listen(self, helper: subprocess.Popen[bytes], task: bytes) -> None:
        """Pass on what a helper says, and None when it has ended."""
        if helper.stdin and helper.stdout:
            with contextlib.suppress(OSError), helper.stdin as to:
                to.write(task)
            with contextlib.suppress(EOFError, OSError, pickle.UnpicklingError), helper.stdout as said:
                while True:
                    self._messages.put(pickle.load(said))  # noqa: S301 - of a process that this one has started
        helper.wait()
        self._messages.put(None)

    def takes(self, clause: str) -> bool:
        """Tell whether this process judges a clause."""
        return self._claims is None or self._claims.takes(clause)

    def heard(self) -> Iterable[CheckResult]:
        """Return what helpers have checked since this was asked last."""
        found: list[CheckResult] = []
        while not self._messages.empty():
            found += self._take(self._messages.get())
        return found

    def rest(self) -> Iterator[CheckResult]:
        """Yield what helpers check still, until they have ended."""
        while self._at_work:
            try:
                yield from self._take(self._messages.get(timeout=0.2))  # Windows hears of Ctrl-C in between alone
            except queue.Empty:
                if self._until is not None and time.monotonic() > self._until:
                    for each in self._helpers:
                        each.kill()

    def _take(self, message: CheckResult | Part | None) -> list[CheckResult]:
        match message:
            case None:
                self._at_work -= 1
            case Part():
                self._parts.append(message)
            case _:
                self._shown.append(message)
                return [message]
        return []

    def stop(self) -> None:
        """Have the helpers end where they are; on Windows Ctrl-C has reached them, too."""
        if self._claims and self._until is None:
            self._until = time.monotonic() + _ENDS_WITHIN
            self._claims.end()
            self._stopped = sum(each.poll() is None for each in self._helpers)
            if os.name == "posix":
                for each in self._helpers:
                    each.terminate()

    def join(self, run: Run, not_run: Mapping[str, str]) -> Mapping[str, str]:
        """Add to a run what the helpers have found, in place of what they said meanwhile."""
        if self._folder is None:
            return not_run
        for each in self.rest():
            run.add(each)
        told = {id(each) for each in self._shown}
        for result in run.results.values():
            result.checks[:] = [each for each in result.checks if id(each) not in told]
        for part in self._parts:
            join(run, part)
        if len(self._parts) + self._stopped < len(self._helpers):
            statuses = ", ".join(str(each.returncode) for each in self._helpers)
            run.suite_problem = run.suite_problem or f"a process that judged beside this one ended early ({statuses})"
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder = None
        made = {clause for part in self._parts for clause in part.taken}
        left = {node for part in self._parts for node in part.not_run}
        return {node: clause for node, clause in not_run.items() if clause not in made or node in left}
