"""Sections 8.2 and 8.3, put and stat: what their replies tell of a body, and that it is there."""

import hashlib
from functools import partial

import pytest

from jhup.messages import Stored
from jhup_conformance.findings import Finding, NotSeen
from jhup_conformance.sizes import edges_up_to, pattern
from jhup_conformance.suite.support.bad_names import BAD_NAMES, RequestOf
from jhup_conformance.target.store import Body
from jhup_conformance.verify.dialogue import asking, hear_members, hear_reply, send
from jhup_conformance.verify.exchange import Case
from jhup_conformance.verify.judge import Judge
from jhup_conformance.verify.marks import checks
from jhup_conformance.verify.script import Conversation, Move, frame
from jhup_conformance.verify.stream import Recipe, Talk
from jhup_conformance.wire.line import Line

pytestmark = pytest.mark.usefixtures("replies_offered")


def put(talk: Talk) -> None:
    talk.put(b"abc", reply=True)


def put_of(size: int, talk: Talk) -> None:
    talk.put(pattern(size), reply=True)


def put_in_silence(size: int, talk: Talk) -> None:
    talk.put(pattern(size))


def require_puts_of(judge: Judge, size: int) -> None:
    """Make sure that the target takes bodies of a size when no reply is asked for."""
    if size > judge.runner.server.max_filesize:
        pytest.skip("the target takes no such body")
    judge.control(Case(partial(put_in_silence, size)), why="the same put without asking for a reply fails too")


def hear_ok(judge: Judge, line: Line, heard: int) -> None:
    """Wait for the ok to a put, whose lack is what other clauses are about.

    Raises:
        NotSeen: when anything else comes, or nothing.
    """
    try:
        reply = hear_reply(judge, line, heard)
    except Finding as finding:
        raise NotSeen(f"a plain put is not answered: {finding.actual}") from None
    if not isinstance(reply, Stored):
        raise NotSeen(f"a plain put is answered with {reply}")


def stat(talk: Talk) -> None:
    talk.say(cmd="stat", filename=talk.had(b"abc"), reply=True)


CONTROL = Case.unhurried(put)
IN_SILENCE = Case.unhurried(partial(put_in_silence, 3))

EDGES = {
    "up to 5": list(edges_up_to(5)),
    "at 256 and 512": [255, 256, 257, 511, 512, 513],
    "at 1 and 2 KiB": [1023, 1024, 1025, 2047, 2048, 2049],
    "at 4 and 8 KiB": [4095, 4096, 4097, 8191, 8192, 8193],
    "at 16 and 32 KiB": [16383, 16384, 16385, 32767, 32768, 32769],
    "at 64 KiB": [65535, 65536, 65537],
    "at 128 KiB": [131071, 131072, 131073],
    "at 256 KiB": [262143, 262144, 262145],
    "at 1 MiB": [1048575, 1048576, 1048577],
}


@checks("REPLY-6")
@pytest.mark.parametrize("sizes", EDGES.values(), ids=EDGES.keys())
def test_the_reply_to_a_put_tells_what_was_stored(judge: Judge, sizes: list[int]) -> None:
    judge.expect(
        *(Case(partial(put_of, size)) for size in sizes if size <= judge.effort.largest_body), control=IN_SILENCE
    )


def two_bodies_of_one_name(talk: Talk) -> None:
    name = talk.put(b"first", reply=True)
    talk.put(b"the second one", name=name, reply=True)


@checks("REPLY-6")
def test_the_reply_to_a_put_is_about_the_body_of_this_request(judge: Judge) -> None:
    judge.expect(Case(two_bodies_of_one_name), control=IN_SILENCE)


FILENAMES = ["@-é日\\ud83d\\ude00", "@\\u002dé", "@ \\u0022'{}[]", "@\\u2028\\ufeff", "@%41", "@" + "日" * 79]


@checks("REPLY-6")
@pytest.mark.parametrize("filename", FILENAMES)
def test_the_reply_to_a_put_gives_the_name_that_was_meant(judge: Judge, filename: str) -> None:
    judge.expect(Case.unhurried(RequestOf(filename, reply=True, doubtful=True, next=False)), control=IN_SILENCE)


