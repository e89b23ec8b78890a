"""A child process for each request, where the platform has fork: signals, the end, and a parent that is killed."""

import contextlib
import os
import signal
import socketserver
from collections.abc import Iterator
from typing import Any

from jhup_reference.runtime.forks import forking_beside_the_log
from jhup_reference.runtime.lifecycle import Lifecycle
from jhup_reference.runtime.lifeline import Lifeline
from jhup_reference.runtime.logs import drain_log

__all__ = ["Children"]

_ENDING = (signal.SIGTERM, signal.SIGINT)


class Children(socketserver.ForkingMixIn, Lifecycle):
    """Serves each request in a child process of its own.

    To be mixed in before a server class. It is for processes of their own: threads don't go with fork.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._lifeline = Lifeline()

    def begin_child(self) -> None:
        """In a child, before it serves: let go of what is the parent's."""

    def end_child(self) -> None:
        """In a child, after it has served."""
        drain_log()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Fork."""
        with _signals_held(), forking_beside_the_log():
            super().process_request(request, client_address)

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Serve, in the child."""
        for number in _ENDING:
            signal.signal(number, lambda *_: self.connections.stop())
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)
        self.begin_child()
        self._lifeline.hold()
        try:
            super().finish_request(request, client_address)
        except Exception:  # noqa: BLE001  # here, while the log is still written
            self.handle_error(request, client_address)
        finally:
            self.end_child()

    def service_actions(self) -> None:
        """Reap, and say how the server does: the mix-in of socketserver doesn't pass this on."""
        super().service_actions()
        self.health.tick()

    def stop(self) -> None:
        """Let the children do what threads would: complete what is under way, for the time of grace."""
        self._signal_children(signal.SIGTERM)
        super().stop()

    def abort(self) -> None:
        """End all children at once."""
        self._signal_children(signal.SIGKILL)

    def finish(self) -> None:
        """Wait for the children; `stop` bounds them."""
        self._signal_children(signal.SIGTERM)  # also to those that were born meanwhile
        self.collect_children(blocking=True)
        self._lifeline.close()

    def _signal_children(self, number: signal.Signals) -> None:
        for child in list(self.active_children or ()):
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, number)


@contextlib.contextmanager
def _signals_held() -> Iterator[None]:
    """Keep the signals that end a server from arriving while it isn't clear yet which process this is."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
