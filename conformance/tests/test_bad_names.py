"""The bad names of the suite break the clause that they say, and what stands beside them is valid."""

import pytest

from jhup.names import is_valid_name, name_fault
from jhup_conformance.suite.support.bad_names import BAD_NAMES, FILE, BadName, decoded
from jhup_conformance.suite.support.followed import followed
from jhup_conformance.verify.names import NAME_LENGTH, Names

UNIQUE = "jc-0123abcd-000001"
ROWS = [(clause, each) for clause, rows in BAD_NAMES.items() for each in rows]
rows = pytest.mark.parametrize(("clause", "bad"), ROWS, ids=[f"{clause} {each}" for clause, each in ROWS])


def test_a_unique_name_is_as_long_as_the_rows_suppose() -> None:
    assert len(UNIQUE) == len(Names("0123abcd").new()) == NAME_LENGTH


@rows
def test_the_name_breaks_its_clause(clause: str, bad: BadName) -> None:
    fault = name_fault(decoded(bad.filename, UNIQUE))

    assert fault is not None
    assert fault.clause == clause


@rows
def test_its_twin_is_valid_and_nobody_elses(clause: str, bad: BadName) -> None:
    assert is_valid_name(decoded(bad.right, UNIQUE))
    assert "@" in bad.right


@rows
def test_what_a_careless_server_makes_of_it_is_something_else(clause: str, bad: BadName) -> None:
    assert bad.filename not in bad.also
    assert len(set(bad.also)) == len(bad.also)


@rows
def test_its_put_watches_what_a_careless_server_makes_of_it(clause: str, bad: BadName) -> None:
    stream = followed(bad.put())

    assert {each.replace("@", FILE) for each in bad.also} <= set(stream.watched)
    assert stream.requests == 2


@pytest.mark.parametrize("clause", BAD_NAMES)
def test_titles_are_names(clause: str) -> None:
    titles = [each.title for each in BAD_NAMES[clause]]

    assert len(titles) == len(set(titles))
