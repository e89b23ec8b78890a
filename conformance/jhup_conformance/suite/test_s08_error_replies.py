"""Section 8.5, error replies: which code, whether the connection ends, and what is owed to earlier requests."""

from functools import partial

import pytest

from jhup.messages import Code, Failure, Reply
from jhup.reply_reader import ReplyReader
from jhup_conformance.engine import Line
from jhup_conformance.exchange import Case, End
from jhup_conformance.judge import Judge
from jhup_conformance.marks import checks
from jhup_conformance.outcome import Finding
from jhup_conformance.talk import Recipe, Talk, header, prefix
from jhup_conformance.transcript import Action, Kind


def put(talk: Talk) -> None:
    talk.put(b"abc", reply=True)


def stat_missing(talk: Talk) -> None:
    talk.say(cmd="stat", filename=talk.new_name(), reply=True)


def unknown(talk: Talk) -> None:
    talk.say(cmd="x-nothing", reply=True)


def bad_stat(talk: Talk) -> None:
    talk.say(cmd="stat", filename="..", reply=True)


def bad_put(name: str, body: bytes, talk: Talk) -> None:
    talk.put(body, name=name, reply=True)


def malformed(members: dict[str, object], talk: Talk) -> None:
    """A header that is an object and asks, but whose end as a request can't be known; and behind it a trap."""
    talk.frame(header(**members, reply=True))
    talk.put(b"trap", reply=True)


MALFORMED: dict[str, dict[str, object]] = {
    "no cmd": {}, "cmd null": {"cmd": None}, "cmd a number": {"cmd": 1}, "cmd an array": {"cmd": ["put"]},
    "put without anything": {"cmd": "put"}, "no filename": {"cmd": "put", "filesize": 1},
    "filename a number": {"cmd": "put", "filename": 1, "filesize": 1},
    "no filesize": {"cmd": "put", "filename": "a"},
    "filesize a string": {"cmd": "put", "filename": "a", "filesize": "1"},
    "filesize negative": {"cmd": "put", "filename": "a", "filesize": -1},
    "filesize a fraction": {"cmd": "put", "filename": "a", "filesize": 1.5},
    "filesize a boolean": {"cmd": "put", "filename": "a", "filesize": True},
    "filesize null": {"cmd": "put", "filename": "a", "filesize": None},
    "filesize an array": {"cmd": "put", "filename": "a", "filesize": [1]},
}  # fmt: skip
malformed_members = pytest.mark.parametrize("members", MALFORMED.values(), ids=MALFORMED.keys())

ERRORS: dict[str, Recipe] = {
    "not-found": stat_missing,
    "unknown-command": unknown,
    "bad-filename to a stat": bad_stat,
    "bad-filename to a put": partial(bad_put, "..", b"abc"),
}


@checks("REPLY-14")
@pytest.mark.parametrize("recipe", ERRORS.values(), ids=ERRORS.keys())
def test_an_error_reply_has_all_its_members(judge: Judge, recipe: Recipe) -> None:
    judge.require_replies()

    judge.expect(Case.unhurried(recipe), control=Case.unhurried(put))


@checks("REPLY-15")
@malformed_members
def test_a_malformed_request_that_asks_is_told_so(judge: Judge, members: dict[str, object]) -> None:
    judge.require_replies()

    judge.expect(Case.unhurried(partial(malformed, members), End.FINISH), control=Case.unhurried(put))


BAD_NAMES = {
    "empty": "", "dot": ".", "dots": "..", "slash": "a/b", "escape": "../a", "absolute": "/a", "backslash": "a\\b",
    "NUL": "a\0b", "line end": "a\n", "DEL": "\x7f", "256 bytes": "a" * 256, "86 wide characters": "日" * 86,
}  # fmt: skip


@checks("REPLY-16")
@pytest.mark.parametrize("body", [b"", b"abc"], ids=["empty", "body"])
@pytest.mark.parametrize("name", BAD_NAMES.values(), ids=BAD_NAMES.keys())
def test_a_put_under_a_name_that_is_not_valid_is_told_so(judge: Judge, name: str, body: bytes) -> None:
    judge.require_replies()

    judge.expect(Case.unhurried(partial(bad_put, name, body)), control=Case.unhurried(put))


def announced(filesize: int, talk: Talk) -> None:
    """A put whose body never comes: the connection ends behind its header."""
    talk.frame(header(cmd="put", filename=talk.new_name(), filesize=filesize, reply=True))


@checks("REPLY-17")
@pytest.mark.parametrize("over", [0, 1, 2**62], ids=["2^63", "2^63+1", "2^63+2^62"])
def test_a_size_that_no_server_takes_is_told_so(judge: Judge, over: int) -> None:
    judge.require_replies()

    judge.expect(Case.unhurried(partial(announced, 2**63 + over), End.FINISH), control=Case.unhurried(put))


