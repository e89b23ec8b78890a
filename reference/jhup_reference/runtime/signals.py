"""Running a server as a process: signals, and standard streams that are there."""

import contextlib
import gc
import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import Final

from jhup_reference.runtime.lifecycle import Lifecycle
from jhup_reference.runtime.logs import drain_log

__all__ = ["hold_standard_streams", "run_one"]

_SWITCH: Final = 0.001
"""Seconds that a thread may keep the interpreter while others want it. Python's own 5 ms add up: a short request takes
it some ten times."""


def hold_standard_streams() -> None:
    """Open standard streams that are closed on the null device, so that no connection or file is taken for one."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            with contextlib.suppress(OSError):
                os.open(os.devnull, os.O_RDWR)  # the lowest that is free: this one


def run_one(server: Lifecycle, ready: Callable[[], None] = lambda: None) -> None:
    """Serve in this process until SIGTERM or SIGINT, the second of which allows no grace.

    SIGUSR1, where there is one, has the server say how it does.

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
    if hasattr(signal, "SIGUSR1"):
        signal.signal(signal.SIGUSR1, lambda *_: server.health.ask())
    sys.setswitchinterval(_SWITCH)
    # What is here now stays. Looking through it again each time that a client's header makes many objects would hold
    # up everybody for tens of milliseconds.
    gc.collect()
    gc.freeze()
    ready()
    server.run()
    server.health.ask()
    server.health.tick()
    drain_log()
