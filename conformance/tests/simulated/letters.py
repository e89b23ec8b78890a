"""Sockets for datagrams as a kernel has them."""

import errno
from collections import deque
from typing import Any, Final

from simulated.streams import LATENCY, Watched
from simulated.world import World

__all__ = ["Box"]

UDP_CARRIES: Final = 65_507
UNIX_CARRIES: Final = 212_000
FULL: Final = 212_992
"""Bytes that a box holds; UDP loses what comes beyond them."""
MOST_LOCAL: Final = 10
"""Datagrams that a box of a Unix socket holds; its senders wait then."""


class Box(Watched):
    """Takes datagrams at an address.

    Attributes:
        name: the address, as its peers see it; None for a Unix socket that has none.
        arrived: datagrams, each with the address of its sender.
        error: what the next operation fails with.
    """

    def __init__(self, world: World, *, local: bool) -> None:
        super().__init__(world)
        self.local = local
        self.name: Any = None
        self.arrived: deque[tuple[bytes, Any]] = deque()
        self.held = 0
        self.error: int | None = None
        self.closed = False

    @property
    def readable(self) -> bool:
        """Whether `take` would not have to wait."""
        return bool(self.arrived or self.error)

    writable = True

    @property
    def is_full(self) -> bool:
        """Whether a sender has to wait."""
        return self.local and len(self.arrived) > MOST_LOCAL

    def check_length(self, data: bytes) -> None:
        """Refuse a datagram that is too long for the transport."""
        if len(data) > (UNIX_CARRIES if self.local else UDP_CARRIES):
            raise OSError(errno.EMSGSIZE, "Message too long")

    def post(self, data: bytes, sender: Any) -> None:
        """Let a datagram arrive, a little later."""
        if self.local:
            self._arrive(data, sender)
        else:
            self.world.at(self.world.now + LATENCY, self._arrive, data, sender)

    def _arrive(self, data: bytes, sender: Any) -> None:
        if not self.closed and (self.local or self.held + len(data) <= FULL):
            self.arrived.append((data, sender))
            self.held += len(data)
            self.change()

    def take(self) -> tuple[bytes, Any]:
        """Take the first datagram; call it when `readable`."""
        self.raise_error()
        data, sender = self.arrived.popleft()
        self.held -= len(data)
        self.change()
        return data, sender

    def refuse(self) -> None:
        """Hear that nobody has the address that was sent to."""
        self.error = errno.ECONNREFUSED
        self.change()

    def raise_error(self) -> None:
        """Fail once with what was heard."""
        if self.error:
            error, self.error = self.error, None
            raise ConnectionRefusedError(error, "Connection refused")

    def close(self, *, abruptly: bool = False) -> None:
        """Take no more."""
        self.closed = True
        self.arrived.clear()
        self.change()
