"""Several processes that serve one listening socket, and a parent that only keeps them alive (`--processes`)."""

import contextlib
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable
from typing import Final, Self

import structlog

from jhup_reference.fast.occupancy import SharedOccupancy
from jhup_reference.runtime.forks import forking_beside_the_log
from jhup_reference.runtime.lifecycle import Lifecycle
from jhup_reference.runtime.lifeline import Lifeline
from jhup_reference.runtime.logs import drain_log
from jhup_reference.runtime.signals import run_one

__all__ = ["Pauses", "Supervisor", "run_several"]

_ENDING: Final = frozenset({signal.SIGTERM, signal.SIGINT})
_PASSED_ON: Final = frozenset({signal.SIGUSR1})
_FIRST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 30.0
_LIVED: Final = 60.0
_MARGIN: Final = 5.0


class Pauses:
    """How long to wait before a worker that died is replaced: longer each time it happens again soon.

    Args:
        clock: seconds, from any beginning.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began: dict[int, float] = {}
        self._next: dict[int, float] = {}

    def begun(self, number: int) -> None:
        """Take note that a worker was started."""
        self._began[number] = self._clock()

    def before(self, number: int) -> float:
        """Return the seconds to wait before a worker that has died is started again."""
        if self._clock() - self._began[number] >= _LIVED:
            self._next.pop(number, None)
        pause = self._next.get(number, 0.0)
        self._next[number] = min(_LONGEST_PAUSE, max(_FIRST_PAUSE, 2 * pause))
        return pause


class Supervisor:
    """Keeps a number of worker processes alive.

    Args:
        work: what each does, until a signal ends it.
        processes: how many.
        occupancy: the connections that they count; one that died has none.
        grace: seconds that a worker has to end, some more left to its own bounds.
    """

    def __init__(self, work: Callable[[], None], processes: int, *, occupancy: SharedOccupancy, grace: float) -> None:
        self._work = work
        self._processes = processes
        self._occupancy = occupancy
        self._grace = grace
        self._workers: dict[int, int] = {}
        self._pauses = Pauses()
        self._due: dict[int, float] = {}
        """When workers are started that are missing."""
        self._lifeline = Lifeline()
        self._log = structlog.get_logger()

    def run(self, ready: Callable[[], None]) -> None:
        """Start the workers, replace those that die, and return when a signal has ended all.

        Args:
            ready: called once they are started.
        """
        with _Signals(_ENDING | _PASSED_ON | {signal.SIGCHLD}) as signals:
            for number in range(self._processes):
                self._start(number, signals)
            ready()
            while True:
                came = signals.wait(self._until_due())
                if came & _ENDING:
                    break
                for worker, ended in self._reap():
                    self._replace(worker, ended)
                for number in came & _PASSED_ON:
                    self._signal(number)
                for worker in [worker for worker, due in self._due.items() if due <= time.monotonic()]:
                    del self._due[worker]
                    self._start(worker, signals)
            self._end(signals)

    def _until_due(self) -> float | None:
        return max(0.0, min(self._due.values()) - time.monotonic()) if self._due else None

    def _start(self, number: int, signals: "_Signals") -> None:
        for stream in filter(None, (sys.stdout, sys.stderr)):
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
        self._pauses.begun(number)
        try:
            with forking_beside_the_log():
                pid = os.fork()
        except OSError as error:  # no room for a process at the moment
            self._log.error("no worker", worker=number, reason=error.strerror)
            self._due[number] = time.monotonic() + max(_FIRST_PAUSE, self._pauses.before(number))
            return
        if pid:
            self._workers[pid] = number
            return
        status = 1
        try:
            signals.forget()
            self._lifeline.hold()
            self._occupancy.become(number)
            self._work()
            status = 0
        except KeyboardInterrupt:
            status = 0
        except BaseException:  # noqa: BLE001  # nothing may return into the parent's code
            self._log.exception("internal", worker=number)
        finally:
            drain_log()
            os._exit(status)

    def _reap(self) -> list[tuple[int, int]]:
        """Collect the workers that have ended; return their numbers and exit statuses."""
        ended = []
        while self._workers:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                break
            number = self._workers.pop(pid, None)
            if number is not None:
                ended.append((number, os.waitstatus_to_exitcode(status)))
        return ended

    def _replace(self, number: int, status: int) -> None:
        """Have a worker started in place of one that has ended, after a pause that grows."""
        pause = self._pauses.before(number)
        self._occupancy.empty(number)
        self._due[number] = time.monotonic() + pause
        self._log.warning("worker ended", worker=number, status=status, replaced_in=pause)

    def _end(self, signals: "_Signals") -> None:
        self._signal(signal.SIGTERM)
        deadline = time.monotonic() + self._grace + _MARGIN
        while self._workers and (left := deadline - time.monotonic()) > 0:
            if signals.wait(left) & _ENDING:
                self._signal(signal.SIGTERM)
            self._reap()
        self._signal(signal.SIGKILL)
        for pid in self._workers:
            os.waitpid(pid, 0)
        self._lifeline.close()

    def _signal(self, number: signal.Signals) -> None:
        for pid in self._workers:
            os.kill(pid, number)


class _Signals:
    """Signals to be waited for, without a handler that interrupts anything."""

    def __init__(self, numbers: frozenset[signal.Signals]) -> None:
        self._numbers = numbers

    def __enter__(self) -> Self:
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)
        self._wakeup = signal.set_wakeup_fd(self._writer.fileno())
        self._handlers = {number: signal.signal(number, lambda *_: None) for number in self._numbers}
        return self

    def __exit__(self, *_: object) -> None:
        self.forget()

    def forget(self) -> None:
        """Let signals do what they did before; also in a child, whose signals are its own."""
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._wakeup)
        self._reader.close()
        self._writer.close()

    def wait(self, seconds: float | None) -> frozenset[signal.Signals]:
        """Wait for signals, for a bounded time or for ever; return those that came."""
        ready, _, _ = select.select([self._reader], [], [], seconds)
        if not ready:
            return frozenset()
        return frozenset(signal.Signals(number) for number in self._reader.recv(4096))


def run_several(
    make: Callable[[SharedOccupancy], Lifecycle], processes: int, *, grace: float, ready: Callable[[], None]
) -> None:
    """Serve in several processes until SIGTERM or SIGINT.

    Args:
        make: makes the server of a process, in that process.
        processes: how many.
        grace: seconds that requests under way have to complete.
        ready: called once all are started.
    """
    occupancy = SharedOccupancy(processes)
    Supervisor(lambda: run_one(make(occupancy)), processes, occupancy=occupancy, grace=grace).run(ready)
    drain_log()
