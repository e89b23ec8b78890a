"""Running a server as a process: signals, descriptors, one process or several."""

import contextlib
import signal
import threading
from collections.abc import Callable

from jhup_reference.connections import Occupancy
from jhup_reference.lifecycle import Lifecycle

__all__ = ["raise_descriptor_limit", "run_one", "run_several"]

_PER_CONNECTION = 4  # a socket, a file, the two ends of a pipe
_APART = 64


def raise_descriptor_limit(connections: int) -> None:
    """Let the process open as many files as its connections may need, as far as it is allowed to."""
    try:
        import resource
    except ImportError:  # not a POSIX system
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections * _PER_CONNECTION + _APART
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def run_one(server: Lifecycle, ready: Callable[[], None] = lambda: None) -> None:
    """Serve in this process until SIGTERM or SIGINT, the second of which allows no grace.

    Args:
        server: not yet running.
        ready: called once signals end it orderly.
    """
    stopper: list[threading.Thread] = []

    def end(*_: object) -> None:
        # Not in the handler itself: it runs inside the loop that `stop` waits for.
        target = server.abort if stopper else server.stop
        stopper.append(threading.Thread(target=target, daemon=True))
        stopper[-1].start()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    ready()
    server.run()


def run_several(
    make: Callable[[Occupancy], Lifecycle], processes: int, *, grace: float, ready: Callable[[], None]
) -> bool:
    """Serve in several processes until SIGTERM or SIGINT.

    Args:
        make: makes the server of a process, in that process.
        processes: how many.
        grace: seconds that requests under way have to complete.
        ready: called once all are started.

    Returns:
        Whether they ended because they were asked to.
    """
    from jhup_reference.supervising import Supervisor  # needs a POSIX system

    occupancy = Occupancy(processes)
    return Supervisor(lambda: run_one(make(occupancy)), processes, occupancy=occupancy, grace=grace).run(ready)
