"""Signals that end a run in order, as Ctrl-C does: server stopped, folder cleaned, reports written."""

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Final

__all__ = ["ending_in_order"]

_ENDING: Final = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))


@contextlib.contextmanager
def ending_in_order() -> Iterator[None]:
    """Take SIGTERM and SIGHUP for Ctrl-C while the block lasts; a second one while the run ends changes nothing."""
    if threading.current_thread() is not threading.main_thread():  # only there can handlers be set
        yield
        return
    ending = False

    def end(number: int, _: FrameType | None) -> None:
        nonlocal ending
        if not ending:
            ending = True
            raise KeyboardInterrupt(signal.Signals(number).name)

    before = {each: signal.signal(each, end) for each in _ENDING}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
