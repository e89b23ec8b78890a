"""Section 3.4, duplicates and extremes: one of two readings where senders stay away, and never a crash or a stall."""

from collections.abc import Iterable
from dataclasses import dataclass

import pytest

from jhup.limits import MAX_HEADER
from jhup_conformance.checks import Dialogue, End, Finding, Judge, StillOpen, Stream, check, together
from jhup_conformance.suite.support.followed import Pair, check_followed, check_pairs, followed
from jhup_conformance.suite.support.malformed import put_of
from jhup_conformance.suite.support.malformed_rows import PLAIN

SOUND = put_of(PLAIN)


FILENAMES = ("@", "@-first", "@-last", "@-middle")


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A header in which a member stands more than once, its body, and whether a plain put follows.

    None follows where the last of them is wrong in itself: what becomes of such a header is for other clauses to say.
    """

    title: str
    header: bytes
    body: bytes = b"abc"
    followed: bool = True

    @property
    def pair(self) -> Pair:
        alone = put_of(self.header, self.body, also=FILENAMES[1:])
        return alone, followed(alone) if self.followed else alone


def twice(title: str, old: bytes, new: bytes, body: bytes = b"abc", *, followed: bool = True) -> Duplicate:
    return Duplicate(title, PLAIN.replace(old, new, 1), body, followed)


FILENAME = b'"filename":"@"'
FILESIZE = b'"filesize":3'
CMD = b'"cmd":"put"'
DUPLICATES = [
    twice("two filenames", FILENAME, b'"filename":"@-first","filename":"@-last"'),
    twice("three filenames", FILENAME, b'"filename":"@-first","filename":"@-middle","filename":"@-last"'),
    twice("the same filename twice", FILENAME, b'"filename":"@","filename":"@"'),
    twice("a filename before cmd, another after it", b"{", b'{"filename":"@-first",'),
    twice("two filenames, one spelled with an escape", FILENAME, b'"filename":"@-first","file\\u006eame":"@-last"'),
    twice("a good filename after a bad one", FILENAME, b'"filename":"../@","filename":"@-last"'),
    twice("a bad filename after a good one", FILENAME, b'"filename":"@-first","filename":"@/b"', followed=False),
    twice("a filename that is no string, then one that is", FILENAME, b'"filename":null,"filename":"@-last"'),
    twice("a filename, then one that is no string", FILENAME, b'"filename":"@-first","filename":null', followed=False),
    twice("filesize 1, then 3", FILESIZE, b'"filesize":1,"filesize":3'),
    twice("filesize 3, then 1", FILESIZE, b'"filesize":3,"filesize":1', b"a"),
    twice("filesize 3, then 0", FILESIZE, b'"filesize":3,"filesize":0', b""),
    twice("filesize 3 twice", FILESIZE, b'"filesize":3,"filesize":3'),
    twice("a filesize that is no number, then one that is", FILESIZE, b'"filesize":"9","filesize":3'),
    twice("an unknown cmd, then put", CMD, b'"cmd":"x-nothing","cmd":"put"'),
    twice("put, then an unknown cmd", CMD, b'"cmd":"put","cmd":"x-nothing"', b""),
    twice("put twice", CMD, b'"cmd":"put","cmd":"put"'),
    twice("a cmd that is no string, then put", CMD, b'"cmd":0,"cmd":"put"'),
    twice("put, then a cmd that is no string", CMD, b'"cmd":"put","cmd":0', b"", followed=False),
    twice("reply false, then true", FILESIZE, FILESIZE + b',"reply":false,"reply":true'),
    twice("reply true, then false", FILESIZE, FILESIZE + b',"reply":true,"reply":false'),
    twice("a member of another command twice", CMD, b'"cmd":"x-nothing","filesize":1', b""),
]  # fmt: skip


@check("HEAD-17")
@together("duplicates", DUPLICATES, [each.title for each in DUPLICATES], at_a_time=4)
def test_of_a_member_that_stands_twice_the_last_counts_or_none(judge: Judge, duplicates: tuple[Duplicate, ...]) -> None:
    check_pairs(judge, (each.pair for each in duplicates), requires=(SOUND, followed(SOUND)))


REPEATED = {
    "an unknown member twice": b'"x":1,"x":2',
    "an unknown member twice, of two types": b'"x":[],"x":null',
    "an unknown member forty times": b",".join(b'"x":%d' % number for number in range(40)),
    "an unknown member twice, spelled differently": b'"x":1,"\\u0078":2',
    "the empty name twice": b'"":1,"":2',
    "a name twice in an object": b'"x":{"a":1,"a":2}',
    "the four members twice in an object": (
        b'"x":{"cmd":"a","cmd":"b","filename":"@-first","filename":"@-last","filesize":1,"filesize":2}'
    ),
    "a name twice in an object in an array": b'"x":[{"a":1,"a":2},{"b":{"c":1,"c":2}}]',
}


@check("HEAD-18")
@pytest.mark.parametrize("members", REPEATED.values(), ids=REPEATED.keys())
def test_repeated_names_that_mean_nothing_are_ignored_or_malformed(judge: Judge, members: bytes) -> None:
    before, after = PLAIN.replace(b"{", b"{" + members + b",", 1), PLAIN[:-1] + b"," + members + b"}"

    check_followed(judge, (put_of(header, also=FILENAMES[1:]) for header in (before, after)), requires=SOUND)


def nested(depth: int, opening: bytes = b"[", closing: bytes = b"]", core: bytes = b"") -> bytes:
    """Nest so deep, or as deep as the longest header that every server takes allows."""
    most = (MAX_HEADER - 200) // (len(opening) + len(closing))
    return opening * min(depth, most) + core + closing * min(depth, most)


EXTREMES: dict[str, bytes] = {
    "arrays 65 levels deep": nested(65),
    "arrays 500 levels deep": nested(500),
    "arrays 1,000 levels deep": nested(1_000),
    "arrays 5,000 levels deep": nested(5_000),
    "arrays as deep as a header goes": nested(100_000),
    "objects 1,000 levels deep": nested(1_000, b'{"a":', b"}", b"0"),
    "objects as deep as a header goes": nested(100_000, b'{"a":', b"}", b"0"),
    "arrays and objects in turn": nested(100_000, b'[{"a":', b"}]", b"0"),
    "40 digits": b"9" * 40,
    "400 digits": b"-" + b"9" * 400,
    "5,000 digits": b"9" * 5_000,
    "10,000 digits": b"9" * 10_000,
    "as many digits as a header holds": b"9" * (MAX_HEADER - 200),
    "2^63": b"9223372036854775808",
    "2^64": b"18446744073709551616",
    "10,000 digits of a fraction": b"0." + b"3" * 10_000,
    "a huge exponent": b"1e1000000000",
    "a huge exponent below zero": b"-1E-1000000000",
    "a huge exponent of zero": b"0e1000000000",
    "an exponent of 20 digits": b"1e+99999999999999999999",
    "an exponent of 10,000 digits": b"1e" + b"9" * 10_000,
    "a lone high surrogate": b'"\\ud800"',
    "a lone low surrogate": b'"a\\udc80b"',
    "surrogates the wrong way round": b'"\\ude00\\ud83d"',
    "a lone surrogate as a name": b'{"\\udfff":1}',
}


UNUSED: dict[str, bytes] = {
    "the filename of an unknown command": b'{"cmd":"x-nothing","filename":%s}',
    "the filesize of an unknown command": b'{"cmd":"x-nothing","filename":"@","filesize":%s}',
    "the filesize of a stat": b'{"cmd":"stat","filename":"@","filesize":%s}',
    "the filename of a hello": b'{"cmd":"hello","filename":%s}',
}


@check("HEAD-19")
@pytest.mark.parametrize("template", UNUSED.values(), ids=UNUSED.keys())
def test_an_extreme_in_a_member_that_is_not_used_is_ignored_or_malformed(judge: Judge, template: bytes) -> None:
    values = [EXTREMES[title] for title in ("arrays 1,000 levels deep", "400 digits", "a huge exponent", "2^63")]
    tried = (put_of(template % value, b"") for value in (*values, b'"\\ud800"'))

    check_followed(judge, tried, requires=put_of(template % b"[9]", b""))


@check("HEAD-19")
@together("values", EXTREMES.values(), EXTREMES, at_a_time=5)
def test_an_extreme_in_an_unknown_member_is_ignored_or_malformed(judge: Judge, values: tuple[bytes, ...]) -> None:
    puts = [extreme(value) for value in values]

    check_followed(judge, puts, requires=extreme(b"[9]"))

    if judge.limits.replies:
        judge.check(*(extreme(value, reply=True).ending(End.FINISH) for value in values), closes=True)
    check_no_stall(judge, puts)


def extreme(value: bytes, *, reply: bool = False) -> Stream:
    return put_of(PLAIN[:-1] + b',"x":' + value + b"}", reply=reply)


def check_no_stall(judge: Judge, puts: Iterable[Stream]) -> None:
    """A stalled server does not close when the stream ends; one that never does so after a bad header is left out."""
    if not all(closes(judge, each) for each in (SOUND, put_of(PLAIN[:-1]))):
        return
    for stream in puts:
        if not closes(judge, stream) and not closes(judge, stream):
            raise Finding(points=(StillOpen(),), transcript=ended(judge, stream).transcript, timed_out=True)


def closes(judge: Judge, stream: Stream) -> bool:
    """Tell whether the target closes a connection on which something was sent and the stream has ended."""
    return ended(judge, stream).closed is not None


def ended(judge: Judge, stream: Stream) -> Dialogue:
    with judge.converse() as dialogue:
        dialogue.send(stream.ending(End.FINISH))
        dialogue.wait_for_close()
    return dialogue


UNFINISHED = {
    "arrays that don't end": b"[" * (MAX_HEADER - 200),
    "objects that don't end": b'{"a":' * ((MAX_HEADER - 200) // 5),
    "a string that doesn't end": b'"' + b"a" * (MAX_HEADER - 200),
}


@check("HEAD-19")
@pytest.mark.parametrize("value", UNFINISHED.values(), ids=UNFINISHED.keys())
def test_an_extreme_that_does_not_even_end_is_malformed(judge: Judge, value: bytes) -> None:
    check_followed(judge, [put_of(PLAIN[:-1] + b',"x":' + value)], requires=SOUND)


@check("HEAD-19")
def test_thousands_of_members_are_no_extreme(judge: Judge) -> None:
    more = b"".join(b',"%x":0' % number for number in range(6_000))

    check_followed(judge, [put_of(PLAIN[:-1] + more + b"}")], requires=SOUND)


@check("HEAD-19", late=True, quick=False)
def test_no_processor_is_busy_after_extremes(judge: Judge) -> None:
    busy = 0.5 + (judge.vitals.load(0.1) if judge.vitals else 0.0)  # it may spin for other reasons (ERR-7)
    check_followed(judge, map(extreme, EXTREMES.values()), requires=SOUND)

    if judge.vitals and judge.vitals.load(0.1) > busy and (load := judge.vitals.load(1.0)) > busy:
        actual = f"{load:.1f} processors in use, {busy - 0.5:.1f} before"
        raise Finding("no processor time once the headers are dealt with", actual)
