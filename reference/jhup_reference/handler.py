"""One client, served by blocking calls: bytes from its socket to a session, and replies back."""

import contextlib
import socket
import socketserver
import ssl
import time
from collections.abc import Callable, Iterable
from typing import Any, Protocol, TypeAlias

from jhup_reference.buffers import SMALL, Buffers
from jhup_reference.runtime.connections import Connections
from jhup_reference.runtime.journal import Journal
from jhup_reference.runtime.parting import part, shut
from jhup_reference.runtime.tls import shake_hands
from jhup_reference.session import Output, Pause, Session

__all__ = ["BodyMover", "Host", "UploadHandler"]

BodyMover: TypeAlias = Callable[[socket.socket, Session, int, float], bool]
"""Moves the body under way from a socket to the descriptor of a file, waiting so many seconds for each next byte;
returns whether the stream has ended."""


class Host(Protocol):
    """What a handler needs of its server.

    Attributes:
        connections: the connections that can be ended from elsewhere.
        buffers: large buffers for long bodies.
        mover: what moves long bodies of clients that asked for no reply; None for the handler itself.
        linger: seconds for which input is discarded after a half-close.
    """

    connections: Connections
    buffers: Buffers
    mover: BodyMover | None
    linger: float

    def journal(self, client_address: Any) -> Journal:
        """Return where the events of a connection are logged."""

    def begin(self, request: socket.socket, journal: Journal) -> Session | None:
        """Begin the session of a connection; None for one too many."""

    def started(self, request: socket.socket) -> Iterable[Output]:
        """Return the output of the session that isn't sent yet, where the connection was served otherwise before."""

    def idle_timeout(self, session: Session) -> float:
        """Return the seconds for which a client may be silent."""


class UploadHandler(socketserver.BaseRequestHandler):
    """Serves one connection."""

    server: Host  # type: ignore[assignment]  # one that does what a handler needs
    request: socket.socket

    def setup(self) -> None:
        """Prepare; nothing is read yet."""
        self._journal = self.server.journal(self.client_address)
        self._session: Session | None = None
        self._timeout = 0.0
        self._stopping = False
        self._small = memoryview(bytearray(SMALL))
        self._large: memoryview | None = None
        """In use while a long body flows."""

    def handle(self) -> None:
        """Serve the client to the end of its connection. Raises nothing that the client can cause."""
        with self.server.connections.holding(self):
            ended = True
            try:
                shake_hands(self.request)
                session = self._session = self.server.begin(self.request, self._journal)
                if session is None:
                    return
                self._journal = session.journal
                self._timeout = self.server.idle_timeout(session)
                self.request.settimeout(self._timeout)
                ended = self._converse(session)
            except TimeoutError:
                self._journal.note("timed out")
                ended = False
            except OSError as error:
                self._journal.note("lost", reason=error.strerror or str(error))
            finally:
                self._return_large()
                if self._session is not None:
                    self._session.abandon()
                self._journal.end()
                self._end(ended=ended)

    def stop(self) -> None:
        """Ask from another thread for the end: at once between requests, else when the one under way is complete."""
        self._stopping = True
        if self._session is None or self._session.idle:
            shut(self.request, socket.SHUT_RD)  # wakes a thread that waits for data

    def abort(self) -> None:
        """End the connection from another thread, whatever is under way."""
        self._stopping = True
        shut(self.request, socket.SHUT_RDWR)

    # While the connection lasts

    def _converse(self, session: Session) -> bool:
        """Move bytes until one side ends; return whether it was the client, so that no input is left."""
        self._carry_on(session, self.server.started(self.request))
        while not (session.closing or (self._stopping and session.idle)):
            if self._read_on(session):
                session.receive_eof()
                return True
        return False

    def _read_on(self, session: Session) -> bool:
        """Let the session have what arrives next; return whether it was the end of the stream."""
        if session.body_due > SMALL:
            mover = None if isinstance(self.request, ssl.SSLSocket) else self.server.mover
            if mover is not None and (sink := session.open_sink()) is not None:
                return mover(self.request, session, sink, self._timeout)
            self._large = self._large or self.server.buffers.take()
        else:
            self._return_large()
        buffer = self._large or self._small
        count = self.request.recv_into(buffer)
        if count:
            self._carry_on(session, session.receive(buffer[:count]))
        return not count

    def _carry_on(self, session: Session, outputs: Iterable[Output]) -> None:
        """Let the session work, and send its replies, until it is through or the server stops."""
        for output in outputs:
            if isinstance(output, bytes):
                self._send(output)
            elif output is Pause.BETWEEN and self._stopping:
                self._send(session.owed())
                return

    def _send(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[self.request.send(view) :]  # the time-out counts from the last progress

    def _return_large(self) -> None:
        if self._large is not None:
            self.server.buffers.put_back(self._large)
            self._large = None

    # The end

    def _end(self, *, ended: bool) -> None:
        deadline = time.monotonic() + self.server.linger
        with contextlib.suppress(OSError, ValueError):
            if isinstance(self.request, ssl.SSLSocket):
                self.request.settimeout(self.server.linger)
                self.request.unwrap()
        part(self.request, ended=ended, linger=deadline - time.monotonic())
