"""Section 4.1 and 4.2, valid names: stored under exactly what was sent, each for itself.

Where a name is no everyday one, the suite tries first whether the folder can hold it. Where it can't try, a target may
refuse it (NAME-10).
"""

from dataclasses import dataclass, replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jhup.limits import MAX_NAME
from jhup_conformance.bad_names import RequestOf
from jhup_conformance.exchange import Case
from jhup_conformance.followed import Pair, expect_followed
from jhup_conformance.judge import Judge
from jhup_conformance.marks import checks
from jhup_conformance.outcome import NotSeen
from jhup_conformance.talk import NAME_LENGTH, Talk

TOGETHER = 8
"""Names of a generated property that are tried at the same time."""

CONTROL = RequestOf("@").pair

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


@checks("NAME-1")
@pytest.mark.parametrize("text", SCRIPTS.values(), ids=SCRIPTS.keys())
def test_a_name_with_characters_beyond_ascii_is_stored_under(judge: Judge, text: str) -> None:
    names = (f"@{text}", f"{text}@", f"@{escaped(text)}", f"{escaped(text)}@.txt")

    judge.expect(
        *(Case.unhurried(RequestOf(name, next=False)) for name in names),
        control=Case.unhurried(RequestOf("@", next=False)),
    )


def can_hold(judge: Judge, filename: str) -> bool:
    """Tell whether the store is known to be able to hold a name like this one (JSON text)."""
    if judge.folder is None:
        return False
    return judge.folder.holds(RequestOf(filename).name(judge.names.new()))


def expect_stored(judge: Judge, *names: str) -> None:
    puts = [RequestOf(name, doubtful=not can_hold(judge, name)) for name in names]

    expect_followed(judge, (way.pair for put in puts for way in (put, replace(put, reply=True))), control=CONTROL)


PLAIN = ["@.txt", "@.tar.gz", "a@", "A@", "@-b", "@_b", "0@", "@" + "a" * 100]

UNUSUAL = {
    "a space within": "a @",
    "a space first": " @",
    "a space at the end": "@ ",
    "a dot first": ".@",
    "two dots first": "..@",
    "three dots first": "...@",
    "a dot at the end": "@.",
    "two dots at the end": "@..",
    "dots within": "a..@",
    "a hyphen first": "-@",
    "an option": "-rf @",
    "a tilde": "~@",
    "a tilde at the end": "@~",
    "a short name of DOS": "@~1",
    "a colon": "@:b",
    "a drive": "C:@",
    "a stream of NTFS": "@::$DATA",
    "an asterisk": "*@",
    "a question mark": "@?",
    "angle brackets": "<@>",
    "a bar": "@|b",
    "a quotation mark": "@\\u0022",
    "an apostrophe": "'@'",
    "a back quote": "`@`",
    "a command to a shell": "$(touch @);&",
    "a variable": "$HOME@",
    "a variable of Windows": "%PATH%@",
    "an escaped slash of a URL": "..%2f@",
    "an escaped slash of a URL, escaped": "..%252f@",
    "an escaped NUL of a URL": "@%00",
    "an escaped backslash of a URL": "@%5C",
    "a plus sign": "a+@",
    "a format": "%s%n{0}@",
    "HTML": "<b>&amp;@",
    "SQL": "@' OR '1'='1",
    "a full-width slash": "a／@",
    "a fraction slash": "a\u2044@",
    "a division slash": "a\u2215@",
    "a full-width backslash": "a＼@",
    "full-width dots": "．．@",
    "a one-dot leader": "\u2024\u2024@",
    "a device": "NUL.@",
    "a device with an extension": "CON.@.txt",
    "another device": "COM1.@",
    "a printer": "lpt1.@",
    "a no-break space": "\u00a0@",
    "an ideographic space": "\u3000@",
    "a line separator": "@\u2028b",
    "a control character beyond ASCII": "@\u0085b",
    "a byte order mark": "\ufeff@",
    "a zero-width joiner": "@\u200db",
    "a mark from right to left": "@\u202etxt.exe",
    "a combining accent first": "\u0301@",
    "a private character": "@\ue000",
    "a character that is none": "@\uffff",
    "the last code point": "@\U0010ffff",
    "a replacement character": "@\ufffd",
    "a temporary name": "@.tmp",
    "a hidden temporary name": ".@.swp",
    "a part": "@.part",
    "a number sign": "#@#",
    "JSON": '{\\"cmd\\":\\"@\\"}',
}


@checks("NAME-2")
@pytest.mark.parametrize("name", PLAIN)
def test_an_everyday_name_is_accepted(judge: Judge, name: str) -> None:
    expect_followed(judge, [RequestOf(name).pair, RequestOf(name, reply=True).pair], control=CONTROL)


@checks("NAME-2")
@pytest.mark.parametrize("name", UNUSUAL.values(), ids=UNUSUAL.keys())
def test_an_unusual_name_is_accepted_as_it_is(judge: Judge, name: str) -> None:
    expect_stored(judge, name)


LONGEST = {
    "ASCII": "a",
    "two bytes each": "é",
    "three bytes each": "日",
    "four bytes each": "🎉",
}


