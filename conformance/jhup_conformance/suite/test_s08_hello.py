"""Section 8.4, hello: what the target says of itself, and that it acts as it says."""

from typing import Any

import pytest

from jhup.limits import HEADER_CEILING, MAX_HEADER
from jhup.messages import Greeting
from jhup_conformance.checks import (
    PLAIN_REPLIES,
    End,
    Finding,
    Judge,
    Stream,
    check,
    frame,
    header,
    hello,
    name,
    pattern,
    put,
    requests,
)

PUT = put(b"abc", reply=True)
HELLO = hello()
FILE = name("file")


@check("REPLY-12")
def test_a_hello_is_answered_with_all_its_members(judge: Judge) -> None:
    judge.require_replies()

    judge.check(HELLO.paced())


def is_integer(value: object, least: int, most: int) -> bool:
    return type(value) is int and least <= value <= most


@check("REPLY-12")
def test_the_members_of_a_greeting_have_their_types(judge: Judge) -> None:
    judge.require_replies()
    with judge.converse() as dialogue:
        dialogue.send(HELLO)
        members = dialogue.members()

    features, largest = members.get("features"), members.get("max_filesize", "nothing")
    right = {
        'status "ok"': members.get("status") == "ok",
        "protocol 1": is_integer(members.get("protocol"), 1, 1),
        "server a string": type(members.get("server")) is str,
        'features an array of strings with "replies"': isinstance(features, list)
        and "replies" in features
        and all(type(feature) is str for feature in features),
        f"max_header an integer from {MAX_HEADER} to {HEADER_CEILING}": is_integer(
            members.get("max_header"), MAX_HEADER, HEADER_CEILING
        ),
        "max_filesize null or an integer from 0": largest is None or (type(largest) is int and largest >= 0),
    }
    if wrong := [what for what, holds in right.items() if not holds]:
        raise Finding(", ".join(wrong), f"{members}", dialogue.transcript)


AMONG: dict[str, dict[str, Any]] = {
    "with a filename": {"filename": "../x"},
    "with a filename that is no string": {"filename": 5},
    "with a filesize": {"filesize": 99},
    "with a filesize below zero": {"filesize": -1},
    "with unknown members": {"protocol": 2, "features": [], "x": {"cmd": "put"}},
}


@check("REPLY-12")
@pytest.mark.parametrize("members", AMONG.values(), ids=AMONG.keys())
def test_a_hello_may_come_anywhere_with_anything(judge: Judge, members: dict[str, Any]) -> None:
    judge.require_replies()

    stream = requests(put(b"a", reply=True), hello(**members), HELLO, put(b"b", reply=True))
    judge.check(stream.paced(), requires=HELLO.paced())


def padded(length: int, *, reply: bool) -> Stream:
    asks: dict[str, Any] = {"reply": True} if reply else {}
    head = header(cmd="put", filename=FILE, filesize=1, **asks).ljust(length)
    return requests(frame(head, b"z").watching(FILE), put(b"next", **asks))


@check("REPLY-13", presumes=PLAIN_REPLIES)
@pytest.mark.parametrize("short", [0, 1, 2])
def test_a_header_may_be_as_long_as_the_hello_says(judge: Judge, short: int) -> None:
    most = judge.require_replies().max_header

    judge.check(*(padded(most - short, reply=reply) for reply in (False, True)), requires=PUT)


@check("REPLY-13", presumes=PLAIN_REPLIES)
@pytest.mark.parametrize("over", [1, 2, 4096])
def test_a_header_longer_than_the_hello_says_is_not_read(judge: Judge, over: int) -> None:
    most = judge.require_replies().max_header

    longer = (padded(most + over, reply=reply).ending(End.FINISH) for reply in (False, True))
    judge.check(*longer, requires=PUT)


def put_of(size: int, *, reply: bool) -> Stream:
    return put(pattern(size), reply=True) if reply else put(pattern(size))


def begun(size: int) -> Stream:
    """Return the beginning of a put: neither refused nor complete, unless the store can't hold so much."""
    head = header(cmd="put", filename=FILE, filesize=size, reply=True)
    return frame(head, b"abc").doubting(FILE)


@check("REPLY-13", presumes=PLAIN_REPLIES)
def test_a_body_may_be_as_long_as_the_hello_says(judge: Judge) -> None:
    most = judge.require_replies().max_filesize
    largest = judge.effort.largest_body if most is None else min(most, judge.effort.largest_body)

    judge.check(
        *(put_of(largest, reply=reply) for reply in (False, True)),
        requires=PUT.paced(),
        blameless_if=put_of(largest // 2, reply=False),
    )

    if most is not None and most > largest:
        judge.check(begun(most))


@check("REPLY-13", presumes=PLAIN_REPLIES)
def test_a_body_longer_than_the_hello_says_is_refused(judge: Judge) -> None:
    most = judge.require_replies().max_filesize
    judge.require(PUT.paced())
    if most is None:
        return  # only the store limits it
    if most < judge.effort.largest_body:
        judge.check(*(put_of(most + 1, reply=reply) for reply in (False, True)))
    judge.check(begun(most + 1), begun(most + 1).ending(End.FINISH))


@check("REPLY-13", presumes=PLAIN_REPLIES)
def test_every_hello_says_the_same(judge: Judge) -> None:
    known = judge.require_replies()
    limits = (known.max_header, known.max_filesize)
    with judge.converse() as dialogue:
        for _ in range(2):
            dialogue.send(HELLO)
            again = dialogue.reply()
            if not isinstance(again, Greeting) or (again.max_header, again.max_filesize) != limits:
                raise Finding(f"a greeting with the limits {limits}", str(again), dialogue.transcript)
