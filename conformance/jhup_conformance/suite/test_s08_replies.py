"""Section 8.1, asking: who gets a reply, in which order, in which form, and when."""

import json
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jhup_conformance.checks import (
    PLAIN_REPLIES,
    End,
    Finding,
    Judge,
    Stream,
    check,
    command,
    hello,
    name,
    pattern,
    prefix,
    put,
    raw,
    requests,
    stat,
    together,
)
from jhup_conformance.suite.support.earlier import ASKED

pytestmark = pytest.mark.usefixtures("replies_offered")

TOGETHER = 6
"""Sessions of a generated property that are held at the same time."""

FILE = name("file")
PUT = put(b"abc", reply=True)

ASKING = {
    "put": PUT,
    "put of an empty file": put(b"", reply=True),
    "put under a non-ASCII name": put(b"abc", name=FILE + "-é日\U0001f600", reply=True),
    "put that replaces": put(b"new", name=FILE, reply=True).having({FILE: b"the old one"}),
    "stat": stat(FILE).having({FILE: b"abc"}),
    "stat of what is not stored": stat(FILE),
    "stat of one's own put": requests(put(b"abcd", name=FILE), stat(FILE)),
    "hello": hello(),
    "unknown command": command("x-nothing", reply=True),
}
asking = pytest.mark.parametrize("stream", ASKING.values(), ids=ASKING.keys())


def silent_puts(count: int) -> Stream:
    return requests(*(put(b"%d" % number) for number in range(count)))


GLUED = silent_puts(9)
"""What has to work, else nothing is learnt of replies to requests in one segment."""


@check("REPLY-1")
@asking
def test_a_request_that_asks_is_answered_once(judge: Judge, stream: Stream) -> None:
    judge.check(stream.paced(), stream.paced().ending(End.FINISH))


@check("REPLY-1", quick=False)
def test_a_request_that_asks_is_answered_once_however_it_is_cut(judge: Judge) -> None:
    def in_pieces(stream: Stream) -> Stream:
        return stream.cut(*range(1, len(stream), 3))

    judge.require(in_pieces(silent_puts(2)), why="puts that ask for nothing fail when they come in pieces")

    judge.check(*map(in_pieces, ASKING.values()), requires=())


@check("REPLY-1")
@pytest.mark.parametrize("count", [2, 10, 100])
def test_each_of_many_requests_is_answered(judge: Judge, count: int) -> None:
    many = requests(
        *(stat(FILE) if number % 2 else put(b"%d" % number, name=FILE, reply=True) for number in range(count))
    )

    judge.check(many, many.ending(End.FINISH), requires=silent_puts(100))


NOT_ASKING = {
    "false": False, "null": None, "1": 1, "0": 0, "1.0": 1.0, '"true"': "true", '"yes"': "yes", '""': "",
    "[true]": [True], "[]": [], "{}": {}, '{"reply":true}': {"reply": True},
}  # fmt: skip


def asking_last(**members: object) -> Stream:
    """Return each command without asking, and in the end one that asks: its reply is the only one."""
    return requests(
        put(b"abc", name=FILE, **members),
        command("stat", filename=FILE, **members),
        command("hello", **members),
        command("x-nothing", **members),
        stat(FILE),
    )


@check("REPLY-2", presumes=PLAIN_REPLIES)
@together("values", NOT_ASKING.values(), NOT_ASKING, at_a_time=4)
def test_anything_but_true_asks_for_nothing(judge: Judge, values: tuple[object, ...]) -> None:
    streams = [asking_last(reply=value) for value in values]

    judge.check(*streams, *(stream.paced() for stream in streams), requires=GLUED)


@check("REPLY-2", presumes=PLAIN_REPLIES)
def test_a_request_without_the_member_gets_no_reply(judge: Judge) -> None:
    judge.check(asking_last(), asking_last().paced(), requires=GLUED)


def mixed(count: int) -> Stream:
    streams = []
    for number in range(count):
        file = name(f"file{number}")
        streams += [
            put(pattern(number * 37), name=file, reply=number % 3 != 1),
            command("stat", filename=file, reply=number % 2 == 0),
            command(f"x-{number}", reply=number % 4 == 3),
        ]
        if number % 5 == 0:
            streams.append(hello())
    return requests(*streams)


@check("REPLY-3", presumes=PLAIN_REPLIES)
@pytest.mark.parametrize("count", [2, 5, 9])
@pytest.mark.parametrize("glued", [True, False], ids=["in one segment", "one after the other"])
def test_replies_come_in_the_order_of_their_requests(judge: Judge, count: int, glued: bool) -> None:
    stream = mixed(count)

    judge.check(stream if glued else stream.by_request(), requires=GLUED)


