"""What keeps checks fair: what they build on besides their own clause, and second tries."""

from collections.abc import Callable
from functools import cache, wraps
from typing import ParamSpec

import pytest

from jhup_conformance.findings import Finding, NotSeen
from jhup_conformance.sizes import pattern
from jhup_conformance.verify.exchange import Case, End, script
from jhup_conformance.verify.judge import Judge
from jhup_conformance.verify.script import frame
from jhup_conformance.verify.stream import Recipe
from jhup_conformance.wire.line import drive

__all__ = ["only_where", "require_halves", "require_lanes", "tries_again"]

_P = ParamSpec("_P")


def only_where(judge: Judge, *cases: Case | Recipe) -> None:
    """Leave the check out where what it builds on fails, because another clause speaks of that.

    Only for a check beside others of its clause that build on nothing: otherwise the clause is not verified, and
    `Judge.control` says so.
    """
    for case in cases:
        try:
            judge.control(case)
        except NotSeen as reason:
            pytest.skip(f"it builds on what fails by itself: {reason}")


def require_lanes(judge: Judge, count: int) -> None:
    """Make sure that the target serves some connections at a time, also while one is in the middle of a put.

    Raises:
        NotSeen: when it doesn't.
    """
    if judge.lanes < count:
        raise NotSeen(f"the target serves {judge.lanes} of the {count} connections at a time that it takes")
    if not judge.once("a put beside half a put", lambda: _serves_beside_half_a_put(judge)):
        raise NotSeen("while one connection is in the middle of a put, the target serves no other")
    require_halves(judge)


def _serves_beside_half_a_put(judge: Judge) -> bool:
    line = judge.dial()
    try:
        whole = frame(b"the whole body", cmd="put", filename=judge.names.new(), filesize=14)
        line.plan(script(whole[:-4], (4, len(whole) - 14), End.HOLD, judge.runner.pace.pause))
        drive([line], until=lambda _: True, patience=judge.runner.pace.patience, at_most=5.0)
        return judge.runner.prove_alive()
    finally:
        line.drop()


def require_halves(judge: Judge) -> None:
    """Make sure that puts work whose body arrives in two pieces, a short one and one longer than most buffers.

    Raises:
        NotSeen: when they don't.
    """
    for size in (14, 70_000):
        if size <= judge.runner.server.max_filesize:
            judge.control(_in_halves(size), why="a put whose body arrives in two pieces fails")


@cache
def _in_halves(size: int) -> Case:
    return Case(lambda talk: talk.put(pattern(size)), lambda talk: [*talk.borders(), len(talk.stream) - size // 2])


def tries_again(check: Callable[_P, None]) -> Callable[_P, None]:
    """Try a check again that failed by time-out, before it counts: for checks that lead conversations of their own."""

    @wraps(check)
    def patient(*args: _P.args, **kwargs: _P.kwargs) -> None:
        try:
            check(*args, **kwargs)
        except Finding as finding:
            if not finding.timed_out:
                raise
            check(*args, **kwargs)

    return patient
