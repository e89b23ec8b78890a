"""Threads, locks and their like for servers of the simulated world."""

import itertools
from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import Any

from simulated.world import Process, Signal

__all__ = ["threading_for"]


def threading_for(process: Process) -> dict[str, Any]:
    """Return what a module `threading` has, for the threads of a process."""
    world = process.world

    class Semaphore:
        def __init__(self, value: int = 1) -> None:
            self._value = value
            self._freed = Signal(world)

        def acquire(self, blocking: bool = True, timeout: float | None = None) -> bool:
            until = None if timeout is None or timeout < 0 else world.now + timeout
            while self._value == 0:
                if not blocking or (until is not None and world.now >= until):
                    return False
                self._freed.wait(until)
            self._value -= 1
            return True

        def release(self, n: int = 1) -> None:
            self._value += n
            self._freed.fire()

        def __enter__(self) -> bool:
            return self.acquire()

        def __exit__(
            self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
        ) -> None:
            self.release()

    class Lock(Semaphore):
        def __init__(self) -> None:
            super().__init__(1)

        def locked(self) -> bool:
            return self._value == 0

        def release(self, n: int = 1) -> None:
            if self._value:
                raise RuntimeError("release unlocked lock")
            super().release(n)

    class RLock(Lock):
        def __init__(self) -> None:
            super().__init__()
            self._owner: object = None
            self._depth = 0

        def acquire(self, blocking: bool = True, timeout: float | None = None) -> bool:
            if self._owner is not world.current:
                if not super().acquire(blocking, timeout):
                    return False
                self._owner = world.current
            self._depth += 1
            return True

        def release(self, n: int = 1) -> None:
            self._depth -= n
            if not self._depth:
                self._owner = None
                super().release(n)

    class Event:
        def __init__(self) -> None:
            self._is_set = False
            self._changed = Signal(world)

        def is_set(self) -> bool:
            return self._is_set

        def set(self) -> None:
            self._is_set = True
            self._changed.fire()

        def clear(self) -> None:
            self._is_set = False

        def wait(self, timeout: float | None = None) -> bool:
            until = None if timeout is None else world.now + timeout
            while not self._is_set and (until is None or world.now < until):
                self._changed.wait(until)
            return self._is_set

    numbers = itertools.count(1)

    class Thread:
        def __init__(
            self,
            group: None = None,
            target: Callable[..., Any] | None = None,
            name: str | None = None,
            args: Iterable[Any] = (),
            kwargs: Mapping[str, Any] | None = None,
            *,
            daemon: bool | None = None,
        ) -> None:
            self.name = name or f"Thread-{next(numbers)}"
            self.daemon = daemon
            self._target, self._args, self._kwargs = target, tuple(args), dict(kwargs or {})
            self._ended = Event()

        def start(self) -> None:
            process.start(self._run)

        def run(self) -> None:
            if self._target:
                self._target(*self._args, **self._kwargs)

        def _run(self) -> None:
            try:
                self.run()
            finally:
                self._ended.set()

        def join(self, timeout: float | None = None) -> None:
            self._ended.wait(timeout)

        def is_alive(self) -> bool:
            return not self._ended.is_set()

    class Timer(Thread):
        def __init__(
            self,
            interval: float,
            function: Callable[..., Any],
            args: Iterable[Any] = (),
            kwargs: Mapping[str, Any] | None = None,
        ) -> None:
            super().__init__(target=function, args=args, kwargs=kwargs)
            self._interval, self._cancelled = interval, Event()

        def cancel(self) -> None:
            self._cancelled.set()

        def run(self) -> None:
            if not self._cancelled.wait(self._interval):
                super().run()

    kinds = (Semaphore, Lock, RLock, Event, Thread, Timer)
    return {"BoundedSemaphore": Semaphore} | {kind.__name__: kind for kind in kinds}