@check("REPLY-4")
@asking
def test_a_reply_is_a_prefix_and_one_object_and_nothing_else(judge: Judge, stream: Stream) -> None:
    """What follows has to be the next reply, at once."""
    judge.check(requests(stream, put(b"z", reply=True)), requires=GLUED)


PARTS = {
    "a byte of a prefix": raw(prefix(50)[:1]),
    "a prefix": raw(prefix(50)),
    "half a header": raw(prefix(50) + b'{"cmd":"put",'),
    "half a put": put(bytes(99), reply=True).first(-97),
}


@check("REPLY-5", presumes=PLAIN_REPLIES)
@pytest.mark.parametrize("part", PARTS.values(), ids=PARTS.keys())
def test_a_reply_does_not_wait_for_the_rest_of_the_next_request(judge: Judge, part: Stream) -> None:
    judge.check(*(requests(stream, part) for stream in ASKING.values()), requires=GLUED)


@check("REPLY-5", presumes=PLAIN_REPLIES)
@asking
def test_a_reply_does_not_wait_for_what_follows(judge: Judge, stream: Stream) -> None:
    judge.check(stream, requires=stream.paced().ending(End.FINISH))


COMMANDS: list[dict[str, Any]] = [{"cmd": "hello"}, {"cmd": "x-nothing"}, {"cmd": "stat", "filename": "../x"}]


def any_session(random: Random) -> Stream:
    """Return requests of all kinds, some of which ask, about the same few names."""
    names = [FILE, name("other") + "-é日\U0001f600"]
    streams = []
    for _ in range(random.randint(1, 7)):
        asks: dict[str, Any] = {"reply": random.choice((True, True, False, "true", 1))} if random.random() < 0.8 else {}
        kind, file = random.randrange(4), random.choice(names)
        if kind < 2:
            body = pattern(random.choice((0, 1, 255, 4096, 20_000)), random.randrange(9))
            streams.append(put(body, name=file, **asks))
        elif kind == 2:
            streams.append(command("stat", filename=file, **asks))
        else:
            streams.append(command(**random.choice(COMMANDS), **asks))
    return requests(*streams)


@check("REPLY-3", presumes=PLAIN_REPLIES, quick=False)
@given(seed=st.integers(0, 2**32))
def test_replies_come_in_order_in_any_session(judge: Judge, seed: int) -> None:
    first, *others = (any_session(Random(seed + number)) for number in range(TOGETHER))

    requires = (GLUED, GLUED.ending(End.FINISH))
    judge.check(first.by_request(), *(each.ending(End.FINISH) for each in others), requires=requires)


@check("REPLY-4")
def test_a_reply_is_written_as_strictly_as_a_request(judge: Judge) -> None:
    """No name twice, nothing that JSON hasn't, and as many bytes as its prefix says."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _ in pairs]
        if len(names) > len(set(names)):
            raise ValueError(f"a name stands twice among {names}")
        return dict(pairs)

    def no_constant(name: str) -> None:
        raise ValueError(f"{name} is not JSON")

    judge.require(PUT.paced())
    file = judge.names.new() + "-é日\U0001f600 \"'{}"
    streams = [put(b"abc", name=file, reply=True), stat(file), hello(), command("x-nothing", reply=True)]
    for stream in streams:
        with judge.converse() as dialogue:
            dialogue.send(stream)
            dialogue.members()
            received = dialogue.received
        reply = received[4:]
        if len(reply) != int.from_bytes(received[:4], "little"):
            raise Finding("a reply as long as its prefix says", f"{len(reply)} bytes after it", dialogue.transcript)
        try:
            json.loads(reply.decode(), object_pairs_hook=once, parse_constant=no_constant)
        except ValueError as error:
            raise Finding("a reply written as a request has to be", str(error), dialogue.transcript) from error


SILENT = {
    "a put": put(b"abc"),
    "a stat": command("stat", filename=FILE),
    "a hello": command("hello"),
    "an unknown command": command("x-nothing"),
}


@check("REPLY-2", presumes=PLAIN_REPLIES)
@pytest.mark.parametrize("silent", SILENT.values(), ids=SILENT.keys())
@pytest.mark.parametrize("earlier", ASKED.values(), ids=ASKED.keys())
def test_a_request_gets_no_reply_because_an_earlier_one_asked(judge: Judge, earlier: Stream, silent: Stream) -> None:
    """A stat that asks comes last, and its reply next after the first."""
    stream = requests(earlier, silent, stat(FILE))

    judge.check(
        stream.by_request(), requires=GLUED.by_request(), blameless_if=requests(silent, stat(FILE)).by_request()
    )
