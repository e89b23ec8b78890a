"""Requests with a plain put after them, which shows what became of the first: was its body consumed, was it read on.

A target that can't be trusted with two requests in a segment is sent the first one alone, by an unhurried client.
"""

from collections.abc import Iterable
from typing import TypeAlias

from jhup_conformance.checks import Judge, Stream, put, requests

__all__ = ["NEXT", "Pair", "check_followed", "check_pairs", "followed"]

NEXT = put(b"next")
"""The plain put."""
Pair: TypeAlias = tuple[Stream, Stream]
"""A request alone, and the same with more requests after it."""


def followed(stream: Stream) -> Stream:
    """Return a request with a plain put after it."""
    return requests(stream, NEXT)


def check_pairs(judge: Judge, pairs: Iterable[Pair], *, requires: Pair) -> None:
    """Send requests at the same time: with more after them in the same segment, or alone if that is too much.

    Args:
        judge: the judge.
        pairs: the requests to try.
        requires: the nearest sound request.

    Raises:
        NotSeen: when the nearest sound request fails.
    """
    alone, more = requires
    if judge.takes_two_at_once:
        judge.require(more, why="the nearest sound request fails")
        judge.check(*(each for _, each in pairs), requires=())
    else:
        judge.require(alone.paced(), why="the nearest sound request fails")
        judge.check(*(each.paced() for each, _ in pairs), requires=())


def check_followed(judge: Judge, streams: Iterable[Stream], *, requires: Stream) -> None:
    """Send requests at the same time, each with a plain put after it, or alone; see `check_pairs`."""
    pairs = ((each, followed(each)) for each in streams)
    check_pairs(judge, pairs, requires=(requires, followed(requires)))
