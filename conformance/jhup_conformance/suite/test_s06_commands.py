"""Section 6.2, commands: a closed set, and everything else ignored."""

from functools import partial

import pytest

from jhup_conformance.suite.support.fairness import only_where
from jhup_conformance.verify.exchange import Case, End
from jhup_conformance.verify.judge import Judge
from jhup_conformance.verify.marks import checks, together
from jhup_conformance.verify.stream import Talk, header

UNKNOWN = {
    "a name of the suite's own": "x-nothing",
    "put in capitals": "PUT",
    "put with a capital": "Put",
    "put and a space": "put ",
    "a space and put": " put",
    "put and a line end": "put\n",
    "put and NUL": "put\0",
    "put twice": "putput",
    "a beginning of put": "pu",
    "nothing": "",
    "a space": " ",
    "wide letters": "ｐｕｔ",
    "not ASCII": "größe-日本-\U0001f600",
    "a path": "../put",
    "a format": "{0.__class__}%s%n",
    "a thousand letters": "x" * 1000,
    "sixty thousand letters": "x" * 60_000,
}

ATTRIBUTES = {
    "a handler of socketserver": (
        "handle", "finish", "setup", "request", "server", "client_address", "rfile", "wfile", "timeout", "connection",
        "disable_nagle_algorithm", "rbufsize",
    ),
    "what is taught beside it": (
        "_create", "_put", "put_", "do_put", "cmd_put", "handle_put", "put_file", "recv", "send", "storage", "folder",
    ),
    "every object of Python": (
        "__init__", "__class__", "__del__", "__dict__", "__doc__", "__module__", "__call__", "__getattribute__",
        "__str__", "__reduce__", "__new__", "None",
    ),
    "every object of other languages": (
        "constructor", "toString", "valueOf", "hasOwnProperty", "prototype", "__proto__", "hashCode", "getClass",
        "instance_eval", "object_id", "method_missing", "self", "this", "main", "eval", "null", "true",
    ),
}  # fmt: skip
"""Names that the object has whose methods are commands, where a program looks them up without care."""

MEMBERS: dict[str, dict[str, object]] = {
    "no other member": {},
    "members of a put": {"filename": "", "filesize": 5},
    "members of another type": {"filename": [], "filesize": "five"},
    "no reply wanted": {"filename": "", "reply": False},
}
"""What may stand beside cmd; an empty filename is replaced by a name that nobody else uses."""


def put_between(talk: Talk) -> None:
    """What the conversations below are with a command that every server knows."""
    talk.put(b"before it")
    talk.put(b"in its place")
    talk.put(b"behind it")


def unknown_between(cmd: str, members: dict[str, object], talk: Talk) -> None:
    """A put; an unknown command; a put where a body would be; and one more."""
    talk.put(b"before it")
    if members.get("filename") == "":
        members = members | {"filename": talk.new_name()}
    talk.say(cmd=cmd, **members)
    talk.put(b"behind it")
    talk.put(b"and behind that")


def unknown_over_old(cmd: str, talk: Talk) -> None:
    talk.say(cmd=cmd, filename=talk.had(b"what was stored before"), filesize=3)
    talk.put(b"behind it")


def control(judge: Judge) -> None:
    judge.control(Case.unhurried(put_between), why="three puts in a row fail too")


@checks("ERR-11")
@together("commands", UNKNOWN.values(), UNKNOWN, at_a_time=5)
def test_an_unknown_command_is_ignored_and_the_next_request_served(judge: Judge, commands: tuple[str, ...]) -> None:
    control(judge)

    judge.expect_all(
        Case.unhurried(partial(unknown_between, cmd, members)) for cmd in commands for members in MEMBERS.values()
    )


@checks("ERR-11")
def test_an_unknown_command_may_stand_in_one_segment_with_others(judge: Judge) -> None:
    only_where(judge, put_between)

    judge.expect_all(Case(partial(unknown_between, cmd, MEMBERS["members of a put"])) for cmd in UNKNOWN.values())


@checks("ERR-11")
def test_an_unknown_command_leaves_the_file_that_it_names_as_it_was(judge: Judge) -> None:
    control(judge)

    judge.expect_all(Case.unhurried(partial(unknown_over_old, cmd)) for cmd in UNKNOWN.values())


def many_puts(talk: Talk) -> None:
    for number in range(100):
        talk.put(b"%d" % number)


def many_unknown(talk: Talk) -> None:
    for number in range(99):
        talk.say(cmd=f"x-nothing-{number}")
    talk.put(b"behind them")


@checks("ERR-11")
def test_many_unknown_commands_are_ignored(judge: Judge) -> None:
    only_where(judge, many_puts)

    judge.expect_all([Case(many_unknown), Case(many_unknown, end=End.FINISH)])


def extra_members(talk: Talk) -> None:
    """An unknown command with members that a put would be malformed by."""
    talk.frame(header(cmd="x-nothing", filesize=-1))
    talk.frame(b'{"cmd":"x-nothing","filesize":1.5}')
    talk.frame(header(cmd="x-nothing", filename=None, filesize=True))
    talk.put(b"behind them")


@checks("ERR-11")
def test_the_members_of_an_unknown_command_mean_nothing(judge: Judge) -> None:
    control(judge)

    judge.expect_all([Case.unhurried(extra_members)])


@checks("ERR-12")
@pytest.mark.parametrize("members", ["no other member", "members of a put"])
@pytest.mark.parametrize("names", ATTRIBUTES.values(), ids=ATTRIBUTES.keys())
def test_the_name_of_a_part_of_the_program_is_an_unknown_command(
    judge: Judge, names: tuple[str, ...], members: str
) -> None:
    control(judge)

    judge.expect_all(Case.unhurried(partial(unknown_between, name, MEMBERS[members])) for name in names)


@checks("ERR-12")
@pytest.mark.parametrize("names", ATTRIBUTES.values(), ids=ATTRIBUTES.keys())
def test_the_name_of_a_part_of_the_program_leaves_the_store_as_it_was(judge: Judge, names: tuple[str, ...]) -> None:
    control(judge)

    judge.expect_all(Case.unhurried(partial(unknown_over_old, name)) for name in names)
