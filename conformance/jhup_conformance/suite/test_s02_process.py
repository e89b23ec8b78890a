"""Sections 2.4 and 6.1, as far as the process behind the address shows them: memory, processor time, descriptors.

These stand first among the late checks: what a target wastes on one connection it goes on wasting beside all others.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import pytest

from jhup.limits import CLOSE_WITHIN
from jhup_conformance.findings import Finding, NotSeen
from jhup_conformance.sizes import pattern
from jhup_conformance.target.knowledge import NO_OBSERVER
from jhup_conformance.target.resources import Peak, Vitals
from jhup_conformance.verify.exchange import Case, End, script
from jhup_conformance.verify.judge import Judge
from jhup_conformance.verify.marks import checks
from jhup_conformance.verify.script import frame
from jhup_conformance.verify.stream import Talk, prefix
from jhup_conformance.wire.line import Line, drive

WINDOW: Final = 0.07
"""Seconds over which processor time is measured; again, and longer, before it counts."""
BUSY: Final = 0.15
"""Share of a processor that nobody needs for doing nothing, beyond what the target used before."""
LONGEST_SPREE: Final = 2.0
"""Seconds for breaking off connections; a target with a short queue of those it has to accept takes few."""
MEBIBYTE: Final = 1024 * 1024


def say_all(judge: Judge, streams: Iterable[bytes], end: End, *, patience: float | None = None) -> list[Line]:
    """Say something on a connection each, end it, and give the target a moment to close it."""
    lines = []
    for stream in streams:
        lines.append(judge.dial())
        lines[-1].plan(script(stream, (), end, judge.runner.pace.pause))
    moment = patience or 4 * judge.runner.pace.settle
    drive(lines, until=lambda line: line.closed is not None, patience=moment, at_most=5.0)
    return lines


def require_at_work(judge: Judge) -> Vitals:
    """Give the process of a target that is known to do something: one that reads nothing wastes nothing.

    Raises:
        NotSeen: when a plain put takes no effect, or nothing can be seen.
    """
    vitals = judge.require_vitals()
    if judge.runner.observer is None:
        raise NotSeen(NO_OBSERVER)
    judge.control(Case.unhurried(one_put), why="a plain put fails, so that this is no target at work")
    return vitals


def one_put(talk: Talk) -> None:
    talk.put(b"abc")


def peak_that_shows(judge: Judge, size: int) -> Peak:
    """Give the most memory that a target ever had; one that had so much that nothing more would show is started anew.

    Raises:
        NotSeen: when that can't be done, or nothing tells of memory.
    """
    vitals = judge.require_vitals()
    for _ in range(2):
        say_all(judge, [frame(cmd="x-nothing")] * 4, End.RESET)  # what it takes to serve at all
        peak = vitals.peak()
        if peak is None:
            raise NotSeen("only Linux tells the most memory that a process ever had")
        if peak.hidden < size:
            return peak
        judge.require_spawned().kill()
    raise NotSeen("the target asks for much memory and gives it back all the time")


@checks("FRAME-17", blind=True, last=True)
@pytest.mark.parametrize("claim", [2**31 - 1, 2**30], ids=["2^31-1", "2^30"])
def test_no_memory_is_asked_for_because_of_a_prefix(judge: Judge, claim: int) -> None:
    vitals = require_at_work(judge)
    before = peak_that_shows(judge, claim // 4)

    lines = []
    for stream in [prefix(claim), prefix(claim) + b'{"cmd":"put"'] * 5:
        lines += say_all(judge, [stream], End.HOLD, patience=judge.runner.pace.patience)
        after = vitals.peak() or before
        lines[-1].drop()
        if _growth(before, after) > claim // 2:
            break
    else:
        if judge.runner.observer:
            judge.runner.prove_alive()  # a slow target has now seen all of it
            after = vitals.peak() or before
    if _growth(before, after) > claim // 2:
        raise Finding(
            f"no memory asked for because of a prefix that claims {claim // MEBIBYTE} MiB",
            f"the process has had {_growth(before, after) // MEBIBYTE} MiB more than ever before",
            lines[0].transcript,
        )


def _growth(before: Peak, after: Peak) -> int:
    return max(after.address_space - before.address_space, after.resident - before.resident)


def stretches(judge: Judge) -> dict[str, list[bytes]]:
    """Give what a client has said when it hangs up, by where it stops."""
    body = pattern(5_000)
    whole = frame(body, cmd="put", filename=judge.names.new(), filesize=len(body))
    head = len(whole) - len(body)
    refused = frame(body, cmd="put", filename="a/b", filesize=len(body))
    no_filesize = frame(cmd="put", filename="a")
    return {
        "between requests": [b"", whole, frame(cmd="x-nothing")],
        "behind something malformed": [prefix(-1), prefix(2**31 - 1), no_filesize, prefix(2) + b"[]"],
        "in a prefix or header": [whole[:1], whole[:3], whole[:4], whole[: head - 10]],
        "in a body": [whole[: head + 1_000], whole[:-1], whole[:head], refused[:-1_000]],
    }


def expect_rest(judge: Judge, places: tuple[str, ...], end: End) -> None:
    """Have connections end, and see whether the target then rests as it did before."""
    vitals = require_at_work(judge)
    usual = judge.once("the load of a target at rest", lambda: vitals.load(WINDOW))
    streams = [stream for place in places for stream in stretches(judge)[place]]
    lines = say_all(judge, streams[: judge.lanes], end)
    try:
        for seconds in (WINDOW, 4 * WINDOW, 14 * WINDOW):
            load = vitals.load(seconds)
            if load - usual < BUSY:
                return
        raise Finding(
            "no processor time used for connections on which nothing can arrive any more",
            f"{load:.0%} of a processor, {usual:.0%} before; {len(lines)} connections ended "
            f"{' or '.join(places)} ({end})",
            lines[0].transcript,
        )
    finally:
        for line in lines:
            line.drop()


OUTSIDE_A_BODY = ("between requests", "behind something malformed", "in a prefix or header")
INSIDE_A_BODY = ("in a body",)


@checks("ERR-7", blind=True, quick=False)
def test_the_target_rests_after_resets(judge: Judge) -> None:
    expect_rest(judge, OUTSIDE_A_BODY + INSIDE_A_BODY, End.RESET)


@checks("ERR-7", blind=True, late=True)
@pytest.mark.parametrize("places", [OUTSIDE_A_BODY, INSIDE_A_BODY], ids=["outside a body", "inside a body"])
def test_the_target_rests_after_the_end_of_streams(judge: Judge, places: tuple[str, ...]) -> None:
    expect_rest(judge, places, End.FINISH)


@dataclass(frozen=True, slots=True)
class Aborted:
    """What was done to connections: how many were reset, how many descriptors were open before, and one of them."""

    count: int
    descriptors: int
    line: Line


def abort_many(judge: Judge) -> Aborted:
    """Begin puts and reset their connections, as many as the effort says, or as a few seconds allow."""
    return judge.once("aborted connections", lambda: _abort_many(judge))


def _abort_many(judge: Judge) -> Aborted:
    before = judge.vitals.read().descriptors if judge.vitals else 0
    streams = [stream for several in stretches(judge).values() for stream in several]
    lines: list[Line] = []
    since = time.monotonic()
    while len(lines) < judge.effort.aborted and time.monotonic() - since < LONGEST_SPREE:
        lines += say_all(judge, (streams + streams)[: min(20, judge.lanes)], End.RESET)
        for line in lines[-20:]:
            line.drop()  # where the target has closed before, the reset was not sent
    return Aborted(len(lines), before, lines[-1])


@checks("ERR-6")
def test_connections_that_were_reset_leave_no_descriptors_behind(judge: Judge) -> None:
    if judge.vitals is None:
        pytest.skip("what a reset leaves behind shows in the process alone")
    aborted = abort_many(judge)

    allowed = aborted.descriptors + aborted.count // 4
    until = time.monotonic() + CLOSE_WITHIN + 0.5
    while (left := judge.vitals.read().descriptors) > allowed and time.monotonic() < until:
        time.sleep(0.05)  # nothing tells when a process closes a descriptor
    if left > allowed:
        raise Finding(
            f"connections closed within 5 s after a reset: about {aborted.descriptors} descriptors, as before",
            f"{left} descriptors after {aborted.count} connections were reset",
            aborted.line.transcript,
        )


@checks("ERR-9")
def test_many_connections_that_were_reset_keep_nobody_from_being_served(judge: Judge) -> None:
    aborted = abort_many(judge)

    if not judge.serves_beside(judge.lanes - 1):
        raise Finding(
            f"{judge.lanes} connections served at a time, as before",
            f"no longer so after {aborted.count} connections were reset",
            aborted.line.transcript,
        )
