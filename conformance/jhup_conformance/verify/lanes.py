"""How many connections at a time a target serves: tried once, a few first, so that no queue overflows."""

from collections.abc import Callable
from typing import Final

from jhup.limits import CONNECTIONS_AT_LEAST
from jhup_conformance.wire.channel import Unreachable
from jhup_conformance.wire.dialer import Dialer, TargetGone
from jhup_conformance.wire.line import Line, overhear

__all__ = ["learn_lanes"]

_HELD_BACK: Final = 4
"""Connections kept free of those that every server serves: for looking at the store, and for laying bodies."""
_COUNTS: Final = (2, 4, 8, 16, CONNECTIONS_AT_LEAST - _HELD_BACK)
_ACCEPTED: Final = 1.5
"""Seconds for a connection: a full queue of the listener is asked again after one."""
_RECOVERIES: Final = 3


def learn_lanes(dialer: Dialer, serves: Callable[[], bool]) -> int:
    """Return how many connections at a time the target serves, as far as the suite uses them: 1 to 28.

    Args:
        dialer: opens the connections.
        serves: makes a plain exchange on one more connection, and tells whether it took effect.
    """
    known = 1
    for count in _COUNTS:
        if not _serves_beside(dialer, count - 1, serves):
            _let_recover(serves)
            break
        known = count
    return known


def _serves_beside(dialer: Dialer, count: int, serves: Callable[[], bool]) -> bool:
    """Tell whether an exchange takes effect while so many others are open and silent."""
    idle: list[Line] = []
    with dialer.looking(_ACCEPTED):
        try:
            idle.extend(dialer.dial() for _ in range(count))
            return serves() and not _was_closed(idle)
        except (TargetGone, Unreachable):
            return False
        finally:
            for line in idle:
                line.drop()


def _was_closed(idle: list[Line]) -> bool:
    """Tell whether the target has closed one of the connections, being over its limit."""
    overhear(idle)
    return any(line.closed for line in idle)


def _let_recover(serves: Callable[[], bool]) -> None:
    """Wait until a target that had too many connections has noticed that they have ended."""
    for _ in range(_RECOVERIES):
        try:
            if serves():
                return
        except (TargetGone, Unreachable):
            continue
