"""Section 7.2 and 7.3: connections beyond the limit, what connections leave behind, and clients that do not read."""

import selectors
from typing import Final

import pytest

from jhup.limits import CLOSE_WITHIN, CONNECTIONS_AT_LEAST, IDLE_AT_LEAST
from jhup_conformance.checks import Dialogue, End, Finding, Judge, check, name, put, requests, stat, wait_for_all
from jhup_conformance.suite.support.fairness import require_lanes, retried
from jhup_conformance.suite.support.idle import require_silence
from jhup_conformance.wire.channel import Unreachable
from jhup_conformance.wire.line import Line

PUT = put(b"abc")
FILE = name("file")
EXCESS: Final = 16
"""Connections beyond those that every server serves."""
_MOMENT: Final = 0.2
"""Seconds that a server has to accept all of them, before the first one ends."""


def begin_put(judge: Judge) -> tuple[Dialogue, str] | None:
    """Begin a put on a new connection, all but its last byte; None where the connection is turned away at once."""
    try:
        dialogue = judge.converse()
    except Unreachable:
        return None
    pause = max(_MOMENT, judge.pace.settle)
    return dialogue, dialogue.send(PUT.cut(len(PUT) - 1).sent(pause=pause)).watched[0]


@check("CONN-10")
@retried
def test_a_connection_beyond_the_limit_is_closed_or_served_later(judge: Judge) -> None:
    require_lanes(judge, 3)
    judge.require(PUT.paced())
    begun = filter(None, (begin_put(judge) for _ in range(CONNECTIONS_AT_LEAST + EXCESS)))
    waiting = dict(begun)
    dialogues = list(waiting)
    clock, patience = judge.clock, judge.pace.last_patience
    try:
        progress = clock.now()
        while waiting and clock.now() < progress + patience:
            wait_for_all(waiting, lambda _: False, patience=judge.pace.pause, at_most=1.0)
            stored = judge.observer.look(list(waiting.values()))
            for dialogue in [each for each, name in waiting.items() if each.closed or stored[name]]:
                dialogue.drop()  # which makes room for the next
                del waiting[dialogue]
                progress = clock.now()
        if waiting:
            raise Finding(
                f"each of {len(dialogues)} connections served, or closed",
                f"{len(waiting)} of them neither, though all others had ended {patience:.1f} s before",
                next(iter(waiting)).transcript,
                timed_out=True,
            )
    finally:
        for dialogue in dialogues:
            dialogue.drop()


# What connections leave behind

_SPARE: Final = 2
"""Descriptors or threads that a server may keep for later without any suspicion."""
_ENDS: Final = (End.FINISH, End.RESET, End.HOLD)


def come_and_go(judge: Judge, count: int) -> None:
    """Put something on some connections at a time, and end them in several ways."""
    dialogues = [judge.converse() for _ in range(count)]
    for number, dialogue in enumerate(dialogues):
        dialogue.send(PUT.ending(_ENDS[number % len(_ENDS)]))
    wait_for_all(dialogues, lambda each: each.closed is not None, patience=judge.pace.settle, at_most=2.0)
    for dialogue in dialogues:
        dialogue.drop()


@check("CONN-9", late=True)
def test_what_a_connection_held_is_released(judge: Judge) -> None:
    vitals = judge.require_vitals()
    judge.require(PUT.paced())
    count = min(judge.lanes, 12)
    come_and_go(judge, count)  # pools are full from here on
    judge.is_alive()
    before = vitals.read()
    for _ in range(3):
        come_and_go(judge, count)
    until = judge.clock.now() + CLOSE_WITHIN
    while True:
        now = vitals.read()
        if max(now.descriptors - before.descriptors, now.threads - before.threads) <= _SPARE:
            return
        if judge.clock.now() > until:
            raise Finding(
                f"descriptors and threads as before {3 * count} connections: {before.descriptors} and {before.threads}",
                f"{now.descriptors} and {now.threads}, {CLOSE_WITHIN:.0f} s after the last connection was closed",
            )
        judge.clock.sleep(0.02)  # another process gives no event when it lets go


# Clients that do not read

_FEW, _MANY = 16 * 1024, 1024 * 1024
"""Bytes that the suite's system keeps of either direction: few, so that a server soon feels that nobody reads."""
_MOST_ASKED: Final = 8 * 1024 * 1024
"""Bytes of requests after which a server is taken to keep all replies in memory."""
_STUCK: Final = 0.3
"""Seconds after which a server that takes nothing more waits for its replies to be taken."""
_UNREAD: Final = 0.25
"""Seconds for which replies stay unread at the least; the thorough profile waits longer."""


@check("CONN-8")
@pytest.mark.usefixtures("replies_offered")
@retried
def test_a_client_that_takes_no_replies_for_a_while_is_not_closed(judge: Judge) -> None:
    long = FILE + "n" * 200  # so that replies are longer than requests
    many = requests(put(b"abc", name=long, reply=True), *[stat(long)] * 200)
    judge.require(many, many.cut(*range(97, len(many), 97)), why="many stats that are read at once fail too")
    own = long.replace(FILE, judge.names.new())
    first, asking = put(b"abc", name=own, reply=True).data, stat(own).data
    with judge.converse(narrow=True) as dialogue:
        line = dialogue.line
        line.channel.set_buffers(_FEW)
        taken = flood(line, first, asking)
        wait = max(_UNREAD, judge.effort.idle)
        judge.clock.sleep(wait)  # nobody reads for so long: that is the check
        line.channel.set_buffers(_MANY)  # a small window opens by steps of the sender's timer
        begun = (taken - len(first)) % len(asking)
        rest = asking[begun:] if begun else b""
        owed = 1 + (taken - len(first) + len(rest)) // len(asking)
        came = count_replies(line, rest, owed, judge.pace.last_patience)
        if came is not None:
            raise Finding(
                f"no connection closed within {IDLE_AT_LEAST:.0f} s because its client takes no replies",
                f"closed after {wait:.2f} s, with {came} of {owed} replies sent",
                dialogue.transcript,
            )
    require_silence(wait)


def ready(line: Line, mask: int, seconds: float) -> int:
    """Wait until a connection can be read or written, as the mask says; return what it can, 0 after some seconds."""
    with line.network.selector([line.channel.fileno()]) as selector:
        selector.register(line.channel.fileno(), mask)
        return next((found for _, found in selector.select(seconds)), 0)


def flood(line: Line, first: bytes, asking: bytes) -> int:
    """Send a put and stats without reading until the server takes no more; return how many bytes it took."""
    taken, pending = 0, memoryview(first)
    while taken < _MOST_ASKED and ready(line, selectors.EVENT_WRITE, _STUCK):
        try:
            count = line.channel.send(pending)
        except ConnectionError:
            break  # the end is heard when replies are read
        taken += count
        pending = pending[count:] or memoryview(asking * 64)
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
