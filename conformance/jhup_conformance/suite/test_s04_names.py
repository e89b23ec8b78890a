"""Section 4.1 and 4.2, valid names: stored under exactly what was sent, each for itself.

Where a name is no everyday one, the suite tries first whether the folder can hold it. Where it can't try, a target may
refuse it (NAME-10).
"""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jhup.limits import MAX_NAME
from jhup_conformance.checks import NAME_LENGTH, Judge, NotSeen, check, put, requests, together
from jhup_conformance.suite.support.bad_names import FILE, decoded, spelled
from jhup_conformance.suite.support.followed import Pair, check_followed, check_pairs

TOGETHER = 8
"""Names of a generated property that are tried at the same time."""

SOUND = spelled("@")

SCRIPTS = {
    "Latin": "éüßøÅñ",
    "Greek": "Ωμέγα",
    "Cyrillic": "файл",
    "Hebrew": "קובץ",
    "Arabic": "ملف",
    "Devanagari": "फ़ाइल",
    "Thai": "ไฟล์",
    "Korean": "파일",
    "Japanese": "日本語ファイル",
    "Chinese": "文件",
    "an emoji": "🎉",
    "an emoji of several code points": "👩🏽‍🚀",
    "a flag": "🇯🇵",
    "Gothic": "𐍆𐌰",
    "mathematics": "∑≠√",
}


def escaped(text: str) -> str:
    units = memoryview(text.encode("utf-16-le")).cast("H")
    return "".join(f"\\u{unit:04x}" for unit in units)


@check("NAME-1")
@together("texts", SCRIPTS.values(), SCRIPTS, at_a_time=4)
def test_a_name_with_characters_beyond_ascii_is_stored_under(judge: Judge, texts: tuple[str, ...]) -> None:
    names = (name for text in texts for name in (f"@{text}", f"{text}@", f"@{escaped(text)}", f"{escaped(text)}@.txt"))

    judge.check(*(spelled(name).paced() for name in names), requires=SOUND.paced())


def can_hold(judge: Judge, filename: str) -> bool:
    """Tell whether the store is known to be able to hold a name like this one (JSON text)."""
    if judge.folder is None:
        return False
    return judge.folder.holds(decoded(filename, judge.names.new()))


def check_stored(judge: Judge, *names: str) -> None:
    doubtful = {name: not can_hold(judge, name) for name in names}
    puts = (spelled(name, doubtful=doubtful[name], reply=reply) for name in names for reply in (False, True))

    check_followed(judge, puts, requires=SOUND)


PLAIN = ["@.txt", "@.tar.gz", "a@", "A@", "@-b", "@_b", "0@", "@" + "a" * 100]

UNUSUAL = {
    "spaces": ["a @", " @", "@ ", "\u00a0@", "\u3000@"],
    "dots": [".@", "..@", "...@", "@.", "@..", "a..@"],
    "hyphens and tildes": ["-@", "-rf @", "~@", "@~", "@~1"],
    "what DOS and NTFS take for something else": ["@:b", "C:@", "@::$DATA", "NUL.@", "CON.@.txt", "COM1.@", "lpt1.@"],
    "wildcards and redirections": ["*@", "@?", "<@>", "@|b", "[@]", "@&"],
    "quotes": ["@\\u0022", "'@'", "`@`", "“@”"],
    "what a shell takes for something else": ["$(touch @);&", "$HOME@", "%PATH%@", "!@", "#@#", "{@,b}"],
    "escapes of URLs": ["..%2f@", "..%252f@", "@%00", "@%5C", "a+@", "@%", "%c0%ae@"],
    "formats and markup": ["%s%n{0}@", "<b>&amp;@", "@' OR '1'='1", '{\\"cmd\\":\\"@\\"}'],
    "what looks like a slash": ["a／@", "a\u2044@", "a\u2215@", "a＼@", "@\u29f8b"],
    "what looks like dots": ["．．@", "\u2024\u2024@", "‥@", "…@"],
    "invisible characters": ["@\u2028b", "@\u0085b", "\ufeff@", "@\u200db", "@\u202etxt.exe", "@\u00adb"],
    "edges of Unicode": ["\u0301@", "@\ue000", "@\uffff", "@\ufffe", "@\U0010ffff", "@\ufffd", "@\ud7ff"],
    "names of unfinished files": ["@.tmp", ".@.swp", "@.part", "@.lock", ".#@", "@.new", "tmp@"],
}


@check("NAME-2")
def test_an_everyday_name_is_accepted(judge: Judge) -> None:
    check_followed(judge, (spelled(name, reply=reply) for name in PLAIN for reply in (False, True)), requires=SOUND)


@check("NAME-2")
@together("kinds", UNUSUAL.values(), UNUSUAL, at_a_time=2)
def test_an_unusual_name_is_accepted_as_it_is(judge: Judge, kinds: tuple[list[str], ...]) -> None:
    check_stored(judge, *(name for names in kinds for name in names))


