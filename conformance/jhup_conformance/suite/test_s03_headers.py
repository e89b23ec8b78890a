"""Section 3.1, the object: how it may be written, and members that mean nothing."""

import json
from collections.abc import Iterable
from itertools import permutations
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jhup.readings import MEMBERS
from jhup_conformance.checks import NAME_LENGTH, Judge, Stream, check, frame, put, together
from jhup_conformance.suite.support.malformed import FILE, put_of
from jhup_conformance.suite.support.malformed_rows import PLAIN

TOGETHER = 6
"""Headers of a generated property that are tried at the same time."""

PUT = put(b"abc").paced()


def escaped(text: str, digits: str = "04x") -> str:
    """Write every character of a text as an escape."""
    units = text.encode("utf-16-be")
    pairs = (units[at : at + 2] for at in range(0, len(units), 2))
    return "".join(f"\\u{int.from_bytes(pair, 'big'):{digits}}" for pair in pairs)


def spaced(space: str) -> bytes:
    tokens = ["{", '"cmd"', ":", '"put"', ",", '"filename"', ":", '"@"', ",", '"filesize"', ":", "3", "}"]
    return (space + space.join(tokens) + space).encode()


SPELLED: dict[str, str | bytes] = {
    "spaces between all tokens": spaced(" "),
    "tabs between all tokens": spaced("\t"),
    "line feeds between all tokens": spaced("\n"),
    "carriage returns between all tokens": spaced("\r"),
    "all kinds of white space between all tokens": spaced(" \t\r\n "),
    "indented": json.dumps({"cmd": "put", "filename": "@", "filesize": 3}, indent=4).encode(),
    "names as escapes": f'{{"{escaped("cmd")}":"put","{escaped("filename")}":"@","{escaped("filesize")}":3}}',
    "values as escapes": f'{{"cmd":"{escaped("put")}","filename":"{escaped(FILE)}","filesize":3}}',
    "escapes in capitals": (
        f'{{"{escaped("cmd", "04X")}":"{escaped("put", "04X")}",'
        f'"{escaped("filename", "04X")}":"{escaped(FILE, "04X")}","{escaped("filesize", "04X")}":3}}'
    ),
    "one character as an escape": PLAIN.replace(b"put", b"p\\u0075t"),
}


@check("HEAD-1")
@pytest.mark.parametrize("header", SPELLED.values(), ids=SPELLED.keys())
def test_a_header_is_read_alike_however_it_is_written(judge: Judge, header: str | bytes) -> None:
    spelled = header.encode() if isinstance(header, str) else header

    judge.check(put_of(spelled).paced(), requires=PUT)


@check("HEAD-1")
@pytest.mark.parametrize("first", ["cmd", "filename", "filesize", "x"])
def test_members_may_stand_in_any_order(judge: Judge, first: str) -> None:
    members = {"cmd": "put", "filename": "@", "filesize": 3, "x": None}
    orders = [order for order in permutations(members) if order[0] == first]
    headers = [json.dumps({each: members[each] for each in order}, separators=(",", ":")) for order in orders]

    judge.check(*(put_of(header.encode()).paced() for header in headers), requires=PUT)


@check("HEAD-1")
@pytest.mark.parametrize("suffix", ["é", "日本", "🎉", "\u200d\ufeff", "\u2028", "~ '"])
def test_a_name_means_the_same_raw_and_as_escapes(judge: Judge, suffix: str) -> None:
    name = FILE + suffix
    raw = frame(PLAIN.replace(b"@", name.encode()), b"raw")
    spelled = frame(PLAIN.replace(b"@", escaped(name).encode()).replace(b"3}", b"7}"), b"escaped")

    judge.check(*(each.watching(name).paced() for each in (raw, spelled)), requires=PUT)


def by_chance(seed: int) -> Stream:
    """Return a put whose header is spelled by chance, the same for each seed."""
    random = Random(seed)
    body = bytes(random.randrange(256) for _ in range(random.choice((1, 3, 17))))
    name = FILE + "".join(random.choices("aé日🎉 '~%", k=random.randrange(4)))
    members: dict[str, Any] = {"cmd": "put", "filename": name, "filesize": len(body)}
    members |= {f"x{number}": random.choice((None, True, -1, "é/", [], {})) for number in range(random.randrange(3))}
    return frame(spell(members, random), body).watching(name).paced()


def spell(members: dict[str, Any], random: Random) -> bytes:
    """Write an object: members in any order, white space of any kind, characters raw or as escapes."""

    def space() -> str:
        return "".join(random.choices(" \t\r\n", k=random.choice((0, 0, 0, 1, 3))))

    def write(value: object) -> str:
        if not isinstance(value, str):
            return json.dumps(value)
        short = {"/": "\\/", "\t": "\\t"}
        kept = NAME_LENGTH if value.startswith(FILE) else 0  # a name is filled in where it stands raw
        spelled = (
            random.choice((each, each, escaped(each), escaped(each, "04X"), short.get(each, each)))
            for each in value[kept:]
        )
        return f'"{value[:kept]}{"".join(spelled)}"'

    pairs = list(members.items())
    random.shuffle(pairs)
    text = ",".join(f"{space()}{write(name)}{space()}:{space()}{write(value)}{space()}" for name, value in pairs)
    return f"{space()}{{{text}}}{space()}".encode()


@check("HEAD-1", quick=False)
@given(seed=st.integers(0, 2**32))
def test_a_header_is_read_alike_however_chance_spells_it(judge: Judge, seed: int) -> None:
    judge.check(*(by_chance(seed + number) for number in range(TOGETHER)), requires=PUT)


