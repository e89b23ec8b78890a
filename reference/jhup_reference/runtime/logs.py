"""Structured logging on standard error that never raises, never blocks a server and never grows without bound.

Lines wait in memory for a thread that writes them. Where that thread is held up (a pipe that nobody reads, a stopped
terminal, a full disk), lines are dropped and counted; where events come faster than a person could read, too.
"""

import logging
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any, Final

import structlog

__all__ = ["LEVELS", "Budget", "Outlet", "configure_logging", "drain_log", "lines_dropped"]

LEVELS: Final = ("debug", "info", "warning", "error")

_ROOM: Final = 1024 * 1024
"""Bytes of lines that may wait."""
_LINE: Final = 16 * 1024
"""Characters of the longest line; a traceback may be cut."""


class Outlet:
    """Writes lines from a thread of its own, so that the caller never waits for a reader.

    Args:
        write: writes some bytes and returns how many it took; may block or raise OSError.
        room: bytes of lines that may wait; lines beyond are dropped.

    Attributes:
        dropped: lines that were not written, so far.
    """

    def __init__(self, write: Callable[[bytes], int], *, room: int = _ROOM) -> None:
        self.dropped = 0
        self._write = write
        self._room = room
        self._reset()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._reset)

    def _reset(self) -> None:
        """Begin with an empty queue and no thread; a forked child has neither the thread nor a claim to the lines."""
        self._changed = threading.Condition()
        self._lines: deque[bytes] = deque()
        self._waiting = 0
        self._told = self.dropped
        self._thread: threading.Thread | None = None

    def add(self, line: str) -> None:
        """Queue a line, or drop it. Raises nothing."""
        data = line[:_LINE].encode("utf-8", "backslashreplace") + b"\n"
        with self._changed:
            if self._waiting + len(data) > self._room:
                self.dropped += 1
                return
            self._lines.append(data)
            self._waiting += len(data)
            if self._thread is None:
                self._start()
            self._changed.notify()

    def drain(self, seconds: float) -> bool:
        """Wait until all lines are written, for a bounded time; say whether they are."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._waiting, seconds)

    def _start(self) -> None:
        thread = threading.Thread(target=self._work, name="log", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # no more threads at the moment: the next line tries again
            return
        self._thread = thread

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._lines)
                line = self._lines.popleft()
                missed, self._told = self.dropped - self._told, self.dropped
            if missed:
                self._put(b"event='lines dropped' count=%d\n" % missed)
            written = self._put(line)
            with self._changed:
                self._waiting -= len(line)
                self.dropped += not written
                self._changed.notify_all()

    def _put(self, data: bytes) -> bool:
        try:
            while data:
                data = data[self._write(data) :]
        except (OSError, ValueError):  # full, closed, or gone: nobody can be told
            return False
        return True


class Budget:
    """A processor of structlog that drops events which come faster than so many a second on average.

    Warnings and errors have a budget of their own, so that a flood of lesser events hides none of them.

    Args:
        rate: events a second.
        burst: events at once.
        clock: seconds, from any beginning.
    """

    def __init__(
        self, rate: float = 200.0, burst: float = 2000.0, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._rate, self._burst, self._clock = rate, burst, clock
        self._left = {"usual": burst, "severe": burst}
        self._seen = dict.fromkeys(self._left, clock())
        self._lock = threading.Lock()
        self.dropped = 0
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._renew_lock)

    def _renew_lock(self) -> None:
        self._lock = threading.Lock()

    def __call__(self, logger: Any, name: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:  # noqa: ARG002
        """Let an event through, or drop it."""
        kind = "severe" if name in {"warning", "error", "critical"} else "usual"
        with self._lock:
            now = self._clock()
            self._left[kind] = min(self._burst, self._left[kind] + (now - self._seen[kind]) * self._rate)
            self._seen[kind] = now
            if self._left[kind] < 1:
                self.dropped += 1
                raise structlog.DropEvent
            self._left[kind] -= 1
        return event


class _Logger:
    """What structlog hands whole lines to, at whatever level."""

    def __init__(self, outlet: Outlet) -> None:
        self.debug = self.info = self.warning = self.error = self.critical = self.msg = outlet.add


class _Process:
    """The log of this process, as structlog's configuration is the process's."""

    outlet: Outlet | None = None
    budget: Budget | None = None


def configure_logging(level: str) -> None:
    """Let everything of a level and above go to standard error.

    Args:
        level: one of `LEVELS`.
    """
    outlet, budget = Outlet(_standard_error()), Budget()
    _Process.outlet, _Process.budget = outlet, budget
    structlog.configure(
        processors=[
            budget,
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=lambda *_: _Logger(outlet),
        cache_logger_on_first_use=True,
    )


def drain_log(seconds: float = 0.5) -> None:
    """Let lines that wait be written before the process ends, for a bounded time."""
    if _Process.outlet is not None:
        _Process.outlet.drain(seconds)


def lines_dropped() -> int:
    """Return how many lines the log of this process has dropped."""
    outlet, budget = _Process.outlet, _Process.budget
    return (outlet.dropped if outlet else 0) + (budget.dropped if budget else 0)


def _standard_error() -> Callable[[bytes], int]:
    try:
        descriptor = os.dup(sys.stderr.fileno())
    except (OSError, ValueError, AttributeError):  # closed, or replaced by something without a descriptor
        stream = sys.stderr

        def write(data: bytes) -> int:
            if stream is not None:
                stream.write(data.decode("utf-8", "replace"))
            return len(data)

        return write
    return lambda data: os.write(descriptor, data)
