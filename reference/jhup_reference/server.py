"""The upload server on `socketserver`: accepts connections, counts them, and has a handler serve each in a thread.

`UploadServer` is the lesson's server; `IterativeUploadServer` is the same without threads. Other servings override how
a connection gets its turn, and nothing else.
"""

import contextlib
import socket
import socketserver
import ssl
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from jhup_reference.buffers import Buffers
from jhup_reference.handler import BodyMover, UploadHandler
from jhup_reference.runtime.accepting import peer_name
from jhup_reference.runtime.admission import Admission
from jhup_reference.runtime.connections import Occupancy
from jhup_reference.runtime.journal import Journal
from jhup_reference.runtime.lifecycle import Lifecycle
from jhup_reference.runtime.tls import secured
from jhup_reference.session import Output, Session
from jhup_reference.settings import Limits, Tuning
from jhup_reference.store import Store

__all__ = ["IterativeUploadServer", "UploadServer", "UploadService"]

_BUSY: Final = 5.0
"""Seconds in which a client beyond the limit can ask and be told that the server is busy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadService:
    """One store and how it is offered.

    Attributes:
        store: where bodies go.
        limits: what sessions accept.
        tuning: how connections are treated.
        tls: how they are secured; None if they aren't.
        mover: what moves long bodies whose clients ask for no reply; None for the handler, by a buffer.
    """

    store: Store
    limits: Limits = field(default_factory=Limits)
    tuning: Tuning = field(default_factory=Tuning)
    tls: ssl.SSLContext | None = None
    mover: BodyMover | None = None


class IterativeUploadServer(Lifecycle):
    """Serves the connections of a listening socket one after the other.

    Args:
        listener: from `jhup_reference.runtime.listening.listen`; the server doesn't own it.
        service: what is served.
        occupancy: the counter of open connections, which several processes may share.
    """

    def __init__(self, listener: socket.socket, service: UploadService, occupancy: Occupancy | None = None) -> None:
        super().__init__(listener, UploadHandler, service.tuning)
        self.service = service
        self.mover = service.mover
        self.linger = service.tuning.linger
        self.buffers = Buffers()
        self.occupancy = occupancy or Occupancy()
        self.admission = Admission(service.tuning.max_connections, self.occupancy, handshakes=service.tls is not None)

    def open_connections(self) -> int:
        """Return how many connections are open."""
        return self.admission.count

    def descriptors_kept(self) -> int:
        """Return how many descriptors no new connection may have: one for the file of each that is served, and some."""
        return super().descriptors_kept() + self.open_connections()

    # What a handler asks for

    def journal(self, client_address: Any) -> Journal:
        """Return where the events of a connection are logged."""
        return Journal(peer_name(client_address), self.health)

    def begin(self, request: socket.socket, journal: Journal) -> Session | None:
        """Begin the session of a connection, once its handshake is over; None for one too many."""
        if self.service.tls is not None and not self.admission.secured(request):
            journal.note("turned away")
            return None
        return Session(self.service.store, self.service.limits, busy=self.admission.is_busy, journal=journal)

    def started(self, request: socket.socket) -> Iterable[Output]:  # noqa: ARG002  # for those that move connections
        """Return nothing: connections are served by their handlers from the beginning."""
        return ()

    def idle_timeout(self, session: Session) -> float:
        """Return the seconds for which a client may be silent."""
        return _BUSY if session.busy else self.tuning.idle_timeout

    # Hooks of socketserver

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept a connection."""
        sock, address = super().get_request()
        return (sock if self.service.tls is None else secured(sock, self.service.tls)), address

    def verify_request(self, request: Any, client_address: Any) -> bool:
        """Count a connection; turn one away that is far too many."""
        self.health.count("connections")
        if self.admission.arrive(request):
            return True
        self.journal(client_address).note("turned away")
        return False

    def shutdown_request(self, request: Any) -> None:
        """Close a connection, served or turned away."""
        self.admission.leave(request)
        with contextlib.suppress(OSError):
            super().shutdown_request(request)


class UploadServer(socketserver.ThreadingMixIn, IterativeUploadServer):
    """Serves each connection in a thread of its own; `verify_request` bounds them."""

    daemon_threads = True
    block_on_close = False
