"""Serving all connections of a process from one loop, which costs the least for many small requests.

Nothing in the loop waits for a client. What may take long (a long body, a large file to read, a disk to wait for,
TLS) goes on in a thread of its own, from where it is.
"""

import selectors
import socket
import threading
import time
from collections.abc import Iterable
from typing import Any, Final

from jhup_reference.buffers import SMALL
from jhup_reference.peer import Peer
from jhup_reference.server import UploadServer
from jhup_reference.session import Output, Session

__all__ = ["MultiplexingUploadServer"]

_TICK: Final = 1.0
_COURTESY: Final = 0.002


class MultiplexingUploadServer(UploadServer):
    """Serves all connections from the loop of `serve_forever`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.now = time.monotonic()
        self.buffer = memoryview(bytearray(4 * SMALL))
        self.selector = selectors.DefaultSelector()
        self._peers: set[Peer] = set()
        self._wake, self._waker = socket.socketpair()
        self._ended = threading.Event()
        self._deadline = float("inf")
        self._yields_until = 0.0
        """When this process takes connections again that it left to another."""
        self.ending = False
        """Whether connections end once they are between requests."""

    # The loop, in place of that of socketserver

    def serve_forever(self, poll_interval: float = 0.5) -> None:  # noqa: ARG002  # this loop is woken
        """Serve until `shutdown`, and on until what was under way then has ended or its time is up."""
        self.selector.register(self.socket, selectors.EVENT_READ, self._accept)
        self.selector.register(self._wake, selectors.EVENT_READ, self._begin_end)
        try:
            self._loop()
            for peer in list(self._peers):
                peer.close()
        finally:
            self._ended.set()
            self.selector.close()
            self._wake.close()

    def shutdown(self) -> None:
        """End the loop, from another thread: connections under way are given the time of grace."""
        self._waker.close()
        self._ended.wait()

    def abort(self) -> None:
        """End all that is under way, within a turn of the loop."""
        self._deadline = 0
        super().abort()

    def _loop(self) -> None:
        swept = self.now
        while self.now < self._deadline and (self._peers or not self.ending):
            ready = self.selector.select(_COURTESY if self._yields_until else _TICK)
            self.now = time.monotonic()
            for key, _ in ready:
                key.data()
            if self._yields_until and self.now >= self._yields_until:
                self._accept_again()
            if self.now - swept >= _TICK:
                swept = self.now
                for peer in list(self._peers):
                    peer.tick()

    def _begin_end(self) -> None:
        self.ending = True
        self._deadline = min(self._deadline, self.now + self.tuning.grace)
        self.selector.unregister(self._wake)
        if not self._yields_until:
            self.selector.unregister(self.socket)
        self._yields_until = 0
        for peer in list(self._peers):
            peer.stop()

    # One connection

    def _accept(self) -> None:
        """Accept a connection, unless another process has fewer: then let it have the chance first."""
        if self.occupancy.is_ahead:
            self.selector.unregister(self.socket)
            self._yields_until = self.now + _COURTESY
        else:
            self._handle_request_noblock()  # type: ignore[attr-defined]  # the hook of socketserver's own loop

    def _accept_again(self) -> None:
        self._yields_until = 0
        self.selector.register(self.socket, selectors.EVENT_READ, self._accept)
        self._handle_request_noblock()  # type: ignore[attr-defined]  # also if the other process is stuck

    def process_request(self, request: Any, client_address: Any) -> None:
        """Take a connection into the loop."""
        session = self.service.session(client_address, busy=self.is_busy())
        if self.service.tls is not None:
            self.serve_apart(request, session)
            return
        self._peers.add(Peer(self, request, session))

    def lend_buffer(self) -> None:
        """Leave the buffer to a session that isn't through with it, and take another."""
        self.buffer = memoryview(bytearray(len(self.buffer)))

    def serve_apart(self, sock: socket.socket, session: Session, started: Iterable[Output] = ()) -> None:
        """Let a session go on in a thread of its own."""
        threading.Thread(target=self._serve_apart, args=(sock, session, started), daemon=True).start()

    def forget(self, peer: Peer, sock: socket.socket) -> None:
        """Let a connection leave the loop, if it hasn't."""
        if peer in self._peers:
            self._peers.remove(peer)
            self.selector.unregister(sock)

    def _serve_apart(self, sock: socket.socket, session: Session, started: Iterable[Output]) -> None:
        try:
            connection = self.service.connection(sock, session, started)
            with self.connections.holding(connection):
                connection.serve()
        except Exception:  # noqa: BLE001  # what `_handle_request_noblock` does for the other servings
            self.handle_error(sock, None)
        finally:
            self.shutdown_request(sock)
