"""Whether a target on this machine has nothing more to say, timers aside: proven by Linux, not guessed from silence.

Everything that was sent to it is read, everything that it said has left it, and all its threads sleep at the same
time: then nothing more comes for what was sent, unless a timer or somebody else makes it come. So quiet saves waiting
for what must not come; what is missing is waited for in full before it counts.

The states of threads can't be read at one instant. They are read twice: a thread that sleeps in both readings, and used
no processor time between them, was asleep all the while (proc_pid_task(5), sched-stats in the kernel's documentation).
"""

import contextlib
import os
import sys
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import Final, TypeAlias

from jhup_conformance.wire.channel import Channel

__all__ = ["Quiet"]

_ASLEEP: Final = frozenset("SZX")
"""States of threads that wait for an event, or have ended; a thread in D waits for a disk, which answers by itself."""
_Reading: TypeAlias = dict[str, str]
"""What a thread has used of processors, by its folder."""


class Quiet:
    """Knows the processes of a target.

    Args:
        pid: returns the number of its first process; None when there is none now.

    Attributes:
        is_trusted: whether nothing ever came after quiet was proven. A target that commits by a timer sleeps meanwhile,
            and is right.
    """

    def __init__(self, pid: Callable[[], int | None]) -> None:
        self._pid = pid
        self.is_trusted = sys.platform.startswith("linux")

    def doubt(self) -> None:
        """Trust it no more: something came all the same."""
        self.is_trusted = False

    def of(self, channels: Iterable[Channel]) -> list[Channel]:
        """Return the connections on which nothing more comes for what was sent; what has come is to be received still.

        None of those whose other end isn't held by the target's processes, as far as they are known.
        """
        if not self.is_trusted:
            return []
        ends = [(channel, ends.inode) for channel in channels if (ends := channel.queues()) and ends.are_empty]
        if not ends or not (family := self._asleep()):
            return []
        with contextlib.suppress(OSError):
            held = _sockets(family)
            return [channel for channel, inode in ends if inode in held]
        return []

    def sleeps(self) -> bool:
        """Tell whether all threads of the target sleep: for connections that it has ended."""
        return self.is_trusted and bool(self._asleep())

    def _asleep(self) -> list[str]:
        """Return the target's processes, where all their threads slept at one time; none where they did not."""
        if (pid := self._pid()) is None:
            return []
        with contextlib.suppress(OSError):
            before = _sleeping(_family(pid))
            if before is not None and before == _sleeping(family := _family(pid)):
                return family
        return []


def _family(pid: int) -> list[str]:
    """Return a process and all that descend from it.

    Raises:
        OSError: when it has ended, is somebody else's, or the kernel doesn't list children.
    """
    found = [str(pid)]
    for each in found:
        for task in _names(f"/proc/{each}/task"):
            found += _read(f"/proc/{each}/task/{task}/children").split()
    return found


def _sleeping(family: Collection[str]) -> _Reading | None:
    """Read what each thread has used; None when one of them does not sleep."""
    used: _Reading = {}
    for pid in family:
        for task in _names(f"/proc/{pid}/task"):
            folder = f"/proc/{pid}/task/{task}"
            used[folder] = _read(f"{folder}/schedstat")
            if _read(f"{folder}/stat").rpartition(")")[2].split()[0] not in _ASLEEP:
                return None
    return used


def _names(folder: str) -> list[str]:
    return os.listdir(folder)  # noqa: PTH208 - a hundred of these are read while somebody waits


def _read(path: str) -> str:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return os.read(descriptor, 4096).decode("ascii", "replace")
    finally:
        os.close(descriptor)


def _sockets(family: Collection[str]) -> set[int]:
    """Return the inodes of all sockets that the processes hold."""
    held = set()
    for pid in family:
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                kind, _, inode = str(descriptor.readlink()).partition(":[")
                if kind == "socket":
                    held.add(int(inode.rstrip("]")))
    return held
