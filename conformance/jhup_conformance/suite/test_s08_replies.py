"""Sections 8.1 to 8.4, replies: who gets one, in which order, and what the answers to put, stat and hello say."""

from collections.abc import Callable
from functools import partial

import pytest

from jhup.errors import JhupError
from jhup.messages import Greeting, Reply, Stored
from jhup.reply_reader import ReplyReader
from jhup_conformance.dump import show_bytes
from jhup_conformance.engine import Line
from jhup_conformance.exchange import Case, End
from jhup_conformance.judge import Judge
from jhup_conformance.marks import checks
from jhup_conformance.observe import Body
from jhup_conformance.outcome import Finding, NotSeen
from jhup_conformance.sizes import edges_up_to, pattern
from jhup_conformance.talk import Recipe, Talk, header, prefix
from jhup_conformance.transcript import Action, Kind


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


@checks("REPLY-1")
@asking
def test_a_request_that_asks_is_answered_once(judge: Judge, recipe: Recipe) -> None:
    judge.require_replies()

    judge.expect(Case.unhurried(recipe), Case.unhurried(recipe, End.FINISH))


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
    talk.say(cmd="x-nothing", REPLY=True, Reply=True)
    talk.say(cmd="stat", filename=name, reply=True)


@checks("REPLY-2")
@pytest.mark.parametrize("value", NOT_ASKING.values(), ids=NOT_ASKING.keys())
def test_anything_but_true_asks_for_nothing(judge: Judge, value: object) -> None:
    judge.require_replies()

    judge.expect(Case(partial(not_asking, value)), control=Case.unhurried(stat_own_put))


@checks("REPLY-2")
def test_a_request_without_the_member_gets_no_reply(judge: Judge) -> None:
    judge.require_replies()

    judge.expect(Case(silent), control=Case.unhurried(stat_own_put))


def mixed(count: int, talk: Talk) -> None:
    for number in range(count):
        name = talk.put(pattern(number * 37), reply=number % 3 != 1)
        talk.say(cmd="stat", filename=name, reply=number % 2 == 0)
        talk.say(cmd=f"x-{number}", reply=number % 4 == 3)
        if number % 5 == 0:
            talk.say(cmd="hello", reply=True)


@checks("REPLY-3")
@pytest.mark.parametrize("count", [2, 5, 9])
@pytest.mark.parametrize("cuts", [(), Talk.borders], ids=["in one segment", "unhurried"])
def test_replies_come_in_the_order_of_their_requests(
    judge: Judge, count: int, cuts: tuple[int, ...] | Callable[[Talk], list[int]]
) -> None:
    judge.require_replies()

    judge.expect(Case(partial(mixed, count), cuts), control=Case.unhurried(put))


@checks("REPLY-4")
@asking
def test_a_reply_is_a_prefix_and_one_object_and_nothing_else(judge: Judge, recipe: Recipe) -> None:
    """What follows has to be the next reply, at once."""

    def twice(talk: Talk) -> None:
        recipe(talk)
        talk.put(b"z", reply=True)

    judge.require_replies()

    judge.expect(Case(twice), control=Case.unhurried(put))


def half_behind(recipe: Recipe, talk: Talk) -> None:
    recipe(talk)
    talk.raw(prefix(50) + b'{"cmd":"put",', "prefix and half a header")


@checks("REPLY-5")
@asking
def test_a_reply_does_not_wait_for_what_follows(judge: Judge, recipe: Recipe) -> None:
    judge.require_replies()

    judge.expect(Case(recipe), Case(partial(half_behind, recipe)), control=Case.unhurried(recipe, End.FINISH))


def put_of(size: int, talk: Talk) -> None:
    talk.put(pattern(size), reply=True)


@checks("REPLY-6")
@pytest.mark.parametrize("size", edges_up_to(262_145))
def test_the_reply_to_a_put_tells_what_was_stored(judge: Judge, size: int) -> None:
    judge.require_replies()

    judge.expect(Case(partial(put_of, size)), control=Case.unhurried(put))


