"""Runs the scripts of many connections at once, in one thread.

While one connection waits, all others of the batch wait with it, so that a sweep costs one pause and not a thousand.
"""

import selectors
from collections.abc import Callable, Collection, Sequence
from typing import Final

from jhup_conformance.wire.line import Line
from jhup_conformance.wire.transcript import Closed

__all__ = ["drive"]

_FIRST_QUESTION: Final = 0.00005
_LAST_QUESTION: Final = 0.005
"""Seconds between two questions whether the target has anything more to say."""


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
                    question = min(2 * question, _LAST_QUESTION)
                    wake = min(wake, clock.now() + question)
                came = selector.select(max(0.0, wake - clock.now()))
                if rest and asked and not came:
                    for line in rest(asked):
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
