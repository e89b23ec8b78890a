"""Makes a finding smaller: fewer cuts, fewer bytes, plainer bytes, as long as it still fails."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from jhup.echo import Shape
from jhup_conformance.echo.asking import Ask
from jhup_conformance.verify.failure import Failure
from jhup_conformance.wire.network import Clock

__all__ = ["shrink"]

_BUDGET: Final = 1.5
"""Seconds for making one finding smaller."""
_PLAIN: Final = ord("a")


def shrink(
    failed: Failure[Ask], fails: Callable[[Ask], Failure[Ask] | None], *, shape: Shape, clock: Clock
) -> Failure[Ask]:
    """Look for a smaller ask that still fails.

    Args:
        failed: what failed.
        fails: tries another ask; gives what failed, or None when it held.
        shape: of the server; the 0A after the last line of a line server stays.
        clock: what the budget is measured by.

    Returns:
        The smallest that was found within the budget, `failed` itself if none. One that showed by silence alone is left
        as it is, since each further try would cost that silence again.
    """
    if failed.timed_out:
        return failed
    until = clock.now() + _BUDGET
    smallest = failed
    progress = True
    while progress:
        progress = False
        for ask in _smaller(smallest.attempt, shape):
            if clock.now() > until:
                return smallest
            if found := fails(ask):
                smallest, progress = found, True
                break
    return smallest


def _smaller(ask: Ask, shape: Shape) -> Iterator[Ask]:
    """Return asks that are a bit smaller, those that save most first."""
    if ask.cuts:
        yield replace(ask, cuts=())
        for index in range(len(ask.cuts)):
            yield replace(ask, cuts=(*ask.cuts[:index], *ask.cuts[index + 1 :]))
    fixed = 1 if shape in (Shape.LINE, Shape.LINE_ONE_SHOT) and ask.data.endswith(b"\n") else 0
    length = len(ask.data) - fixed
    size = length // 2
    while size:
        for start in range(0, length - size + 1, size):
            if size < length:
                yield _without(ask, start, start + size)
        size //= 2
    for index in range(min(length, 64)):
        if ask.data[index] != _PLAIN:
            yield replace(ask, data=ask.data[:index] + bytes([_PLAIN]) + ask.data[index + 1 :])


def _without(ask: Ask, start: int, stop: int) -> Ask:
    """Take bytes out; cuts after them move with the rest."""
    cuts = sorted({cut if cut <= start else max(start, cut - (stop - start)) for cut in ask.cuts})
    data = ask.data[:start] + ask.data[stop:]
    return replace(ask, data=data, cuts=tuple(cut for cut in cuts if 0 < cut < len(data)))
