"""One connection with its script: takes the steps that are due, and records what happens.

Segments are paced: without a pause the network joins them, and a test of segmentation tests nothing.
"""

from collections import deque
from collections.abc import Iterable
from typing import Final

from jhup_conformance.wire.channel import Channel
from jhup_conformance.wire.network import Network, SystemNetwork
from jhup_conformance.wire.transcript import Action, Closed, Kind, Transcript

__all__ = ["Cuts", "Line", "overhear"]

_FIRST_QUESTION: Final = 0.00005
_LAST_QUESTION: Final = 0.002
"""Seconds between two questions whether the target has read."""
_READING: Final = 0.5
"""Seconds beyond a pause that a target gets to read what was sent, where it is known that it has not."""
_FLOOD: Final = 1024 * 1024
"""Bytes after which a connection that goes on talking is no longer listened to."""


class Cuts:
    """How many steps were taken after a pause.

    Attributes:
        proven: those before which the target had read all that was sent earlier, as its kernel told.
        paced: those before which only time had passed.
    """

    def __init__(self) -> None:
        self.proven = self.paced = 0


class Line:
    """One connection and its record.

    Args:
        channel: takes and gives its bytes.
        network: what the connection is on; the machine's own if None.
        cuts: counts the cuts of several connections.

    Attributes:
        transcript: what happened so far.
        received: all bytes received.
        closed: how the target ended the connection; None while it is open.
        last_sent: when the last segment was begun, in seconds of the network's clock.
        leaves_in_order: whether `drop` ends it in order, because a reset ends the target.
        dropped: whether the suite has ended it abruptly.
    """

    def __init__(self, channel: Channel, network: Network | None = None, cuts: Cuts | None = None) -> None:
        self.channel = channel
        self.cuts = cuts or Cuts()
        self.network = network or SystemNetwork()
        self._clock = self.network.clock
        self.transcript = Transcript()
        self.received = bytearray()
        self.closed: Closed | None = None
        self.dropped = False
        self.leaves_in_order = False
        self.last_progress = self.last_sent = self.opened = self._clock.now()
        self._script: deque[Action] = deque()
        self._unsent = memoryview(b"")
        self._next_at = self._due_at = 0.0
        self._wait = _FIRST_QUESTION
        self._has_sent = False
        self._reads = True
        self._was_reset = False

    @property
    def flooded(self) -> bool:
        """Whether more came than any server owes."""
        return len(self.received) >= _FLOOD

    @property
    def is_sending(self) -> bool:
        """Whether steps of the script are left."""
        return bool(self._script or self._unsent or self.channel.has_unsent) and not self.closed and not self.dropped

    @property
    def due(self) -> float | None:
        """When the next step may be taken, by the network's clock; None during a send, and when nothing is left."""
        return self._next_at if self._script and not self._unsent else None

    @property
    def wants_write(self) -> bool:
        """Whether bytes wait for the transport to take them."""
        return bool(self._unsent) or self.channel.has_unsent

    def plan(self, script: Iterable[Action]) -> None:
        """Add steps to the script."""
        was_idle = not self._script
        self._script.extend(script)
        if was_idle and self._script:
            self._schedule()

    def _schedule(self) -> None:
        """Note when the next step may be taken, and when to ask first whether it may be taken before."""
        step, now = self._script[0], self._clock.now()
        self._due_at = self._next_at = now + step.pause
        if step.prompt and step.pause:
            self._wait = _FIRST_QUESTION
            self._next_at = min(now + self._wait, self._due_at)

    def unread(self) -> int | None:
        """Return how many bytes the target has not read of those sent; None where nothing tells."""
        return None if self.dropped or self.closed else self.channel.unread()

    def _may_go_on(self, now: float) -> bool:
        """Tell whether the next step may be taken: its pause is over, and what was sent before was read.

        A target that reads nothing for long is not waited for again until it has read.
        """
        step = self._script[0]
        if not step.pause or not self._has_sent:
            return now >= self._due_at
        unread = self.unread()
        if unread == 0:
            self._reads = True
            if step.prompt or now >= self._due_at:
                self.cuts.proven += 1
                return True
        late = now >= self._due_at + (_READING if unread is not None and self._reads else 0.0)
        if late:
            self._reads = unread is None
            self.cuts.paced += 1
            return True
        self._wait = min(2 * self._wait, _LAST_QUESTION)
        self._next_at = now + self._wait if unread is not None else self._due_at
        return False

    def advance(self, now: float) -> None:
        """Take the steps that are due."""
        while not self.dropped and self.closed is not Closed.RESET:
            if self.wants_write and not self._push():
                return
            if not self._script or now < self._next_at or not self._may_go_on(now):
                return
            self._take(self._script.popleft())
            if self._script:
                self._schedule()
                now = self._clock.now() if self._script[0].pause == 0 else now

    def _take(self, action: Action) -> None:
        self.last_progress = now = self._clock.now()
        self.transcript.add(now - self.opened, action.kind, action.data)
        if action.kind is Kind.SENT:
            self.last_sent = now
            self._has_sent = True
            self._unsent = memoryview(action.data)
        elif action.kind is Kind.HALF_CLOSED:
            self.channel.half_close()
        else:
            self._let_go(reset=action.kind is Kind.RESET)

    def _push(self) -> bool:
        """Send what is unsent; returns whether all of it went."""
        try:
            count = self.channel.send(self._unsent)
        except (ConnectionError, OSError) as error:
            # A reset is reported once: to read gives end of stream then. It is none where an orderly end came first.
            self._was_reset = isinstance(error, ConnectionResetError)
            overhear([self])  # what came before the target went, its orderly end among it
            if not self.closed:
                self._end(Closed.RESET)
            return False
        self._unsent = self._unsent[count:]
        if count:
            self.last_progress = self._clock.now()
        return not self.wants_write

    def listen(self) -> None:
        """Take what has arrived."""
        try:
            data = self.channel.receive()
        except (ConnectionError, OSError):
            self._end(Closed.RESET)
            return
        if data is None:
            return
        self.last_progress = now = self._clock.now()
        if not data:
            self._end(Closed.RESET if self._was_reset else Closed.END_OF_STREAM)
            return
        self.received += data
        self.transcript.add(now - self.opened, Kind.RECEIVED, data)

    def _end(self, how: Closed) -> None:
        if self.closed is None:
            self.transcript.add(self._clock.now() - self.opened, Kind.CLOSED, how=how.value)
        self.closed = how

    def drop(self) -> None:
        """Let go of the connection: by a reset, which spares servers that spin after an orderly end, or in order."""
        if not self.dropped:
            self._let_go(reset=not self.leaves_in_order)

    def _let_go(self, *, reset: bool) -> None:
        if reset:
            self.channel.reset()
        else:
            overhear([self])  # what is unread when a socket is closed makes a reset of it
            self.channel.close()
        self.dropped = True


def overhear(lines: Iterable[Line]) -> None:
    """Take what has arrived on some connections by now, without waiting for more."""
    for line in lines:
        heard = -1
        while heard < len(line.received) and not (line.closed or line.dropped or line.flooded):
            heard = len(line.received)
            line.listen()