VALUES: dict[str, bytes] = {
    "a string": b'"value"',
    "an empty string": b'""',
    "a string with braces and quotes": b'"}{\\"][,:\\\\"',
    "a string that looks like a header": b'"{\\"cmd\\":\\"finish\\",\\"filesize\\":9}"',
    "zero": b"0",
    "a negative number": b"-17",
    "a fraction": b"0.25",
    "an exponent": b"-1.5E+3",
    "2^63-1": b"9223372036854775807",
    "-2^63": b"-9223372036854775808",
    "true": b"true",
    "false": b"false",
    "null": b"null",
    "an empty array": b"[]",
    "an array": b'[1,"a",null,[true,[]],{}]',
    "an empty object": b"{}",
    "an object": b'{"a":{"b":[{"c":null}]}}',
    "an object with members of those names": b'{"cmd":"x","filename":"@-decoy","filesize":1,"reply":true}',
    "an array of such objects": b'[{"cmd":"x","filename":"@-decoy","filesize":1}]',
    "sixty levels": b"[" * 60 + b"]" * 60,
    "escapes of every kind": b'"\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\\ud83c\\udf89"',
    "text of other scripts": '"日本é🎉\u2028"'.encode(),
}


@check("HEAD-2")
@together("values", VALUES.values(), VALUES, at_a_time=4)
def test_an_unknown_member_is_ignored_whatever_its_value(judge: Judge, values: tuple[bytes, ...]) -> None:
    check_ignored(judge, [b'"x":' + value for value in values])


def check_ignored(judge: Judge, members: Iterable[bytes]) -> None:
    """Have members stand before those of a put and after them: nothing comes of it."""
    heads = [
        PLAIN.replace(*edit, 1) for each in members for edit in ((b"{", b"{" + each + b","), (b"}", b"," + each + b"}"))
    ]
    judge.check(*(put_of(head, also=("@-decoy",)).paced() for head in heads), requires=PUT)


NAMES = [
    "", " ", "mode", "path", "file", "name", "size", "length", "md5", "sha256", "data", "body", "content", "offset",
    "type", "version", "status", "code", "user", "self", "cls", "request", "server", "__class__", "__init__",
    "__proto__", "constructor", "toString", "hasOwnProperty", "日本", "\\u0000", "\\n", "$ref", "a.b", "a/b",
]  # fmt: skip


@check("HEAD-2")
def test_unknown_members_of_any_name_are_ignored(judge: Judge) -> None:
    heads = [PLAIN[:-1] + f',"{name}":"{name}"}}'.encode() for name in dict.fromkeys(NAMES)]

    judge.check(*(put_of(head).paced() for head in heads), requires=PUT)


@check("HEAD-2")
@pytest.mark.parametrize("count", [1, 10, 40])
def test_many_unknown_members_are_ignored(judge: Judge, count: int) -> None:
    more = b"".join(b',"x%d":%d' % (number, number) for number in range(count))

    judge.check(put_of(PLAIN[:-1] + more + b"}").paced(), requires=PUT)


# An alphabet of its own: making the tables of all characters would take longer than all checks of this section.
texts = st.text(st.sampled_from('az09 _-"\\/{}[],:.%\0\b\n\t\x1f\x7f\x80éß日\u2028\ufeff\uffff🎉'), max_size=8)
scalars = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(-1e9, 1e9).map(lambda x: round(x, 6))
values = st.recursive(
    scalars | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
unknown = st.dictionaries(texts.filter(lambda name: name not in MEMBERS), values, min_size=1, max_size=3)


@check("HEAD-2", quick=False)
@given(several=st.lists(unknown, min_size=TOGETHER, max_size=TOGETHER))
def test_unknown_members_are_ignored_whatever_they_are(judge: Judge, several: list[dict[str, Any]]) -> None:
    heads = [
        PLAIN[:-1] + b"," + json.dumps(members, ensure_ascii=bool(number % 2)).encode()[1:].replace(b"@", b"~")
        for number, members in enumerate(several)
    ]

    judge.check(*(put_of(head).paced() for head in heads), requires=PUT)


DECOYS: dict[str, bytes] = {
    "Filename": b'"Filename":"@-decoy"',
    "FILENAME": b'"FILENAME":"@-decoy"',
    "fileName": b'"fileName":"@-decoy"',
    "file_name": b'"file_name":"@-decoy"',
    "filename with a space": b'"filename ":"@-decoy"',
    "filename with NUL": b'"filename\\u0000":"@-decoy"',
    "filename in full-width letters": '"ｆｉｌｅｎａｍｅ":"@-decoy"'.encode(),
    "filesize with a long s": '"file\u017fize":1'.encode(),
    "Cmd": b'"Cmd":"finish"',
    "CMD": b'"CMD":"x-nothing"',
    "cmd with a space": b'" cmd":"x-nothing"',
    "Filesize": b'"Filesize":1',
    "fileSize": b'"fileSize":99',
    "filesize with a dotless i": '"f\u0131lesize":1'.encode(),
    "Reply": b'"Reply":true',
    "REPLY": b'"REPLY":true',
}


@check("HEAD-3")
@together("decoys", DECOYS.values(), DECOYS, at_a_time=4)
def test_a_member_whose_name_is_almost_that_of_another_is_unknown(judge: Judge, decoys: tuple[bytes, ...]) -> None:
    check_ignored(judge, decoys)
