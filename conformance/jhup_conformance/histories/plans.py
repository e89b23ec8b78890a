"""What the connections of a history do, drawn from a seed: puts and stats of few names, all bodies different."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

__all__ = ["Plan", "Step", "draw_plan"]

_SIZES: Final = (16, 60, 400, 1_500, 5_000, 20_000)
_PAUSES: Final = (0.0, 0.0, 0.0005, 0.002, 0.006)
"""Seconds; half of the time none, so that requests meet."""
_HOLDS: Final = (0.0, 0.0, 0.0, 0.002, 0.01)
"""Seconds between most of a body and its last byte."""


@dataclass(frozen=True, slots=True)
class Step:
    """One request.

    Attributes:
        name: what it is about.
        body: what is put; None for a stat.
        pause: seconds to wait before it.
        hold: seconds to wait before the last byte of the body.
        stalls: whether that byte waits until all other connections are done.
    """

    name: str
    body: bytes | None = None
    pause: float = 0.0
    hold: float = 0.0
    stalls: bool = False


Plan = tuple[tuple[Step, ...], ...]
"""For each connection what it does, one after the other."""


def draw_plan(
    random: Random,
    names: Sequence[str],
    *,
    connections: int = 8,
    operations: int = 25,
    stats: bool = True,
    most: int = _SIZES[-1],
    stalls: bool = False,
) -> Plan:
    """Draw what to do.

    Args:
        random: where chance comes from.
        names: the shared names.
        connections: how many there are.
        operations: how many requests each has.
        stats: whether the target answers them.
        most: bytes of the longest body that the target takes.
        stalls: whether the first connection begins a put and completes it only when all others are done.
    """
    sizes = [size for size in _SIZES if size <= most] or [most]
    lanes = []
    for lane in range(connections):
        steps = []
        for number in range(operations):
            is_stat = stats and random.random() < 0.5
            body = None if is_stat else _body(random, f"<{lane}.{number}>", random.choice(sizes))
            steps.append(Step(random.choice(names), body, random.choice(_PAUSES), random.choice(_HOLDS)))
        lanes.append(tuple(steps))
    if stalls:
        lanes[0] = (Step(random.choice(names), _body(random, "<stalled>", sizes[0]), stalls=True),)
    return tuple(lanes)


def _body(random: Random, mark: str, size: int) -> bytes:
    """Return a body that no other one of the history is like, not even in its beginning."""
    seed = f"{mark}{random.randrange(16**8):08x}".encode()
    return (seed * (size // len(seed) + 1))[: max(size, len(seed))]
