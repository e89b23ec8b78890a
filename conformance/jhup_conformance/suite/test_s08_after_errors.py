"""Section 8.5, around errors: whether the connection ends, what gets no reply, and what is owed to earlier requests."""

from collections.abc import Sequence
from functools import partial

import pytest

from jhup.messages import Failure
from jhup_conformance.findings import Finding
from jhup_conformance.sizes import pattern
from jhup_conformance.suite.support.malformed import Spoiled
from jhup_conformance.suite.support.malformed_rows import MALFORMED
from jhup_conformance.verify.dialogue import asking, hear_reply, send
from jhup_conformance.verify.exchange import Case, End
from jhup_conformance.verify.judge import Judge
from jhup_conformance.verify.marks import checks
from jhup_conformance.verify.stream import Recipe, Talk, header, prefix

pytestmark = pytest.mark.usefixtures("replies_offered")


def put(talk: Talk) -> None:
    talk.put(b"abc", reply=True)


def two_puts(talk: Talk) -> None:
    talk.put(b"abc", reply=True)
    talk.put(b"next")


CONTROL = Case.unhurried(put)
GLUED = Case(two_puts)

ENDING = [each for clause in ("HEAD-10", "HEAD-11", "HEAD-12") for each in MALFORMED[clause]]


@checks("REPLY-20")
def test_a_connection_ends_after_an_error_that_says_it_closes(judge: Judge) -> None:
    judge.control(CONTROL, why="a plain put fails")

    judge.expect_closed(Case(spoiled.put(b"", reply=True).pair[0]) for spoiled in ENDING)


def stat_missing(talk: Talk) -> None:
    talk.say(cmd="stat", filename=talk.new_name(), reply=True)


def stat_dots(talk: Talk) -> None:
    talk.say(cmd="stat", filename="..", reply=True)


def stat_nothing(talk: Talk) -> None:
    talk.say(cmd="stat", reply=True)


def unknown(talk: Talk) -> None:
    talk.say(cmd="x-nothing", reply=True)


GOING_ON = {"not-found": stat_missing, "bad-filename": stat_dots, "no filename": stat_nothing, "unknown": unknown}


@checks("REPLY-20")
@pytest.mark.parametrize("recipe", GOING_ON.values(), ids=GOING_ON.keys())
def test_a_connection_goes_on_after_an_error_that_says_it_does(judge: Judge, recipe: Recipe) -> None:
    def and_on(talk: Talk) -> None:
        for number in range(3):
            recipe(talk)
            talk.put(b"%d" % number, reply=True)

    judge.expect(Case.unhurried(and_on), Case(and_on), control=GLUED)


REFUSED = {
    "a folder before it": "a/%s",
    "dots": "..%.0s",
    "a control character": "%s\x01",
    "256 bytes": "%s" + "a" * 238,
}


@checks("REPLY-20")
@pytest.mark.parametrize("size", [0, 3, 70_000])
@pytest.mark.parametrize("name", REFUSED.values(), ids=REFUSED.keys())
def test_a_refused_put_ends_the_connection_or_not_as_its_error_says(judge: Judge, name: str, size: int) -> None:
    judge.control(GLUED, why="two plain puts fail")
    line, following = judge.dial(), judge.names.new()
    try:
        send(line, asking(pattern(size), cmd="put", filename=name % judge.names.new(), filesize=size))
        reply = hear_reply(judge, line)
        if not isinstance(reply, Failure):
            raise Finding("an error", f"{reply}", line.transcript)
        if reply.closing:
            if not judge.hear(line, until=lambda line: line.closed is not None, patience=5.5):
                raise Finding("closed within 5 s of an error that says so", "still open", line.transcript)
            return
        heard = len(line.received)
        send(line, asking(b"next", cmd="put", filename=following, filesize=4))
        hear_reply(judge, line, heard)
    finally:
        line.drop()


BAD_PREFIXES = {
    "prefix 0": 0, "prefix 1": 1, "prefix -1": -1, "prefix -2^31": -(2**31), "prefix 2^20+1": 2**20 + 1,
    "prefix 2^31-1": 2**31 - 1,
}  # fmt: skip


def behind_a_prefix(claim: int, talk: Talk) -> None:
    talk.put(b"before", reply=True)
    talk.raw(prefix(claim), "prefix")
    talk.raw(header(cmd="hello", reply=True), "header")
    talk.put(b"trap", reply=True)


@checks("REPLY-21")
@pytest.mark.parametrize("claim", BAD_PREFIXES.values(), ids=BAD_PREFIXES.keys())
def test_a_malformed_prefix_gets_no_reply(judge: Judge, claim: int) -> None:
    recipe = partial(behind_a_prefix, claim)

    judge.expect(Case(recipe), Case.unhurried(recipe), control=GLUED)


def silent(clause: str, *beginnings: str) -> list[Spoiled]:
    """Give spoiled headers in which a request for a reply can be written; all, or some by their titles."""
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


@checks("REPLY-21")
@pytest.mark.parametrize("rows", SILENT.values(), ids=SILENT.keys())
def test_what_is_no_object_gets_no_reply(judge: Judge, rows: Sequence[Spoiled]) -> None:
    judge.expect(*(Case(spoiled.put(reply=True)) for spoiled in rows), control=GLUED)


def owed(count: int, last: bytes, talk: Talk) -> None:
    for number in range(count):
        talk.put(pattern(number * 900), reply=True)
        talk.say(cmd="stat", filename=talk.watched[-1], reply=True)
    talk.raw(last, "unfinished or malformed request")


def whole(body: bytes = b"") -> bytes:
    head = header(cmd="put", filename="jc-never", filesize=99)
    return prefix(len(head)) + head + body


LAST = {
    "a byte of a prefix": whole()[:1],
    "three bytes of a prefix": whole()[:3],
    "a prefix": whole()[:4],
    "half a header": whole()[:20],
    "all but a byte of a header": whole()[:-1],
    "a header": whole(),
    "half a body": whole(b"half"),
    "all but a byte of a body": whole(bytes(98)),
    "a prefix of 0": prefix(0),
    "a prefix of -1": prefix(-1),
    "a prefix of 2^31-1": prefix(2**31 - 1),
    "an array": prefix(2) + b"[]",
    "an empty object": prefix(2) + b"{}",
    "no JSON": prefix(3) + b"{,}",
    "no UTF-8": prefix(7) + b'{"\xff":1}',
    "a put without a filename": prefix(26) + b'{"cmd":"put","filesize":3}',
}


@checks("REPLY-24")
@pytest.mark.parametrize("last", LAST.values(), ids=LAST.keys())
def test_replies_to_earlier_requests_still_come(judge: Judge, last: bytes) -> None:
    judge.expect(
        *(
            Case(partial(owed, count, last), cuts, end)
            for count, cuts in ((1, Talk.borders), (4, ()))
            for end in (End.FINISH, End.FINISH_AT_ONCE)
        ),
        control=GLUED,
    )


@checks("REPLY-24")
def test_replies_still_come_when_a_refused_put_is_cut_off(judge: Judge) -> None:
    def cut_off(talk: Talk) -> None:
        talk.put(b"before", reply=True)
        talk.frame(header(cmd="put", filename="../x", filesize=99, reply=True), b"half")

    judge.expect(Case(cut_off, (), End.FINISH), Case(cut_off, (), End.FINISH_AT_ONCE), control=GLUED)