def two_bodies_of_one_name(talk: Talk) -> None:
    name = talk.put(b"first", reply=True)
    talk.put(b"the second one", name=name, reply=True)


@checks("REPLY-6")
def test_the_reply_to_a_put_is_about_the_body_of_this_request(judge: Judge) -> None:
    judge.require_replies()

    judge.expect(Case(two_bodies_of_one_name), control=Case.unhurried(put))


# Conversations in which a reply has to come before the next thing is said


def ask(judge: Judge, line: Line, frame: bytes) -> Reply:
    """Send a request and give its reply.

    Raises:
        Finding: when none comes, or what comes is no reply.
    """
    start = len(line.received)
    line.plan([Action(Kind.SENT, frame)])
    replies: list[Reply] = []

    def is_answered(line: Line) -> bool:
        replies[:] = ReplyReader().receive(bytes(line.received[start:]))
        return bool(replies)

    try:
        judge.hear(line, until=is_answered)
    except JhupError as error:
        raise Finding("a reply", f"not a reply: {error}", line.transcript) from error
    if not replies:
        raise Finding("a reply", "none", line.transcript, timed_out=True)
    return replies[0]


def request(body: bytes = b"", **members: object) -> bytes:
    head = header(**members, reply=True)
    return prefix(len(head)) + head + body


@checks("REPLY-7")
@pytest.mark.parametrize("size", [0, 1, 1024, 65_536, 1_048_577])
def test_what_is_answered_with_ok_is_there_at_once(judge: Judge, size: int) -> None:
    judge.require_replies()
    name, line = judge.names.new(), judge.dial()
    try:
        for turn in range(3):  # the first time it is new, then it replaces
            body = pattern(size, turn)
            reply = ask(judge, line, request(body, cmd="put", filename=name, filesize=size))
            seen = judge.observer.look([name])[name]
            if not isinstance(reply, Stored) or seen != Body.of(body):
                raise Finding(f"{name} stored ({Body.of(body)}) when ok arrives", f"{reply}, {seen}", line.transcript)
    finally:
        line.drop()


@checks("REPLY-8", late=True)
@pytest.mark.parametrize("size", [0, 5, 1_048_577])
def test_what_was_answered_with_ok_outlives_the_process(judge: Judge, size: int) -> None:
    judge.require_replies()
    spawned, line, name, body = judge.require_spawned(), judge.dial(), judge.names.new(), pattern(size)
    try:
        reply = ask(judge, line, request(body, cmd="put", filename=name, filesize=size))
        spawned.kill()
    finally:
        line.drop()
    if not isinstance(reply, Stored):
        raise NotSeen(f"a plain put is answered with {reply}")
    if not judge.runner.prove_alive():
        raise NotSeen("the server did not serve again after it was killed")
    seen = judge.observer.look([name])[name]
    if seen != Body.of(body):
        raise Finding(f"{name} stored ({Body.of(body)})", f"after the restart: {seen}", line.transcript)


@checks("REPLY-9")
@pytest.mark.parametrize("size", [0, 1, 1024, 65_537, 300_000])
def test_a_stat_tells_what_is_stored(judge: Judge, size: int) -> None:
    def laid(talk: Talk) -> None:
        talk.say(cmd="stat", filename=talk.had(pattern(size)), reply=True)

    judge.require_replies()

    judge.expect(Case.unhurried(laid), control=Case.unhurried(stat))


@checks("REPLY-9")
def test_a_stat_reads_the_store_and_does_not_remember(judge: Judge) -> None:
    judge.require_replies()
    name, here, there = judge.names.new(), judge.dial(), judge.dial()
    try:
        for body in (b"one", b"and another", b""):
            ask(judge, there, request(body, cmd="put", filename=name, filesize=len(body)))
            reply = ask(judge, here, request(cmd="stat", filename=name))
            if not isinstance(reply, Stored) or Body(reply.filesize, reply.sha256) != Body.of(body):
                raise Finding(f"a stat that tells {Body.of(body)}", str(reply), here.transcript)
    finally:
        here.drop()
        there.drop()


