"""Section 8.1, asking: who gets a reply, in which order, in which form, and when."""

import json
from collections.abc import Callable
from functools import partial
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jhup_conformance.findings import Finding
from jhup_conformance.sizes import pattern
from jhup_conformance.verify.dialogue import asking as asks
from jhup_conformance.verify.dialogue import hear_members, send
from jhup_conformance.verify.exchange import Case, End
from jhup_conformance.verify.judge import Judge
from jhup_conformance.verify.marks import checks, together
from jhup_conformance.verify.stream import Recipe, Talk, prefix

pytestmark = pytest.mark.usefixtures("replies_offered")

TOGETHER = 6
"""Sessions of a generated property that are held at the same time."""


def put(talk: Talk) -> None:
    talk.put(b"abc", reply=True)


def put_empty(talk: Talk) -> None:
    talk.put(b"", reply=True)


def put_wide_name(talk: Talk) -> None:
    talk.put(b"abc", name=talk.new_name("-é日\U0001f600"), reply=True)


def overwrite(talk: Talk) -> None:
    talk.put(b"new", name=talk.had(b"the old one"), reply=True)


def stat(talk: Talk) -> None:
    talk.say(cmd="stat", filename=talk.had(b"abc"), reply=True)


def stat_missing(talk: Talk) -> None:
    talk.say(cmd="stat", filename=talk.new_name(), reply=True)


def stat_own_put(talk: Talk) -> None:
    talk.say(cmd="stat", filename=talk.put(b"abcd"), reply=True)


def hello(talk: Talk) -> None:
    talk.say(cmd="hello", reply=True)


def unknown(talk: Talk) -> None:
    talk.say(cmd="x-nothing", reply=True)


ASKING: dict[str, Recipe] = {
    "put": put,
    "put of an empty file": put_empty,
    "put under a non-ASCII name": put_wide_name,
    "put that replaces": overwrite,
    "stat": stat,
    "stat of what is not stored": stat_missing,
    "stat of one's own put": stat_own_put,
    "hello": hello,
    "unknown command": unknown,
}
asking = pytest.mark.parametrize("recipe", ASKING.values(), ids=ASKING.keys())


def silent_puts(count: int, talk: Talk) -> None:
    for number in range(count):
        talk.put(b"%d" % number)


two_silent_puts, some_silent_puts, hundred_silent_puts = (partial(silent_puts, count) for count in (2, 9, 100))
GLUED = Case(some_silent_puts)
"""What has to work, else nothing is learnt of replies to requests in one segment."""


@checks("REPLY-1")
@asking
def test_a_request_that_asks_is_answered_once(judge: Judge, recipe: Recipe) -> None:
    judge.expect_all([Case.unhurried(recipe), Case.unhurried(recipe, End.FINISH)])


@checks("REPLY-1", quick=False)
def test_a_request_that_asks_is_answered_once_however_it_is_cut(judge: Judge) -> None:
    def small_pieces(talk: Talk) -> range:
        return range(1, len(talk.stream), 3)

    judge.control(Case(two_silent_puts, small_pieces), why="puts that ask for nothing fail when they come in pieces")

    judge.expect_all(Case(recipe, small_pieces) for recipe in ASKING.values())


def puts_and_stats(count: int, talk: Talk) -> None:
    name = talk.new_name()
    for number in range(count):
        if number % 2:
            talk.say(cmd="stat", filename=name, reply=True)
        else:
            talk.put(b"%d" % number, name=name, reply=True)


@checks("REPLY-1")
@pytest.mark.parametrize("count", [2, 10, 100])
def test_each_of_many_requests_is_answered(judge: Judge, count: int) -> None:
    many = partial(puts_and_stats, count)

    judge.expect(Case(many), Case(many, (), End.FINISH), control=Case(hundred_silent_puts))


NOT_ASKING = {
    "false": False, "null": None, "1": 1, "0": 0, "1.0": 1.0, '"true"': "true", '"yes"': "yes", '""': "",
    "[true]": [True], "[]": [], "{}": {}, '{"reply":true}': {"reply": True},
}  # fmt: skip


def not_asking(value: object, talk: Talk) -> None:
    """Each command without asking, and in the end one that asks: its reply is the only one."""
    name = talk.put(b"abc", reply=value)
    talk.say(cmd="stat", filename=name, reply=value)
    talk.say(cmd="hello", reply=value)
    talk.say(cmd="x-nothing", reply=value)
    talk.say(cmd="stat", filename=name, reply=True)


def silent(talk: Talk) -> None:
    name = talk.put(b"abc")
    talk.say(cmd="stat", filename=name)
    talk.say(cmd="hello")
    talk.say(cmd="x-nothing")
    talk.say(cmd="stat", filename=name, reply=True)


@checks("REPLY-2")
@together("values", NOT_ASKING.values(), NOT_ASKING, at_a_time=4)
def test_anything_but_true_asks_for_nothing(judge: Judge, values: tuple[object, ...]) -> None:
    recipes = [partial(not_asking, value) for value in values]

    judge.expect(*map(Case, recipes), *map(Case.unhurried, recipes), control=GLUED)


