"""One client served by calls that never block, in the loop of `jhup_reference.multiplexing`."""

import contextlib
import selectors
import socket
from typing import TYPE_CHECKING, Final

from jhup_reference.session import Output, Pause, Session

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jhup_reference.multiplexing import MultiplexingUploadServer

__all__ = ["Peer"]

_LONG_BODY: Final = 1024 * 1024


class Peer:
    """One client.

    Args:
        server: whose loop this is.
        sock: connected.
        session: what becomes of the data.
    """

    __slots__ = ("_heard", "_lingers", "_outputs", "_server", "_session", "_socket", "_unsent")

    def __init__(self, server: "MultiplexingUploadServer", sock: socket.socket, session: Session) -> None:
        self._server = server
        self._socket = sock
        self._session = session
        self._outputs: Iterator[Output] = iter(())
        self._unsent = memoryview(b"")
        self._heard = server.now
        self._lingers = False
        sock.setblocking(False)
        server.selector.register(sock, selectors.EVENT_READ, self.ready)

    def stop(self) -> None:
        """End at once between requests, else when the request under way is complete."""
        if self._session.idle:
            self._shut(socket.SHUT_RD)  # what has arrived is still read, then comes the end of the stream

    def tick(self) -> None:
        """Look at the clock."""
        patience = self._server.service.patience(self._session, lingers=self._lingers)
        if self._server.now - self._heard < patience:
            return
        if self._lingers:
            self.close()
        else:
            self._session.log.info("timed out")
            self._linger()

    def close(self) -> None:
        """Leave the loop and close the connection, whatever is under way."""
        self._server.forget(self, self._socket)
        self._session.abandon()
        self._server.shutdown_request(self._socket)

    def ready(self) -> None:
        """Do what the socket is ready for. Raises nothing, so that no client can end the loop."""
        try:
            if self._unsent:
                self._write()
            else:
                self._read()
        except Exception:  # noqa: BLE001  # as socketserver does it for the other servings
            self._server.handle_error(self._socket, None)
            self.close()

    def _read(self) -> None:
        buffer = self._server.buffer
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
        self._heard = self._server.now
        if count:
            self._outputs = self._session.receive(buffer[:count])
            self._go_on()
        else:
            self._session.receive_eof()
            self.close()

    def _go_on(self) -> None:
        """Let the session work until it is through with what arrived, or its replies aren't taken."""
        for output in self._outputs:
            if output is Pause.LONG_WORK:
                self._server.lend_buffer()
                self._move_apart()
                return
            if not self._send(output):
                return
        if self._session.closing or (self._server.ending and self._session.idle):
            self._linger()
        elif self._session.body_due > _LONG_BODY:
            self._move_apart()

    def _send(self, data: bytes | memoryview) -> bool:
        """Send; tell whether the client took all. If not, nothing more is read before it does (CONN-3)."""
        try:
            sent = self._socket.send(data)
        except BlockingIOError:
            sent = 0
        except OSError as error:
            self._lost(error)
            return False
        if sent == len(data):
            return True
        if not self._unsent:
            self._server.lend_buffer()
            self._server.selector.modify(self._socket, selectors.EVENT_WRITE, self.ready)
        self._unsent = memoryview(data)[sent:]
        return False

    def _write(self) -> None:
        self._heard = self._server.now
        if self._send(self._unsent):
            self._unsent = memoryview(b"")
            self._server.selector.modify(self._socket, selectors.EVENT_READ, self.ready)
            self._go_on()

    def _linger(self) -> None:
        """Half-close and discard input until the client closes or `tick` finds it is enough (ERR-13)."""
        self._session.abandon()
        self._lingers = True
        self._heard = self._server.now
        self._shut(socket.SHUT_WR)

    def _move_apart(self) -> None:
        self._server.forget(self, self._socket)
        self._socket.setblocking(True)
        self._server.serve_apart(self._socket, self._session, self._outputs)

    def _lost(self, error: OSError) -> None:
        self._session.log.info("lost", reason=error.strerror)
        self._session.receive_eof()
        self.close()

    def _shut(self, how: int) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(how)