@check("NAME-2")
@pytest.mark.parametrize("length", [127, 128, 129, 143, 144, 254, MAX_NAME])
def test_a_name_of_up_to_255_bytes_is_accepted(judge: Judge, length: int) -> None:
    names = []
    for character in "aé日🎉":
        count, rest = divmod(length - NAME_LENGTH, len(character.encode()))
        names += ["@" + "b" * rest + character * count, "@" + escaped(character) * count + "b" * rest]

    check_stored(judge, *names)


SHORTEST = ["...", "....", " ", "~", "-", "a", "Z", "0", "é", "日", "🎉", "CON", "nul", "aux", "index.html", ".profile"]


@check("NAME-2")
@pytest.mark.parametrize("name", SHORTEST)
def test_a_name_that_others_may_use_is_accepted_where_nobody_does(judge: Judge, name: str) -> None:
    if judge.folder is None or judge.observer is not judge.folder:  # or the folder holds it under another name
        pytest.skip("nothing could be removed afterwards")
    place = judge.folder.folder / name
    if not judge.folder.holds(name):
        pytest.skip("the folder has something of that name, or can't hold it")

    try:
        judge.require(SOUND.paced())
        judge.check(put(b"of the suite", name=name).watching(name).paced())
    finally:
        place.unlink(missing_ok=True)


ALPHABET = "aZ09 ._-~+=,;:!?@#$%^&*()[]{}<>|'`éßøЖя日語🎉\u00a0\u200d\u0301\u0085／．"


@check("NAME-2")
@given(seed=st.integers(0, 2**32))
def test_any_valid_name_is_accepted(judge: Judge, seed: int) -> None:
    random = Random(seed)
    names = [any_name(random) for _ in range(TOGETHER)]
    doubtful = not can_hold(judge, ALPHABET.replace("@", "") + "@")

    check_followed(judge, (spelled(name, doubtful=doubtful) for name in names), requires=SOUND)


def any_name(random: Random) -> str:
    room = random.choice((1, 3, 20, MAX_NAME - NAME_LENGTH))
    around = ["", ""]
    while room > 0:
        character = random.choice(ALPHABET.replace("@", ""))
        around[random.randrange(2)] += character
        room -= 4
    return "@".join(around)


TWINS = {
    "capitals": [("@a", "@A"), ("a@.txt", "a@.TXT"), ("@é", "@É"), ("@я", "@Я")],
    "capitals of a kind of their own": [
        ("@σ", "@Σ"),
        ("@σ", "@ς"),
        ("@ß", "@ss"),
        ("@s", "@ſ"),
        ("@i", "@ı"),
        ("@i", "@İ"),
    ],
    "composed or not": [("@é", "@e\u0301"), ("@o\u0308", "@ö"), ("@한", "@\u1112\u1161\u11ab")],
    "marks in another order": [("@a\u0323\u0302", "@a\u0302\u0323")],
    "the same sign twice": [("@K", "@\u212a"), ("@Å", "@\u212b"), ("@Ω", "@\u2126")],
    "compatible characters": [("@fi", "@ﬁ"), ("@a", "@ａ"), ("@2", "@²"), ("a／@", "a\u2215@")],
    "characters that are ignored": [("@ab", "@a\u200bb"), ("@ab", "@a\u00adb"), ("@ab", "@a\u200db")],
    "dots and spaces around": [("@a", "@a."), ("@a", "@a "), ("@a", " @a"), ("a @", "a\u00a0@")],
}


def twins(first: str, second: str, *, doubtful: bool) -> Pair:
    """Return the put of one of two names that some file systems take for one, and the puts of both.

    Args:
        first: the name put first, ``@`` for one that nobody else uses.
        second: the other name.
        doubtful: whether the store may be unable to hold both.
    """
    one, other = (each.replace("@", FILE) for each in (first, second))
    doubted = (other,) if doubtful else ()
    alone = put(b"first", name=one).watching(*(each for each in (one, other) if each != FILE)).doubting(*doubted)
    return alone, requests(alone, put(b"the second", name=other), put(b"first, put again", name=one))


@check("NAME-12")
@pytest.mark.parametrize("alike", TWINS.values(), ids=TWINS.keys())
def test_names_are_compared_code_point_by_code_point(judge: Judge, alike: list[tuple[str, str]]) -> None:
    pairs: list[Pair] = []
    for first, second in alike:
        doubtful = True
        if folder := judge.folder:
            unique = judge.names.new()
            if folder.folds(first.replace("@", unique), second.replace("@", unique)):
                raise NotSeen("the folder's file system takes some names for one, so that a look there tells nothing")
            doubtful = not (can_hold(judge, first) and can_hold(judge, second))
        pairs += [twins(first, second, doubtful=doubtful), twins(second, first, doubtful=doubtful)]

    check_pairs(judge, pairs, requires=twins("@a", "@b", doubtful=False))
