"""Section 7, connections: many at a time, and those that stall."""

from collections.abc import Sequence
from typing import Final

import pytest

from jhup.limits import CONNECTIONS_AT_LEAST
from jhup_conformance.checks import (
    NOTHING,
    SURE_PAUSE,
    Dialogue,
    Finding,
    Judge,
    Script,
    Stream,
    check,
    header,
    pattern,
    prefix,
    put,
    raw,
    requests,
)
from jhup_conformance.suite.support.fairness import retried
from jhup_conformance.suite.support.idle import keep_idle
from jhup_conformance.target.store_by_stat import ReplyObserver
from jhup_conformance.verify.runner import Failed
from jhup_conformance.wire.dialer import TargetGone

PUT = put(b"abc")


def puts(count: int, size: int, seed: int = 0) -> Stream:
    return requests(*(put(pattern(size, seed + number)) for number in range(count))).paced()


def connections_left(judge: Judge) -> int:
    """Return how many connections every server has to serve beside those that this run keeps open anyway."""
    kept = [keep_idle(judge), isinstance(judge.observer, ReplyObserver)]
    return CONNECTIONS_AT_LEAST - sum(map(bool, kept))


@check("CONN-2")
@pytest.mark.parametrize(
    ("count", "size"), [(1, 3), (1, 50_000), (4, 100)], ids=["a put each", "a long put each", "several puts each"]
)
def test_32_connections_are_served_at_a_time(judge: Judge, count: int, size: int) -> None:
    size = min(size, judge.limits.max_filesize)
    judge.require(puts(count, size), why="the same on a single connection fails too")

    streams = [puts(count, size, seed) for seed in range(connections_left(judge))]
    if run_at_once(judge, streams, judge.pace.patience):
        slower = [stream.sent(pause=SURE_PAUSE) for stream in streams]
        for failed in run_at_once(judge, slower, judge.pace.last_patience):
            finding = Finding(points=failed.mismatch.points, transcript=failed.exchange.line.transcript)
            raise finding.worded(f"with {CONNECTIONS_AT_LEAST} connections open, each is served: {finding.expected}")


def run_at_once(judge: Judge, streams: Sequence[Stream], patience: float) -> Sequence[Failed]:
    """Send each stream on a connection, all of them open at the same time.

    Raises:
        Finding: when the target takes no more connections, and serves again once these have ended.
    """
    try:
        return judge.run(*streams, patience=patience)
    except TargetGone as gone:
        last = judge.bench.runner.dialer.recent[-1].transcript
        if not judge.bench.serves():
            raise
        raise Finding(f"{CONNECTIONS_AT_LEAST} connections open at a time", str(gone), last) from None


@check("CONN-2")
@retried
def test_32_connections_are_served_in_any_order(judge: Judge) -> None:
    judge.require(PUT.paced())
    with Script(judge) as script:
        peers = [script.connect() for _ in range(connections_left(judge))]
        for peer in judge.random.sample(peers, len(peers)):
            script.step(peer.sends(NOTHING, "waits for its turn"), sealed=True)


STALLED: Final = pattern(3_000)
LONG_PUT = put(STALLED)
STALLS: dict[str, Stream] = {
    "before a request": NOTHING,
    "in a prefix": LONG_PUT.first(2),
    "after a prefix": LONG_PUT.first(4),
    "in a header": LONG_PUT.first(30),
    "after a header": LONG_PUT.first(-len(STALLED)),
    "in a body": LONG_PUT.first(-1_000),
    "before the last byte": LONG_PUT.first(-1),
    "in a long body": put(STALLED, filesize=16 * 1024 * 1024),
    "in a refused body": put(STALLED, name="a/b").first(-1_000),
    "in a header of 64 KiB": raw(prefix(65_536) + header(cmd="put", filename="a").ljust(60_000)),
    "in the header of a second request": requests(LONG_PUT, LONG_PUT.first(40)),
}


@check("CONN-3")
@retried
@pytest.mark.parametrize("place", STALLS)
def test_connections_that_stall_delay_no_other(judge: Judge, place: str) -> None:
    check_others_served(judge, [place] * 8)


@check("CONN-3")
@retried
def test_connections_that_stall_in_all_places_delay_no_other(judge: Judge) -> None:
    check_others_served(judge, list(STALLS) * 3)


def check_others_served(judge: Judge, places: Sequence[str]) -> None:
    """Have some connections stall, as many as the target serves at a time and at least one, and use two others."""
    judge.require(PUT.paced())
    names = [judge.names.new() for _ in range(2)]
    stalled: list[Dialogue] = []
    script = Script(judge, *names)
    try:
        earlier = [script.connect()] if judge.lanes > 2 else []
        stalled += [stall(judge, place) for place in places[: max(1, judge.lanes - 3)]]
        script.beside(stalled)
        for peer, file in zip([script.connect(), *earlier], names, strict=False):
            script.step(peer.sends(put(b"beside those that stall", name=file).paced()))
    finally:
        script.leave()
        for dialogue in stalled:
            dialogue.drop()


def stall(judge: Judge, place: str) -> Dialogue:
    """Begin to send something on a new connection."""
    dialogue = judge.converse()
    dialogue.send(STALLS[place])
    dialogue.flush()
    return dialogue
