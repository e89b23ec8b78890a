"""Section 8.5, around errors: whether the connection ends, what gets no reply, and what is owed to earlier requests."""

from collections.abc import Sequence

import pytest

from jhup.messages import Failure
from jhup_conformance.checks import (
    PLAIN_REPLIES,
    Dialogue,
    End,
    Finding,
    Judge,
    NotSeen,
    StillOpen,
    Stream,
    check,
    command,
    frame,
    header,
    name,
    pattern,
    prefix,
    put,
    raw,
    requests,
    stat,
)
from jhup_conformance.suite.support.followed import followed
from jhup_conformance.suite.support.malformed import Malformed as Row
from jhup_conformance.suite.support.malformed_rows import MALFORMED

pytestmark = pytest.mark.usefixtures("replies_offered")

PUT = put(b"abc", reply=True).paced()
TWO_PUTS = requests(put(b"abc", reply=True), put(b"next"))
FILE = name("file")
LONGEST = 4
"""How many times the longest stored body of a run a refused one may be."""

ENDING = [each for clause in ("HEAD-10", "HEAD-11", "HEAD-12") for each in MALFORMED[clause]]


@check("REPLY-20", presumes=PLAIN_REPLIES)
def test_a_connection_ends_after_an_error_that_says_it_closes(judge: Judge) -> None:
    judge.require(PUT)
    answered = [each for each in (row.put(b"", reply=True) for row in ENDING) if judge.works(each)]
    if not answered:
        raise NotSeen("no malformed header is answered by an error; REPLY-15 covers this")

    judge.check(*answered, closes=True)


GOING_ON = {
    "not-found": stat(FILE),
    "bad-filename": stat(".."),
    "no filename": command("stat", reply=True),
    "unknown": command("x-nothing", reply=True),
}


@check("REPLY-20", presumes=PLAIN_REPLIES)
@pytest.mark.parametrize("asking", GOING_ON.values(), ids=GOING_ON.keys())
def test_a_connection_goes_on_after_an_error_that_says_it_does(judge: Judge, asking: Stream) -> None:
    puts = [put(b"%d" % number, reply=True) for number in range(3)]
    stream = requests(*(each for following in puts for each in (asking, following)))

    judge.check(stream.paced(), stream, requires=TWO_PUTS, stays_open=True)


REFUSED = {
    "a folder before it": "a/%s",
    "dots": "..%.0s",
    "a control character": "%s\x01",
    "256 bytes": "%s" + "a" * 238,
}


@check("REPLY-20", presumes=PLAIN_REPLIES)
@pytest.mark.parametrize("size", [0, 3, 70_000])
@pytest.mark.parametrize("filename", REFUSED.values(), ids=REFUSED.keys())
def test_a_refused_put_ends_the_connection_or_not_as_its_error_says(judge: Judge, filename: str, size: int) -> None:
    judge.require(TWO_PUTS, why="two plain puts fail")
    with judge.converse() as dialogue:
        dialogue.send(put(pattern(size), name=filename % FILE, reply=True))
        check_closing(dialogue)


def check_closing(dialogue: Dialogue) -> None:
    """Wait for an error, and for what it says of the connection: that it ends, or that the next request is served."""
    reply = dialogue.reply()
    if not isinstance(reply, Failure):
        raise Finding("an error", f"{reply}", dialogue.transcript)
    if reply.closing:
        if not dialogue.wait_for_close(patience=5.5):
            raise Finding(points=(StillOpen(),), transcript=dialogue.transcript)
        return
    dialogue.send(put(b"next", reply=True))
    dialogue.reply()


@check("REPLY-20", presumes=PLAIN_REPLIES, quick=False)
@pytest.mark.parametrize("mebibytes", [1, 8, 64])
def test_a_long_refused_put_ends_the_connection_or_not_as_its_error_says(judge: Judge, mebibytes: int) -> None:
    size = mebibytes * 2**20
    if size > LONGEST * judge.effort.largest_body:
        pytest.skip("--profile thorough sends bodies as long")
    judge.require(TWO_PUTS, why="two plain puts fail")
    with judge.converse() as dialogue:
        dialogue.send(put(bytes(size), name="a/b", reply=True))
        check_closing(dialogue)


@check("REPLY-20", presumes=PLAIN_REPLIES)
def test_a_connection_stays_open_for_an_endless_body_if_its_error_says_so(judge: Judge) -> None:
    endless = frame(header(cmd="put", filename=FILE, filesize=2**62), b"abc").doubting(FILE)
    judge.require(TWO_PUTS, endless.paced(), why="plain puts fail, or one of 2^62 bytes under a good name")
    with judge.converse() as dialogue:
        dialogue.send(command("put", filename="a/b", filesize=2**62, reply=True))
        try:
            reply = dialogue.reply()
        except Finding:
            pytest.skip("the server answers when the body has come, which it never does")
        if not isinstance(reply, Failure) or reply.closing:
            return
        dialogue.send(raw(bytes(2**20)))
        if dialogue.wait_for_close(patience=judge.pace.last_patience):
            raise Finding(
                "the connection open after an error that says closing false",
                f"the server ended it ({dialogue.closed})",
                dialogue.transcript,
            )


