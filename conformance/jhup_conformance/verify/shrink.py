"""Makes a failing exchange smaller: the fewest cuts first. Bodies and requests are small from the start."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from jhup_conformance.verify.exchange import Attempt
from jhup_conformance.verify.failure import Failure
from jhup_conformance.wire.network import Clock

__all__ = ["shrink"]

_FEW: Final = 8
_BUDGET: Final = 3.0
"""Seconds for making one finding smaller; a finding that shows by waiting costs its patience each time."""


def shrink(
    failed: Failure[Attempt],
    fails: Callable[[Attempt], Failure[Attempt] | None],
    clock: Clock,
    *,
    kept: frozenset[int] = frozenset(),
) -> Failure[Attempt]:
    """Look for a smaller attempt that still fails.

    Args:
        failed: an attempt that failed.
        fails: makes another; returns how it failed, or None when it succeeded.
        clock: what the few seconds are measured by.
        kept: cuts that every smaller attempt has as well, because what happens without them is no matter of the check.

    Returns:
        The smallest that was found within a few seconds, `failed` itself if none.
    """
    until = clock.now() + _BUDGET
    first = failed.attempt.stream.cuts
    smallest, tried = failed, {first}
    candidates = _fewer(tuple(cut for cut in first if cut not in kept))
    while (fewer := next(candidates, None)) is not None:
        cuts = tuple(sorted(kept.union(fewer)))
        if cuts in tried:
            continue
        if clock.now() > until:
            break
        tried.add(cuts)
        attempt = smallest.attempt
        if found := fails(replace(attempt, stream=attempt.stream.cut(*cuts))):
            smallest, candidates = found, _fewer(tuple(cut for cut in cuts if cut not in kept))
    return smallest


def _fewer(cuts: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """Return some of the cuts: each alone where they are few; halves, quarters and so on, and all but one of those."""
    if len(cuts) <= _FEW:
        yield from ((cut,) for cut in cuts)
    size = len(cuts)
    while size > 1:
        size = (size + 1) // 2
        for start in range(0, len(cuts), size):
            yield cuts[start : start + size]
        for start in range(0, len(cuts), size):
            yield cuts[:start] + cuts[start + size :]
