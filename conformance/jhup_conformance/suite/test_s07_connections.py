"""Section 7, connections: silence, many at a time, and those on which nothing happens."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

import pytest

from jhup.limits import CONNECTIONS_AT_LEAST, IDLE_AT_LEAST
from jhup_conformance.findings import Finding, NotSeen
from jhup_conformance.sizes import pattern
from jhup_conformance.suite.support.fairness import only_where, require_lanes, tries_again
from jhup_conformance.suite.support.idle import keep_idle
from jhup_conformance.target.store_by_stat import ReplyObserver
from jhup_conformance.verify.confirm import SURE_PAUSE
from jhup_conformance.verify.exchange import Case, End, script
from jhup_conformance.verify.judge import Judge
from jhup_conformance.verify.marks import checks, together
from jhup_conformance.verify.script import Conversation, Move, Party, frame, part_of_put, rest_of_put, whole_put
from jhup_conformance.verify.stream import Recipe, Talk, header, prefix
from jhup_conformance.wire.line import Line, drive
from jhup_conformance.wire.transcript import Action, Kind

# 7.1, silence


def nothing(_: Talk) -> None:
    """A connection on which nothing is said."""


def one_put(talk: Talk) -> None:
    talk.put(b"abc")


def put_with(reply: object, talk: Talk) -> None:
    talk.put(b"abc", reply=reply)


def say(members: dict[str, object], talk: Talk) -> None:
    talk.say(**members)


def frame_of(head: bytes, talk: Talk) -> None:
    talk.frame(head)


def bytes_of(data: bytes, talk: Talk) -> None:
    talk.raw(data, "bytes")


def put_named(name: str, talk: Talk) -> None:
    talk.put(b"abc", name=name)


def half_a_put(talk: Talk) -> None:
    talk.put(b"abc")
    talk.stream = talk.stream[:-2]


UNASKED: dict[str, Recipe] = {
    "nothing": nothing,
    "a put": one_put,
    "an empty put": lambda talk: talk.put(b""),
    "a put of some length": lambda talk: talk.put(pattern(500)),
    "a put with reply false": partial(put_with, False),
    "a put with reply null": partial(put_with, None),
    "a put with reply 1": partial(put_with, 1),
    "a put with reply as a string": partial(put_with, "true"),
    "a put with reply in a list": partial(put_with, [True]),
    "a stat": partial(say, {"cmd": "stat", "filename": "a"}),
    "a stat with reply false": partial(say, {"cmd": "stat", "filename": "a", "reply": False}),
    "a hello": partial(say, {"cmd": "hello"}),
    "a hello with reply as a string": partial(say, {"cmd": "hello", "reply": "true"}),
    "an unknown command": partial(say, {"cmd": "x-nothing", "filename": "a"}),
    "a bad name": partial(put_named, "a/b"),
    "no name": partial(put_named, ""),
    "a malformed header": partial(frame_of, header(cmd="put", filename="a")),
    "a header that is no JSON": partial(frame_of, b"hello"),
    "a prefix below two": partial(bytes_of, prefix(-1)),
    "a prefix that claims too much": partial(bytes_of, prefix(2**31 - 1)),
    "half a put": half_a_put,
}


@checks("CONN-1", blind=True)
@together("recipes", UNASKED.values(), UNASKED, at_a_time=7)
def test_nothing_is_sent_that_nobody_asked_for(judge: Judge, recipes: tuple[Recipe, ...]) -> None:
    at_a_time = judge.lanes if judge.runner.observer else 1  # who serves one at a time hears the others too late
    for start in range(0, len(recipes), at_a_time):
        listen(judge, recipes[start : start + at_a_time])
    if judge.runner.observer is None:
        raise NotSeen(judge.known.blind_for)
    judge.control(Case.unhurried(one_put), why="a plain put fails, so that this is no target at work")


def listen(judge: Judge, recipes: Sequence[Recipe]) -> None:
    """Say something on each of some connections, and hear what comes: at first, then when the stream has ended."""
    moment = 2 * judge.runner.pace.settle
    lines: list[Line] = []
    try:
        for recipe in recipes:
            talk = Talk(judge.names)
            recipe(talk)
            lines.append(judge.dial())
            lines[-1].plan(script(talk.stream, talk.borders(), End.HOLD, judge.runner.pace.pause))
            if recipe is not half_a_put:  # a stream that ends inside a request has clauses of its own
                lines[-1].plan([Action(Kind.HALF_CLOSED, pause=moment)])
        drive(lines, until=lambda line: bool(line.received), patience=moment, at_most=2.0)
        for line in lines:
            if line.received:
                raise Finding("not a byte from the server", f"{len(line.received)} bytes came", line.transcript)
    finally:
        for line in lines:
            line.drop()


# 7.2, concurrency


def puts(count: int, size: int, talk: Talk, seed: int = 0) -> None:
    for number in range(count):
        talk.put(pattern(size, seed + number))


def connections_left(judge: Judge) -> int:
    """Tell how many connections every server has to serve beside those that this run keeps open anyway."""
    kept = [keep_idle(judge), isinstance(judge.observer, ReplyObserver)]
    return CONNECTIONS_AT_LEAST - sum(map(bool, kept))


@checks("CONN-2")
@pytest.mark.parametrize(
    ("count", "size"), [(1, 3), (1, 50_000), (4, 100)], ids=["a put each", "a long put each", "several puts each"]
)
def test_32_connections_are_served_at_a_time(judge: Judge, count: int, size: int) -> None:
    judge.control(Case.unhurried(partial(puts, count, size)), why="the same on a single connection fails too")

    recipes = [partial(puts, count, size, seed=seed) for seed in range(connections_left(judge))]
    cases = [Case.unhurried(recipe, strictly=True) for recipe in recipes]  # so that all bodies come at the same time
    if judge.runner.run(cases, patience=judge.runner.pace.patience):
        slower = [replace(case, pause=SURE_PAUSE) for case in cases]
        for failed in judge.runner.run(slower, patience=judge.runner.pace.last_patience):
            expected = f"with {CONNECTIONS_AT_LEAST} connections open, each is served: {failed.mismatch.expected}"
            raise Finding(expected, failed.mismatch.actual, failed.exchange.line.transcript)


@checks("CONN-2")
@tries_again
def test_32_connections_are_served_in_any_order(judge: Judge) -> None:
    judge.control(Case.unhurried(one_put), why="a plain put fails")
    talk = Conversation(judge, [])
    try:
        parties = [talk.join() for _ in range(connections_left(judge))]
        for party in judge.random.sample(parties, len(parties)):
            talk.step(Move(party, b"", "waits for its turn"), sealed=True)
    finally:
        talk.leave()


STALLED: Final = pattern(3_000)


def put_of(name: str, size: int = len(STALLED)) -> bytes:
    return frame(STALLED, cmd="put", filename=name, filesize=size)


STALLS: dict[str, Callable[[str], bytes]] = {
    "before a request": lambda _: b"",
    "in a prefix": lambda name: put_of(name)[:2],
    "behind a prefix": lambda name: put_of(name)[:4],
    "in a header": lambda name: put_of(name)[:30],
    "behind a header": lambda name: put_of(name)[: -len(STALLED)],
    "in a body": lambda name: put_of(name)[:-1_000],
    "before the last byte": lambda name: put_of(name)[:-1],
    "in a long body": lambda name: put_of(name, 16 * 1024 * 1024),
    "in a refused body": lambda _: put_of("a/b")[:-1_000],
    "in a header of 64 KiB": lambda name: prefix(65_536) + header(cmd="put", filename=name).ljust(60_000),
    "in the header of a second request": lambda name: put_of(name) + put_of(name)[:40],
}


@checks("CONN-3")
@tries_again
@pytest.mark.parametrize("place", STALLS)
def test_connections_that_stall_delay_no_other(judge: Judge, place: str) -> None:
    expect_others_served(judge, [place] * 8)


@checks("CONN-3")
@tries_again
def test_connections_that_stall_in_all_places_delay_no_other(judge: Judge) -> None:
    expect_others_served(judge, list(STALLS) * 3)


def expect_others_served(judge: Judge, places: Sequence[str]) -> None:
    """Have some connections stall, as many as the target serves at a time and at least one, and use two others."""
    judge.control(Case.unhurried(one_put), why="a plain put fails")
    names = [judge.names.new() for _ in range(2)]
    stalled: list[Line] = []
    talk = Conversation(judge, names)
    try:
        earlier = [talk.join()] if judge.lanes > 2 else []
        stalled += [stall(judge, place) for place in places[: max(1, judge.lanes - 3)]]
        for party, name in zip([talk.join(), *earlier], names, strict=False):
            talk.step(whole_put(party, name, b"beside those that stall"))
    finally:
        talk.leave()
        for line in stalled:
            line.drop()


def stall(judge: Judge, place: str) -> Line:
    """Begin to say something on a new connection."""
    line = judge.dial()
    line.plan([Action(Kind.SENT, data)] if (data := STALLS[place](judge.names.new())) else [])
    drive([line], until=lambda _: True, patience=judge.runner.pace.patience, at_most=5.0)
    return line


# 7.3, idle connections


@checks("CONN-5", quick=False)
@tries_again
def test_a_connection_that_pauses_between_the_parts_of_a_request_is_not_closed(judge: Judge) -> None:
    judge.control(Case.unhurried(one_put), why="a plain put fails")
    head = length_of_head(judge)

    expect_kept(judge, [0, 4, head, head + 1_000, -1])


@checks("CONN-5")
@tries_again
def test_a_connection_that_pauses_inside_prefix_or_header_is_not_closed(judge: Judge) -> None:
    head = length_of_head(judge)
    places = [1, 2, 3, 5, head // 2, head - 1]
    only_where(judge, *(Case(one_put, (place,), pause=SURE_PAUSE) for place in places))

    expect_kept(judge, places)


def length_of_head(judge: Judge) -> int:
    return len(put_of(judge.names.new())) - len(STALLED)


def expect_kept(judge: Judge, places: Sequence[int]) -> None:
    """Pause puts after some of their bytes, each on a connection of its own, and complete them a moment later."""
    require_lanes(judge, 2)
    paused: dict[str, Party] = {}
    talk = Conversation(judge, [])
    try:
        for sent in places[: judge.lanes]:
            paused[name := judge.names.new()] = party = talk.join()
            talk.send(part_of_put(party, name, STALLED, sent))
        wait_idle([party.line for party in paused.values()], judge.effort.idle)

        for name, party in paused.items():
            talk.track(name)
            talk.step(rest_of_put(party))
    finally:
        talk.leave()


def wait_idle(lines: Sequence[Line], seconds: float) -> None:
    """Let some time pass in which no connection may be closed."""
    drive(lines, until=lambda _: False, patience=seconds, at_most=seconds + 1.0)
    for line in lines:
        if line.closed:
            silent = line.network.clock.now() - line.last_sent
            raise Finding(
                f"no connection closed for silence within {IDLE_AT_LEAST:.0f} s",
                f"closed ({line.closed}) after at most {silent:.1f} s",
                line.transcript,
            )


@checks("CONN-5", late=True)
def test_a_connection_that_was_silent_for_most_of_the_run_is_still_served(judge: Judge) -> None:
    require_lanes(judge, 2)
    judge.control(Case.unhurried(one_put), why="a plain put fails")
    idle = keep_idle(judge)
    if idle is None or idle.revived != judge.runner.dialer.revived:
        pytest.skip("the connection went with the process that the target had then")

    wait_idle([idle.line], max(0.0, judge.effort.silence - idle.seconds))
    talk = Conversation(judge, [name := judge.names.new()])
    talk.adopt(idle.line)
    try:
        talk.step(whole_put(talk.parties[0], name, b"still here"))
    except Finding as finding:
        raise Finding(
            f"{finding.expected}, on a connection silent for {idle.seconds:.1f} s", finding.actual, finding.transcript
        ) from None
    finally:
        talk.leave()
