"""Servers that are worn out by clients who left, at work for them or full of their descriptors, are started anew."""

from collections.abc import Callable
from typing import Final

from jhup_conformance.verify.judging import Judging

__all__ = ["Wear"]

_BUSY: Final = 0.35
"""Share of a processor from which on a server is at work where nobody asks it for anything; beside others it gets no
more than that."""
_IDLE: Final = 0.1
"""Seconds over which that is measured."""
_BETWEEN: Final = 1.0
"""Seconds from one such look to the next; each that finds nothing doubles them."""
_BETWEEN_AT_MOST: Final = 16.0
_MOST_DESCRIPTORS: Final = 0.5
"""Share of its descriptors that a server may have open between two checks."""


class Wear:
    """Knows between two checks whether a server is worn out, so that the next check would see that and nothing else.

    It may be at work still for clients that have left. A look at that takes time in which nothing is asked, and a fast
    server is as busy as the checks keep it: looks that find nothing become rare. Or it has nearly run out of
    descriptors, because it keeps those of connections that have ended; how many it keeps is for CONN-9 to say.

    Args:
        judge: the judge of the server.
        restart: starts the server anew.
    """

    def __init__(self, judge: Judging, restart: Callable[[], object]) -> None:
        self._judge = judge
        self._restart = restart
        self._sampled = 0.0, 0.0
        """When the server's processor time was read last, and what it was."""
        self._pause = _BETWEEN
        self._next = 0.0

    def end(self) -> None:
        """Start the server anew where it is worn out."""
        vitals, clock = self._judge.vitals, self._judge.clock
        if vitals is None:
            return
        if vitals.share_of_descriptors() > _MOST_DESCRIPTORS:
            self._restart()
            self._sampled = clock.now(), 0.0
            return
        (since, used), self._sampled = self._sampled, (clock.now(), vitals.used())
        is_busy = self._sampled[1] - used > _BUSY * (self._sampled[0] - since)
        if not is_busy or clock.now() < self._next:
            return
        if vitals.load(_IDLE) > _BUSY:
            self._restart()
            self._pause, self._sampled = _BETWEEN, (clock.now(), 0.0)
        else:
            self._pause = min(2 * self._pause, _BETWEEN_AT_MOST)
        self._next = clock.now() + self._pause
