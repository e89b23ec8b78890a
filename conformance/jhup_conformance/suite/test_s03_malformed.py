"""Section 3.2, malformed headers: each breaks one rule, and its sound twin is the control.

A server that reads over the fault stores the body; one that skips the header, or takes the put for a refused one,
serves the put after it. Both are seen, because each header is tried with its body and without.
"""

from collections.abc import Sequence
from itertools import groupby, islice, repeat
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jhup.errors import Malformed
from jhup.readings import readings
from jhup_conformance.checks import Judge, Stream, check, together
from jhup_conformance.suite.support.earlier import EARLIER, after
from jhup_conformance.suite.support.followed import NEXT, check_followed, followed
from jhup_conformance.suite.support.malformed import Malformed as Row
from jhup_conformance.suite.support.malformed import put_of
from jhup_conformance.suite.support.malformed_rows import DOUBTFUL, MALFORMED, PLAIN

TOGETHER = 8
"""Exchanges of a generated property that are made at the same time."""


def broken(clause: str) -> pytest.MarkDecorator:
    rows = {**MALFORMED, **DOUBTFUL}[clause]
    return together("rows", rows, rows, at_a_time=TOGETHER // 2)


def check_read(judge: Judge, rows: Sequence[Row]) -> None:
    """Check that each header has an outcome of the model: for most that it is malformed, for some a choice."""
    for sound, alike in groupby(rows, key=lambda row: row.sound):
        check_followed(judge, (put for row in alike for put in (row.put(), row.put(b""))), requires=sound)


@check("HEAD-4")
@broken("HEAD-4")
def test_a_header_that_is_not_utf8_is_malformed(judge: Judge, rows: Sequence[Row]) -> None:
    check_read(judge, rows)


@check("HEAD-5")
@broken("HEAD-5")
def test_a_byte_order_mark_is_ignored_or_malformed(judge: Judge, rows: Sequence[Row]) -> None:
    check_read(judge, rows)


@check("HEAD-6")
@broken("HEAD-6")
def test_a_header_that_is_not_json_is_malformed(judge: Judge, rows: Sequence[Row]) -> None:
    check_read(judge, rows)


@check("HEAD-7")
@broken("HEAD-7")
def test_a_header_with_bytes_after_its_object_is_malformed(judge: Judge, rows: Sequence[Row]) -> None:
    check_read(judge, rows)


@check("HEAD-8")
@broken("HEAD-8")
def test_a_header_that_is_no_object_is_malformed(judge: Judge, rows: Sequence[Row]) -> None:
    check_read(judge, rows)


@check("HEAD-9")
@broken("HEAD-9")
def test_a_header_with_nan_or_an_infinity_anywhere_is_malformed(judge: Judge, rows: Sequence[Row]) -> None:
    check_read(judge, rows)


@check("HEAD-10")
@broken("HEAD-10")
def test_a_header_without_a_cmd_that_is_text_is_malformed(judge: Judge, rows: Sequence[Row]) -> None:
    check_read(judge, rows)


@check("HEAD-21")
@broken("HEAD-21")
def test_a_cmd_with_a_lone_surrogate_is_unknown_or_malformed(judge: Judge, rows: Sequence[Row]) -> None:
    check_read(judge, rows)


@check("HEAD-11")
@broken("HEAD-11")
def test_a_put_without_a_filename_that_is_a_string_is_malformed(judge: Judge, rows: Sequence[Row]) -> None:
    check_read(judge, rows)


@check("HEAD-12")
@broken("HEAD-12")
def test_a_put_without_a_filesize_that_is_a_natural_number_is_malformed(judge: Judge, rows: Sequence[Row]) -> None:
    check_read(judge, rows)


PUNCTUATION = b'{}[]:,"'
NEAR = PUNCTUATION + b" \\/'.-+0123456789eEtrufalsn\n\t\0\x80\xff"
BASES = (PLAIN, PLAIN[:-1] + b',"note":["a",{"b":null}],"mode":0.5}')


def one_byte_off(random: Random) -> bytes:
    """Return a header from which one byte was taken, to which one was added, or in which one was exchanged."""
    base = random.choice(BASES)
    at = random.choice([place for place, byte in enumerate(base) if byte in PUNCTUATION])
    new = bytes([random.choice(NEAR)]) if random.random() < 0.8 else b""
    taken = random.randrange(2) if new else 1
    return base[:at] + new + base[at + taken :]


def is_not_json(header: bytes) -> bool:
    found = readings(header.replace(b"@", b"name"))
    return all(isinstance(each, Malformed) and each.clause == "HEAD-6" for each in found)


@check("HEAD-6")
@given(seed=st.integers(0, 2**32))
def test_a_header_that_is_one_byte_off_json_is_malformed(judge: Judge, seed: int) -> None:
    tried = filter(is_not_json, map(one_byte_off, repeat(Random(seed))))

    check_followed(judge, (put_of(header) for header in islice(tried, TOGETHER)), requires=put_of(PLAIN))


INCOMPLETE = {
    "no filesize": b'{"cmd":"put","filename":"@"}',
    "filesize in other letters": b'{"cmd":"put","filename":"@","FileSize":3}',
}


@check("HEAD-12")
@pytest.mark.parametrize("header", INCOMPLETE.values(), ids=INCOMPLETE.keys())
@pytest.mark.parametrize("earlier", EARLIER.values(), ids=EARLIER.keys())
def test_a_missing_filesize_is_not_taken_from_an_earlier_header(judge: Judge, earlier: Stream, header: bytes) -> None:
    incomplete = put_of(header)

    judge.check(after(earlier, incomplete), requires=after(put_of(PLAIN), NEXT), blameless_if=incomplete.paced())


CASE_FOLDED = {
    "Filename": b'"Filename":"@"',
    "FILESIZE": b'"FILESIZE":3',
    "Cmd": b'"Cmd":"put"',
}


@check("HEAD-3")
@pytest.mark.parametrize("member", CASE_FOLDED.values(), ids=CASE_FOLDED.keys())
def test_no_other_case_stands_in_for_a_member_that_is_absent(judge: Judge, member: bytes) -> None:
    exact = member.lower()
    folded = followed(put_of(PLAIN.replace(exact, member)))
    absent = followed(put_of(PLAIN.replace(exact, b'"x":0')))

    judge.check(folded, requires=followed(put_of(PLAIN)), blameless_if=absent)
