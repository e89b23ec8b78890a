"""Sections 8.2 and 8.3, put and stat: what their replies tell of a body, and that it is there."""

import hashlib

import pytest

from jhup.messages import Stored
from jhup_conformance.checks import (
    PLAIN_REPLIES,
    Body,
    Dialogue,
    Finding,
    Judge,
    NotSeen,
    Script,
    Stream,
    WrongBody,
    check,
    command,
    edges_up_to,
    name,
    pattern,
    put,
    requests,
    stat,
)
from jhup_conformance.suite.support.bad_names import BAD_NAMES, spelled
from jhup_conformance.suite.support.earlier import ASKED, after
from jhup_conformance.suite.support.fairness import needs_bodies_of
from jhup_conformance.suite.support.followed import followed

pytestmark = pytest.mark.usefixtures("replies_offered")

FILE = name("file")
SILENT_PUT = put(pattern(3)).paced()
STAT = stat(FILE).having({FILE: b"abc"})


def require_puts_of(judge: Judge, size: int) -> None:
    """Make sure that the target takes bodies of a size when no reply is asked for."""
    needs_bodies_of(judge, size)
    judge.require(put(pattern(size)), why="the same put without asking for a reply fails too")


def wait_for_ok(dialogue: Dialogue) -> None:
    """Wait for the ok to a put, whose lack is what other clauses are about.

    Raises:
        NotSeen: when anything else comes, or nothing.
    """
    try:
        reply = dialogue.reply()
    except Finding as finding:
        raise NotSeen(f"a plain put is not answered: {finding.actual}") from None
    if not isinstance(reply, Stored):
        raise NotSeen(f"a plain put is answered with {reply}")


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


@check("REPLY-6")
@pytest.mark.parametrize("sizes", EDGES.values(), ids=EDGES.keys())
def test_the_reply_to_a_put_tells_what_was_stored(judge: Judge, sizes: list[int]) -> None:
    most = min(judge.effort.largest_body, judge.limits.max_filesize)

    judge.check(*(put(pattern(size), reply=True) for size in sizes if size <= most), requires=SILENT_PUT)


@check("REPLY-6")
def test_the_reply_to_a_put_is_about_the_body_of_this_request(judge: Judge) -> None:
    first, second = put(b"first", name=FILE, reply=True), put(b"the second one", name=FILE, reply=True)

    judge.check(requests(first, second), requires=SILENT_PUT)


FILENAMES = ["@-é日\\ud83d\\ude00", "@\\u002dé", "@ \\u0022'{}[]", "@\\u2028\\ufeff", "@%41", "@" + "日" * 79]


@check("REPLY-6")
@pytest.mark.parametrize("filename", FILENAMES)
def test_the_reply_to_a_put_gives_the_name_that_was_meant(judge: Judge, filename: str) -> None:
    judge.check(spelled(filename, reply=True, doubtful=True).paced(), requires=SILENT_PUT)


@check("REPLY-6")
def test_the_members_of_a_reply_to_a_put_have_their_types(judge: Judge) -> None:
    judge.require(SILENT_PUT)
    file, body = judge.names.new(), b"abc"
    with judge.converse() as dialogue:
        dialogue.send(put(body, name=file, reply=True))
        members = dialogue.members()

    wanted = {"status": "ok", "filename": file, "filesize": len(body), "sha256": hashlib.sha256(body).hexdigest()}
    for member, value in wanted.items():
        actual = members.get(member, "nothing")
        if actual != value or type(actual) is not type(value):
            raise Finding(f"{member} {value!r}", repr(actual), dialogue.transcript)


@check("REPLY-7", presumes=PLAIN_REPLIES)
@pytest.mark.parametrize("size", [0, 1, 1024, 65_536, 1_048_577])
def test_what_is_answered_with_ok_is_there_at_once(judge: Judge, size: int) -> None:
    require_puts_of(judge, size)
    file = judge.names.new()
    with judge.converse() as dialogue:
        for turn in range(3):  # the first time it is new, then it replaces
            body = pattern(size, turn)
            dialogue.send(put(body, name=file, reply=True))
            wait_for_ok(dialogue)
            seen = judge.observer.look([file])[file]
            if seen != (wanted := Body.of(body)):
                raise Finding(points=(WrongBody(file, (wanted,), seen),), transcript=dialogue.transcript)


@check("REPLY-7", presumes=PLAIN_REPLIES)
def test_another_connection_sees_what_was_answered_with_ok(judge: Judge) -> None:
    file = judge.names.new()
    with judge.converse() as writer, judge.converse() as reader:
        for turn in range(12):
            body = pattern(min(1 + turn * 83, judge.limits.max_filesize), turn)
            writer.send(put(body, name=file, reply=True))
            wait_for_ok(writer)
            reader.send(stat(file))
            reply = reader.reply()
            if not isinstance(reply, Stored) or Body(reply.filesize, reply.sha256) != Body.of(body):
                raise Finding(f"a stat that tells {Body.of(body)} when ok has arrived", str(reply), reader.transcript)


