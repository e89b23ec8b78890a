"""Quiet of a simulated server: what Linux tells of a process by its threads, a world tells by its tasks."""

from collections.abc import Callable, Iterable

from jhup_conformance.target.quiet import Quiet
from jhup_conformance.wire.channel import Channel
from simulated.world import Process

__all__ = ["SimulatedQuiet"]


class SimulatedQuiet(Quiet):
    """Knows whether all tasks of a process wait, be it for a timer.

    Args:
        process: returns the one that runs now; None when there is none.
    """

    def __init__(self, process: Callable[[], Process | None]) -> None:
        super().__init__(lambda: None)
        self._process = process
        self.is_trusted = True

    def of(self, channels: Iterable[Channel]) -> list[Channel]:
        """Return the connections on which nothing more comes for what was sent."""
        if not self.sleeps():
            return []
        return [channel for channel in channels if (ends := channel.queues()) and ends.are_empty]

    def sleeps(self) -> bool:
        """Tell whether all tasks wait at the same time."""
        process = self._process()
        return self.is_trusted and process is not None and process.alive and all(task.waits for task in process.tasks)
