"""Makes a failing exchange smaller: the fewest cuts first. Bodies and requests are small from the start."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from jhup_conformance.exchange import Case
from jhup_conformance.runner import Failed

__all__ = ["shrink"]

_BUDGET: Final = 3.0
"""Seconds for making one finding smaller; a finding that shows by waiting costs its patience each time."""


def shrink(failed: Failed, fails: Callable[[Case], Failed | None]) -> Failed:
    """Look for a smaller case that still fails.

    Args:
        failed: a case that failed.
        fails: tries another; gives what failed, or None when it held.

    Returns:
        The smallest that was found within a few seconds, `failed` itself if none.
    """
    until = time.monotonic() + _BUDGET
    smallest = failed
    cuts = failed.exchange.cuts
    if len(cuts) < 2:
        return smallest
    for size in _sizes(len(cuts)):
        for start in range(0, len(cuts), size):
            if time.monotonic() > until:
                return smallest
            fewer = cuts[start : start + size]
            if len(fewer) < len(smallest.exchange.cuts) and (
                found := fails(replace(failed.exchange.case, cuts=tuple(fewer)))
            ):
                return shrink(found, fails) if len(fewer) > 1 else found
    return smallest


def _sizes(count: int) -> list[int]:
    """Single cuts first where they are few; else halves, quarters, and so on."""
    if count <= 8:
        return [1, *range(2, count)]
    sizes = []
    while count > 1:
        count = (count + 1) // 2
        sizes.append(count)
    return sizes
