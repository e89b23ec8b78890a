"""TLS over a TCP socket, with a half-close that loses nothing (section 2.1).

TLS runs over buffers in memory here instead of over an `ssl.SSLSocket`, for the sake of the half-close. The only way
to send close_notify from Python is ``unwrap``, and it goes on to read the other side's: over a socket a reply that is
just arriving would end it in a fatal error and be lost. Over buffers, once everything that has come was read, it finds
nothing, says so, and the connection goes on being readable.
"""

import contextlib
import selectors
import socket
import ssl
from typing import Final

from jhup_client.options import TlsOptions
from jhup_client.transport import SendfileUnavailable

__all__ = ["TlsTransport", "client_context"]

_PIECE: Final = 64 * 1024
"""Bytes encrypted or received at a time: four records."""


def client_context(options: TlsOptions) -> ssl.SSLContext:
    """Make the context of a client.

    Raises:
        OSError: when a file of the options can't be read or holds no certificate or key (`ssl.SSLError` is one).
    """
    context = ssl.create_default_context(cafile=options.ca_file)
    if options.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if options.certificate is not None:
        # Without a function for the password the terminal would be asked for it.
        context.load_cert_chain(options.certificate, options.key, password=lambda: "")
    return context


class TlsTransport:
    """A TLS connection. `handshake` has to be called until it is done, before anything else."""

    def __init__(self, sock: socket.socket, context: ssl.SSLContext, server_name: str) -> None:
        sock.setblocking(False)
        self._socket = sock
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=server_name)
        self._held = memoryview(b"")
        self._notified = False

    @property
    def socket(self) -> socket.socket:
        """The socket below."""
        return self._socket

    @property
    def can_send_files(self) -> bool:
        """Never: the bytes have to be encrypted here."""
        return False

    def interest(self, _sending: bool, /) -> int:
        """Writing only while encrypted bytes are held back: TLS itself may have to read before it can send."""
        return selectors.EVENT_READ | selectors.EVENT_WRITE if self._is_holding() else selectors.EVENT_READ

    def handshake(self) -> bool:
        """Go on with the handshake; tell whether it is done."""
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                self.flush()
                if not self._fetch():
                    return False
            except ssl.SSLError:
                self.flush()  # the alert that tells the server why
                raise
            else:
                self.flush()
                return True

    def send(self, data: memoryview) -> int:
        """Encrypt and send some of the bytes; none before all taken earlier is sent, so that memory stays small."""
        if not self.flush():
            return 0
        try:
            count = self._tls.write(data[:_PIECE])
        except ssl.SSLWantReadError:
            return 0
        self.flush()
        return count

    def send_file(self, _descriptor: int, _offset: int, _count: int, /) -> int | None:
        """Not with TLS."""
        raise SendfileUnavailable

    def receive(self, buffer: memoryview) -> int | None:
        """Receive and decrypt some bytes. A connection that ends without close_notify ends all the same."""
        while True:
            is_holding = self._is_holding()
            try:
                count: int = self._tls.read(len(buffer), buffer)  # type: ignore[assignment]  # a number, with a buffer
            except ssl.SSLWantReadError:
                self.flush()
                if not self._fetch():
                    return None
            except ssl.SSLZeroReturnError:
                return 0
            except ssl.SSLEOFError:
                self._notified = True  # the session is over; there is nobody to notify, and no way to
                if not is_holding:
                    self._outgoing.read()  # an alert about it, which would draw a reset
                return 0
            else:
                if not count and self._incoming.eof:  # some versions of Python say so in place of SSLEOFError
                    self._notified = True
                return count

    def flush(self) -> bool:
        """Send encrypted bytes that are held back; tell whether none are left."""
        while self._is_holding():
            if not self._held:
                self._held = memoryview(self._outgoing.read())
            try:
                count = self._socket.send(self._held)
            except BlockingIOError:
                return False
            self._held = self._held[count:]
        return True

    def half_close(self) -> bool:
        """Send close_notify, and the end of the TCP stream after it."""
        if not self._notified:
            self._notified = True
            # Wanting to read: ours is written, the server's own has not come yet.
            with contextlib.suppress(ssl.SSLWantReadError, ssl.SSLSyscallError):
                self._tls.unwrap()
        if not self.flush():
            return False
        self._socket.shutdown(socket.SHUT_WR)
        return True

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def _is_holding(self) -> bool:
        return bool(self._held) or self._outgoing.pending > 0

    def _fetch(self) -> bool:
        """Take what has come into the buffer; tell whether anything had."""
        try:
            data = self._socket.recv(_PIECE)
        except BlockingIOError:
            return False
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()
        return True
