"""The process behind the address: processor time, memory, descriptors and threads, its children included."""

import contextlib
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import psutil

__all__ = ["Peak", "Reading", "Vitals"]


@dataclass(frozen=True, slots=True)
class Reading:
    """What the process and its children use: seconds of processor time, bytes of memory, and two counts."""

    at: float
    cpu: float
    memory: int
    descriptors: int
    threads: int


def _descriptors(process: psutil.Process) -> int:
    count = getattr(process, "num_fds", None) or process.num_handles  # type: ignore[attr-defined]  # Windows
    return int(count())


@dataclass(frozen=True, slots=True)
class Peak:
    """The most that a process ever had, in bytes, also if it gave it back long ago.

    Attributes:
        address_space: all that was asked for, whether it was touched or not.
        resident: what was in memory.
        hidden: how much more address space may be asked for, and given back, before `address_space` shows it.
    """

    address_space: int
    resident: int
    hidden: int


def _peak(pid: int) -> Peak | None:
    """Read what Linux remembers of a process: psutil has no name for it."""
    try:
        status = Path(f"/proc/{pid}/status").read_text("ascii", "replace")
    except OSError:
        return None
    sizes = re.findall(r"^(VmPeak|VmHWM|VmSize):\s*(\d+) kB", status, re.MULTILINE)
    found = {name: int(size) * 1024 for name, size in sizes}
    if len(found) < 3:
        return None
    return Peak(found["VmPeak"], found["VmHWM"], found["VmPeak"] - found["VmSize"])


class HasPid(Protocol):
    """Something that knows the server's process, whichever it is after a restart."""

    @property
    def pid(self) -> int:
        """Its number."""


class Vitals:
    """Looks at a process and its children.

    Args:
        server: what knows the process.
    """

    def __init__(self, server: HasPid) -> None:
        self._server = server

    @property
    def pid(self) -> int:
        """The number of the server's process, whichever it is after a restart."""
        return self._server.pid

    @property
    def _process(self) -> psutil.Process:
        return psutil.Process(self._server.pid)

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        with contextlib.suppress(psutil.Error):
            return self._process.is_running() and self._process.status() != psutil.STATUS_ZOMBIE
        return False

    def read(self) -> Reading:
        """Read all of it; processes that end meanwhile don't count."""
        cpu, memory, descriptors, threads = 0.0, 0, 0, 0
        for process in self._family():
            with contextlib.suppress(psutil.Error), process.oneshot():
                times = process.cpu_times()
                cpu += times.user + times.system + getattr(times, "children_user", 0.0)
                cpu += getattr(times, "children_system", 0.0)
                memory += process.memory_info().rss
                descriptors += _descriptors(process)
                threads += process.num_threads()
        return Reading(time.monotonic(), cpu, memory, descriptors, threads)

    def used(self) -> float:
        """Return the processor seconds that the process alone has used; 0 where it has ended. Costs next to nothing."""
        with contextlib.suppress(psutil.Error):
            times = self._process.cpu_times()
            return times.user + times.system
        return 0.0

    def share_of_descriptors(self) -> float:
        """Return which share of the descriptors that it may have the process has open; 0 where that can't be told."""
        if not hasattr(psutil, "RLIMIT_NOFILE"):  # Linux and FreeBSD have it
            return 0.0
        with contextlib.suppress(psutil.Error, OSError):
            most, _ = self._process.rlimit(psutil.RLIMIT_NOFILE)
            return self._process.num_fds() / most if most > 0 else 0.0
        return 0.0

    def _family(self) -> list[psutil.Process]:
        with contextlib.suppress(psutil.Error):
            return [self._process, *self._process.children(recursive=True)]
        return []

    def peak(self) -> Peak | None:
        """Return the most memory that any of the processes ever had; None where the system doesn't remember it."""
        peaks = [peak for process in self._family() if (peak := _peak(process.pid)) is not None]
        if not peaks:
            return None
        return Peak(
            max(peak.address_space for peak in peaks),
            max(peak.resident for peak in peaks),
            max(peak.hidden for peak in peaks),
        )

    def load(self, seconds: float) -> float:
        """Measure how many processors were busy during some seconds: 1.0 for one core in full use."""
        before = self.read()
        time.sleep(seconds)  # the measure is what happens while nothing does
        after = self.read()
        return (after.cpu - before.cpu) / (after.at - before.at)
