"""Section 4.1, names that are not valid: refused, whatever the platform would make of them.

A body that was stored after all is looked for under the name itself, in the folder where it is given, and under the
names that careless servers make of it. Its put is tried with a reply and without: a reply says what the store can't.
"""

import contextlib
import os
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jhup_conformance.checks import NAME_LENGTH, Finding, Judge, NotSeen, Stream, check, clause_mark, together
from jhup_conformance.suite.support.bad_names import BAD_NAMES, BODY, BadName, spelled
from jhup_conformance.suite.support.followed import check_followed

TOGETHER = 8
"""Names of a generated property that are tried at the same time."""


def bad(clause: str) -> pytest.MarkDecorator:
    return together("names", BAD_NAMES[clause], BAD_NAMES[clause], at_a_time=5)


def check_refused(judge: Judge, *names: BadName, bodies: tuple[bytes, ...] = (BODY,)) -> None:
    if judge.folder is None and not judge.limits.replies:
        raise NotSeen("a refusal shows in replies, which the server does not have, or in its folder: use --storage DIR")
    puts = (name.put(body, reply=reply) for name in names for body in bodies for reply in (False, True))
    check_followed(judge, puts, requires=names[0].sound)


@check("NAME-3")
@pytest.mark.parametrize("body", [BODY, b""], ids=["with a body", "without a body"])
@bad("NAME-3")
def test_the_empty_name_is_refused(judge: Judge, names: tuple[BadName, ...], body: bytes) -> None:
    check_refused(judge, *names, bodies=(body,))


@check("NAME-4")
@bad("NAME-4")
def test_a_name_of_more_than_255_bytes_is_refused_and_not_cut(judge: Judge, names: tuple[BadName, ...]) -> None:
    check_refused(judge, *names)


CONTROLS = {
    "NUL": [0],
    "up to acknowledge": [*range(1, 7)],
    "bell to carriage return": [*range(7, 14)],
    "from shift out": [*range(14, 0x1B)],
    "escape": [0x1B],
    "separators": [*range(0x1C, 0x20)],
    "DEL": [0x7F],
}


@check("NAME-5")
@pytest.mark.parametrize("codes", CONTROLS.values(), ids=CONTROLS.keys())
def test_a_name_with_a_control_character_is_refused(judge: Judge, codes: list[int]) -> None:
    marks = tuple(f"U+{code:04X} " for code in codes)

    check_refused(judge, *(name for name in BAD_NAMES["NAME-5"] if name.title.startswith(marks)))


@check("NAME-5")
def test_a_control_character_is_one_however_it_is_written(judge: Judge) -> None:
    check_refused(judge, *(name for name in BAD_NAMES["NAME-5"] if not name.title.startswith("U+")))


@check("NAME-6")
@bad("NAME-6")
def test_a_name_with_a_slash_or_a_backslash_is_refused(judge: Judge, names: tuple[BadName, ...]) -> None:
    check_refused(judge, *names)


@check("NAME-7")
@bad("NAME-7")
def test_dot_and_dots_are_refused(judge: Judge, names: tuple[BadName, ...]) -> None:
    check_refused(judge, *names, bodies=(BODY, b""))


@check("NAME-8")
@bad("NAME-8")
def test_a_name_with_a_lone_surrogate_is_refused_or_malformed(judge: Judge, names: tuple[BadName, ...]) -> None:
    check_refused(judge, *names)


CHARACTERS = {"a": 1, "é": 2, "日": 3, "🎉": 4}


def near_the_limit(random: Random) -> Stream:
    """Return a put of a name of 253 to 258 bytes, made of characters of every width: valid or not."""
    room = random.randint(253, 258) - NAME_LENGTH
    filename = "@"
    while room:
        character = random.choice([each for each, width in CHARACTERS.items() if width <= room])
        filename += character
        room -= CHARACTERS[character]
    return spelled(filename, doubtful=True)


@check("NAME-4")
@given(seed=st.integers(0, 2**32))
def test_the_length_of_a_name_is_counted_in_bytes(judge: Judge, seed: int) -> None:
    random = Random(seed)

    check_followed(judge, [near_the_limit(random) for _ in range(TOGETHER)], requires=spelled("@"))


@pytest.mark.parametrize(
    "names", [pytest.param(names, marks=clause_mark(clause), id=clause) for clause, names in BAD_NAMES.items()]
)
def test_no_entry_of_the_folder_holds_a_refused_body(judge: Judge, names: tuple[BadName, ...]) -> None:
    """Under whatever name: a server that mends a bad name has not refused it."""
    if judge.folder is None:
        pytest.skip("the folder can't be seen")
    folder = judge.folder.folder
    bodies = {f"{judge.names.new()} {number:03d}".encode(): name for number, name in enumerate(names)}
    before = set(os.listdir(folder))  # noqa: PTH208 - thousands of names

    check_followed(judge, (name.put(body) for body, name in bodies.items()), requires=spelled("@"))

    for entry in set(os.listdir(folder)) - before:  # noqa: PTH208
        if name := bodies.get(content(folder / entry)):
            raise Finding("no entry of the folder holds the body of a refused put", f"{entry!r} holds that of {name}")


def content(path: Path) -> bytes:
    """Return the beginning of a file; nothing where there is none any more."""
    if path.is_symlink() or not path.is_file():
        return b""
    with contextlib.suppress(OSError), path.open("rb") as file:
        return file.read(64)
    return b""
