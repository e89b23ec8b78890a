"""The scheduler: tasks that wait, events that are due, and the time."""

import heapq
import itertools
import traceback
from collections import deque
from collections.abc import Callable
from typing import Any, Final

from greenlet import GreenletExit, getcurrent, greenlet

__all__ = ["Deadlock", "Process", "Signal", "Task", "World"]

LEAST: Final = 1e-6
"""Seconds that a wait takes at least, so that no loop of waits stops the time."""


class Deadlock(Exception):
    """Everybody waits, and nothing is due."""


class Signal:
    """Something that tasks wait for; whoever is woken looks again whether it is the case."""

    __slots__ = ("_waiting", "_world")

    def __init__(self, world: "World") -> None:
        self._world = world
        self._waiting: list[Task] = []

    def wait(self, until: float | None = None) -> bool:
        """Wait until `fire`, or a moment; tells whether it was fired."""
        task = self._world.current
        self._waiting.append(task)
        fired = self._world.park(task, until)
        if not fired and task in self._waiting:
            self._waiting.remove(task)
        return fired

    def fire(self) -> None:
        """Wake all that wait."""
        for task in self._waiting:
            self._world.wake(task)
        self._waiting.clear()


class Task:
    """A thread of the world."""

    __slots__ = ("process", "run", "ticket", "waits", "woken")

    def __init__(self, run: greenlet, process: "Process | None") -> None:
        self.run = run
        self.process = process
        self.waits = self.woken = False
        self.ticket = 0


class Process:
    """Tasks and sockets that end together.

    Attributes:
        alive: whether it runs.
        status: with what it ended.
        said: what its tasks died of, as a log would have it.
    """

    def __init__(self, world: "World") -> None:
        self.world = world
        self.alive = True
        self.status: int | None = None
        self.said: list[str] = []
        self.tasks: list[Task] = []
        self.at_end: dict[object, Callable[[], None]] = {}

    def start(self, function: Callable[..., Any], *arguments: Any, **named: Any) -> Task:
        """Start a thread."""

        def body() -> None:
            try:
                function(*arguments, **named)
            except GreenletExit:
                raise
            except SystemExit:
                pass
            except Exception:  # noqa: BLE001 - as a thread dies: alone
                self.said.append(traceback.format_exc())
            self.tasks.remove(task)
            if task is self.first:
                self.end(0)

        task = self.world.start(body, self)
        self.tasks.append(task)
        if len(self.tasks) == 1:
            self.first = task
        return task

    def end(self, status: int) -> None:
        """End at once, as killed: nothing of its code runs any more, and its sockets are closed."""
        if not self.alive:
            return
        self.alive, self.status = False, status
        for close in list(self.at_end.values()):
            close()
        self.at_end.clear()
        self.world.bury(self.tasks)
        if self.world.current.process is self:
            self.world.leave()


class World:
    """Time and tasks. Its maker, which is the task that everything is about, waits in it like all others.

    Attributes:
        now: seconds since the beginning.
    """

    def __init__(self) -> None:
        self.now = 1000.0
        self._numbers = itertools.count()
        self._due: list[tuple[float, int, Callable[..., None], tuple[Any, ...]]] = []
        self._ready: deque[Task] = deque()
        self._hub = greenlet(self._loop)
        self._main = Task(getcurrent(), None)
        self._hub.parent = self._main.run
        self._dead: list[Task] = []
        self._started: list[Task] = []
        self._closed = False
        self.current = self._main

    # Time

    def at(self, moment: float, function: Callable[..., None], *arguments: Any) -> None:
        """Have a function called at a moment."""
        heapq.heappush(self._due, (moment, next(self._numbers), function, arguments))

    def sleep(self, seconds: float) -> None:
        """Let time pass for the current task."""
        self.park(self.current, self.now + max(seconds, LEAST))

    # Tasks

    def start(self, body: Callable[[], None], process: Process | None) -> Task:
        """Make a task that runs when it is its turn."""
        task = Task(greenlet(body, self._hub), process)
        self._started.append(task)
        self._ready.append(task)
        return task

    def park(self, task: Task, until: float | None) -> bool:
        """Let the current task wait until it is woken, or a moment; tells whether it was woken."""
        if self._closed:
            raise GreenletExit
        task.waits, task.woken = True, False
        task.ticket += 1
        if until is not None:
            self.at(max(until, self.now), self._time_out, task, task.ticket)
        self._hub.switch()
        return task.woken

    def wake(self, task: Task) -> None:
        """Let a task that waits go on."""
        if task.waits:
            task.waits, task.woken = False, True
            self._ready.append(task)

    def _time_out(self, task: Task, ticket: int) -> None:
        if task.waits and task.ticket == ticket:
            task.waits = False
            self._ready.append(task)

    def bury(self, tasks: list[Task]) -> None:
        """Let tasks never run again, not even to clean up."""
        for task in tasks:
            task.waits = False
        self._dead += tasks
        gone = set(map(id, tasks))
        self._ready = deque(task for task in self._ready if id(task) not in gone)

    def close(self) -> None:
        """End all tasks, which clean up as they would at the end of a program."""
        self._closed = True
        for run in (*(task.run for task in self._started), self._hub):
            if not run.dead:
                run.parent = getcurrent()
                run.throw(GreenletExit)
        for each in (self._started, self._dead, self._ready, self._due):
            each.clear()

    def leave(self) -> None:
        """Return the turn away for ever."""
        self._hub.switch()

    def _loop(self) -> None:
        while True:
            while self._due and self._due[0][0] <= self.now:
                _, _, function, arguments = heapq.heappop(self._due)
                function(*arguments)
            if self._ready:
                self.current = task = self._ready.popleft()
                task.run.switch()
            elif self._due:
                self.now = max(self.now, self._due[0][0])
            else:
                self.current = self._main
                self._main.run.throw(Deadlock("everybody waits, and nothing is due"))
