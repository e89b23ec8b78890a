"""Sections 6.1 and 6.3, errors: which connections have to be closed, and how."""

import pytest

from jhup.limits import CLOSE_WITHIN
from jhup_conformance.checks import (
    Dialogue,
    End,
    Finding,
    Judge,
    Stream,
    Wavering,
    check,
    command,
    hello,
    prefix,
    put,
    raw,
    requests,
    wait_for_all,
    watch_closing,
)
from jhup_conformance.suite.support.closing_cases import BROKEN, ENDED, TRUNCATED, WHOLE, check_closed
from jhup_conformance.suite.support.fairness import only_where
from jhup_conformance.wire.transcript import Closed

PUT = put(b"abc").paced()
SOME_PUTS = requests(put(b"abc"), put(b"d"), put(b"ef"))


@check("ERR-6", late=True)
@pytest.mark.parametrize("place", TRUNCATED)
def test_a_connection_is_closed_when_the_stream_ends_inside_a_request(judge: Judge, place: str) -> None:
    check_closed(judge, place)


@check("ERR-6", late=True)
@pytest.mark.parametrize("end", [End.FINISH_AT_ONCE, End.FINISH])
def test_a_connection_is_closed_wherever_the_stream_ends(judge: Judge, end: End) -> None:
    judge.require(WHOLE.paced(), why="the whole put fails")

    offsets = list(range(1, len(WHOLE)))
    if judge.effort.offsets is not None:
        offsets = judge.random.sample(offsets, min(judge.effort.offsets, len(offsets)))
    streams = {("ERR-6", WHOLE.where(offset)): WHOLE.first(offset).ending(end) for offset in offsets}
    for finding in filter(None, watch_closing(judge, streams).values()):
        raise finding


@check("ERR-8", late=True)
@pytest.mark.parametrize("place", ENDED)
def test_a_connection_is_closed_when_the_stream_ends_between_requests(judge: Judge, place: str) -> None:
    check_closed(judge, place)


@check("ERR-8", late=True)
def test_what_is_owed_is_sent_before_the_connection_is_closed(judge: Judge) -> None:
    asking = requests(*(each for number in range(5) for each in (put(b"abc" * (1 + number), reply=True), hello())))
    only_where(judge, SOME_PUTS)

    judge.check(asking.ending(End.FINISH_AT_ONCE), asking.ending(End.FINISH), closes=True)


@check("ERR-3", late=True)
@pytest.mark.parametrize("fault", BROKEN)
def test_a_connection_is_closed_after_a_malformed_header(judge: Judge, fault: str) -> None:
    check_closed(judge, fault)


# Refused puts: going on or closing, nothing in between


@check("ERR-5")
@pytest.mark.parametrize("size", [0, 1, 100, 5_000])
def test_after_a_refused_put_the_next_is_served_or_the_connection_closed(judge: Judge, size: int) -> None:
    judge.require(SOME_PUTS, why="several puts in a row fail too")

    check_served_or_closed(judge, refused_of(size).by_request())


@check("ERR-5")
@pytest.mark.parametrize("size", [0, 100])
def test_the_next_put_in_the_segment_of_a_refused_one_is_served_or_the_connection_closed(
    judge: Judge, size: int
) -> None:
    only_where(judge, SOME_PUTS)

    check_served_or_closed(judge, refused_of(size))


def refused_of(size: int) -> Stream:
    """Return a refused put with a body of a size, and a plain one."""
    return requests(put(bytes(size), name="a/b"), put(b"next"))


def check_served_or_closed(judge: Judge, stream: Stream) -> None:
    tried: dict[Dialogue, str] = {}

    def begin() -> None:
        dialogue = judge.converse()
        tried[dialogue] = dialogue.send(stream).watched[0]

    def is_served_or_closed(dialogue: Dialogue) -> bool:
        name = tried[dialogue]
        return dialogue.closed is not None or judge.observer.look([name])[name] is not None

    try:
        begin()
        since = judge.clock.now()
        while not all(map(is_served_or_closed, tried)):
            wait_for_all(tried, lambda _: False, patience=judge.pace.pause, at_most=1.0)
            waited = judge.clock.now() - since
            if waited > 1.0 and len(tried) == 1 and judge.lanes > 1:
                begin()  # the second try, beside one that is silent
            if waited > CLOSE_WITHIN + 1.5:
                expected = "the request after a refused put served, or the connection closed"
                raise Finding(expected, "the server did neither", list(tried)[-1].transcript, timed_out=True)
    finally:
        for dialogue in tried:
            dialogue.drop()


# 6.3, closing

MORE = bytes(4 * 1024 * 1024)
"""What a client is still sending when a server ends the connection: more than anybody takes in beforehand."""

UNREAD = {
    "a malformed prefix": raw(prefix(-1)),
    "a malformed header": command("put", filename="a"),
    "a malformed header that asks for a reply": command("put", filename="a", reply=True),
    "a refused put without an end": command("put", filename="a/b", filesize=2**62),
    "a refused put without an end that asks for a reply": command("put", filename="a/b", filesize=2**62, reply=True),
}


@check("ERR-13")
@pytest.mark.parametrize("beginning", UNREAD.values(), ids=UNREAD.keys())
def test_a_connection_that_the_server_ends_is_half_closed_first(judge: Judge, beginning: Stream) -> None:
    judge.require(PUT)
    stream = requests(beginning, raw(MORE))

    resets = 0
    for _ in range(3):
        with judge.converse() as dialogue:
            dialogue.send(stream.cut(len(beginning)).sent(pause=0.0))
            wait_for_all([dialogue], lambda each: each.closed is not None, patience=judge.pace.patience, at_most=2.0)
        if dialogue.closed is not Closed.RESET:
            break  # an orderly end, or none for now, which is not what this is about
        resets += 1
        finding = Finding("end of stream from the server before anything else", "reset", dialogue.transcript)
    if resets == 3:
        raise finding
    if resets:
        raise Wavering(finding.expected, "reset", finding.transcript, times=(resets, resets + 1))
