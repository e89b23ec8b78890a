"""Section 8.5, error replies: which code there is for what, and how it is said."""

from functools import partial
from typing import Any

import pytest

from jhup.messages import Code
from jhup_conformance.findings import Finding, NotOffered
from jhup_conformance.sizes import pattern
from jhup_conformance.suite.support.bad_names import BAD_NAMES
from jhup_conformance.suite.support.malformed import PutOf, Spoiled
from jhup_conformance.suite.support.malformed_rows import MALFORMED, PLAIN
from jhup_conformance.suite.support.planted import KINDS, Garden, Occupied
from jhup_conformance.verify.dialogue import asking, hear_members, send
from jhup_conformance.verify.exchange import Case, End
from jhup_conformance.verify.judge import Judge
from jhup_conformance.verify.marks import checks, together
from jhup_conformance.verify.stream import Talk, header

pytestmark = pytest.mark.usefixtures("replies_offered")


def put(talk: Talk) -> None:
    talk.put(b"abc", reply=True)


def two_puts(talk: Talk) -> None:
    talk.put(b"abc", reply=True)
    talk.put(b"next")


SMALL = 3
"""Bytes of a body that most checks make do with."""
CONTROL = Case.unhurried(put)
GLUED = Case(two_puts)

ERRORS: dict[str, tuple[bytes, Code]] = {
    "stat of what is not stored": (asking(cmd="stat", filename="jc-never-stored"), Code.NOT_FOUND),
    "unknown command": (asking(cmd="x-nothing"), Code.UNKNOWN_COMMAND),
    "stat of dots": (asking(cmd="stat", filename=".."), Code.BAD_FILENAME),
    "put of dots": (asking(b"abc", cmd="put", filename="..", filesize=3), Code.BAD_FILENAME),
    "put without a filesize": (asking(cmd="put", filename="jc-never-stored"), Code.MALFORMED),
}


@checks("REPLY-14")
@pytest.mark.parametrize(("frame", "code"), ERRORS.values(), ids=ERRORS.keys())
def test_an_error_reply_has_all_its_members(judge: Judge, frame: bytes, code: Code) -> None:
    judge.control(CONTROL, why="a plain put fails")
    line = judge.dial()
    try:
        send(line, frame)
        members = hear_members(judge, line)
    finally:
        line.drop()

    right = {
        'status "error"': members.get("status") == "error",
        "a code of the table": members.get("code") in set(Code),
        "message a string": type(members.get("message")) is str,
        "closing a boolean": type(members.get("closing")) is bool,
    }
    if wrong := [what for what, holds in right.items() if not holds]:
        raise Finding(", ".join(wrong), f"{members}, where {code} is due", line.transcript)


ASKING_AND_MALFORMED = {
    "without a cmd": MALFORMED["HEAD-10"][:3],
    "with a cmd that is no text": MALFORMED["HEAD-10"][3:],
    "without a filename": MALFORMED["HEAD-11"][:4],
    "with a filename that is no string": MALFORMED["HEAD-11"][4:],
    "without a filesize": MALFORMED["HEAD-12"][:3],
    "with a filesize below zero": MALFORMED["HEAD-12"][3:9],
    "with a fraction as filesize": MALFORMED["HEAD-12"][9:13],
    "with a filesize that is no number": MALFORMED["HEAD-12"][13:],
}


@checks("REPLY-15")
@pytest.mark.parametrize("rows", ASKING_AND_MALFORMED.values(), ids=ASKING_AND_MALFORMED.keys())
def test_a_malformed_request_that_asks_is_told_so(judge: Judge, rows: tuple[Spoiled, ...]) -> None:
    judge.expect(*(Case(each.put(body, reply=True)) for each in rows for body in (b"abc", b"")), control=GLUED)


@checks("REPLY-15")
def test_a_malformed_request_may_ask_anywhere(judge: Judge) -> None:
    wrong = PLAIN.replace(b"3}", b"-3}")
    heads = [
        wrong[:-1] + b',"reply":true}',
        wrong[:-1] + b',"x":{"reply":false},"reply":true,"y":[]}',
        b' \n{"\\u0072eply" : true ,' + wrong[1:],
        b'{"cmd":null,"reply":true}',
        b'{"reply":true}',
    ]

    judge.expect(*(Case(PutOf(head, b"")) for head in heads), control=GLUED)


