"""A process of the suite's own and all that it starts: stopped together, and not outliving the suite.

On Linux and macOS the process leads a session of its own, so that one signal reaches its children too, and a shell
waits on a pipe from the suite: the pipe ends with the suite, however that ends (``kill -9`` included), and the shell
kills the group. Windows has neither; there the family is looked up and stopped.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import psutil

__all__ = ["ProcessGroup", "how_it_ended"]

_STOPPING: Final = 5.0
"""Seconds that a group has to end by itself."""
_WATCH: Final = 'read _; kill -KILL "-$1" 2>/dev/null'


class ProcessGroup:
    """A started command and its children.

    Args:
        words: the command.
        log: file that standard output and standard error are appended to.

    Attributes:
        process: the command itself.

    Raises:
        OSError: when there is no such program.
    """

    def __init__(self, words: Sequence[str], log: Path) -> None:
        self._is_session = sys.platform != "win32"
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=self._is_session,
            )
        self._handle: psutil.Process | None = None
        with contextlib.suppress(psutil.Error):
            self._handle = psutil.Process(self.process.pid)
        self._watcher = self._watch()

    def _watch(self) -> subprocess.Popen[bytes] | None:
        shell = shutil.which("sh")
        if not (self._is_session and shell):
            return None
        return subprocess.Popen(
            [shell, "-c", _WATCH, "sh", str(self.process.pid)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C reaches the suite, which stops the server in order
        )

    @property
    def family(self) -> list[psutil.Process]:
        """The process and those that descend from it, the process last; empty when it has ended."""
        with contextlib.suppress(psutil.Error):
            if self._handle:  # known since the start: the number of a process that died may be another's by now
                return [*self._handle.children(recursive=True), self._handle]
        return []

    def end(self, *, kill: bool) -> None:
        """Stop all of it: at once, or with some seconds to end by itself."""
        self._let_watcher_go()
        family = self.family
        self._signal(family, kill=kill)
        _, left = psutil.wait_procs(family, timeout=_STOPPING)
        if left or not kill:
            self._signal(left, kill=True)  # children that outlived their parent are in the group still
        self.process.wait()

    def _signal(self, family: Sequence[psutil.Process], *, kill: bool) -> None:
        if sys.platform != "win32":
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL if kill else signal.SIGTERM)
        for each in family:
            with contextlib.suppress(psutil.Error):
                each.kill() if kill else each.terminate()

    def _let_watcher_go(self) -> None:
        if self._watcher:
            self._watcher.kill()
            self._watcher.communicate()
            self._watcher = None


def how_it_ended(returncode: int) -> str:
    """Say in words how a process ended: "exit status 1", "signal 11 (SIGSEGV)"."""
    if returncode >= 0:
        return f"exit status {returncode}"
    try:
        return f"signal {-returncode} ({signal.Signals(-returncode).name})"
    except ValueError:
        return f"signal {-returncode}"
