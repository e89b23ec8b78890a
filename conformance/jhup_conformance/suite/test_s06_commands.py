"""Section 6.2, commands: a closed set, and everything else ignored."""

import pytest

from jhup_conformance.checks import End, Judge, Stream, check, command, frame, header, name, put, requests, together
from jhup_conformance.suite.support.fairness import only_where

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


FILE = name("file")
PUTS = requests(put(b"before it"), put(b"in its place"), put(b"after it"))
"""What the conversations below are with a command that every server knows."""


def unknown_between(cmd: str, members: dict[str, object]) -> Stream:
    """Return a put; an unknown command; a put where a body would be; and one more."""
    if members.get("filename") == "":
        members = members | {"filename": FILE}
    return requests(put(b"before it"), command(cmd, **members), put(b"after it"), put(b"and after that"))


def unknown_over_old(cmd: str) -> Stream:
    unknown = command(cmd, filename=FILE, filesize=3).having({FILE: b"what was stored before"})
    return requests(unknown, put(b"after it")).paced()


def require_puts(judge: Judge) -> None:
    judge.require(PUTS.paced(), why="three puts in a row fail too")


@check("ERR-11")
@together("commands", UNKNOWN.values(), UNKNOWN, at_a_time=5)
def test_an_unknown_command_is_ignored_and_the_next_request_served(judge: Judge, commands: tuple[str, ...]) -> None:
    require_puts(judge)

    judge.check(*(unknown_between(cmd, members).paced() for cmd in commands for members in MEMBERS.values()))


@check("ERR-11")
def test_an_unknown_command_may_stand_in_one_segment_with_others(judge: Judge) -> None:
    only_where(judge, PUTS)

    judge.check(*(unknown_between(cmd, MEMBERS["members of a put"]) for cmd in UNKNOWN.values()))


@check("ERR-11")
def test_an_unknown_command_leaves_the_file_that_it_names_as_it_was(judge: Judge) -> None:
    require_puts(judge)

    judge.check(*map(unknown_over_old, UNKNOWN.values()))


@check("ERR-11")
def test_many_unknown_commands_are_ignored(judge: Judge) -> None:
    unknown = requests(*(command(f"x-nothing-{number}") for number in range(99)), put(b"after them"))
    only_where(judge, requests(*(put(b"%d" % number) for number in range(100))))

    judge.check(unknown, unknown.ending(End.FINISH))


@check("ERR-11")
def test_the_members_of_an_unknown_command_mean_nothing(judge: Judge) -> None:
    """They are such that a put would be malformed by them."""
    require_puts(judge)

    judge.check(
        requests(
            frame(header(cmd="x-nothing", filesize=-1)),
            frame(b'{"cmd":"x-nothing","filesize":1.5}'),
            frame(header(cmd="x-nothing", filename=None, filesize=True)),
            put(b"after them"),
        ).paced()
    )


@check("ERR-12")
@pytest.mark.parametrize("members", ["no other member", "members of a put"])
@pytest.mark.parametrize("names", ATTRIBUTES.values(), ids=ATTRIBUTES.keys())
def test_the_name_of_a_part_of_the_program_is_an_unknown_command(
    judge: Judge, names: tuple[str, ...], members: str
) -> None:
    require_puts(judge)

    judge.check(*(unknown_between(each, MEMBERS[members]).paced() for each in names))


@check("ERR-12")
@pytest.mark.parametrize("names", ATTRIBUTES.values(), ids=ATTRIBUTES.keys())
def test_the_name_of_a_part_of_the_program_leaves_the_store_as_it_was(judge: Judge, names: tuple[str, ...]) -> None:
    require_puts(judge)

    judge.check(*map(unknown_over_old, names))


SIZED = command("x-nothing", filename=FILE, filesize=5)


@check("ERR-11")
@pytest.mark.parametrize("times", [1, 2, 3])
def test_the_size_of_an_unknown_command_is_forgotten(judge: Judge, times: int) -> None:
    """A put after it has its own size: none, a shorter and a longer one."""
    puts = [put(b""), put(b"xy"), put(b"a longer body than that")]
    require_puts(judge)

    for each in puts:
        following = requests(each, put(b"after it")).paced()
        judge.check(requests(*[SIZED] * times, following).paced(), blameless_if=following)
