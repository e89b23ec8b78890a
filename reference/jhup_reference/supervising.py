"""Several processes that serve one listening socket, and a parent that only keeps them alive (`--processes`)."""

import os
import select
import signal
import socket
import sys
import time
import traceback
from collections import deque
from collections.abc import Callable
from typing import Final, Self

import structlog

from jhup_reference.connections import Occupancy
from jhup_reference.lifeline import Lifeline

__all__ = ["Supervisor"]

_ENDING: Final = frozenset({signal.SIGTERM, signal.SIGINT})
_RESTARTS: Final = 5
_WITHIN: Final = 60.0
_MARGIN: Final = 5.0


class Supervisor:
    """Keeps a number of worker processes alive.

    Args:
        work: what each does, until a signal ends it.
        processes: how many.
        occupancy: the connections that they count; one that died has none.
        grace: seconds that a worker has to end, some more left to its own bounds.
    """

    def __init__(self, work: Callable[[], None], processes: int, *, occupancy: Occupancy, grace: float) -> None:
        self._work = work
        self._processes = processes
        self._occupancy = occupancy
        self._grace = grace
        self._workers: dict[int, int] = {}
        self._deaths: deque[float] = deque(maxlen=_RESTARTS)
        self._lifeline = Lifeline()
        self._log = structlog.get_logger()

    def run(self, ready: Callable[[], None]) -> bool:
        """Start the workers, and return when all have ended.

        Args:
            ready: called once they are started.

        Returns:
            Whether they ended because a signal said so, and not because they died again and again.
        """
        with _Signals(_ENDING | {signal.SIGCHLD}) as signals:
            for number in range(self._processes):
                self._start(number, signals)
            ready()
            asked = False
            while not asked:
                asked = bool(signals.wait(None) & _ENDING)
                for number in self._reap():
                    if asked:
                        continue
                    if self._too_many_deaths():
                        self._log.error("giving up", reason=f"{_RESTARTS} workers died within {_WITHIN:.0f} s")
                        self._end(signals)
                        return False
                    self._start(number, signals)
            self._end(signals)
        return True

    def _start(self, number: int, signals: "_Signals") -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
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
            traceback.print_exc()
        finally:
            os._exit(status)

    def _reap(self) -> list[int]:
        """Collect the workers that have ended; give their numbers."""
        ended = []
        while self._workers:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                break
            number = self._workers.pop(pid, None)
            if number is not None:
                self._log.info("worker ended", worker=number, status=os.waitstatus_to_exitcode(status))
                ended.append(number)
        return ended

    def _too_many_deaths(self) -> bool:
        now = time.monotonic()
        self._deaths.append(now)
        return len(self._deaths) == _RESTARTS and now - self._deaths[0] < _WITHIN

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
        """Wait for signals, for a bounded time or for ever; give those that came."""
        ready, _, _ = select.select([self._reader], [], [], seconds)
        if not ready:
            return frozenset()
        return frozenset(signal.Signals(number) for number in self._reader.recv(4096))