@check("REPLY-8", presumes=PLAIN_REPLIES, late=True)
def test_what_was_answered_with_ok_outlives_the_process(judge: Judge) -> None:
    """The last put of a size is answered right before the process is killed, those of the others a moment earlier."""
    sizes = [size for size in (1_048_577, 0, 5) if size <= judge.limits.max_filesize]
    for size in sizes:
        require_puts_of(judge, size)
    spawned = judge.require_spawned()
    bodies = {judge.names.new(): pattern(size) for size in sizes}
    with judge.converse() as dialogue:
        for file, body in bodies.items():
            dialogue.send(put(body, name=file, reply=True))
            wait_for_ok(dialogue)
        spawned.kill()
    if not judge.is_alive():
        raise NotSeen("the server did not serve again after it was killed")
    for file, seen in judge.observer.look(bodies).items():
        if seen != (wanted := Body.of(bodies[file])):
            lost = WrongBody(file, (wanted,), seen)  # in words alone: to send the same again does not kill the server
            raise Finding(lost.expected, f"{lost.actual} after the process was killed", dialogue.transcript)


@check("REPLY-9")
@pytest.mark.parametrize("size", [0, 1, 1024, 65_535, 65_536, 65_537, 300_000])
def test_a_stat_tells_what_is_stored(judge: Judge, size: int) -> None:
    require_puts_of(judge, size)

    judge.check(stat(FILE).having({FILE: pattern(size)}).paced(), requires=STAT.paced())


STATS = {
    "between puts": requests(
        *(each for body in (b"one", b"", b"another", b"one") for each in (put(body, name=FILE), stat(FILE)))
    ),
    "with a filesize": requests(stat(FILE, filesize=99).having({FILE: b"abc"}), put(b"next", reply=True)),
}


@check("REPLY-9")
@pytest.mark.parametrize("stream", STATS.values(), ids=STATS.keys())
def test_a_stat_tells_what_is_stored_at_that_moment(judge: Judge, stream: Stream) -> None:
    judge.check(stream.paced(), stream, requires=STAT.paced())


@check("REPLY-9")
def test_a_stat_reads_the_store_and_does_not_remember(judge: Judge) -> None:
    """Another connection replaces what the one that asks has put and has asked for."""
    script = Script(judge, file := judge.names.new())
    with script.connect() as here, script.connect() as there:
        script.step(here.sends(put(b"one", name=file, reply=True), "puts"))
        for body in (b"two", b"and another", b""):
            script.step(here.sends(stat(file), "asks"))
            script.step(there.sends(put(body, name=file), f"puts {body!r}"))
        script.step(here.sends(stat(file), "asks"))


@check("REPLY-9")
def test_a_stat_tells_the_old_body_as_long_as_the_new_one_is_not_complete(judge: Judge) -> None:
    script = Script(judge, file := judge.names.new())
    with script.connect() as writer, script.connect() as reader:
        script.step(writer.sends(put(b"old", name=file), "puts"))
        script.send(writer.begins(put(pattern(200, 7), name=file), -50))
        script.step(reader.sends(stat(file), "asks"))
        script.step(writer.completes())
        script.step(reader.sends(stat(file), "asks"))


LONGER = FILE + "y"
AROUND_A_PUT = requests(stat(LONGER), put(b"abc", name=LONGER), stat(LONGER), stat(LONGER + "x"), stat(FILE))


@check("REPLY-10", blind=True)  # where it fails, nothing can be seen by replies
@pytest.mark.parametrize(
    "stream",
    [requests(stat(FILE), put(b"next", reply=True)), AROUND_A_PUT],
    ids=["never stored", "beside one that is"],
)
def test_a_stat_of_what_is_not_stored_says_so(judge: Judge, stream: Stream) -> None:
    judge.require(STAT.paced(), why="a stat of what is stored fails too")
    judge.check(stream.paced())


@check("REPLY-10")
@pytest.mark.parametrize("filename", ["@é日", "@\\ud83d\\ude00", ".@", "...@", " @", "@%2f", "-@", "@" + "a" * 237])
def test_a_stat_of_any_valid_name_that_is_not_stored_says_so(judge: Judge, filename: str) -> None:
    asked = followed(spelled(filename, None, reply=True, doubtful=True))

    judge.check(asked.paced(), requires=STAT.paced())


NO_NAMES: dict[str, dict[str, object]] = {
    "missing": {}, "null": {"filename": None}, "number": {"filename": 1}, "array": {"filename": ["a"]},
    "object": {"filename": {}}, "true": {"filename": True}, "false": {"filename": False},
}  # fmt: skip


@check("REPLY-11")
@pytest.mark.parametrize("members", NO_NAMES.values(), ids=NO_NAMES.keys())
def test_a_stat_without_a_name_says_so_and_the_next_request_is_served(judge: Judge, members: dict[str, object]) -> None:
    asked = requests(command("stat", **members, reply=True), put(b"next", reply=True))

    judge.check(asked.paced(), requires=STAT.paced())


@check("REPLY-11")
@pytest.mark.parametrize("clause", BAD_NAMES)
def test_a_stat_of_a_name_that_is_not_valid_says_so_and_the_next_request_is_served(judge: Judge, clause: str) -> None:
    judge.check(*(followed(each.stat()) for each in BAD_NAMES[clause]), requires=STAT.paced())


@check("REPLY-6")
@pytest.mark.parametrize("earlier", ASKED.values(), ids=ASKED.keys())
def test_the_reply_to_a_put_has_nothing_of_an_earlier_request(judge: Judge, earlier: Stream) -> None:
    following = put(b"a body of its own", reply=True)

    judge.check(after(earlier, following), requires=after(SILENT_PUT, SILENT_PUT), blameless_if=following.paced())