@checks("REPLY-16")
@pytest.mark.parametrize("size", [0, SMALL, 70_000])
@pytest.mark.parametrize("clause", [each for each in BAD_NAMES if each != "NAME-8"])
def test_a_put_under_a_name_that_is_not_valid_is_told_so(judge: Judge, clause: str, size: int) -> None:
    names = BAD_NAMES[clause] if size == SMALL else BAD_NAMES[clause][:5]

    judge.expect(*(Case(name.put(pattern(size), reply=True)) for name in names), control=GLUED)


@checks("REPLY-16")
def test_a_lone_surrogate_is_a_bad_filename_or_malformed(judge: Judge) -> None:
    judge.expect(*(Case(name.put(reply=True)) for name in BAD_NAMES["NAME-8"]), control=GLUED)


def announced(filesize: int, talk: Talk) -> None:
    """A put whose body never comes: the connection ends behind its header."""
    talk.frame(header(cmd="put", filename=talk.new_name(), filesize=filesize, reply=True))


@checks("REPLY-17")
@pytest.mark.parametrize("size", [2**63, 2**63 + 1, 2**63 + 2**62, 2**64], ids=str)
def test_a_size_that_no_server_takes_is_told_so(judge: Judge, size: int) -> None:
    judge.expect(Case.unhurried(partial(announced, size), End.FINISH), control=CONTROL)


def put_of(size: int, talk: Talk) -> None:
    talk.put(pattern(size), reply=True)
    talk.put(b"next", reply=True)


@checks("REPLY-17")
@pytest.mark.parametrize("over", [1, 2, 1000])
def test_a_size_over_the_limit_of_the_hello_is_told_so(judge: Judge, over: int) -> None:
    limit = judge.require_replies().max_filesize
    if limit is None or limit >= 2**63 - over:
        raise NotOffered(
            "the target has no limit of its own: the max_filesize of its greeting is null or no less than 2^63-1"
        )

    judge.expect(Case.unhurried(partial(announced, limit + over), End.FINISH), control=CONTROL)

    if limit + over <= judge.effort.largest_body:
        judge.expect(Case(partial(put_of, limit + over)), control=GLUED)


@checks("REPLY-18")
@pytest.mark.parametrize("size", [0, 3, 70_000])
@pytest.mark.parametrize("kind", ["a folder", "a link to a file of the store", "a FIFO"])
def test_a_put_that_the_store_can_not_hold_is_told_so(judge: Judge, kind: str, size: int) -> None:
    assert kind in KINDS
    with Garden(judge.require_folder().folder, kind, judge.names.new()) as garden:
        judge.expect(Case(Occupied(garden, pattern(size), reply=True)), control=GLUED)


def unknown_then_put(command: str, members: dict[str, Any], talk: Talk) -> None:
    talk.say(cmd=command, **members, reply=True)
    talk.put(b"next", reply=True)


COMMANDS = {
    "of nobody": "x-nothing", "in capitals": "PUT", "with a capital": "Put", "with a space behind": "put ",
    "with a space before": " put", "with NUL": "put\0", "with a line end": "put\n", "empty": "", "a dot": ".",
    "a method": "handle", "a finishing method": "finish", "a special method": "__init__", "the prototype": "__proto__",
    "a method of JavaScript": "toString", "of another script": "日本", "in full-width letters": "ｐｕｔ",
    "5,000 letters": "p" * 5000, "stat in capitals": "STAT", "hello with a space": "hello ", "a member's name": "reply",
}  # fmt: skip


@checks("REPLY-19")
@together("commands", COMMANDS.values(), COMMANDS, at_a_time=4)
def test_an_unknown_command_that_asks_is_told_so(judge: Judge, commands: tuple[str, ...]) -> None:
    more: tuple[dict[str, Any], ...] = ({}, {"filename": "a", "filesize": 5}, {"filename": "../x", "filesize": -1})
    recipes = (partial(unknown_then_put, command, members) for command in commands for members in more)

    judge.expect(*map(Case, recipes), control=GLUED)
