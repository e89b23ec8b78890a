"""Section 7.2 and 7.3: connections beyond the limit, what connections leave behind, and clients that do not read."""

import selectors
import time
from typing import Final

import pytest

from jhup.limits import CLOSE_WITHIN, CONNECTIONS_AT_LEAST, IDLE_AT_LEAST
from jhup_conformance.findings import Finding
from jhup_conformance.suite.support.fairness import require_lanes, tries_again
from jhup_conformance.verify.dialogue import asking
from jhup_conformance.verify.exchange import Case, End, script
from jhup_conformance.verify.judge import Judge
from jhup_conformance.verify.marks import checks
from jhup_conformance.verify.stream import Talk
from jhup_conformance.wire.channel import Unreachable
from jhup_conformance.wire.line import Line, drive

EXCESS: Final = 16
"""Connections beyond those that every server serves."""
_MOMENT: Final = 0.2
"""Seconds that a server has to accept all of them, before the first one ends."""


def one_put(talk: Talk) -> None:
    talk.put(b"abc")


def begin_put(judge: Judge) -> tuple[Line, str] | None:
    """Begin a put on a new connection, all but its last byte; None where the connection is turned away at once."""
    talk = Talk(judge.names)
    one_put(talk)
    try:
        line = judge.dial()
    except Unreachable:
        return None
    line.plan(script(talk.stream, (len(talk.stream) - 1,), End.HOLD, max(_MOMENT, judge.runner.pace.settle)))
    return line, talk.watched[0]


@checks("CONN-10")
@tries_again
def test_a_connection_beyond_the_limit_is_closed_or_served_later(judge: Judge) -> None:
    require_lanes(judge, 3)
    judge.control(Case.unhurried(one_put), why="a plain put fails")
    begun = filter(None, (begin_put(judge) for _ in range(CONNECTIONS_AT_LEAST + EXCESS)))
    waiting = dict(begun)
    count = len(waiting)
    lines = list(waiting)
    clock, patience = judge.clock, judge.runner.pace.last_patience
    try:
        progress = clock.now()
        while waiting and clock.now() < progress + patience:
            drive(list(waiting), until=lambda _: False, patience=judge.runner.pace.pause, at_most=1.0)
            stored = judge.observer.look(list(waiting.values()))
            for line in [line for line, name in waiting.items() if line.closed or stored[name]]:
                line.drop()  # which makes room for the next
                del waiting[line]
                progress = clock.now()
        if waiting:
            raise Finding(
                f"each of {count} connections served, or closed",
                f"{len(waiting)} of them neither, though all others had ended {patience:.1f} s before",
                next(iter(waiting)).transcript,
                timed_out=True,
            )
    finally:
        for line in lines:
            line.drop()


# What connections leave behind

_SPARE: Final = 2
"""Descriptors or threads that a server may keep for later without any suspicion."""
_ENDS: Final = (End.FINISH, End.RESET, End.HOLD)


def come_and_go(judge: Judge, count: int) -> None:
    """Put something on some connections at a time, and end them in several ways."""
    lines: list[Line] = []
    for number in range(count):
        talk = Talk(judge.names)
        one_put(talk)
        lines.append(line := judge.dial())
        line.plan(script(talk.stream, (), _ENDS[number % len(_ENDS)], judge.runner.pace.pause))
    drive(lines, until=lambda line: line.closed is not None, patience=judge.runner.pace.settle, at_most=2.0)
    for line in lines:
        line.drop()


@checks("CONN-9", late=True)
def test_what_a_connection_held_is_released(judge: Judge) -> None:
    vitals = judge.require_vitals()
    judge.control(Case.unhurried(one_put), why="a plain put fails")
    count = min(judge.lanes, 12)
    come_and_go(judge, count)  # pools are full from here on
    judge.runner.prove_alive()
    before = vitals.read()
    for _ in range(3):
        come_and_go(judge, count)
    until = time.monotonic() + CLOSE_WITHIN
    while True:
        now = vitals.read()
        if max(now.descriptors - before.descriptors, now.threads - before.threads) <= _SPARE:
            return
        if time.monotonic() > until:
            raise Finding(
                f"descriptors and threads as before {3 * count} connections: {before.descriptors} and {before.threads}",
                f"{now.descriptors} and {now.threads}, {CLOSE_WITHIN:.0f} s after the last connection was closed",
            )
        time.sleep(0.02)  # another process gives no event when it lets go


# Clients that do not read

_MOST_ASKED: Final = 8 * 1024 * 1024
"""Bytes of requests after which a server is taken to keep all replies in memory."""
_STUCK: Final = 0.3
"""Seconds after which a server that takes nothing more waits for its replies to be taken."""
_UNREAD: Final = 0.25
"""Seconds for which replies stay unread at the least; the thorough profile waits longer."""


@checks("CONN-8")
@pytest.mark.usefixtures("replies_offered")
@tries_again
def test_a_client_that_takes_no_replies_for_a_while_is_not_closed(judge: Judge) -> None:
    name = judge.names.new() + "n" * 200  # so that replies are longer than requests
    put, stat = asking(b"abc", cmd="put", filename=name, filesize=3), asking(cmd="stat", filename=name)
    line = judge.dial()
    try:
        taken = flood(line, put, stat)
        wait = max(_UNREAD, judge.effort.idle)
        judge.clock.sleep(wait)  # what is tried is that nobody reads for so long
        begun = (taken - len(put)) % len(stat)
        rest = stat[begun:] if begun else b""
        owed = 1 + (taken - len(put) + len(rest)) // len(stat)
        came = count_replies(line, rest, owed, judge.runner.pace.last_patience)
        if came is not None:
            raise Finding(
                f"no connection closed within {IDLE_AT_LEAST:.0f} s because its client takes no replies",
                f"closed after {wait:.2f} s, with {came} of {owed} replies sent",
                line.transcript,
            )
    finally:
        line.drop()


def ready(line: Line, mask: int, seconds: float) -> int:
    """Wait until a connection can be read or written, as the mask says; return what it can, 0 after some seconds."""
    with line.network.selector([line.channel.fileno()]) as selector:
        selector.register(line.channel.fileno(), mask)
        return next((found for _, found in selector.select(seconds)), 0)


def flood(line: Line, put: bytes, stat: bytes) -> int:
    """Send a put and stats without reading until the server takes no more; return how many bytes it took."""
    taken, pending = 0, memoryview(put)
    while taken < _MOST_ASKED and ready(line, selectors.EVENT_WRITE, _STUCK):
        try:
            count = line.channel.send(pending)
        except ConnectionError:
            break  # the end is heard when replies are read
        taken += count
        pending = pending[count:] or memoryview(stat * 64)
    return taken


def count_replies(line: Line, rest: bytes, owed: int, patience: float) -> int | None:
    """Read until all replies came; return how many came before the server closed, None when it did not."""
    received, unsent, at, count = bytearray(), memoryview(rest), 0, 0
    while count < owed:
        if not ready(line, selectors.EVENT_READ | (selectors.EVENT_WRITE if unsent else 0), patience):
            return None  # replies that stay away are for other clauses
        try:
            if unsent:
                unsent = unsent[line.channel.send(unsent) :]
            data = line.channel.receive()
        except ConnectionError:
            return count
        if data == b"":
            return count
        received += data or b""
        while len(received) >= at + 4:
            end = at + 4 + int.from_bytes(received[at : at + 4], "little")
            if len(received) < end:
                break
            at, count = end, count + 1
    return None
