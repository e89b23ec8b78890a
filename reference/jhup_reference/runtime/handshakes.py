"""Handshakes under way that nobody waits for: a connection is served once it is secured (section 12.1)."""

import contextlib
import os
import selectors
import socket
import ssl
import time
from collections.abc import Callable
from typing import Any, Final, TypeAlias

from jhup_reference.runtime.admission import HANDSHAKES
from jhup_reference.runtime.tls import HANDSHAKE, secured

__all__ = ["Handshakes"]

Accepted: TypeAlias = tuple[socket.socket, Any]
"""A connection and the client's address."""

_WANTS: Final = {ssl.SSLWantReadError: selectors.EVENT_READ, ssl.SSLWantWriteError: selectors.EVENT_WRITE}


class Handshakes:
    """Carries on each handshake whenever its client has sent something, in the thread that asks for what is ready.

    Args:
        listener: the listening socket, which is watched as well.
        context: how connections are secured.
        failed: told of each handshake that fails: the client's address and why; `TimeoutError` of one that takes too
            long.
    """

    def __init__(
        self, listener: socket.socket, context: ssl.SSLContext, failed: Callable[[Any, OSError], None]
    ) -> None:
        self._context = context
        self._failed = failed
        self._selector = selectors.DefaultSelector()
        self._selector.register(listener, selectors.EVENT_READ)
        self._began: dict[ssl.SSLSocket, tuple[float, Any]] = {}
        self._secured: Accepted | None = None

    def fileno(self) -> int:
        """Return the descriptor that is readable when there is something to do: of epoll or kqueue."""
        return self._selector.fileno()

    def begin(self, accepted: Accepted) -> None:
        """Begin the handshake of a connection; of too many, the oldest is ended.

        Raises:
            OSError: when the client is gone.
        """
        sock = secured(accepted[0], self._context)
        sock.setblocking(False)
        if len(self._began) >= HANDSHAKES:
            self._end(next(iter(self._began)), TimeoutError())
        self._began[sock] = time.monotonic(), accepted[1]
        self._selector.register(sock, selectors.EVENT_READ)

    def carry_on(self) -> bool:
        """Carry on those whose clients have sent something, until one is over; the rest stays ready.

        Returns:
            Whether a client waits to be accepted.
        """
        waits = False
        for key, _ in self._selector.select(0):
            if not isinstance(key.fileobj, ssl.SSLSocket):
                waits = True
            elif self._secured is None:
                self._carry_on(key.fileobj)
        return waits

    def take_secured(self) -> Accepted | None:
        """Return the connection whose handshake is over, which blocks from now on; None where there is none."""
        secured, self._secured = self._secured, None
        return secured

    def end_late(self) -> None:
        """End those that take too long; they stand in the order in which they began."""
        latest = time.monotonic() - HANDSHAKE
        for sock in [each for each, (began, _) in self._began.items() if began < latest]:
            self._end(sock, TimeoutError())

    def forsake(self) -> None:
        """In a child process, close the descriptors and touch nothing else: each page touched would be copied."""
        for sock in self._began:
            os.close(sock.fileno())
        os.close(self._selector.fileno())

    def close(self) -> None:
        """Let go of all of them."""
        for sock in self._began:
            with contextlib.suppress(OSError):
                sock.close()
        self._selector.close()

    def _carry_on(self, sock: ssl.SSLSocket) -> None:
        try:
            sock.do_handshake()
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError) as error:
            self._selector.modify(sock, _WANTS[type(error)])
        except OSError as error:
            self._end(sock, error)
        else:
            self._selector.unregister(sock)
            _, address = self._began.pop(sock)
            sock.setblocking(True)
            self._secured = sock, address

    def _end(self, sock: ssl.SSLSocket, why: OSError) -> None:
        self._selector.unregister(sock)
        _, address = self._began.pop(sock)
        self._failed(address, why)
        with contextlib.suppress(OSError):
            sock.close()
