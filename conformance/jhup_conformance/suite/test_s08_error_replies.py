"""Section 8.5, error replies: which code there is for what, and how it is said."""

from typing import Any

import pytest

from jhup.messages import Code
from jhup_conformance.checks import (
    End,
    Finding,
    Judge,
    NotOffered,
    Stream,
    check,
    command,
    name,
    pattern,
    put,
    requests,
    stat,
    together,
)
from jhup_conformance.suite.support.bad_names import BAD_NAMES
from jhup_conformance.suite.support.followed import NEXT, followed
from jhup_conformance.suite.support.malformed import Malformed as Row
from jhup_conformance.suite.support.malformed import put_of
from jhup_conformance.suite.support.malformed_rows import MALFORMED, PLAIN
from jhup_conformance.suite.support.planted import KINDS, Garden, occupied

pytestmark = pytest.mark.usefixtures("replies_offered")

PUT = put(b"abc", reply=True).paced()
TWO_PUTS = requests(put(b"abc", reply=True), NEXT)
FILE = name("file")
SMALL = 3
"""Bytes of a body that most checks make do with."""

ERRORS: dict[str, tuple[Stream, Code]] = {
    "stat of what is not stored": (stat(FILE), Code.NOT_FOUND),
    "unknown command": (command("x-nothing", reply=True), Code.UNKNOWN_COMMAND),
    "stat of dots": (stat(".."), Code.BAD_FILENAME),
    "put of dots": (put(b"abc", name="..", reply=True), Code.BAD_FILENAME),
    "put without a filesize": (command("put", filename=FILE, reply=True), Code.MALFORMED),
}


@check("REPLY-14")
@pytest.mark.parametrize(("asking", "code"), ERRORS.values(), ids=ERRORS.keys())
def test_an_error_reply_has_all_its_members(judge: Judge, asking: Stream, code: Code) -> None:
    judge.require(PUT)
    with judge.converse() as dialogue:
        dialogue.send(asking)
        members = dialogue.members()

    right = {
        'status "error"': members.get("status") == "error",
        "a code of the table": members.get("code") in set(Code),
        "message a string": type(members.get("message")) is str,
        "closing a boolean": type(members.get("closing")) is bool,
    }
    if wrong := [what for what, holds in right.items() if not holds]:
        raise Finding(", ".join(wrong), f"{members}, where {code} is due", dialogue.transcript)


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


@check("REPLY-15")
@pytest.mark.parametrize("rows", ASKING_AND_MALFORMED.values(), ids=ASKING_AND_MALFORMED.keys())
def test_a_malformed_request_that_asks_is_told_so(judge: Judge, rows: tuple[Row, ...]) -> None:
    judge.check(*(followed(row.put(body, reply=True)) for row in rows for body in (b"abc", b"")), requires=TWO_PUTS)


@check("REPLY-15")
def test_a_malformed_request_may_ask_anywhere(judge: Judge) -> None:
    wrong = PLAIN.replace(b"3}", b"-3}")
    heads = [
        wrong[:-1] + b',"reply":true}',
        wrong[:-1] + b',"x":{"reply":false},"reply":true,"y":[]}',
        b' \n{"\\u0072eply" : true ,' + wrong[1:],
        b'{"cmd":null,"reply":true}',
        b'{"reply":true}',
    ]

    judge.check(*(followed(put_of(head, b"")) for head in heads), requires=TWO_PUTS)


@check("REPLY-16")
@pytest.mark.parametrize("size", [0, SMALL, 70_000])
@pytest.mark.parametrize("clause", [each for each in BAD_NAMES if each != "NAME-8"])
def test_a_put_under_a_name_that_is_not_valid_is_told_so(judge: Judge, clause: str, size: int) -> None:
    names = BAD_NAMES[clause] if size == SMALL else BAD_NAMES[clause][:5]

    judge.check(*(followed(each.put(pattern(size), reply=True)) for each in names), requires=TWO_PUTS)


@check("REPLY-16", quick=False)
@pytest.mark.parametrize("mebibytes", [1, 8, 17])
def test_a_long_refused_body_is_answered_once_it_has_come(judge: Judge, mebibytes: int) -> None:
    judge.check(put(bytes(mebibytes * 2**20), name="a/b", reply=True), requires=TWO_PUTS)


@check("REPLY-16")
def test_a_lone_surrogate_is_a_bad_filename_or_malformed(judge: Judge) -> None:
    judge.check(*(followed(each.put(reply=True)) for each in BAD_NAMES["NAME-8"]), requires=TWO_PUTS)


def announced(filesize: int) -> Stream:
    """Return a put whose body never comes: the stream ends after its header."""
    return command("put", filename=FILE, filesize=filesize, reply=True).paced().ending(End.FINISH)


@check("REPLY-17")
@pytest.mark.parametrize("size", [2**63, 2**63 + 1, 2**63 + 2**62, 2**64], ids=str)
def test_a_size_that_no_server_takes_is_told_so(judge: Judge, size: int) -> None:
    judge.check(announced(size), requires=PUT)


@check("REPLY-17")
@pytest.mark.parametrize("over", [1, 2, 1000])
def test_a_size_over_the_limit_of_the_hello_is_told_so(judge: Judge, over: int) -> None:
    limit = judge.require_replies().max_filesize
    if limit is None or limit >= 2**63 - over:
        raise NotOffered(
            "the server has no limit of its own: max_filesize in its greeting is null or no less than 2^63-1"
        )

    judge.check(announced(limit + over), requires=PUT)

    if limit + over <= judge.effort.largest_body:
        judge.check(requests(put(pattern(limit + over), reply=True), put(b"next", reply=True)), requires=TWO_PUTS)


@check("REPLY-18")
@pytest.mark.parametrize("size", [0, 3, 70_000])
@pytest.mark.parametrize("kind", ["a folder", "a link to a file of the store", "a FIFO"])
def test_a_put_that_the_store_can_not_hold_is_told_so(judge: Judge, kind: str, size: int) -> None:
    assert kind in KINDS
    with Garden(judge.require_folder().folder, kind, judge.names.new()) as garden:
        judge.check(followed(occupied(garden, judge.names.new(), pattern(size), reply=True)), requires=TWO_PUTS)


COMMANDS = {
    "of nobody": "x-nothing", "in capitals": "PUT", "with a capital": "Put", "with a space after it": "put ",
    "with a space before": " put", "with NUL": "put\0", "with a line end": "put\n", "empty": "", "a dot": ".",
    "a method": "handle", "a finishing method": "finish", "a special method": "__init__", "the prototype": "__proto__",
    "a method of JavaScript": "toString", "of another script": "日本", "in full-width letters": "ｐｕｔ",
    "5,000 letters": "p" * 5000, "stat in capitals": "STAT", "hello with a space": "hello ", "a member's name": "reply",
}  # fmt: skip


@check("REPLY-19")
@together("commands", COMMANDS.values(), COMMANDS, at_a_time=4)
def test_an_unknown_command_that_asks_is_told_so(judge: Judge, commands: tuple[str, ...]) -> None:
    more: tuple[dict[str, Any], ...] = ({}, {"filename": "a", "filesize": 5}, {"filename": "../x", "filesize": -1})
    unknown = (command(each, **members, reply=True) for each in commands for members in more)

    judge.check(*(requests(each, put(b"next", reply=True)) for each in unknown), requires=TWO_PUTS)
