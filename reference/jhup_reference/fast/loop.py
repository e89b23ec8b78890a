"""A loop in which each of many connections has its turn: when its socket is ready, or after others went first.

It knows nothing of what is served. Nothing in it may wait, and no turn be long.
"""

import selectors
import socket
import time
from collections import deque
from collections.abc import Callable
from typing import Final, Protocol

from jhup_reference.buffers import SMALL

__all__ = ["Loop", "Member"]

_TICK: Final = 1.0
_LARGE: Final = 4 * SMALL
_LENT_LARGE: Final = 64
"""Connections that may keep a large buffer while they wait for a turn; more of them read less at a time."""


class Member(Protocol):
    """A connection in the loop."""

    def tick(self) -> None:
        """Look at the clock."""


class Loop:
    """One loop.

    Attributes:
        now: the time of the last look at the system, in seconds.
        buffer: for what is read; a connection that isn't through with it keeps it by `lend_buffer`.
        selector: where sockets are registered, each with what is to be called when it is ready.
        ending: whether connections end once they are between requests.
    """

    def __init__(self) -> None:
        self.now = time.monotonic()
        self.buffer = memoryview(bytearray(_LARGE))
        self.selector = selectors.DefaultSelector()
        self.ending = False
        self._members: set[Member] = set()
        self._put_off: deque[Callable[[], None]] = deque()
        self._deadline = float("inf")

    def __len__(self) -> int:
        return len(self._members)

    def join(self, member: Member, sock: socket.socket, ready: Callable[[], None]) -> None:
        """Let a connection have turns."""
        self._members.add(member)
        self.selector.register(sock, selectors.EVENT_READ, ready)

    def leave(self, member: Member, sock: socket.socket) -> None:
        """Let a connection have none any more, if it had."""
        if member in self._members:
            self._members.remove(member)
            self.selector.unregister(sock)

    def members(self) -> list[Member]:
        """List the connections in the loop."""
        return list(self._members)

    def put_off(self, turn: Callable[[], None]) -> None:
        """Call something after everybody else had a turn."""
        self._put_off.append(turn)

    def lend_buffer(self) -> None:
        """Leave the buffer to a connection that isn't through with it, and take another."""
        self.buffer = memoryview(bytearray(_LARGE if len(self._put_off) < _LENT_LARGE else SMALL))

    def end_within(self, seconds: float) -> None:
        """End the loop when no connection is left, or after some seconds."""
        self.ending = True
        self._deadline = min(self._deadline, self.now + seconds)

    def run(self, pause: Callable[[], float], tick: Callable[[], None]) -> None:
        """Run until it is told to end.

        Args:
            pause: called in each turn; returns seconds after which it wants to be called again.
            tick: called about once a second.
        """
        swept = self.now
        while self.now < self._deadline and (self._members or not self.ending):
            wait = 0.0 if self._put_off else min(_TICK, pause())
            ready = self.selector.select(wait)
            self.now = time.monotonic()
            for key, _ in ready:
                key.data()
            for _ in range(len(self._put_off)):
                self._put_off.popleft()()
            if self.now - swept >= _TICK:
                swept = self.now
                tick()
                for member in self.members():
                    member.tick()
