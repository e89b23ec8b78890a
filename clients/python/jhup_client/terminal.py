"""What people see: results on standard output, messages on standard error, a bar while a long file is sent."""

import os
import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self, TextIO

import rich.filesize

from jhup_client.body import shown
from jhup_client.errors import ClientError
from jhup_client.results import Progress, ProgressCallback

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

__all__ = ["PROGRAM", "LongFileBar", "about", "count_bytes", "say", "say_error", "say_failure"]

PROGRAM: Final = "jhup-client"

_LONG: Final = 0.5
"""Seconds after which a file is a long one. No bar flashes up for the others."""


def say(line: str) -> None:
    """Print a result. When nobody reads results any more the work goes on."""
    _print(line, sys.stdout)


def say_error(message: str) -> None:
    """Print a message on standard error, with the program's name before it."""
    _print(f"{PROGRAM}: {message}", sys.stderr)


def say_failure(error: ClientError, what: str = "") -> None:
    """Print why something failed, in one line, safe for a terminal whatever the server's words are.

    Args:
        error: what happened.
        what: the file or name that it happened to, if the message doesn't begin with it anyway.
    """
    # A clause that the other side or a name breaks tells something; one that only orders this message doesn't.
    line = error.reason if (error.clause or "").startswith(("CLIENT-", "ECHO-")) else str(error)
    text = "".join(character if character.isprintable() else " " for character in line)
    before = f"{shown(what)}: " if what else ""
    say_error(text if text.startswith(before) else before + text)


def count_bytes(count: int) -> str:
    """Return a number of bytes in words, exactly."""
    return "1 byte" if count == 1 else f"{count:,} bytes"


def about(count: float) -> str:
    """Return a number of bytes as people say it: in kB, MB and GB, powers of 1,000, as the bar has them."""
    return rich.filesize.decimal(int(count))


def _print(line: str, stream: TextIO) -> None:
    encoding = stream.encoding
    try:
        print(line.encode(encoding, "backslashreplace").decode(encoding), file=stream, flush=True)
    except BrokenPipeError:
        # Whatever is printed from now on, at the end of the interpreter too, goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


class LongFileBar:
    """Shows how far a file has come, on a terminal, and only when it takes long.

    What draws it is imported when there is something to draw: that takes a sixth of the time of starting.
    """

    def __init__(self, *, console: "Console | None" = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._console = console
        self._is_seen = sys.stderr.isatty() if console is None else console.is_terminal
        self._clock = clock
        self._began = clock()
        self._bar: Bar | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.clear()

    @property
    def callback(self) -> ProgressCallback | None:
        """What to give to a connection: nothing where there is no terminal to draw on."""
        return self.update if self._is_seen else None

    def update(self, progress: Progress) -> None:
        """Take the news of a file."""
        if progress.sent == 0:
            self.clear()
            self._began = self._clock()
        if progress.sent == progress.filesize:
            self.clear()
        elif self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=progress.sent)
        elif self._clock() - self._began >= _LONG:
            self._show(progress)

    def clear(self) -> None:
        """Take the bar away, if there is one."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def _show(self, progress: Progress) -> None:
        from rich.console import Console
        from rich.markup import escape
        from rich.progress import (
            BarColumn,
            DownloadColumn,
            TextColumn,
            TimeRemainingColumn,
            TransferSpeedColumn,
        )
        from rich.progress import Progress as Bar

        self._bar = Bar(
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
            console=self._console or Console(stderr=True),
            transient=True,
        )
        self._task = self._bar.add_task(
            escape(shown(progress.filename)), total=progress.filesize, completed=progress.sent
        )
        self._bar.start()
