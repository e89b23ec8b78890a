"""Runs scripts on many connections at once, in one thread, and records what happens on each.

Segments are paced: without a pause the network joins them, and a test of segmentation tests nothing.
While one connection waits, all others of the batch wait with it, so that a sweep costs one pause and not a thousand.
"""

import selectors
from collections import deque
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Final

from jhup_conformance.wire.channel import Channel
from jhup_conformance.wire.network import Network, SystemNetwork
from jhup_conformance.wire.transcript import Action, Closed, Kind, Transcript

__all__ = ["Cuts", "Line", "drive", "overhear"]

_FIRST_QUESTION: Final = 0.00005
_LAST_QUESTION: Final = 0.002
"""Seconds between two questions whether the target has read."""
_LAST_QUESTION_OF_REST: Final = 0.005
"""The same, whether it has anything more to say: a question that costs more."""
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
            self.channel.reset()
            self.dropped = True

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
            if self.leaves_in_order:
                overhear([self])  # what is unread when a socket is closed makes a reset of it
                self.channel.close()
            else:
                self.channel.reset()
            self.dropped = True


def drive(
    lines: Sequence[Line],
    *,
    until: Callable[[Line], bool],
    patience: float,
    at_most: float,
    rest: Callable[[Sequence[Line]], Collection[Line]] | None = None,
) -> None:
    """Run the scripts of some connections until each is satisfied, closed, or silent for too long.

    Args:
        lines: connections with their scripts.
        until: whether a connection whose script is done has shown what was waited for.
        patience: seconds that a connection may stay without any progress; with 0, what has arrived is still taken.
        at_most: seconds for all of it.
        rest: returns those of some connections on which nothing more comes, as far as it can tell: they aren't waited
            for. Asked while nothing comes.
    """
    active = dict.fromkeys(line for line in lines if not line.dropped)
    if not active:
        return
    network = next(iter(active)).network
    clock = network.clock
    listened = False
    started = clock.now()
    selector = network.selector(line.channel.fileno() for line in active if not line.closed)
    for line in active:
        line.last_progress = started
    watched: dict[Line, int] = {}
    question = _FIRST_QUESTION
    try:
        while active:
            now = clock.now()
            wake = started + at_most
            if now >= wake:
                return
            finished = []
            for line in active:
                if line.is_sending:
                    line.advance(now)
                if not line.is_sending and (line.dropped or line.closed or line.flooded or until(line)):
                    finished.append(line)
                    continue
                gives_up = line.last_progress + patience
                due = line.due
                if due is None and now >= gives_up and listened:
                    finished.append(line)
                    continue
                wake = min(wake, gives_up if due is None else due)
            for line in finished:
                del active[line]
                _unwatch(selector, watched, line)
            for line in active:
                _watch(selector, watched, line)
            if active:
                listened = True
                asked = [line for line in active if not line.is_sending] if rest else []
                if asked:
                    question = min(2 * question, _LAST_QUESTION_OF_REST)
                    wake = min(wake, clock.now() + question)
                came = selector.select(max(0.0, wake - clock.now()))
                if rest and asked and not came:
                    heard = {line: len(line.received) for line in rest(asked)}
                    overhear(heard)  # what came before it was at rest
                    for line in (each for each, count in heard.items() if len(each.received) == count):
                        del active[line]
                        _unwatch(selector, watched, line)
                for key, mask in came:
                    line = key.data
                    if mask & selectors.EVENT_READ:
                        line.listen()
                    if mask & selectors.EVENT_WRITE and not line.closed:
                        line.advance(clock.now())
    finally:
        selector.close()


def overhear(lines: Iterable[Line]) -> None:
    """Take what has arrived on some connections by now, without waiting for more."""
    for line in lines:
        heard = -1
        while heard < len(line.received) and not (line.closed or line.dropped or line.flooded):
            heard = len(line.received)
            line.listen()


def _watch(selector: selectors.BaseSelector, watched: dict[Line, int], line: Line) -> None:
    mask = 0 if line.closed or line.flooded else selectors.EVENT_READ
    if line.wants_write and line.closed is not Closed.RESET:
        mask |= selectors.EVENT_WRITE
    if watched.get(line, 0) == mask:
        return
    if not mask:
        _unwatch(selector, watched, line)
    elif line in watched:
        selector.modify(line.channel.fileno(), mask, line)
        watched[line] = mask
    else:
        selector.register(line.channel.fileno(), mask, line)
        watched[line] = mask


def _unwatch(selector: selectors.BaseSelector, watched: dict[Line, int], line: Line) -> None:
    if watched.pop(line, 0):
        try:
            selector.unregister(line.channel.fileno())
        except (KeyError, ValueError):  # the descriptor went with a reset
            for key in [key for key in selector.get_map().values() if key.data is line]:
                selector.unregister(key.fd)