@checks("REPLY-2")
def test_a_request_without_the_member_gets_no_reply(judge: Judge) -> None:
    judge.expect(Case(silent), Case.unhurried(silent), control=GLUED)


def mixed(count: int, talk: Talk) -> None:
    for number in range(count):
        name = talk.put(pattern(number * 37), reply=number % 3 != 1)
        talk.say(cmd="stat", filename=name, reply=number % 2 == 0)
        talk.say(cmd=f"x-{number}", reply=number % 4 == 3)
        if number % 5 == 0:
            talk.say(cmd="hello", reply=True)


@checks("REPLY-3")
@pytest.mark.parametrize("count", [2, 5, 9])
@pytest.mark.parametrize("cuts", [(), Talk.requests], ids=["in one segment", "one after the other"])
def test_replies_come_in_the_order_of_their_requests(
    judge: Judge, count: int, cuts: tuple[int, ...] | Callable[[Talk], list[int]]
) -> None:
    judge.expect(Case(partial(mixed, count), cuts), control=GLUED)


@checks("REPLY-4")
@asking
def test_a_reply_is_a_prefix_and_one_object_and_nothing_else(judge: Judge, recipe: Recipe) -> None:
    """What follows has to be the next reply, at once."""

    def twice(talk: Talk) -> None:
        recipe(talk)
        talk.put(b"z", reply=True)

    judge.expect(Case(twice), control=GLUED)


PARTS = {
    "a byte of a prefix": prefix(50)[:1],
    "a prefix": prefix(50),
    "half a header": prefix(50) + b'{"cmd":"put",',
    "half a put": asks(b"ab", cmd="put", filename="jc-never", filesize=99),
}


@checks("REPLY-5")
@pytest.mark.parametrize("part", PARTS.values(), ids=PARTS.keys())
def test_a_reply_does_not_wait_for_the_rest_of_the_next_request(judge: Judge, part: bytes) -> None:
    def and_part(recipe: Recipe, talk: Talk) -> None:
        recipe(talk)
        talk.raw(part, "part of a request")

    judge.expect(*(Case(partial(and_part, each)) for each in ASKING.values()), control=GLUED)


@checks("REPLY-5")
@asking
def test_a_reply_does_not_wait_for_what_follows(judge: Judge, recipe: Recipe) -> None:
    judge.expect(Case(recipe), control=Case.unhurried(recipe, End.FINISH))


COMMANDS: list[dict[str, Any]] = [{"cmd": "hello"}, {"cmd": "x-nothing"}, {"cmd": "stat", "filename": "../x"}]


def any_session(random: Random, talk: Talk) -> None:
    """Requests of all kinds, some of which ask, about the same few names."""
    names = [talk.new_name(), talk.new_name("-é日\U0001f600")]
    for _ in range(random.randint(1, 7)):
        asks = {"reply": random.choice((True, True, False, "true", 1))} if random.random() < 0.8 else {}
        kind, name = random.randrange(4), random.choice(names)
        if kind < 2:
            talk.put(pattern(random.choice((0, 1, 255, 4096, 20_000)), random.randrange(9)), name=name, **asks)
        elif kind == 2:
            talk.say(cmd="stat", filename=name, **asks)
        else:
            talk.say(**random.choice(COMMANDS), **asks)


@checks("REPLY-3", quick=False)
@given(seed=st.integers(0, 2**32))
def test_replies_come_in_order_in_any_session(judge: Judge, seed: int) -> None:
    sessions = [lambda talk, number=number: any_session(Random(seed + number), talk) for number in range(TOGETHER)]

    judge.expect(
        *(Case(each, (), End.FINISH) for each in sessions[1:]), Case(sessions[0], Talk.requests), control=GLUED
    )


@checks("REPLY-4")
def test_a_reply_is_written_as_strictly_as_a_request(judge: Judge) -> None:
    """No name twice, nothing that JSON hasn't, and as many bytes as its prefix says."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _ in pairs]
        if len(names) > len(set(names)):
            raise ValueError(f"a name stands twice among {names}")
        return dict(pairs)

    def no_constant(name: str) -> None:
        raise ValueError(f"{name} is not JSON")

    judge.control(Case.unhurried(put), why="a plain put fails")
    name = judge.names.new() + "-é日\U0001f600 \"'{}"
    requests = [
        asks(b"abc", cmd="put", filename=name, filesize=3),
        asks(cmd="stat", filename=name),
        asks(cmd="hello"),
        asks(cmd="x-nothing"),
    ]
    for frame in requests:
        line = judge.dial()
        try:
            send(line, frame)
            hear_members(judge, line)
            reply = bytes(line.received[4:])
        finally:
            line.drop()
        if len(reply) != int.from_bytes(line.received[:4], "little"):
            raise Finding("a reply as long as its prefix says", f"{len(reply)} bytes behind it", line.transcript)
        try:
            json.loads(reply.decode(), object_pairs_hook=once, parse_constant=no_constant)
        except ValueError as error:
            raise Finding("a reply written as a request has to be", str(error), line.transcript) from error
