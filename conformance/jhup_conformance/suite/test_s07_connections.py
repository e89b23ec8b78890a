"""Section 7, connections: silence, many at a time, and those on which nothing happens."""

from collections.abc import Sequence
from typing import Final

import pytest

from jhup.limits import CONNECTIONS_AT_LEAST, IDLE_AT_LEAST
from jhup_conformance.checks import (
    NOTHING,
    SURE_PAUSE,
    Dialogue,
    End,
    Finding,
    Judge,
    Peer,
    Script,
    Stream,
    Unsolicited,
    check,
    command,
    frame,
    header,
    pattern,
    prefix,
    put,
    raw,
    requests,
    together,
    wait_for_all,
)
from jhup_conformance.suite.support.fairness import only_where, require_lanes, retried
from jhup_conformance.suite.support.idle import keep_idle, require_silence
from jhup_conformance.target.store_by_stat import ReplyObserver
from jhup_conformance.verify.runner import Failed
from jhup_conformance.wire.dialer import TargetGone
from jhup_conformance.wire.driving import drive
from jhup_conformance.wire.line import Line
from jhup_conformance.wire.transcript import Kind

# 7.1, silence


PUT = put(b"abc")
HALF_A_PUT = PUT.first(-2)
UNASKED: dict[str, Stream] = {
    "nothing": NOTHING,
    "a put": PUT,
    "an empty put": put(b""),
    "a put of some length": put(pattern(500)),
    "a put with reply false": put(b"abc", reply=False),
    "a put with reply null": put(b"abc", reply=None),
    "a put with reply 1": put(b"abc", reply=1),
    "a put with reply as a string": put(b"abc", reply="true"),
    "a put with reply in a list": put(b"abc", reply=[True]),
    "a stat": command("stat", filename="a"),
    "a stat with reply false": command("stat", filename="a", reply=False),
    "a hello": command("hello"),
    "a hello with reply as a string": command("hello", reply="true"),
    "an unknown command": command("x-nothing", filename="a"),
    "a bad name": put(b"abc", name="a/b"),
    "no name": put(b"abc", name=""),
    "a malformed header": frame(header(cmd="put", filename="a")),
    "a header that is no JSON": frame(b"hello"),
    "a prefix below two": raw(prefix(-1)),
    "a prefix that claims too much": raw(prefix(2**31 - 1)),
    "half a put": HALF_A_PUT,
}


@check("CONN-1", blind=True)
@together("streams", UNASKED.values(), UNASKED, at_a_time=7)
def test_no_unsolicited_bytes_are_sent(judge: Judge, streams: tuple[Stream, ...]) -> None:
    sees = judge.bench.runner.observer is not None
    at_a_time = judge.lanes if sees else 1  # a server of one at a time notices the others too late
    for start in range(0, len(streams), at_a_time):
        listen(judge, streams[start : start + at_a_time])
    judge.observer  # noqa: B018 - asked for what it raises
    judge.require(PUT.paced(), why="even a plain upload fails, so nothing else can be judged")


def listen(judge: Judge, streams: Sequence[Stream]) -> None:
    """Send each stream on a connection, and take what comes: at first, then when the stream has ended."""
    moment = 2 * judge.pace.settle
    dialogues: list[Dialogue] = []
    try:
        for stream in streams:
            dialogues.append(judge.converse())
            dialogues[-1].send(stream.paced())
            if stream != HALF_A_PUT:  # a stream that ends inside a request has clauses of its own
                dialogues[-1].end(End.FINISH, after=moment)
        wait_for_all(dialogues, lambda each: bool(each.received), patience=moment, at_most=2.0)
        for stream, dialogue in zip(streams, dialogues, strict=True):
            if dialogue.received:
                case = next(title for title, each in UNASKED.items() if each == stream)
                raise Finding(points=(Unsolicited(len(dialogue.received), case),), transcript=dialogue.transcript)
    finally:
        for dialogue in dialogues:
            dialogue.drop()


# 7.2, concurrency


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


# 7.3, idle connections


HEAD = len(LONG_PUT) - len(STALLED)


@check("CONN-5", quick=False)
@retried
def test_a_connection_that_pauses_between_the_parts_of_a_request_is_not_closed(judge: Judge) -> None:
    judge.require(PUT.paced())

    check_kept(judge, [0, 4, HEAD, HEAD + 1_000, -1])


@check("CONN-5")
@retried
def test_a_connection_that_pauses_inside_prefix_or_header_is_not_closed(judge: Judge) -> None:
    places = [1, 2, 3, 5, HEAD // 2, HEAD - 1]
    only_where(judge, *(PUT.cut(place).sent(pause=SURE_PAUSE) for place in places))

    check_kept(judge, places)


def check_kept(judge: Judge, places: Sequence[int]) -> None:
    """Pause puts after some of their bytes, each on a connection of its own, and complete them a moment later."""
    require_lanes(judge, 2)
    size = min(len(STALLED), judge.limits.max_filesize)
    paused: dict[str, Peer] = {}
    with Script(judge) as script:
        for sent in places[: judge.lanes]:
            file = judge.names.new()
            paused[file] = peer = script.connect()
            script.send(peer.begins(put(STALLED[:size], name=file).paced(), min(sent, HEAD + size - 1)))
        wait_idle([peer.line for peer in paused.values()], judge.effort.idle)

        for file, peer in paused.items():
            script.track(file)
            script.step(peer.completes())
    require_silence(judge.effort.idle)


def wait_idle(lines: Sequence[Line], seconds: float) -> None:
    """Let some time pass in which no connection may be closed."""
    drive(lines, until=lambda _: False, patience=seconds, at_most=seconds + 1.0)
    for line in lines:
        ended = next((entry.at for entry in line.transcript.entries if entry.kind is Kind.CLOSED), None)
        silent = IDLE_AT_LEAST if ended is None else line.opened + ended - line.last_sent
        if silent < IDLE_AT_LEAST:
            raise Finding(
                f"no connection closed for silence within {IDLE_AT_LEAST:.0f} s",
                f"the server closed the connection ({line.closed}) after {silent:.1f} s",
                line.transcript,
            )


@check("CONN-5", late=True)
def test_a_connection_that_was_silent_for_most_of_the_run_is_still_served(judge: Judge) -> None:
    require_lanes(judge, 2)
    judge.require(PUT.paced())
    idle = keep_idle(judge)
    if idle is None or idle.revived != judge.bench.runner.dialer.revived:
        pytest.skip("the connection went with the process that the target had then")

    line = idle.dialogue.line
    wait_idle([line], max(0.0, judge.effort.silence - (judge.clock.now() - idle.since)))
    silent = judge.clock.now() - idle.since
    if silent >= IDLE_AT_LEAST:
        pytest.skip("the run is longer than a server has to wait for a silent connection")
    with Script(judge, file := judge.names.new()) as script:
        peer = script.adopt(line)
        try:
            script.step(peer.sends(put(b"still here", name=file).paced()))
        except Finding as finding:
            raise finding.worded(f"{finding.expected}, on a connection silent for {silent:.1f} s") from None
    require_silence(silent)