@checks("REPLY-6")
def test_the_members_of_a_reply_to_a_put_have_their_types(judge: Judge) -> None:
    judge.control(IN_SILENCE, why="a plain put fails")
    name, body, line = judge.names.new(), b"abc", judge.dial()
    try:
        send(line, asking(body, cmd="put", filename=name, filesize=len(body)))
        members = hear_members(judge, line)
    finally:
        line.drop()

    wanted = {"status": "ok", "filename": name, "filesize": len(body), "sha256": hashlib.sha256(body).hexdigest()}
    for member, value in wanted.items():
        actual = members.get(member, "nothing")
        if actual != value or type(actual) is not type(value):
            raise Finding(f"{member} {value!r}", repr(actual), line.transcript)


@checks("REPLY-7")
@pytest.mark.parametrize("size", [0, 1, 1024, 65_536, 1_048_577])
def test_what_is_answered_with_ok_is_there_at_once(judge: Judge, size: int) -> None:
    require_puts_of(judge, size)
    name, line = judge.names.new(), judge.dial()
    try:
        for turn in range(3):  # the first time it is new, then it replaces
            body, heard = pattern(size, turn), len(line.received)
            send(line, asking(body, cmd="put", filename=name, filesize=size))
            hear_ok(judge, line, heard)
            seen = judge.observer.look([name])[name]
            if seen != Body.of(body):
                raise Finding(f"{name} stored ({Body.of(body)}) when ok arrives", f"{seen}", line.transcript)
    finally:
        line.drop()


@checks("REPLY-7")
def test_another_connection_sees_what_was_answered_with_ok(judge: Judge) -> None:
    name, writer, reader = judge.names.new(), judge.dial(), judge.dial()
    try:
        for turn in range(12):
            body = pattern(1 + turn * 83, turn)
            heard, known = len(writer.received), len(reader.received)
            send(writer, asking(body, cmd="put", filename=name, filesize=len(body)))
            hear_ok(judge, writer, heard)
            send(reader, asking(cmd="stat", filename=name))
            reply = hear_reply(judge, reader, known)
            if not isinstance(reply, Stored) or Body(reply.filesize, reply.sha256) != Body.of(body):
                raise Finding(f"a stat that tells {Body.of(body)} when ok has arrived", str(reply), reader.transcript)
    finally:
        writer.drop()
        reader.drop()


@checks("REPLY-8", late=True)
def test_what_was_answered_with_ok_outlives_the_process(judge: Judge) -> None:
    """The last put of a size is answered right before the process is killed, those of the others a moment earlier."""
    sizes = [size for size in (1_048_577, 0, 5) if size <= judge.runner.server.max_filesize]
    for size in sizes:
        require_puts_of(judge, size)
    spawned, line = judge.require_spawned(), judge.dial()
    bodies = {judge.names.new(): pattern(size) for size in sizes}
    try:
        for name, body in bodies.items():
            heard = len(line.received)
            send(line, asking(body, cmd="put", filename=name, filesize=len(body)))
            hear_ok(judge, line, heard)
        spawned.kill()
    finally:
        line.drop()
    if not judge.runner.prove_alive():
        raise NotSeen("the server did not serve again after it was killed")
    for name, seen in judge.observer.look(bodies).items():
        if seen != (wanted := Body.of(bodies[name])):
            raise Finding(f"{name} stored ({wanted})", f"after the restart: {seen or 'not stored'}", line.transcript)


def stat_of(size: int, talk: Talk) -> None:
    talk.say(cmd="stat", filename=talk.had(pattern(size)), reply=True)


@checks("REPLY-9")
@pytest.mark.parametrize("size", [0, 1, 1024, 65_535, 65_536, 65_537, 300_000])
def test_a_stat_tells_what_is_stored(judge: Judge, size: int) -> None:
    require_puts_of(judge, size)

    judge.expect(Case.unhurried(partial(stat_of, size)), control=Case.unhurried(stat))


def stats_between_puts(talk: Talk) -> None:
    name = talk.new_name()
    for body in (b"one", b"", b"another", b"one"):
        talk.put(body, name=name)
        talk.say(cmd="stat", filename=name, reply=True)


def stat_with_a_size(talk: Talk) -> None:
    talk.say(cmd="stat", filename=talk.had(b"abc"), filesize=99, reply=True)
    talk.put(b"next", reply=True)


@checks("REPLY-9")
@pytest.mark.parametrize("recipe", [stats_between_puts, stat_with_a_size], ids=["between puts", "with a filesize"])
def test_a_stat_tells_what_is_stored_at_that_moment(judge: Judge, recipe: Recipe) -> None:
    judge.expect(Case.unhurried(recipe), Case(recipe), control=Case.unhurried(stat))


