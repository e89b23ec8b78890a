"""One client served by blocking calls, in a thread or process of its own: bytes between a socket and a session."""

import contextlib
import select
import socket
import ssl
import time
from collections.abc import Iterable
from typing import Final

from jhup_reference.buffers import SMALL, Buffers
from jhup_reference.parting import part, shut
from jhup_reference.session import Output, Pause, Session
from jhup_reference.splicing import CAN_SPLICE, SinkFault, Splicer

__all__ = ["Connection"]

_HANDSHAKE: Final = 30.0


class Connection:
    """One client.

    Args:
        sock: connected.
        session: what becomes of the data.
        patience: seconds for which the client may be silent.
        linger: seconds for which input is discarded after a half-close.
        buffers: large ones, for long bodies.
        tls: how the connection is secured before anything else; None if it isn't.
        started: output of the session that isn't sent yet, where the connection was served otherwise up to now.
    """

    def __init__(
        self,
        sock: socket.socket,
        session: Session,
        *,
        patience: float,
        linger: float,
        buffers: Buffers,
        tls: ssl.SSLContext | None = None,
        started: Iterable[Output] = (),
    ) -> None:
        self._socket = sock
        self._session = session
        self._patience = patience
        self._linger = linger
        self._buffers = buffers
        self._tls = tls
        self._started = started
        self._log = session.log
        self._stopping = False
        self._small = memoryview(bytearray(SMALL))
        self._large: memoryview | None = None
        """In use while a long body flows."""

    def serve(self) -> None:
        """Serve the client to the end of its connection and close it. Raises nothing that the client can cause."""
        ended = True
        try:
            self._secure()
            self._socket.settimeout(self._patience)
            ended = self._converse()
        except TimeoutError:
            self._log.info("timed out")
            ended = False
        except OSError as error:
            self._log.info("lost", reason=error.strerror or str(error))
        finally:
            self._session.abandon()
            self._return_large()
            self._end(ended=ended)

    def stop(self) -> None:
        """Ask from elsewhere for the end: at once between requests, else when the request under way is complete."""
        self._stopping = True
        if self._session.idle:
            shut(self._socket, socket.SHUT_RD)  # wakes a thread that waits for data

    def abort(self) -> None:
        """End the connection from elsewhere, whatever is under way."""
        self._stopping = True
        shut(self._socket, socket.SHUT_RDWR)

    def _secure(self) -> None:
        if self._tls is not None:
            self._socket.settimeout(_HANDSHAKE)
            self._socket = self._tls.wrap_socket(self._socket, server_side=True, do_handshake_on_connect=False)
            self._socket.do_handshake()

    # From here to the next heading: what is said while the connection lasts

    def _converse(self) -> bool:
        """Move bytes until one side ends; tell whether it was the client, so that no input is left."""
        session = self._session
        self._send(self._started)
        while not (session.closing or (self._stopping and session.idle)):
            if self._read_on():
                session.receive_eof()
                return True
        return False

    def _read_on(self) -> bool:
        """Let the session have what arrives next; tell whether it was the end of the stream."""
        if self._session.body_due > SMALL:
            if CAN_SPLICE and self._tls is None and (sink := self._session.open_sink()) is not None:
                return self._splice_body(sink)
            self._large = self._large or self._buffers.take()
        elif self._large is not None:
            self._return_large()
        buffer = self._large or self._small
        count = self._socket.recv_into(buffer)
        if count:
            self._send(self._session.receive(buffer[:count]))
        return not count

    def _return_large(self) -> None:
        if self._large is not None:
            self._buffers.give_back(self._large)
            self._large = None

    def _splice_body(self, sink: int) -> bool:
        session, splicer = self._session, Splicer()
        try:
            while due := session.body_due:
                try:
                    moved = splicer.move(self._socket, sink, due)
                except BlockingIOError:
                    self._await_input()
                    continue
                if not moved:
                    return True
                session.body_moved(moved)
        except SinkFault as fault:
            session.body_lost(fault.moved, fault.cause)
        finally:
            splicer.close()
        return False

    def _await_input(self) -> None:
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        if not poll.poll(self._patience * 1000):
            raise TimeoutError

    def _send(self, outputs: Iterable[Output]) -> None:
        for output in outputs:
            if output is not Pause.LONG_WORK:
                view = memoryview(output)
                while view:
                    view = view[self._socket.send(view) :]  # the time-out counts from the last progress

    # The end

    def _end(self, *, ended: bool) -> None:
        deadline = time.monotonic() + self._linger
        with contextlib.suppress(OSError, ValueError):
            if isinstance(self._socket, ssl.SSLSocket):
                self._socket.settimeout(self._linger)
                self._socket.unwrap()
        part(self._socket, ended=ended, linger=deadline - time.monotonic())
