"""One client served by blocking calls, in a thread or process of its own: bytes between a socket and a session."""

import contextlib
import socket
import time
from typing import Any, Final

from jhup_reference.session import Pause, Session
from jhup_reference.settings import Tuning

__all__ = ["Connection"]

_SMALL: Final = 64 * 1024
_LARGE: Final = 1024 * 1024


class Connection:
    """One client.

    Args:
        sock: connected, and ready for data of the protocol.
        session: what becomes of the data.
        tuning: time-outs.
        log: a bound logger of structlog.
    """

    def __init__(self, sock: socket.socket, session: Session, *, tuning: Tuning, log: Any) -> None:
        self._socket = sock
        self._session = session
        self._tuning = tuning
        self._log = log
        self._stopping = False
        self._buffer = memoryview(bytearray(_SMALL))

    def serve(self) -> None:
        """Serve the client to the end of its connection. Raises nothing that the client can cause."""
        self._socket.settimeout(self._tuning.idle_timeout)
        try:
            ended = self._converse()
        except TimeoutError:
            self._log.info("idle", seconds=self._tuning.idle_timeout)
            ended = False
        except OSError as error:
            self._log.info("lost", reason=error.strerror)
            ended = True
        finally:
            self._session.abandon()
        if not ended:
            self._linger()

    def stop(self) -> None:
        """Ask from elsewhere for the end: at once between requests, else when the request under way is complete."""
        self._stopping = True
        if self._session.idle:
            self._shut(socket.SHUT_RD)  # wakes a thread that waits for data

    def abort(self) -> None:
        """End the connection from elsewhere, whatever is under way."""
        self._stopping = True
        self._shut(socket.SHUT_RDWR)

    def _converse(self) -> bool:
        """Move bytes until one side ends; tell whether it was the client, so that no input is left."""
        session = self._session
        while not session.closing:
            buffer = self._buffer_for(session.body_due)
            count = self._socket.recv_into(buffer)
            if not count:
                session.receive_eof()
                return True
            for output in session.receive(buffer[:count]):
                if output is not Pause.LONG_WORK:
                    self._send(output)
            if self._stopping and session.idle:
                break
        return False

    def _buffer_for(self, due: int) -> memoryview:
        """Give a buffer for the next bytes: a large one only while a long body flows."""
        wanted = _LARGE if due > _SMALL else _SMALL
        if len(self._buffer) != wanted:
            self._buffer = memoryview(bytearray(wanted))
        return self._buffer

    def _send(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[self._socket.send(view) :]  # the time-out counts from the last progress

    def _linger(self) -> None:
        """Half-close and discard input for a bounded time, so that no reset destroys replies (ERR-13)."""
        self._shut(socket.SHUT_WR)
        deadline = time.monotonic() + self._tuning.linger
        with contextlib.suppress(OSError):
            while (left := deadline - time.monotonic()) > 0:
                self._socket.settimeout(left)
                if not self._socket.recv_into(self._buffer):
                    break

    def _shut(self, how: int) -> None:
        with contextlib.suppress(OSError):
            socket.socket.shutdown(self._socket, how)
