"""Sections 2.4 and 6.1, as far as the process behind the address shows them: memory, processor time, descriptors.

These stand first among the late checks: what a target wastes on one connection it goes on wasting beside all others.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import pytest

from jhup.limits import CLOSE_WITHIN
from jhup_conformance.checks import (
    NOTHING,
    Dialogue,
    End,
    Finding,
    Judge,
    NotSeen,
    Stream,
    check,
    command,
    pattern,
    prefix,
    put,
    raw,
    request,
    wait_for_all,
)
from jhup_conformance.target.resources import Peak, Vitals

WINDOW: Final = 0.07
"""Seconds over which processor time is measured; again, and longer, before it counts."""
BUSY: Final = 0.15
"""Share of a processor that nobody needs for doing nothing, beyond what the target used before."""
UNTIL_BLAMED: Final = (1, 4, 14, 20, 20)
"""Windows until a target is said to spin. One that starts a process for each connection has work for seconds when many
come at once beside others, and then rests."""
MOSTLY: Final = 0.5
"""Share of a processor from which on a target is at work, whatever it usually does."""
LONGEST_SPREE: Final = 2.0
"""Seconds for breaking off connections; a target with a short queue of those it has to accept takes few."""
MEBIBYTE: Final = 1024 * 1024


PUT = put(b"abc")


def send_all(judge: Judge, streams: Iterable[Stream], *, patience: float | None = None) -> list[Dialogue]:
    """Send streams on a connection each, and allow the target a moment to close it."""
    dialogues = []
    for stream in streams:
        dialogues.append(judge.converse())
        dialogues[-1].send(stream)
        if judge.lanes == 1:  # others would fill the queue of a listener that may be short
            wait_for_all(dialogues[-1:], lambda each: each.closed is not None, patience=judge.pace.settle, at_most=5.0)
    moment = patience or 4 * judge.pace.settle
    wait_for_all(dialogues, lambda each: each.closed is not None, patience=moment, at_most=5.0)
    return dialogues


def require_at_work(judge: Judge) -> Vitals:
    """Return the process of a target that is known to do something: one that reads nothing wastes nothing.

    Raises:
        NotSeen: when a plain put takes no effect, or nothing can be seen.
    """
    vitals = judge.require_vitals()
    judge.observer  # noqa: B018 - asked for what it raises
    judge.require(PUT.paced(), why="even a plain upload fails, so nothing else can be judged")
    return vitals


def peak_that_shows(judge: Judge, size: int) -> Peak:
    """Return the most memory that a target ever had; one that had so much that nothing more would show is started anew.

    Raises:
        NotSeen: when that can't be done, or nothing tells of memory.
    """
    vitals = judge.require_vitals()
    for _ in range(2):
        send_all(judge, [command("x-nothing").ending(End.RESET)] * 4)  # what it takes to serve at all
        peak = vitals.peak()
        if peak is None:
            raise NotSeen("only Linux tells the most memory that a process ever had")
        if peak.hidden < size:
            return peak
        judge.require_spawned().kill()
    raise NotSeen("the target asks for much memory and gives it back all the time")


@check("FRAME-17", blind=True, last=True)
@pytest.mark.parametrize("claim", [2**31 - 1, 2**30], ids=["2^31-1", "2^30"])
def test_no_memory_is_asked_for_because_of_a_prefix(judge: Judge, claim: int) -> None:
    vitals = require_at_work(judge)
    before = peak_that_shows(judge, claim // 4)

    dialogues = []
    for data in [prefix(claim), prefix(claim) + b'{"cmd":"put"'] * 5:
        dialogues += send_all(judge, [raw(data)], patience=judge.pace.patience)
        after = vitals.peak() or before
        dialogues[-1].drop()
        if _growth(before, after) > claim // 2:
            break
    else:
        judge.is_alive()  # a slow target has now seen all of it
        after = vitals.peak() or before
    if _growth(before, after) > claim // 2:
        raise Finding(
            f"no memory asked for because of a prefix that claims {claim // MEBIBYTE} MiB",
            f"the process has had {_growth(before, after) // MEBIBYTE} MiB more than ever before",
            dialogues[0].transcript,
        )


def _growth(before: Peak, after: Peak) -> int:
    return max(after.address_space - before.address_space, after.resident - before.resident)


BODY = pattern(5_000)
WHOLE = put(BODY)
HEAD = len(WHOLE) - len(BODY)
REFUSED = put(BODY, name="a/b")
STRETCHES: Final = {
    "between requests": [NOTHING, WHOLE, command("x-nothing")],
    "after something malformed": [
        raw(prefix(-1)),
        raw(prefix(2**31 - 1)),
        raw(request(cmd="put", filename="a")),
        raw(prefix(2) + b"[]"),
    ],
    "in a prefix or header": [WHOLE.first(1), WHOLE.first(3), WHOLE.first(4), WHOLE.first(HEAD - 10)],
    "in a body": [WHOLE.first(HEAD + 1_000), WHOLE.first(-1), WHOLE.first(HEAD), REFUSED.first(-1_000)],
}
"""What a client has sent when it hangs up, by where it stops."""


def load_at_rest(judge: Judge, vitals: Vitals) -> float:
    """Return how busy a target is that nobody asks for anything; one that is at work for others is started anew.

    Raises:
        NotSeen: when it is at work and can't be started anew, so that more work would hardly show.
    """
    if (load := _least_load(vitals, 0.0)) < BUSY:
        return load
    try:
        judge.require_spawned().kill()
    except NotSeen:
        if load < MOSTLY:
            return load  # it may be its usual one
        raise
    judge.is_alive()  # it is started again for that
    return _least_load(vitals, 0.0)


def _least_load(vitals: Vitals, usual: float, windows: Sequence[int] = (1, 4, 14)) -> float:
    """Measure the load of a target, longer and longer until it is hardly more than usual."""
    load = usual
    for each in windows:
        if (load := vitals.load(each * WINDOW)) - usual < BUSY:
            break
    return load


def check_rest(judge: Judge, places: tuple[str, ...], end: End) -> None:
    """Have connections end, and see whether the target then rests as it did before."""
    vitals = require_at_work(judge)
    usual = judge.once("the load of a target at rest", lambda: load_at_rest(judge, vitals))
    streams = [stream.ending(end) for place in places for stream in STRETCHES[place]]
    dialogues = send_all(judge, streams[: judge.lanes])
    try:
        load = _least_load(vitals, usual, UNTIL_BLAMED)
        if load - usual < BUSY:
            return
        raise Finding(
            "no processor time used for connections on which nothing can arrive any more",
            f"{load:.0%} of a processor, {usual:.0%} before; {len(dialogues)} connections ended "
            f"{' or '.join(places)} ({end})",
            dialogues[0].transcript,
        )
    finally:
        for dialogue in dialogues:
            dialogue.drop()


OUTSIDE_A_BODY = ("between requests", "after something malformed", "in a prefix or header")
INSIDE_A_BODY = ("in a body",)


@check("ERR-7", blind=True, quick=False)
def test_the_target_rests_after_resets(judge: Judge) -> None:
    check_rest(judge, OUTSIDE_A_BODY + INSIDE_A_BODY, End.RESET)


@check("ERR-7", blind=True, late=True)
@pytest.mark.parametrize("places", [OUTSIDE_A_BODY, INSIDE_A_BODY], ids=["outside a body", "inside a body"])
def test_the_target_rests_after_the_end_of_streams(judge: Judge, places: tuple[str, ...]) -> None:
    check_rest(judge, places, End.FINISH)


@dataclass(frozen=True, slots=True)
class Aborted:
    """What was done to connections: how many were reset, how many descriptors were open before, and one of them."""

    count: int
    descriptors: int
    dialogue: Dialogue


def abort_many(judge: Judge) -> Aborted:
    """Begin puts and reset their connections, as many as the effort says, or as a few seconds allow."""
    return judge.once("aborted connections", lambda: _abort_many(judge))


def _abort_many(judge: Judge) -> Aborted:
    before = judge.vitals.read().descriptors if judge.vitals else 0
    streams = [stream.ending(End.RESET) for several in STRETCHES.values() for stream in several]
    dialogues: list[Dialogue] = []
    since = judge.clock.now()
    while len(dialogues) < judge.effort.aborted and judge.clock.now() - since < LONGEST_SPREE:
        dialogues += send_all(judge, (streams + streams)[: min(20, judge.lanes)])
        for dialogue in dialogues[-20:]:
            dialogue.drop()  # where the target has closed before, the reset was not sent
    return Aborted(len(dialogues), before, dialogues[-1])


@check("ERR-6")
def test_connections_that_were_reset_leave_no_descriptors_behind(judge: Judge) -> None:
    if judge.vitals is None:
        pytest.skip("what a reset leaves behind shows in the process alone")
    aborted = abort_many(judge)

    allowed = aborted.descriptors + aborted.count // 4
    until = judge.clock.now() + CLOSE_WITHIN + 0.5
    while (left := judge.vitals.read().descriptors) > allowed and judge.clock.now() < until:
        judge.clock.sleep(0.05)  # nothing tells when a process closes a descriptor
    if left > allowed:
        raise Finding(
            f"connections closed within 5 s after a reset: about {aborted.descriptors} descriptors, as before",
            f"{left} descriptors after {aborted.count} connections were reset",
            aborted.dialogue.transcript,
        )


@check("ERR-9")
def test_many_connections_that_were_reset_keep_nobody_from_being_served(judge: Judge) -> None:
    aborted = abort_many(judge)

    if not judge.bench.serves_beside(judge.lanes - 1):
        raise Finding(
            f"{judge.lanes} connections served at a time, as before",
            f"the server stopped accepting uploads after {aborted.count} connections were reset",
            aborted.dialogue.transcript,
        )