@checks("REPLY-9")
def test_a_stat_reads_the_store_and_does_not_remember(judge: Judge) -> None:
    """Another connection replaces what the one that asks has put and has asked for."""
    talk = Conversation(judge, [name := judge.names.new()])
    with talk.join() as here, talk.join() as there:
        talk.step(Move(here, asking(b"one", cmd="put", filename=name, filesize=3), "puts"))
        for body in (b"two", b"and another", b""):
            talk.step(Move(here, asking(cmd="stat", filename=name), "asks"))
            talk.step(Move(there, frame(body, cmd="put", filename=name, filesize=len(body)), f"puts {body!r}"))
        talk.step(Move(here, asking(cmd="stat", filename=name), "asks"))


@checks("REPLY-9")
def test_a_stat_tells_the_old_body_as_long_as_the_new_one_is_not_complete(judge: Judge) -> None:
    talk = Conversation(judge, [name := judge.names.new()])
    whole = frame(pattern(200, 7), cmd="put", filename=name, filesize=200)
    half, rest = whole[:-50], whole[-50:]
    with talk.join() as writer, talk.join() as reader:
        talk.step(Move(writer, frame(b"old", cmd="put", filename=name, filesize=3), "puts"))
        talk.send(Move(writer, half, "most of a put", half, rest))
        talk.step(Move(reader, asking(cmd="stat", filename=name), "asks"))
        talk.step(Move(writer, rest, "the rest of it"))
        talk.step(Move(reader, asking(cmd="stat", filename=name), "asks"))


def stat_missing(talk: Talk) -> None:
    talk.say(cmd="stat", filename=talk.new_name(), reply=True)
    talk.put(b"next", reply=True)


def stat_around_a_put(talk: Talk) -> None:
    name = talk.new_name()
    talk.say(cmd="stat", filename=name, reply=True)
    talk.put(b"abc", name=name)
    talk.say(cmd="stat", filename=name, reply=True)
    talk.say(cmd="stat", filename=name + "x", reply=True)
    talk.say(cmd="stat", filename=name[:-1], reply=True)


@checks("REPLY-10", blind=True)  # where it fails, nothing can be seen by replies
@pytest.mark.parametrize("recipe", [stat_missing, stat_around_a_put], ids=["never stored", "beside one that is"])
def test_a_stat_of_what_is_not_stored_says_so(judge: Judge, recipe: Recipe) -> None:
    judge.control(Case.unhurried(stat), why="a stat of what is stored fails too")
    judge.expect_all([Case.unhurried(recipe)])


@checks("REPLY-10")
@pytest.mark.parametrize("filename", ["@é日", "@\\ud83d\\ude00", ".@", "...@", " @", "@%2f", "-@", "@" + "a" * 237])
def test_a_stat_of_any_valid_name_that_is_not_stored_says_so(judge: Judge, filename: str) -> None:
    judge.expect(Case.unhurried(RequestOf(filename, None, reply=True, doubtful=True)), control=Case.unhurried(stat))


NO_NAMES: dict[str, dict[str, object]] = {
    "missing": {}, "null": {"filename": None}, "number": {"filename": 1}, "array": {"filename": ["a"]},
    "object": {"filename": {}}, "true": {"filename": True}, "false": {"filename": False},
}  # fmt: skip


def stat_without_a_name(members: dict[str, object], talk: Talk) -> None:
    talk.say(cmd="stat", **members, reply=True)
    talk.put(b"next", reply=True)


@checks("REPLY-11")
@pytest.mark.parametrize("members", NO_NAMES.values(), ids=NO_NAMES.keys())
def test_a_stat_without_a_name_says_so_and_the_next_request_is_served(judge: Judge, members: dict[str, object]) -> None:
    judge.expect(Case.unhurried(partial(stat_without_a_name, members)), control=Case.unhurried(stat))


@checks("REPLY-11")
@pytest.mark.parametrize("clause", BAD_NAMES)
def test_a_stat_of_a_name_that_is_not_valid_says_so_and_the_next_request_is_served(judge: Judge, clause: str) -> None:
    judge.expect(*(Case(name.stat()) for name in BAD_NAMES[clause]), control=Case.unhurried(stat))
