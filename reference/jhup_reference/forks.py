"""Serving with a child process for each connection, where the platform has fork."""

import contextlib
import os
import signal
import socketserver
import threading
from collections.abc import Iterator
from typing import Any

from jhup_reference.connections import Occupancy
from jhup_reference.lifeline import Lifeline
from jhup_reference.server import RESERVE, UploadServer

__all__ = ["ForkingUploadServer"]

_ENDING = (signal.SIGTERM, signal.SIGINT)


class ForkingUploadServer(socketserver.ForkingMixIn, UploadServer):
    """Serves each connection in a child process of its own."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Beyond this socketserver would wait for a child to end; `verify_request` says no before.
        self.max_children = self.service.tuning.max_connections + RESERVE + 1
        self._lifeline = Lifeline()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Fork."""
        with _signals_held():
            super().process_request(request, client_address)
        self._count()

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Serve, in the child."""
        for number in _ENDING:
            signal.signal(number, lambda *_: self.connections.stop())
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)
        count = self.occupancy.count
        self.occupancy = Occupancy()  # the shared one is the parent's to write
        self.occupancy.set(count)
        self.socket.close()
        self._lifeline.hold()
        super().finish_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Close a connection; it is the parent that counts, by its children."""
        super().shutdown_request(request)
        self._count()

    def collect_children(self, *, blocking: bool = False) -> None:
        """Reap."""
        super().collect_children(blocking=blocking)
        self._count()

    def stop(self) -> None:
        """Let the children do what threads would: complete what is under way, for the time of grace."""
        self._signal_children(signal.SIGTERM)
        expiry = threading.Timer(self.service.tuning.grace, self._signal_children, (signal.SIGKILL,))
        expiry.daemon = True
        expiry.start()
        self.shutdown()

    def finish(self) -> None:
        """Wait for the children; `stop` bounds them."""
        self._signal_children(signal.SIGTERM)  # also to those that were born meanwhile
        self.collect_children(blocking=True)
        self._lifeline.close()

    def _count(self) -> None:
        self.occupancy.set(len(self.active_children or ()))

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