BAD_PREFIXES = {
    "prefix 0": 0, "prefix 1": 1, "prefix -1": -1, "prefix -2^31": -(2**31), "prefix 2^20+1": 2**20 + 1,
    "prefix 2^31-1": 2**31 - 1,
}  # fmt: skip


@check("REPLY-21", presumes=PLAIN_REPLIES)
@pytest.mark.parametrize("claim", BAD_PREFIXES.values(), ids=BAD_PREFIXES.keys())
def test_a_malformed_prefix_gets_no_reply(judge: Judge, claim: int) -> None:
    stream = requests(
        put(b"before", reply=True),
        raw(prefix(claim), "prefix"),
        raw(header(cmd="hello", reply=True), "header"),
        put(b"trap", reply=True),
    )

    judge.check(stream, stream.paced(), requires=TWO_PUTS)


def silent(clause: str, *beginnings: str) -> list[Row]:
    """Return malformed headers in which a request for a reply can be written; all, or some by their titles."""
    rows = [each for each in MALFORMED[clause] if b"{" in each.wrong]
    return [each for each in rows if not beginnings or each.title.startswith(beginnings)]


SILENT = {
    "not UTF-8": silent("HEAD-4"),
    "commas": silent("HEAD-6", "a comma", "two commas", "no comma", "a semicolon"),
    "colons": silent("HEAD-6", "an equals", "no colon", "two colons", "no value"),
    "quotes": silent("HEAD-6", "single", "no quotes", "typographic", "quotes", "a string", "a backslash"),
    "brackets": silent("HEAD-6", "no closing", "a bracket", "a brace", "a parenthesis", "a closing"),
    "numbers": silent("HEAD-6", "a leading", "a plus", "a size", "a point", "an exponent", "a minus", "two minus"),
    "literals": silent("HEAD-6", "True", "None", "nan", "inf", "undefined", "a literal"),
    "white space": silent("HEAD-6", "a form", "a vertical", "a no-break", "a line", "a mark", "NUL"),
    "escapes": silent("HEAD-6", "a raw", "an escape", "an escaped"),
    "comments": silent("HEAD-6", "a comment"),
    "no object": MALFORMED["HEAD-8"],
}


@check("REPLY-21", presumes=PLAIN_REPLIES)
@pytest.mark.parametrize("rows", SILENT.values(), ids=SILENT.keys())
def test_what_is_no_object_gets_no_reply(judge: Judge, rows: Sequence[Row]) -> None:
    judge.check(*(followed(row.put(reply=True)) for row in rows), requires=TWO_PUTS)


def owed(count: int, last: Stream) -> Stream:
    """Return requests that are owed replies, and something unfinished or malformed after them."""
    files = [name(f"file{number}") for number in range(count)]
    puts = (put(pattern(number * 900), name=file, reply=True) for number, file in enumerate(files))
    pairs = zip(puts, map(stat, files), strict=True)
    return requests(*(each for pair in pairs for each in pair), last)


WHOLE = put(bytes(99))
HEAD = WHOLE.header().end
LAST = {
    "a byte of a prefix": WHOLE.first(1),
    "three bytes of a prefix": WHOLE.first(3),
    "a prefix": WHOLE.first(4),
    "half a header": WHOLE.first(20),
    "all but a byte of a header": WHOLE.first(HEAD - 1),
    "a header": WHOLE.first(HEAD),
    "half a body": WHOLE.first(HEAD + 4),
    "all but a byte of a body": WHOLE.first(-1),
    "a prefix of 0": raw(prefix(0)),
    "a prefix of -1": raw(prefix(-1)),
    "a prefix of 2^31-1": raw(prefix(2**31 - 1)),
    "an array": frame(b"[]"),
    "an empty object": frame(b"{}"),
    "no JSON": frame(b"{,}"),
    "no UTF-8": frame(b'{"\xff":1}'),
    "a put without a filename": command("put", filesize=3),
}


@check("REPLY-24", presumes=PLAIN_REPLIES)
@pytest.mark.parametrize("last", LAST.values(), ids=LAST.keys())
def test_replies_to_earlier_requests_still_come(judge: Judge, last: Stream) -> None:
    streams = (owed(1, last).paced(), owed(4, last))
    ends = (End.FINISH, End.FINISH_AT_ONCE)

    judge.check(*(stream.ending(end) for stream in streams for end in ends), requires=TWO_PUTS)


@check("REPLY-24", presumes=PLAIN_REPLIES)
def test_replies_still_come_when_a_refused_put_is_cut_off(judge: Judge) -> None:
    stream = requests(put(b"before", reply=True), put(bytes(99), name="../x", reply=True)).first(-95)

    judge.check(stream.ending(End.FINISH), stream.ending(End.FINISH_AT_ONCE), requires=TWO_PUTS)