def stat_around_a_put(talk: Talk) -> None:
    name = talk.new_name()
    talk.say(cmd="stat", filename=name, reply=True)
    talk.put(b"abc", name=name)
    talk.say(cmd="stat", filename=name, reply=True)
    talk.say(cmd="stat", filename=name + "x", reply=True)
    talk.say(cmd="stat", filename=name[:-1], reply=True)


@checks("REPLY-10")
@pytest.mark.parametrize("recipe", [stat_missing, stat_around_a_put], ids=["never stored", "beside one that is"])
def test_a_stat_of_what_is_not_stored_says_so(judge: Judge, recipe: Recipe) -> None:
    judge.require_replies()

    judge.expect(Case.unhurried(recipe), control=Case.unhurried(stat))


BAD_STATS: dict[str, dict[str, object]] = {
    "missing": {}, "null": {"filename": None}, "number": {"filename": 1}, "array": {"filename": ["a"]},
    "object": {"filename": {}}, "boolean": {"filename": True}, "empty": {"filename": ""}, "dot": {"filename": "."},
    "dots": {"filename": ".."}, "slash": {"filename": "a/b"}, "backslash": {"filename": "a\\b"},
    "absolute": {"filename": "/etc/passwd"}, "escape": {"filename": "../x"}, "NUL": {"filename": "a\0"},
    "control": {"filename": "a\nb"}, "DEL": {"filename": "a\x7f"}, "256 bytes": {"filename": "a" * 256},
}  # fmt: skip


def bad_stat(members: dict[str, object], talk: Talk) -> None:
    talk.say(cmd="stat", **members, reply=True)
    talk.put(b"next", reply=True)


@checks("REPLY-11")
@pytest.mark.parametrize("members", BAD_STATS.values(), ids=BAD_STATS.keys())
def test_a_stat_without_a_valid_name_says_so_and_the_next_request_is_served(
    judge: Judge, members: dict[str, object]
) -> None:
    judge.require_replies()

    judge.expect(Case.unhurried(partial(bad_stat, members)), control=Case.unhurried(stat))


@checks("REPLY-12")
def test_a_hello_is_answered_with_all_its_members(judge: Judge) -> None:
    if judge.known.greeting is None and judge.known.unsolicited:
        raise Finding("a greeting, or nothing", f"to a hello: {show_bytes(judge.known.unsolicited)}")
    judge.require_replies()

    judge.expect(Case.unhurried(hello))


@checks("REPLY-12")
def test_a_hello_may_come_anywhere(judge: Judge) -> None:
    def between(talk: Talk) -> None:
        talk.put(b"a", reply=True)
        talk.say(cmd="hello", reply=True, filename="../x", filesize=-1)
        talk.put(b"b", reply=True)

    judge.require_replies()

    judge.expect(Case(between), control=Case.unhurried(hello))


@checks("REPLY-13")
def test_the_longest_header_is_as_long_as_the_hello_says(judge: Judge) -> None:
    most = judge.require_replies().max_header

    def longest(talk: Talk) -> None:
        talk.frame(header(cmd="put", filename=talk.new_name(), filesize=1, reply=True).ljust(most), b"z")

    def longer(talk: Talk) -> None:
        talk.frame(header(cmd="put", filename=talk.new_name(), filesize=1, reply=True).ljust(most + 1), b"z")

    judge.expect(Case.unhurried(longest), control=Case.unhurried(put))
    judge.expect(Case.unhurried(longer, End.FINISH), control=Case.unhurried(put))


@checks("REPLY-13")
def test_every_hello_says_the_same(judge: Judge) -> None:
    known, line = judge.require_replies(), judge.dial()
    try:
        for _ in range(2):
            again = ask(judge, line, request(cmd="hello"))
            limits = (known.max_header, known.max_filesize)
            if not isinstance(again, Greeting) or (again.max_header, again.max_filesize) != limits:
                raise Finding(f"a greeting with the limits {limits}", str(again), line.transcript)
    finally:
        line.drop()
