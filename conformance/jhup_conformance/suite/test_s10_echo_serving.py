"""Section 10.12 and 10.13: several clients at a time, each of which gets its own answers."""

import contextlib
import time
from collections.abc import Iterator

import pytest

from jhup.echo import worker_name
from jhup_conformance.echo.asking import is_whole
from jhup_conformance.echo.inputs import AT_A_TIME, RELEASED_WITHIN
from jhup_conformance.echo.judge import EchoJudge
from jhup_conformance.echo.streams import leave
from jhup_conformance.findings import Finding, NotSeen
from jhup_conformance.verify.marks import check
from jhup_conformance.wire.driving import drive
from jhup_conformance.wire.dump import show_bytes
from jhup_conformance.wire.line import Line
from jhup_conformance.wire.transcript import Action, Kind


@contextlib.contextmanager
def held(echo: EchoJudge, count: int) -> Iterator[list[Line]]:
    """Yield connections that are open and silent; an exchange follows every fourth, so that none has to queue."""
    lines: list[Line] = []
    try:
        for number in range(count):
            lines.append(echo.streams.dial())
            if number % 4 == 3 and not echo.is_iterative:
                echo.is_alive()
        yield lines
    finally:
        for line in lines:
            leave(line)


def answer_on(echo: EchoJudge, line: Line, data: bytes) -> bytes:
    """Say a message on an open connection; gives what came."""
    ask = echo.message(data)
    right = echo.wire.right(ask)
    line.plan([Action(Kind.SENT, ask.data)])
    echo.hear(line, until=lambda line: is_whole(right, bytes(line.received)))
    return bytes(line.received)


def ask_all(echo: EchoJudge, pairs: list[tuple[Line, bytes]]) -> None:
    """Say messages on several connections at once, and wait for all answers."""
    rights = {line: echo.wire.right(echo.message(data)) for line, data in pairs}
    for line, data in pairs:
        line.plan([Action(Kind.SENT, echo.message(data).data)])
    drive(
        list(rights),
        until=lambda line: is_whole(rights[line], bytes(line.received)),
        patience=echo.pace.last_patience,
        at_most=30.0,
    )


def expect_own(echo: EchoJudge, line: Line, data: bytes, others: list[bytes]) -> None:
    """Expect that what came is the right answer to what was said here, and not on another connection."""
    ask = echo.message(data)
    received = bytes(line.received)
    if echo.wire.right(ask).contains(received):
        return
    whose = next((other for other in others if echo.wire.right(echo.message(other)).contains(received)), None)
    came = show_bytes(received) or "nothing"
    raise Finding(
        f"a reply to {show_bytes(ask.data)}, which was sent on this connection",
        f"{came}, made of {show_bytes(whose)}, which was sent on another" if received and whose else came,
        line.transcript,
    )


@check("ECHO-63")
@pytest.mark.parametrize("count", [1, 3])
def test_others_are_answered_beside_a_silent_connection(echo: EchoJudge, count: int) -> None:
    with held(echo, count) as idle:
        if not echo.is_alive():
            raise Finding(
                f"a plain message answered beside {count} silent connections",
                "no answer (right for a server that is iterative: --serving iterative declares it)",
                idle[0].transcript,
            )


A_MOMENT = 0.05
"""Seconds for which one connection is held open beside another: no server tells that it will turn somebody away."""


@check("ECHO-64")
def test_a_connection_opened_beside_another_is_served_when_that_one_is_closed(echo: EchoJudge) -> None:
    with held(echo, 1) as [first]:
        second = echo.streams.dial()
        try:
            second.plan([Action(Kind.SENT, echo.message(b"second").data)])
            moment = max(echo.pace.settle, A_MOMENT)
            drive([second], until=lambda line: bool(line.received), patience=moment, at_most=1.0)
            leave(first)
            right = echo.wire.right(echo.message(b"second"))
            if not echo.hear(second, until=lambda line: is_whole(right, bytes(line.received))):
                if second.received:
                    raise NotSeen("what comes is not the answer, which other clauses are about")
                raise Finding("an answer once the other connection was closed", "none", second.transcript)
        finally:
            leave(second)


@check("ECHO-65")
def test_each_connection_gets_its_own_answer(echo: EchoJudge) -> None:
    names = [b"client%d" % number for number in range(4)]
    if echo.is_iterative:
        echo.expect([echo.message(name) for name in names * 3])
        return
    if not echo.serves_beside(1):
        raise NotSeen("the target serves one connection at a time, which ECHO-63 is about")
    for turn in range(4):
        with held(echo, len(names)) as lines:
            pairs = list(zip(lines, names, strict=True))
            if turn:  # one after the other, the newest first, and the oldest first
                for line, name in pairs if turn % 2 else reversed(pairs):
                    answer_on(echo, line, name)
            else:
                ask_all(echo, pairs)
            for line, name in pairs:
                expect_own(echo, line, name, [other for other in names if other != name])


@check("ECHO-66")
def test_connections_open_at_once_have_workers_of_different_names(echo: EchoJudge) -> None:
    if not echo.serves_beside(3):
        raise NotSeen("the target does not serve several connections at a time, which ECHO-63 is about")
    with held(echo, 4) as lines:
        # The last is answered while the others are open, and accepted: connections are in the order of their opening.
        names = [worker_name(answer_on(echo, line, b"abc")) for line in reversed(lines)]
        if len(set(names)) < len(names):
            shown = ", ".join(show_bytes(name) for name in names)
            raise Finding(f"{len(names)} different names on connections open at once", shown, lines[0].transcript)


@check("ECHO-67")
def test_many_connections_are_served_at_a_time(echo: EchoJudge) -> None:
    if not echo.serves_beside(1):
        raise NotSeen("the target serves one connection at a time, which ECHO-63 is about")
    with held(echo, AT_A_TIME - 1) as lines:
        if not echo.is_alive():
            raise Finding(f"the {AT_A_TIME}nd connection served beside {AT_A_TIME - 1} others", "no answer")
        for number, line in enumerate(lines):
            if not answer_on(echo, line, b"abc"):
                raise Finding(f"all of {AT_A_TIME} connections served", f"no answer on number {number + 1}")


@check("ECHO-71", late=True)
def test_what_connections_used_is_given_back(echo: EchoJudge) -> None:
    vitals = echo.require_vitals()
    echo.is_alive()
    before = vitals.read()
    for _ in range(3):
        with held(echo, 1 if echo.is_iterative else 10) as lines:
            for line in lines:
                answer_on(echo, line, b"abc")
    deadline = time.monotonic() + RELEASED_WITHIN
    while True:
        now = vitals.read()
        more = now.descriptors - before.descriptors, now.threads - before.threads
        if max(more) <= _SPARE:
            return
        if time.monotonic() > deadline:
            raise Finding(
                f"descriptors and threads as before, {before.descriptors} and {before.threads}",
                f"{now.descriptors} and {now.threads}, {RELEASED_WITHIN:.0f} s after the last connection was closed",
            )
        time.sleep(0.02)  # a process of others gives no event when it lets go


_SPARE = 2
"""Descriptors or threads that a server may keep for later without any suspicion."""
