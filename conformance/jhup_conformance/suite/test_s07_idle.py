"""Section 7, connections: those on which nothing happens."""

from collections.abc import Sequence
from typing import Final

import pytest

from jhup.limits import IDLE_AT_LEAST
from jhup_conformance.checks import SURE_PAUSE, Finding, Judge, Peer, Script, check, pattern, put
from jhup_conformance.suite.support.fairness import only_where, require_lanes, retried
from jhup_conformance.suite.support.idle import keep_idle, require_silence
from jhup_conformance.wire.driving import drive
from jhup_conformance.wire.line import Line
from jhup_conformance.wire.transcript import Kind

PUT = put(b"abc")
BODY: Final = pattern(3_000)
HEAD = len(put(BODY)) - len(BODY)


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
    size = min(len(BODY), judge.limits.max_filesize)
    paused: dict[str, Peer] = {}
    with Script(judge) as script:
        for sent in places[: judge.lanes]:
            file = judge.names.new()
            paused[file] = peer = script.connect()
            script.send(peer.begins(put(BODY[:size], name=file).paced(), min(sent, HEAD + size - 1)))
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
