"""The malformed headers of the suite break the rule that they say, and no other; their twins break none."""

import pytest

from jhup.errors import Malformed
from jhup.messages import Put
from jhup.readings import Reading, readings
from jhup_conformance.suite.support.malformed import BODY
from jhup_conformance.suite.support.malformed import Malformed as Row
from jhup_conformance.suite.support.malformed_rows import MALFORMED
from jhup_conformance.verify.names import Names
from jhup_conformance.verify.stream import Stream

NAME = "jc-0123abcd-000001"
ROWS = [(clause, each) for clause, rows in MALFORMED.items() for each in rows]
rows = pytest.mark.parametrize(("clause", "row"), ROWS, ids=[f"{clause} {each}" for clause, each in ROWS])


def header_of(stream: Stream) -> bytes:
    bound = stream.bind(Names("0123abcd"))
    return bound.data[4 : bound.stream.header().end]


def read(stream: Stream) -> tuple[Reading, ...]:
    return readings(header_of(stream))


@rows
def test_the_header_breaks_its_clause_and_no_other(clause: str, row: Row) -> None:
    found = read(row.put())

    assert {each.clause for each in found if isinstance(each, Malformed)} == {clause}
    assert all(isinstance(each, Malformed) for each in found)


@rows
def test_its_twin_is_a_put_of_three_bytes(clause: str, row: Row) -> None:
    (put,) = read(row.sound)

    assert isinstance(put, Put)
    assert put.filesize == len(BODY)
    assert put.filename.startswith(NAME)


@rows
def test_the_two_differ(clause: str, row: Row) -> None:
    assert header_of(row.put()) != header_of(row.sound)


@pytest.mark.parametrize("clause", MALFORMED)
def test_titles_are_names(clause: str) -> None:
    titles = [each.title for each in MALFORMED[clause]]

    assert len(titles) == len(set(titles))
