"""Serving uploads with a child process for each connection, where the platform has fork."""

import contextlib
import errno
import os
import socket
from struct import Struct
from typing import Any, Final

from jhup_reference.runtime.admission import RESERVE
from jhup_reference.runtime.children import Children
from jhup_reference.runtime.handshakes import Handshakes
from jhup_reference.runtime.health import Health
from jhup_reference.runtime.journal import Journal
from jhup_reference.runtime.lifecycle import Lifecycle
from jhup_reference.runtime.logs import drain_log
from jhup_reference.server import IterativeUploadServer
from jhup_reference.session import Session

__all__ = ["ForkingUploadServer"]

_RECORD: Final = Struct("=qq")
"""What a child tells its parent: files that it stored, their bytes."""


class ForkingUploadServer(Children, IterativeUploadServer):
    """Serves each connection in a child process of its own. The parent counts the children.

    It shakes hands as well: a client that stalls costs no process.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Beyond this socketserver would wait for a child to end; `verify_request` says no before.
        self.max_children = self.tuning.max_connections + RESERVE + 1
        self._handshakes = Handshakes(self.socket, self.service.tls, self._failed) if self.service.tls else None
        self._told, self._tell = os.pipe()
        os.set_blocking(self._told, False)
        os.set_blocking(self._tell, False)

    def _failed(self, client_address: Any, error: OSError) -> None:
        if isinstance(error, TimeoutError):
            self.journal(client_address).note("timed out")
        else:
            self.journal(client_address).note("lost", reason=error.strerror or str(error))

    def open_connections(self) -> int:
        """Return how many connections are open."""
        return len(self.active_children or ())

    def descriptors_kept(self) -> int:
        """Return how many descriptors no new connection may have: the files are the children's."""
        return Lifecycle.descriptors_kept(self)

    def fileno(self) -> int:
        """Return the descriptor that the loop of socketserver waits for, which tells of handshakes as well."""
        return self._handshakes.fileno() if self._handshakes else super().fileno()

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept a connection, or return one whose handshake is over.

        Raises:
            OSError: when there is none.
        """
        if not self._handshakes:
            return super().get_request()
        waits = self._handshakes.carry_on()
        if accepted := self._handshakes.take_secured():
            return accepted  # first: nothing would wake the loop for it, should accepting fail
        if waits:
            self._handshakes.begin(Lifecycle.get_request(self))
        raise BlockingIOError(errno.EAGAIN, "no handshake is over")

    def verify_request(self, request: Any, client_address: Any) -> bool:  # noqa: ARG002
        """Turn a connection away that is far too many."""
        self.health.count("connections")
        self.collect_children()
        if self.open_connections() >= self.max_children - 1:
            self.journal(client_address).note("turned away")
            return False
        return True

    def begin_child(self) -> None:
        """Count without the parent from now on, and don't listen."""
        for _ in range(self.open_connections()):
            self.occupancy.enter()
        self.health = Health()
        self.socket.close()
        if self._handshakes:
            self._handshakes.forsake()

    def begin(self, request: socket.socket, journal: Journal) -> Session | None:
        """Begin the session, in the child."""
        self.admission.arrive(request)
        return super().begin(request, journal)

    def end_child(self) -> None:
        """Tell the parent what was done."""
        totals = self.health.totals()
        self._report(totals["puts"], totals["bytes"])
        drain_log()

    def finish(self) -> None:
        """Wait for the children, and hear what they did."""
        if self._handshakes:
            self._handshakes.close()
        super().finish()
        self._listen()
        os.close(self._told)
        os.close(self._tell)

    def service_actions(self) -> None:
        """Listen to the children, then what every server does."""
        self._listen()
        if self._handshakes:
            self._handshakes.end_late()
        super().service_actions()

    def _report(self, files: int, size: int) -> None:
        with contextlib.suppress(OSError):
            os.write(self._tell, _RECORD.pack(files, size))

    def _listen(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while records := os.read(self._told, 1024 * _RECORD.size):
                for files, size in _RECORD.iter_unpack(records):
                    self.health.stored(size, files)
