"""Makes a failing exchange smaller: the fewest cuts first. Bodies and requests are small from the start."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from jhup_conformance.verify.exchange import Case
from jhup_conformance.verify.runner import Failed
from jhup_conformance.wire.network import Clock

__all__ = ["shrink"]

_FEW: Final = 8
_BUDGET: Final = 3.0
"""Seconds for making one finding smaller; a finding that shows by waiting costs its patience each time."""


def shrink(failed: Failed, fails: Callable[[Case], Failed | None], clock: Clock) -> Failed:
    """Look for a smaller case that still fails.

    Args:
        failed: a case that failed.
        fails: tries another; gives what failed, or None when it held.
        clock: what the few seconds are measured by.

    Returns:
        The smallest that was found within a few seconds, `failed` itself if none.
    """
    until = clock.now() + _BUDGET
    smallest, tried = failed, {failed.exchange.cuts}
    candidates = _fewer(failed.exchange.cuts)
    while (cuts := next(candidates, None)) is not None:
        if cuts in tried:
            continue
        if clock.now() > until:
            break
        tried.add(cuts)
        if found := fails(replace(smallest.exchange.case, cuts=cuts)):
            smallest, candidates = found, _fewer(cuts)
    return smallest


def _fewer(cuts: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """Give some of the cuts: each alone where they are few; halves, quarters and so on, and all but one of those."""
    if len(cuts) <= _FEW:
        yield from ((cut,) for cut in cuts)
    size = len(cuts)
    while size > 1:
        size = (size + 1) // 2
        for start in range(0, len(cuts), size):
            yield cuts[start : start + size]
        for start in range(0, len(cuts), size):
            yield cuts[:start] + cuts[start + size :]
