"""What keeps checks fair: what they build on besides their own clause, and second tries."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import pytest

from jhup_conformance.checks import Finding, Judge, NotSeen, Stream, pattern, put

__all__ = ["needs_bodies_of", "only_where", "require_halves", "require_lanes", "retried"]

_P = ParamSpec("_P")


def only_where(judge: Judge, *streams: Stream) -> None:
    """Leave the check out where a prerequisite fails on its own, because another clause covers that.

    Only for a check beside others of its clause that presume nothing: otherwise the clause is not verified, and
    `Judge.require` says so.
    """
    for stream in streams:
        try:
            judge.require(stream)
        except NotSeen as reason:
            pytest.skip(f"a prerequisite fails on its own: {reason}")


def needs_bodies_of(judge: Judge, size: int) -> None:
    """Leave the check out where the target says that it takes no bodies of a size; smaller ones are tried as well."""
    if size > judge.limits.max_filesize:
        pytest.skip(f"needs bodies of {size} bytes; the server takes {judge.limits.max_filesize}")


def require_lanes(judge: Judge, count: int) -> None:
    """Make sure that the target serves some connections at a time, also while one is in the middle of a put.

    Raises:
        NotSeen: when it doesn't.
    """
    if judge.lanes < count:
        raise NotSeen(f"needs {count} concurrent connections; the server handles {judge.lanes}")
    if not judge.once("a put beside half a put", lambda: _serves_beside_halves(judge)):
        raise NotSeen("while one connection is in the middle of a put, the server serves no other")
    require_halves(judge)


def _serves_beside_halves(judge: Judge) -> bool:
    """Tell whether a put is served beside others that stand in their body, in their header or in their prefix."""
    whole = put(b"the whole body")
    return all(_serves_beside(judge, half) for half in (whole.paced().first(-4), whole.first(20), whole.first(2)))


def _serves_beside(judge: Judge, half: Stream) -> bool:
    with judge.converse() as standing:
        standing.send(half)
        standing.flush()
        return judge.is_alive()


def require_halves(judge: Judge) -> None:
    """Make sure that puts work whose body arrives in two pieces, a short one and one longer than most buffers.

    Raises:
        NotSeen: when they don't.
    """
    for size in (14, 70_000):
        if size <= judge.limits.max_filesize:
            whole = put(pattern(size)).paced()
            judge.require(whole.cut(*whole.cuts, len(whole) - size // 2), why="a put with its body in two pieces fails")


def retried(check: Callable[_P, None]) -> Callable[_P, None]:
    """Retry a check that failed by time-out before it counts: for checks that lead conversations of their own."""

    @wraps(check)
    def patient(*args: _P.args, **kwargs: _P.kwargs) -> None:
        try:
            check(*args, **kwargs)
        except Finding as finding:
            if not finding.timed_out:
                raise
            check(*args, **kwargs)

    return patient
