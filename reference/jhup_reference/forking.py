"""Serving uploads with a child process for each connection, where the platform has fork."""

import contextlib
import os
import socket
from struct import Struct
from typing import Any, Final

from jhup_reference.runtime.admission import HANDSHAKES, RESERVE
from jhup_reference.runtime.children import Children
from jhup_reference.runtime.health import Health
from jhup_reference.runtime.journal import Journal
from jhup_reference.runtime.lifecycle import Lifecycle
from jhup_reference.runtime.logs import drain_log
from jhup_reference.server import IterativeUploadServer
from jhup_reference.session import Session

__all__ = ["ForkingUploadServer"]

_RECORD: Final = Struct("=qqq")
"""What a child tells its parent: which child, files that it stored, their bytes. First of all -1 files: it has shaken
hands."""


class ForkingUploadServer(Children, IterativeUploadServer):
    """Serves each connection in a child process of its own. The parent counts the children that serve."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        handshakes = HANDSHAKES if self.service.tls else 0
        # Beyond this socketserver would wait for a child to end; `verify_request` says no before.
        self.max_children = self.tuning.max_connections + RESERVE + handshakes + 1
        self._serving: set[int] = set()
        self._told, self._tell = os.pipe()
        os.set_blocking(self._told, False)
        os.set_blocking(self._tell, False)

    def open_connections(self) -> int:
        """Return how many connections are open."""
        return len(self.active_children or ())

    def descriptors_kept(self) -> int:
        """Return how many descriptors no new connection may have: the files are the children's."""
        return Lifecycle.descriptors_kept(self)

    def verify_request(self, request: Any, client_address: Any) -> bool:  # noqa: ARG002
        """Turn a connection away that is far too many."""
        self.health.count("connections")
        self.collect_children()
        serving = self._count_serving()
        if serving >= self.tuning.max_connections + RESERVE or self.open_connections() >= self.max_children - 1:
            self.journal(client_address).note("turned away")
            return False
        return True

    def begin_child(self) -> None:
        """Count without the parent from now on, and don't listen."""
        for _ in range(self._count_serving()):
            self.occupancy.enter()
        self.health = Health()
        self.socket.close()

    def begin(self, request: socket.socket, journal: Journal) -> Session | None:
        """Begin the session, in the child."""
        self.admission.arrive(request)
        self._report(-1, 0)
        return super().begin(request, journal)

    def end_child(self) -> None:
        """Tell the parent what was done."""
        totals = self.health.totals()
        self._report(totals["puts"], totals["bytes"])
        drain_log()

    def finish(self) -> None:
        """Wait for the children, and hear what they did."""
        super().finish()
        self._listen()
        os.close(self._told)
        os.close(self._tell)

    def service_actions(self) -> None:
        """Listen to the children, then what every server does."""
        self._listen()
        super().service_actions()

    def _count_serving(self) -> int:
        self._listen()
        children = self.active_children or set()
        if not self.service.tls:
            return len(children)
        self._serving &= children
        return len(self._serving)

    def _report(self, files: int, size: int) -> None:
        with contextlib.suppress(OSError):
            os.write(self._tell, _RECORD.pack(os.getpid(), files, size))

    def _listen(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while records := os.read(self._told, 1024 * _RECORD.size):
                for child, files, size in _RECORD.iter_unpack(records):
                    if files < 0:
                        self._serving.add(child)
                    else:
                        self.health.stored(size, files)
