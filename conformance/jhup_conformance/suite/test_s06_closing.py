"""Sections 6.1 and 6.3, errors: which connections have to be closed, and how."""

from functools import partial

import pytest

from jhup.limits import CLOSE_WITHIN
from jhup_conformance.findings import Finding, Wavering
from jhup_conformance.suite.support.closing_cases import (
    BROKEN,
    ENDED,
    TRUNCATED,
    cut_off,
    expect_closed,
    one_put,
    some_puts,
    whole,
)
from jhup_conformance.suite.support.fairness import only_where
from jhup_conformance.verify.closing import watch_closing
from jhup_conformance.verify.exchange import Case, End, script
from jhup_conformance.verify.judge import Judge
from jhup_conformance.verify.marks import checks
from jhup_conformance.verify.script import frame
from jhup_conformance.verify.stream import Talk, prefix
from jhup_conformance.wire.line import Line, drive
from jhup_conformance.wire.transcript import Closed


@checks("ERR-6", late=True)
@pytest.mark.parametrize("place", TRUNCATED)
def test_a_connection_is_closed_when_the_stream_ends_inside_a_request(judge: Judge, place: str) -> None:
    expect_closed(judge, "ERR-6", place)


@checks("ERR-6", late=True)
@pytest.mark.parametrize("end", [End.FINISH_AT_ONCE, End.FINISH])
def test_a_connection_is_closed_wherever_the_stream_ends(judge: Judge, end: End) -> None:
    judge.control(Case.unhurried(whole), why="the whole put fails")

    talk = Talk(judge.names)
    whole(talk)
    offsets = list(range(1, len(talk.stream)))
    if judge.effort.offsets is not None:
        offsets = judge.random.sample(offsets, min(judge.effort.offsets, len(offsets)))
    judge.runner.executions += len(offsets)
    cases = {("ERR-6", talk.where(offset)): Case(partial(cut_off, offset), end=end) for offset in offsets}
    for finding in filter(None, watch_closing(judge, cases).values()):
        raise finding


@checks("ERR-8", late=True)
@pytest.mark.parametrize("place", ENDED)
def test_a_connection_is_closed_when_the_stream_ends_between_requests(judge: Judge, place: str) -> None:
    expect_closed(judge, "ERR-8", place)


@checks("ERR-8", late=True)
def test_what_is_owed_is_sent_before_the_connection_is_closed(judge: Judge) -> None:
    def asking(talk: Talk) -> None:
        for number in range(5):
            talk.put(b"abc" * (1 + number), reply=True)
            talk.say(cmd="hello", reply=True)

    only_where(judge, some_puts)

    judge.expect_closed([Case(asking, end=End.FINISH_AT_ONCE), Case(asking, end=End.FINISH)])


@checks("ERR-3", late=True)
@pytest.mark.parametrize("fault", BROKEN)
def test_a_connection_is_closed_after_a_malformed_header(judge: Judge, fault: str) -> None:
    expect_closed(judge, "ERR-3", fault)


# Refused puts: going on or closing, nothing in between


def is_served_or_closed(judge: Judge, line: Line, name: str) -> bool:
    return line.closed is not None or judge.observer.look([name])[name] is not None


@checks("ERR-5")
@pytest.mark.parametrize("size", [0, 1, 100, 5_000])
def test_after_a_refused_put_the_next_is_served_or_the_connection_closed(judge: Judge, size: int) -> None:
    judge.control(Case.unhurried(some_puts), why="several puts in a row fail too")

    expect_served_or_closed(judge, size, judge.runner.pace.pause)


@checks("ERR-5")
@pytest.mark.parametrize("size", [0, 100])
def test_behind_a_refused_put_in_its_segment_the_next_is_served_or_the_connection_closed(
    judge: Judge, size: int
) -> None:
    only_where(judge, some_puts)

    expect_served_or_closed(judge, size, None)


def expect_served_or_closed(judge: Judge, size: int, pause: float | None) -> None:
    """Send a refused put with a body of a size and another put, after a pause or in the same segment."""
    lines: dict[Line, str] = {}

    def begin() -> None:
        name = judge.names.new()
        line = judge.dial()
        bad = frame(bytes(size), cmd="put", filename="a/b", filesize=size)
        stream = bad + frame(b"next", cmd="put", filename=name, filesize=4)
        line.plan(script(stream, () if pause is None else (len(bad),), End.HOLD, pause or 0.0))
        lines[line] = name

    try:
        begin()
        since = judge.clock.now()
        while not all(is_served_or_closed(judge, line, name) for line, name in lines.items()):
            drive(list(lines), until=lambda _: False, patience=judge.runner.pace.pause, at_most=1.0)
            waited = judge.clock.now() - since
            if waited > 1.0 and len(lines) == 1 and judge.lanes > 1:
                begin()  # the second try, beside one that is silent
            if waited > CLOSE_WITHIN + 1.5:
                expected = "the request behind a refused put served, or the connection closed"
                raise Finding(expected, "neither", list(lines)[-1].transcript, timed_out=True)
    finally:
        for line in lines:
            line.drop()


# 6.3, closing

MORE = bytes(4 * 1024 * 1024)
"""What a client is still sending when a server ends the connection: more than anybody takes in beforehand."""

UNREAD = {
    "a malformed prefix": prefix(-1),
    "a malformed header": frame(cmd="put", filename="a"),
    "a malformed header that asks for a reply": frame(cmd="put", filename="a", reply=True),
    "a refused put without an end": frame(cmd="put", filename="a/b", filesize=2**62),
    "a refused put without an end that asks for a reply": frame(cmd="put", filename="a/b", filesize=2**62, reply=True),
}


@checks("ERR-13")
@pytest.mark.parametrize("beginning", UNREAD.values(), ids=UNREAD.keys())
def test_a_connection_that_the_server_ends_is_half_closed_first(judge: Judge, beginning: bytes) -> None:
    judge.control(Case.unhurried(one_put), why="a plain put fails")

    resets = 0
    for _ in range(3):
        line = judge.dial()
        try:
            line.plan(script(beginning + MORE, (len(beginning),), End.HOLD, 0.0))
            drive([line], until=lambda line: line.closed is not None, patience=judge.runner.pace.patience, at_most=2.0)
        finally:
            line.drop()
        if line.closed is not Closed.RESET:
            break  # an orderly end, or none for now, which is not what this is about
        resets += 1
        finding = Finding("end of stream from the server before anything else", "reset", line.transcript)
    if resets == 3:
        raise finding
    if resets:
        raise Wavering(finding.expected, f"a reset in {resets} tries of {resets + 1}", finding.transcript)
