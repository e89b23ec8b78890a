"""Connections as a kernel has them: two ends with bounded buffers, half-close, reset, and a queue to accept from."""

import errno
from collections import deque
from collections.abc import Callable
from typing import Any, Final

from simulated.world import Signal, World

__all__ = ["LATENCY", "End", "Listener", "Watched"]

LATENCY: Final = 25e-6
"""Seconds from one end to the other."""
CAPACITY: Final = 128 * 1024
"""Bytes that each end keeps of a direction, unless told otherwise: those to be sent and those that are unread."""
RETRIES: Final = (1.0, 3.0, 7.0, 15.0, 31.0)
"""Seconds after which a connection is asked for again where the queue of those to accept is full."""


class Watched:
    """Something that selectors watch, and that tasks wait for."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.changed = Signal(world)
        self.watchers: list[Callable[[], None]] = []

    def change(self) -> None:
        """Tell everybody to look again."""
        self.changed.fire()
        for look in self.watchers:
            look()


class End(Watched):
    """One end of a connection.

    Attributes:
        local: for Unix sockets, which know no way between the ends.
        arrived: bytes to be read.
        ended: whether end of stream has arrived after them.
        error: what the next operation fails with.
        shut: whether nothing more is sent from here.
        closed: whether this end is gone.
        keeps_sent: how many bytes of those it sends it keeps at most.
        keeps_unread: how many bytes of those that came.
    """

    def __init__(self, world: World, *, local: bool) -> None:
        super().__init__(world)
        self.local = local
        self.peer: End = self
        self.keeps_sent = self.keeps_unread = CAPACITY
        self.arrived = bytearray()
        self.on_the_way = 0
        self.ended = False
        self.error: int | None = None
        self.is_reset = False
        self.shut = False
        self.closed = False
        self.ends_read = 0

    @classmethod
    def pair(cls, world: World, *, local: bool = False) -> "tuple[End, End]":
        """Make a connection."""
        one, other = cls(world, local=local), cls(world, local=local)
        one.peer, other.peer = other, one
        return one, other

    # What can be done at once

    @property
    def readable(self) -> bool:
        """Whether `read` would not have to wait."""
        return bool(self.arrived or self.ended or self.error or self.is_reset)

    @property
    def room(self) -> int:
        """How many bytes may be sent at once."""
        return self.keeps_sent + self.peer.keeps_unread - len(self.peer.arrived) - self.peer.on_the_way

    @property
    def writable(self) -> bool:
        """Whether `write` would not have to wait."""
        return bool(self.error or self.is_reset or self.shut) or self.room > 0 or (self.local and self.peer.closed)

    @property
    def unread(self) -> int:
        """How many bytes were sent from here that the peer has not read."""
        return len(self.peer.arrived) + self.peer.on_the_way

    def read(self, size: int, *, peek: bool = False) -> bytes:
        """Take what has arrived; call it when `readable`."""
        if self.arrived:
            data = bytes(self.arrived[:size])
            if not peek:
                del self.arrived[:size]
                self._later(self.peer, self.peer.change)
            return data
        self._raise()
        self.ends_read += 1
        return b""

    def write(self, data: memoryview) -> int:
        """Send what there is room for; call it when `writable`."""
        self._raise()
        if self.shut or self.is_reset or (self.local and self.peer.closed):
            raise BrokenPipeError(errno.EPIPE, "Broken pipe")
        count = min(len(data), self.room)
        self.peer.on_the_way += count
        self._later(self.peer, self.peer._arrive, bytes(data[:count]))
        return count

    def shut_down(self) -> None:
        """End the stream towards the peer."""
        if not (self.shut or self.is_reset):
            self.shut = True
            self._later(self.peer, self.peer._end)

    def close(self, *, abruptly: bool = False) -> None:
        """Let go of this end; what was not read, or an abrupt end, resets the connection."""
        if self.closed:
            return
        self.closed = True
        if self.is_reset:
            return
        if (abruptly and not self.local) or self.arrived:
            self._later(self.peer, self.peer._reset)
        elif not self.shut:
            self._later(self.peer, self.peer._end)
        self.shut = True
        self.arrived.clear()

    # What comes

    def _later(self, end: "End", function: Callable[..., None], *arguments: Any) -> None:
        self.world.at(self.world.now + (0.0 if self.local else LATENCY), function, *arguments)

    def _arrive(self, data: bytes) -> None:
        self.on_the_way -= len(data)
        if self.closed or self.is_reset:
            if not self.is_reset:
                self._later(self.peer, self.peer._reset)
            return
        self.arrived += data
        self.change()

    def _end(self) -> None:
        if not self.is_reset:
            self.ended = True
            self.change()

    def _reset(self) -> None:
        if self.is_reset:
            return
        self.error = errno.EPIPE if self.ended and not self.local else errno.ECONNRESET
        self.is_reset = self.ended = True
        self.change()

    def _raise(self) -> None:
        if self.error:
            error, self.error = self.error, None
            raise OSError(error, "Connection reset by peer" if error == errno.ECONNRESET else "Broken pipe")


class Listener(Watched):
    """A queue of connections to be accepted."""

    def __init__(self, world: World, backlog: int, *, local: bool) -> None:
        super().__init__(world)
        self.backlog = backlog
        self.local = local
        self.queue: deque[End] = deque()
        self.closed = False

    def connect(self, timeout: float | None) -> End:
        """Return the client's end of a new connection.

        Raises:
            TimeoutError: when the queue stays full.
            ConnectionRefusedError: when nobody listens any more.
        """
        world = self.world
        begun = world.now
        until = None if timeout is None else begun + timeout
        retries = iter(RETRIES)
        world.sleep(0.0 if self.local else 2 * LATENCY)
        while len(self.queue) > self.backlog and not self.closed:
            if until is not None and world.now >= until:
                raise TimeoutError("timed out")
            if self.local:
                self.changed.wait(until)
            else:  # a full queue tells nobody when it has room: TCP asks again
                moment = begun + next(retries)
                world.sleep((moment if until is None else min(moment, until)) - world.now)
        if self.closed:
            raise ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused")
        ours, theirs = End.pair(world, local=self.local)
        self.queue.append(theirs)
        self.change()
        return ours

    @property
    def readable(self) -> bool:
        """Whether somebody waits to be accepted."""
        return bool(self.queue) or self.closed

    writable = False

    def accept(self) -> End:
        """Take the first of the queue."""
        end = self.queue.popleft()
        self.change()
        return end

    def close(self, *, abruptly: bool = False) -> None:
        """Listen no more; who was not accepted is reset."""
        if not self.closed:
            self.closed = True
            for end in self.queue:
                end.close(abruptly=True)
            self.queue.clear()
            self.change()
