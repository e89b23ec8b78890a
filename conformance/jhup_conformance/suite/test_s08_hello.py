"""Section 8.4, hello: what the target says of itself, and that it acts as it says."""

from functools import partial
from typing import Any

import pytest

from jhup.limits import HEADER_CEILING, MAX_HEADER
from jhup.messages import Greeting
from jhup_conformance.findings import Finding
from jhup_conformance.sizes import pattern
from jhup_conformance.verify.dialogue import asking, hear_members, hear_reply, send
from jhup_conformance.verify.exchange import Case, End
from jhup_conformance.verify.judge import Judge
from jhup_conformance.verify.marks import checks
from jhup_conformance.verify.stream import Talk, header
from jhup_conformance.wire.dump import show_bytes


def put(talk: Talk) -> None:
    talk.put(b"abc", reply=True)


def hello(talk: Talk) -> None:
    talk.say(cmd="hello", reply=True)


@checks("REPLY-12")
def test_a_hello_is_answered_with_all_its_members(judge: Judge) -> None:
    if judge.known.greeting is None and judge.known.unsolicited:
        raise Finding("a greeting, or nothing", f"to a hello: {show_bytes(judge.known.unsolicited)}")
    judge.require_replies()

    judge.expect(Case.unhurried(hello))


def is_integer(value: object, least: int, most: int) -> bool:
    return type(value) is int and least <= value <= most


@checks("REPLY-12")
def test_the_members_of_a_greeting_have_their_types(judge: Judge) -> None:
    judge.require_replies()
    line = judge.dial()
    try:
        send(line, asking(cmd="hello"))
        members = hear_members(judge, line)
    finally:
        line.drop()

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
        raise Finding(", ".join(wrong), f"{members}", line.transcript)


AMONG: dict[str, dict[str, Any]] = {
    "with a filename": {"filename": "../x"},
    "with a filename that is no string": {"filename": 5},
    "with a filesize": {"filesize": 99},
    "with a filesize below zero": {"filesize": -1},
    "with unknown members": {"protocol": 2, "features": [], "x": {"cmd": "put"}},
}


def among(members: dict[str, Any], talk: Talk) -> None:
    talk.put(b"a", reply=True)
    talk.say(cmd="hello", reply=True, **members)
    talk.say(cmd="hello", reply=True)
    talk.put(b"b", reply=True)


@checks("REPLY-12")
@pytest.mark.parametrize("members", AMONG.values(), ids=AMONG.keys())
def test_a_hello_may_come_anywhere_with_anything(judge: Judge, members: dict[str, Any]) -> None:
    judge.require_replies()

    judge.expect(Case.unhurried(partial(among, members)), control=Case.unhurried(hello))


def padded(length: int, reply: bool, talk: Talk) -> None:
    asks: dict[str, Any] = {"reply": True} if reply else {}
    talk.frame(header(cmd="put", filename=talk.new_name(), filesize=1, **asks).ljust(length), b"z")
    talk.put(b"next", **asks)


@checks("REPLY-13")
@pytest.mark.parametrize("short", [0, 1, 2])
def test_a_header_may_be_as_long_as_the_hello_says(judge: Judge, short: int) -> None:
    most = judge.require_replies().max_header

    judge.expect(*(Case(partial(padded, most - short, reply)) for reply in (False, True)), control=Case(put))


@checks("REPLY-13")
@pytest.mark.parametrize("over", [1, 2, 4096])
def test_a_header_longer_than_the_hello_says_is_not_read(judge: Judge, over: int) -> None:
    most = judge.require_replies().max_header

    judge.expect(
        *(Case(partial(padded, most + over, reply), (), End.FINISH) for reply in (False, True)), control=Case(put)
    )


def put_of(size: int, reply: bool, talk: Talk) -> None:
    asks: dict[str, Any] = {"reply": True} if reply else {}
    talk.put(pattern(size), **asks)


def begun(size: int, talk: Talk) -> None:
    """The beginning of a put: neither refused nor complete, unless the store can't hold so much."""
    name = talk.new_name()
    talk.watched.remove(name)
    talk.doubtful.add(name)
    talk.frame(header(cmd="put", filename=name, filesize=size, reply=True), b"abc")


@checks("REPLY-13")
def test_a_body_may_be_as_long_as_the_hello_says(judge: Judge) -> None:
    most = judge.require_replies().max_filesize
    largest = judge.effort.largest_body if most is None else min(most, judge.effort.largest_body)

    judge.expect(
        *(
            Case(partial(put_of, largest, reply), apart=Case(partial(put_of, largest // 2, False)))
            for reply in (False, True)
        ),
        control=Case.unhurried(put),
    )

    if most is not None and most > largest:
        judge.expect_all([Case(partial(begun, most))])


@checks("REPLY-13")
def test_a_body_longer_than_the_hello_says_is_refused(judge: Judge) -> None:
    most = judge.require_replies().max_filesize
    judge.control(Case.unhurried(put), why="a plain put fails")
    if most is None:
        return  # only the store limits it
    if most < judge.effort.largest_body:
        judge.expect_all(Case(partial(put_of, most + 1, reply)) for reply in (False, True))
    judge.expect_all([Case(partial(begun, most + 1)), Case(partial(begun, most + 1), (), End.FINISH)])


@checks("REPLY-13")
def test_every_hello_says_the_same(judge: Judge) -> None:
    known, line = judge.require_replies(), judge.dial()
    limits = (known.max_header, known.max_filesize)
    try:
        for _ in range(2):
            heard = len(line.received)
            send(line, asking(cmd="hello"))
            again = hear_reply(judge, line, heard)
            if not isinstance(again, Greeting) or (again.max_header, again.max_filesize) != limits:
                raise Finding(f"a greeting with the limits {limits}", str(again), line.transcript)
    finally:
        line.drop()
