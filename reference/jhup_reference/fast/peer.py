"""One client served by calls that never block, in a loop that others share."""

import contextlib
import selectors
import socket
import time
from collections.abc import Iterable, Iterator
from typing import Any, Final, Protocol

from jhup_reference.fast.loop import Loop
from jhup_reference.session import Output, Pause, Session

__all__ = ["Peer", "PeerHost"]

_LONG_BODY: Final = 1024 * 1024
_TURN: Final = 0.001
"""Seconds after which the requests that have arrived of one client wait until all others had a turn."""

_COSTLY: Final = 0.003
"""Processor seconds of a turn from which on a client gets a thread of its own: its requests can't be cut any finer."""


class PeerHost(Protocol):
    """What a peer needs of its server.

    Attributes:
        linger: seconds for which input is discarded after a half-close.
    """

    linger: float

    @property
    def must_wait(self) -> bool:
        """Whether a put may have to wait for the disk, and so doesn't belong in the loop."""

    def idle_timeout(self, session: Session) -> float:
        """Return the seconds for which a client may be silent."""

    def serve_apart(self, sock: socket.socket, address: Any, session: Session, started: Iterable[Output]) -> None:
        """Let a session go on in a thread of its own."""

    def shutdown_request(self, request: Any) -> None:
        """Close a connection."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Log what no one foresaw."""


class Peer:
    """One client.

    Args:
        loop: where it has its turns.
        host: its server.
        sock: connected.
        address: the client's.
        session: what becomes of the data.
    """

    __slots__ = (
        "_address", "_heard", "_host", "_lent", "_lingers", "_loop", "_outputs", "_put_off", "_session", "_socket",
        "_unsent",
    )  # fmt: skip

    def __init__(self, loop: Loop, host: PeerHost, sock: socket.socket, address: Any, session: Session) -> None:
        self._loop = loop
        self._host = host
        self._socket = sock
        self._address = address
        self._session = session
        self._outputs: Iterator[Output] = iter(())
        self._unsent = memoryview(b"")
        self._heard = loop.now
        self._lingers = self._put_off = self._lent = False
        sock.setblocking(False)
        loop.join(self, sock, self.ready)

    def stop(self) -> None:
        """End at once between requests, else when the request under way is complete."""
        if self._session.idle:
            self._shut(socket.SHUT_RD)  # what has arrived is still read, then comes the end of the stream

    def tick(self) -> None:
        """Look at the clock."""
        allowed = self._host.linger if self._lingers else self._host.idle_timeout(self._session)
        if self._put_off or self._loop.now - self._heard < allowed:
            return
        if self._lingers:
            self.close()
        else:
            self._session.journal.note("timed out")
            self._linger()

    def close(self) -> None:
        """Leave the loop and close the connection, whatever is under way."""
        self._loop.leave(self, self._socket)
        self._session.abandon()
        self._session.journal.end()
        self._host.shutdown_request(self._socket)

    def ready(self) -> None:
        """Do what the socket is ready for. Raises nothing, so that no client can end the loop."""
        if self._put_off:
            return  # it has a turn of its own in this round
        try:
            if self._unsent:
                self._write()
            else:
                self._read()
        except Exception:  # noqa: BLE001  # as socketserver does it for the other servings
            self._host.handle_error(self._socket, self._address)
            self.close()

    def _read(self) -> None:
        buffer = self._loop.buffer
        try:
            count = self._socket.recv_into(buffer)
        except BlockingIOError:
            return
        except OSError as error:
            self._lost(error)
            return
        if self._lingers:
            if not count:
                self.close()
            return
        self._heard = self._loop.now
        if count:
            self._lent = False
            self._outputs = self._session.receive(buffer[:count])
            self._go_on()
        else:
            self._session.receive_eof()
            self.close()

    def _go_on(self) -> None:
        """Let the session work until it is through with what arrived, or has to let others go first."""
        if self._host.must_wait:
            self._move_apart()
        elif self._work() and not self._put_off:
            if self._session.closing or (self._loop.ending and self._session.idle):
                self._linger()
            elif self._session.body_due > _LONG_BODY:
                self._move_apart()

    def _work(self) -> bool:
        """Carry requests out, for the time of a turn; return whether it is through and nothing is unsent."""
        until, spent = time.monotonic() + _TURN, time.thread_time()
        for output in self._outputs:
            if isinstance(output, bytes):
                if not self._send(output):
                    return False
            elif output is Pause.LONG_WORK:
                self._move_apart()
                return False
            elif self._loop.ending:
                return self._send(self._session.owed())
            elif time.monotonic() >= until:
                return self._let_others_go_first(time.thread_time() - spent)
        return True

    def _let_others_go_first(self, spent: float) -> bool:
        if spent >= _COSTLY:
            self._move_apart()
            return False
        self._keep_buffer()
        self._put_off = True
        self._loop.put_off(self._resume)
        return True

    def _resume(self) -> None:
        self._put_off = False
        try:
            self._go_on()
        except Exception:  # noqa: BLE001  # as in `ready`
            self._host.handle_error(self._socket, self._address)
            self.close()

    def _keep_buffer(self) -> None:
        if not self._lent:
            self._loop.lend_buffer()
            self._lent = True

    def _send(self, data: bytes | memoryview) -> bool:
        """Send; return whether the client took all. If not, nothing more is read before it does (CONN-3)."""
        try:
            sent = self._socket.send(data) if data else 0
        except BlockingIOError:
            sent = 0
        except OSError as error:
            self._lost(error)
            return False
        if sent == len(data):
            return True
        if not self._unsent:
            self._keep_buffer()
            self._loop.selector.modify(self._socket, selectors.EVENT_WRITE, self.ready)
        self._unsent = memoryview(data)[sent:]
        return False

    def _write(self) -> None:
        self._heard = self._loop.now
        if self._send(self._unsent):
            self._unsent = memoryview(b"")
            self._loop.selector.modify(self._socket, selectors.EVENT_READ, self.ready)
            self._go_on()

    def _linger(self) -> None:
        """Half-close and discard input until the client closes or `tick` finds it is enough (ERR-13)."""
        self._session.abandon()
        self._lingers = True
        self._heard = self._loop.now
        self._shut(socket.SHUT_WR)

    def _move_apart(self) -> None:
        self._keep_buffer()
        self._loop.leave(self, self._socket)
        self._socket.setblocking(True)
        self._host.serve_apart(self._socket, self._address, self._session, self._outputs)

    def _lost(self, error: OSError) -> None:
        self._session.journal.note("lost", reason=error.strerror or str(error))
        self._session.receive_eof()
        self.close()

    def _shut(self, how: int) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(how)