@checks("REPLY-17")
def test_a_size_over_the_limit_of_the_hello_is_told_so(judge: Judge) -> None:
    limit = judge.require_replies().max_filesize
    judge.control(Case.unhurried(put), why="a plain put fails")
    if limit is None or limit >= 2**63 - 1:
        return  # without a limit of its own there is nothing more to refuse

    judge.expect(Case.unhurried(partial(announced, limit + 1), End.FINISH))


def replies_in(line: Line) -> list[Reply]:
    return list(ReplyReader().receive(bytes(line.received)))


@checks("REPLY-18")
@pytest.mark.parametrize("size", [0, 3, 70_000])
def test_a_put_that_the_store_can_not_hold_is_told_so(judge: Judge, size: int) -> None:
    judge.require_replies()
    name, line = judge.names.new(), judge.dial()
    taken = judge.require_folder().folder / name
    taken.mkdir()
    try:
        head = header(cmd="put", filename=name, filesize=size, reply=True)
        line.plan([Action(Kind.SENT, prefix(len(head)) + head + bytes(size))])
        judge.hear(line, until=lambda line: bool(replies_in(line)))
        replies = replies_in(line)
        if not replies or not isinstance(replies[0], Failure) or replies[0].code is not Code.STORAGE:
            raise Finding("the error storage, for a folder has the name", f"{replies or 'no reply'}", line.transcript)
    finally:
        line.drop()
        taken.rmdir()


def unknown_then_put(command: str, talk: Talk) -> None:
    talk.say(cmd=command, reply=True, filename="a", filesize=5)
    talk.put(b"next", reply=True)


@checks("REPLY-19")
@pytest.mark.parametrize(
    "command", ["x-nothing", "get", "PUT", "Put", "put ", "", "handle", "__init__", "日本", "p" * 5000]
)
def test_an_unknown_command_that_asks_is_told_so(judge: Judge, command: str) -> None:
    judge.require_replies()

    judge.expect(Case.unhurried(partial(unknown_then_put, command)), control=Case.unhurried(put))


@checks("REPLY-20")
def test_a_connection_ends_after_an_error_that_says_it_closes(judge: Judge) -> None:
    judge.require_replies()
    judge.control(Case.unhurried(put), why="a plain put fails")

    def alone(members: dict[str, object], talk: Talk) -> None:
        talk.frame(header(**members, reply=True))

    judge.expect_closed(Case.unhurried(partial(alone, members)) for members in MALFORMED.values())


@checks("REPLY-20")
@pytest.mark.parametrize("recipe", [stat_missing, unknown, bad_stat], ids=["not-found", "unknown", "bad-filename"])
def test_a_connection_goes_on_after_an_error_that_says_it_does(judge: Judge, recipe: Recipe) -> None:
    def and_on(talk: Talk) -> None:
        recipe(talk)
        talk.put(b"next", reply=True)
        recipe(talk)
        talk.put(b"and next", reply=True)

    judge.require_replies()

    judge.expect(Case.unhurried(and_on), Case(and_on), control=Case.unhurried(put))


SILENCED = {
    "prefix 1": prefix(1),
    "prefix -1": prefix(-1),
    "prefix 2^31-1": prefix(2**31 - 1),
    "not JSON": prefix(28) + b'{"cmd":"hello","reply":true,',
    "not UTF-8": prefix(34) + b'{"cmd":"hello","reply":true,"\xff":1} ',
    "array": prefix(30) + b'[{"cmd":"hello","reply":true}]',
    "string": prefix(6) + b'"true"',
    "true": prefix(4) + b"true",
}


def silenced(data: bytes, talk: Talk) -> None:
    talk.put(b"before", reply=True)
    talk.raw(data, "malformed request")
    talk.put(b"trap", reply=True)


@checks("REPLY-21")
@pytest.mark.parametrize("data", SILENCED.values(), ids=SILENCED.keys())
def test_what_is_no_object_gets_no_reply(judge: Judge, data: bytes) -> None:
    judge.require_replies()

    judge.expect(Case.unhurried(partial(silenced, data), End.FINISH), control=Case.unhurried(put))


def owed(count: int, last: bytes, talk: Talk) -> None:
    for number in range(count):
        talk.put(b"%d" % number, reply=True)
    talk.raw(last, "unfinished or malformed request")


LAST = {
    "a byte of a prefix": b"\x20",
    "a prefix": prefix(50),
    "half a header": prefix(50) + b'{"cmd":"put"',
    "half a body": prefix(45) + b'{"cmd":"put","filename":"never","filesize":3}ab',
    "a bad prefix": prefix(0),
    "a malformed header": prefix(2) + b"[]",
}


@checks("REPLY-24")
@pytest.mark.parametrize("count", [1, 4])
@pytest.mark.parametrize("last", LAST.values(), ids=LAST.keys())
def test_replies_to_earlier_requests_still_come(judge: Judge, last: bytes, count: int) -> None:
    judge.require_replies()

    judge.expect(
        Case(partial(owed, count, last), end=End.FINISH),
        Case(partial(owed, count, last), end=End.FINISH_AT_ONCE),
        control=Case.unhurried(put),
    )
