"""The verdict, by zones (Gibbons and Korach 1997, "Testing Shared Memories"), in O(n log n).

When every value is written at most once, a read names the write that it saw. The operations of one value then stand
side by side in any right order, as one block: the write first, then its reads. Let f be the earliest end and s the
latest start in a block. Block A has to stand before block B if an operation of A ends before one of B starts: if
f(A) < s(B). So a history is right if and only if each read is of a value that was written, none ends before the write
of its value starts, and no two blocks each have to stand before the other. A longer circle always holds one of two.

A block with f < s is a forward zone from f to s, during all of which its value was there; any other is a backward
zone from s to f. Two blocks contradict each other just if two forward zones overlap, or a backward zone lies inside a
forward one.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from jhup.histories.operations import HistoryError, Kind, Operation, Value, Violation

__all__ = ["find_violation"]


def find_violation(operations: Iterable[Operation], *, initial: Value = None) -> Violation | None:
    """Judge the history of one name.

    Args:
        operations: all operations on the name, in any order. Writes that are missing from it must have had no effect.
        initial: what the name held before the first operation; None when it was not stored.

    Returns:
        None when the history is linearizable; else the violation with the fewest operations, of several that with the
        fewest the one that is complete first.

    Raises:
        HistoryError: when a value is written twice, or written though it was there initially: such histories can't be
            judged by zones.
    """
    blocks = _blocks(operations, initial)
    if singles := [read for block in blocks if block.is_unwritten for read in block.operations]:
        return Violation(Kind.NEVER_WRITTEN, (min(singles, key=lambda read: read.end),))
    pairs = [*_too_early(blocks), *_lost(blocks)]
    return _first(pairs) or _first(_came_back(blocks)) or _no_order(blocks)


@dataclass(slots=True)
class _Block:
    """The operations of one value, and its zone."""

    operations: list[Operation]
    write: Operation | None
    is_initial: bool

    @property
    def is_unwritten(self) -> bool:
        return self.write is None and not self.is_initial

    @property
    def earliest_end(self) -> float:
        return -math.inf if self.is_initial else min(each.end for each in self.operations)

    @property
    def latest_start(self) -> float:
        return max((each.start for each in self.operations), default=-math.inf)


def _blocks(operations: Iterable[Operation], initial: Value) -> list[_Block]:
    blocks: dict[Value, _Block] = {initial: _Block([], None, is_initial=True)}
    for operation in operations:
        block = blocks.setdefault(operation.value, _Block([], None, is_initial=False))
        block.operations.append(operation)
        if operation.is_write:
            if block.write or block.is_initial:
                raise HistoryError(f"{operation.value} is written twice; every value has to be another one")
            block.write = operation
    # An open write that nobody saw may never have taken effect, so it proves nothing.
    return [each for each in blocks.values() if len(each.operations) > 1 or not (each.write and each.write.is_open)]


def _in_order(kind: Kind, *witness: Operation) -> Violation:
    return Violation(kind, tuple(sorted(witness, key=lambda each: (each.start, each.end))))


def _first(violations: Iterable[Violation]) -> Violation | None:
    """Return the one that is complete first."""
    return min(violations, key=lambda each: max(_known_at(one) for one in each.witness), default=None)


def _known_at(operation: Operation) -> float:
    return operation.start if operation.is_open else operation.end


def _too_early(blocks: list[_Block]) -> Iterable[Violation]:
    for block in blocks:
        if block.write:
            for read in block.operations:
                if read.precedes(block.write):
                    yield _in_order(Kind.TOO_EARLY, read, block.write)


def _lost(blocks: list[_Block]) -> Iterable[Violation]:
    """Find reads of the initial value after any other value was there: its block has to come first."""
    others = [each for block in blocks if not block.is_initial for each in block.operations]
    earliest = min(others, key=lambda each: each.end, default=None)
    if earliest is None:
        return
    by_end = sorted(others, key=lambda each: each.end)
    ends = [each.end for each in by_end]
    for block in blocks:
        if block.is_initial:
            for read in block.operations:
                if earliest.precedes(read):
                    yield _in_order(Kind.LOST, by_end[bisect_left(ends, read.start) - 1], read)


def _came_back(blocks: list[_Block]) -> Iterable[Violation]:
    """Find single operations that lie inside the forward zone of another block: three operations are a proof."""
    numbered = sorted(
        ((each, number) for number, block in enumerate(blocks) for each in block.operations),
        key=lambda pair: pair[0].start,
    )
    starts = [each.start for each, _ in numbered]
    soonest = _soonest_from(numbered)
    for number, block in enumerate(blocks):
        first, last = block.earliest_end, block.latest_start
        if block.is_initial or first >= last:
            continue
        for between, owner in soonest[bisect_right(starts, first)]:
            if owner != number and between.end < last:
                before = max((each for each in block.operations if each.precedes(between)), key=lambda each: each.end)
                after = min((each for each in block.operations if between.precedes(each)), key=lambda each: each.start)
                yield _in_order(Kind.CAME_BACK, before, between, after)
                break


_Owned = tuple[Operation, int]


def _soonest_from(numbered: list[_Owned]) -> list[list[_Owned]]:
    """Tell for each place in an order by starts which two operations from there on end first, of different blocks."""
    soonest: list[list[_Owned]] = [[]]
    for operation, owner in reversed(numbered):
        kept = [pair for pair in soonest[-1] if pair[1] != owner]
        same = [pair for pair in soonest[-1] if pair[1] == owner]
        best = min([(operation, owner), *same], key=lambda pair: pair[0].end)
        soonest.append(sorted([best, *kept], key=lambda pair: pair[0].end)[:2])
    soonest.reverse()
    return soonest


def _no_order(blocks: list[_Block]) -> Violation | None:
    """Find two blocks that each have to stand before the other, whatever operations show it."""
    zones = sorted(((each.earliest_end, each.latest_start, each) for each in blocks), key=lambda zone: zone[:2])
    forward = [zone for zone in zones if zone[0] < zone[1]]
    for one, other in pairwise(forward):  # until the first overlap their ends ascend as well
        if other[0] < one[1]:
            return _contradiction(one[2], other[2])
    ends = [zone[0] for zone in forward]
    for end, start, block in zones:
        if start <= end and (place := bisect_left(ends, start)):
            around = forward[place - 1]
            if end < around[1]:
                return _contradiction(around[2], block)
    return None


def _contradiction(one: _Block, other: _Block) -> Violation:
    witness = {  # by identity: the same operation may be the first to end and the last to start
        id(each): each
        for block in (one, other)
        for each in (min(block.operations, key=lambda op: op.end), max(block.operations, key=lambda op: op.start))
    }
    return _in_order(Kind.NO_ORDER, *witness.values())