@checks("NAME-2")
@pytest.mark.parametrize("character", LONGEST.values(), ids=LONGEST.keys())
@pytest.mark.parametrize("length", [127, 128, 129, 143, 144, 254, MAX_NAME])
def test_a_name_of_up_to_255_bytes_is_accepted(judge: Judge, length: int, character: str) -> None:
    count, rest = divmod(length - NAME_LENGTH, len(character.encode()))

    expect_stored(judge, "@" + "b" * rest + character * count, "@" + escaped(character) * count + "b" * rest)


SHORTEST = ["...", "....", " ", "~", "-", "a", "Z", "0", "é", "日", "🎉", "CON", "nul", "aux", "index.html", ".profile"]


@checks("NAME-2")
@pytest.mark.parametrize("name", SHORTEST)
def test_a_name_that_others_may_use_is_accepted_where_nobody_does(judge: Judge, name: str) -> None:
    if judge.folder is None:
        pytest.skip("nothing could be removed afterwards")
    place = judge.folder.folder / name
    if not judge.folder.holds(name):
        pytest.skip("the folder has something of that name, or can't hold it")

    def put(talk: Talk) -> None:
        talk.put(b"of the suite", name=name)
        talk.watched.append(name)

    try:
        judge.control(Case.unhurried(RequestOf("@", next=False)), why="a plain put fails")
        judge.expect_all([Case.unhurried(put)])
    finally:
        place.unlink(missing_ok=True)


ALPHABET = "aZ09 ._-~+=,;:!?@#$%^&*()[]{}<>|'`éßøЖя日語🎉\u00a0\u200d\u0301\u0085／．"


@checks("NAME-2")
@given(seed=st.integers(0, 2**32))
def test_any_valid_name_is_accepted(judge: Judge, seed: int) -> None:
    random = Random(seed)
    names = [any_name(random) for _ in range(TOGETHER)]
    doubtful = not can_hold(judge, ALPHABET.replace("@", "") + "@")

    expect_followed(judge, (RequestOf(name, doubtful=doubtful).pair for name in names), control=CONTROL)


def any_name(random: Random) -> str:
    room = random.choice((1, 3, 20, MAX_NAME - NAME_LENGTH))
    around = ["", ""]
    while room > 0:
        character = random.choice(ALPHABET.replace("@", ""))
        around[random.randrange(2)] += character
        room -= 4
    return "@".join(around)


TWINS = {
    "capitals": ("@a", "@A"),
    "capitals beyond ASCII": ("@é", "@É"),
    "Greek capitals": ("@σ", "@Σ"),
    "a final sigma": ("@σ", "@ς"),
    "Cyrillic capitals": ("@я", "@Я"),
    "sharp s": ("@ß", "@ss"),
    "a long s": ("@s", "@ſ"),
    "a dotless i": ("@i", "@ı"),
    "a dotted capital i": ("@i", "@İ"),
    "an accent, composed or not": ("@é", "@e\u0301"),
    "an accent, not composed or composed": ("@o\u0308", "@ö"),
    "two accents in another order": ("@a\u0323\u0302", "@a\u0302\u0323"),
    "Korean, composed or not": ("@한", "@\u1112\u1161\u11ab"),
    "the sign of Kelvin": ("@K", "@\u212a"),
    "the sign of Angstrom": ("@Å", "@\u212b"),
    "a ligature": ("@fi", "@ﬁ"),
    "full width": ("@a", "@ａ"),
    "a zero-width space": ("@ab", "@a\u200bb"),
    "a soft hyphen": ("@ab", "@a\u00adb"),
    "a dot at the end": ("@a", "@a."),
    "a space at the end": ("@a", "@a "),
    "a space first": ("@a", " @a"),
    "an extension's capitals": ("@.txt", "@.TXT"),
    "kinds of space": ("a @", "a\u00a0@"),
    "kinds of slash": ("a／@", "a\u2215@"),
}


@dataclass(frozen=True, slots=True)
class Twins:
    """A recipe: two names that some file systems take for one.

    Attributes:
        first, second: the names, ``@`` for one that nobody else uses.
        doubtful: whether the store may be unable to hold both.
        both: whether the second is put as well.
    """

    first: str
    second: str
    doubtful: bool
    both: bool

    def __call__(self, talk: Talk) -> None:
        unique = talk.new_name()
        first, second = (name.replace("@", unique) for name in (self.first, self.second))
        talk.watched += [name for name in (first, second) if name != unique]
        if self.doubtful:
            talk.doubtful.add(second)
        talk.put(b"first", name=first)
        if self.both:
            talk.put(b"the second", name=second)
            talk.put(b"first, put again", name=first)


@checks("NAME-12")
@pytest.mark.parametrize(("first", "second"), TWINS.values(), ids=TWINS.keys())
def test_names_are_compared_code_point_by_code_point(judge: Judge, first: str, second: str) -> None:
    doubtful = True
    if folder := judge.folder:
        unique = judge.names.new()
        if folder.folds(first.replace("@", unique), second.replace("@", unique)):
            raise NotSeen("the folder's file system takes the two names for one, so that a look there tells nothing")
        doubtful = not (can_hold(judge, first) and can_hold(judge, second))
    orders = [(first, second), (second, first)]
    pairs: list[Pair] = [(Twins(*order, doubtful, both=False), Twins(*order, doubtful, both=True)) for order in orders]

    expect_followed(judge, pairs, control=CONTROL)
