"""Serving all connections of a process from one loop, which costs the least for many small requests.

Nothing in the loop waits for a client. What may take long (a long body, a large file to read, a disk to wait for,
TLS) goes on in a thread of its own, from where it is; so does everything for some seconds after a disk turned out slow.
"""

import selectors
import socket
import threading
from collections.abc import Iterable
from typing import Any, Final

from jhup_reference.fast.loop import Loop
from jhup_reference.fast.occupancy import SharedOccupancy
from jhup_reference.fast.peer import Peer
from jhup_reference.fast.slowness import WatchedStore
from jhup_reference.runtime.journal import Journal
from jhup_reference.server import IterativeUploadServer
from jhup_reference.session import Output, Session

__all__ = ["MultiplexingUploadServer"]

_COURTESY: Final = 0.002


class MultiplexingUploadServer(IterativeUploadServer):
    """Serves all connections from the loop of `serve_forever`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.loop = Loop()
        self._wake, self._waker = socket.socketpair()
        self._ended = threading.Event()
        self._accepts_from = 0.0
        """When it accepts again; 0 while it does."""
        self._moved: dict[socket.socket, tuple[Session, Iterable[Output]]] = {}

    # The loop, in place of that of socketserver

    def serve_forever(self, poll_interval: float = 0.5) -> None:  # noqa: ARG002  # this loop is woken
        """Serve until `shutdown`, and on until what was under way then has ended or its time is up."""
        self.loop.selector.register(self.socket, selectors.EVENT_READ, self._accept)
        self.loop.selector.register(self._wake, selectors.EVENT_READ, self._begin_end)
        try:
            self.loop.run(self._accept_again, self.service_actions)
            for peer in self._peers():
                peer.close()
        finally:
            self._ended.set()
            self.loop.selector.close()
            self._wake.close()

    def shutdown(self) -> None:
        """End the loop, from another thread: connections under way are given the time of grace."""
        self._waker.close()
        self._ended.wait()

    def abort(self) -> None:
        """End all that is under way, within a turn of the loop."""
        self.loop.end_within(float("-inf"))
        super().abort()

    def _begin_end(self) -> None:
        self.loop.end_within(self.tuning.grace)
        self.loop.selector.unregister(self._wake)
        if not self._accepts_from:
            self.loop.selector.unregister(self.socket)
        self._accepts_from = 0
        for peer in self._peers():
            peer.stop()

    def _peers(self) -> list[Peer]:
        return [member for member in self.loop.members() if isinstance(member, Peer)]

    # One connection

    def _accept(self) -> None:
        """Accept a connection, unless another process has fewer: then let it have the chance first."""
        if isinstance(self.occupancy, SharedOccupancy) and self.occupancy.is_ahead:
            self.pause_accepting(_COURTESY)
        else:
            self._handle_request_noblock()  # type: ignore[attr-defined]  # the hook of socketserver's own loop

    def pause_accepting(self, seconds: float) -> None:
        """Accept nothing for a moment, while the loop goes on."""
        self.loop.selector.unregister(self.socket)
        self._accepts_from = self.loop.now + seconds

    def _accept_again(self) -> float:
        """Accept again after a pause; return the seconds after which that has to be looked at."""
        if not self._accepts_from:
            return float("inf")
        if self.loop.now < self._accepts_from:
            return self._accepts_from - self.loop.now
        self._accepts_from = 0
        self.loop.selector.register(self.socket, selectors.EVENT_READ, self._accept)
        self._handle_request_noblock()  # type: ignore[attr-defined]  # also if the other process is stuck
        return 0

    def process_request(self, request: Any, client_address: Any) -> None:
        """Take a connection into the loop; one that is to be secured gets a thread."""
        if self.service.tls is not None:
            self._start_thread(request, client_address)
        elif (session := self.begin(request, self.journal(client_address))) is not None:
            Peer(self.loop, self, request, client_address, session)

    @property
    def must_wait(self) -> bool:
        """Whether a put may have to wait for the disk."""
        return isinstance(self.service.store, WatchedStore) and self.service.store.is_slow

    def serve_apart(self, sock: socket.socket, address: Any, session: Session, started: Iterable[Output]) -> None:
        """Let a session go on in a thread of its own, by the handler of every server."""
        self._moved[sock] = session, started
        try:
            self._start_thread(sock, address)
        except RuntimeError:  # no more threads
            del self._moved[sock]
            raise

    def begin(self, request: socket.socket, journal: Journal) -> Session | None:
        """Begin a session, or go on with the one that the connection has."""
        return self._moved[request][0] if request in self._moved else super().begin(request, journal)

    def started(self, request: socket.socket) -> Iterable[Output]:
        """Return the output of the session that isn't sent yet."""
        _, outputs = self._moved.pop(request, (None, ()))
        return outputs

    def _start_thread(self, request: socket.socket, address: Any) -> None:
        threading.Thread(target=self._serve_apart, args=(request, address), daemon=True).start()

    def _serve_apart(self, request: socket.socket, address: Any) -> None:
        try:
            self.finish_request(request, address)
        except Exception:  # noqa: BLE001  # what `_handle_request_noblock` does for the other servings
            self.handle_error(request, address)
        finally:
            self._moved.pop(request, None)
            self.shutdown_request(request)
