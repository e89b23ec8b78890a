"""The kill matrix in the documentation says what the tables of suspects say, and its page what its JSON says."""

import json

import pytest
from kill_cases import suspects
from kill_page import MATRIX, PAGE, disagreements, render

REFRESH = "`tox -e judge -- --write` writes both anew"


@pytest.fixture(scope="module")
def matrix() -> dict[str, object]:
    return json.loads(MATRIX.read_text("utf-8"))


def test_the_matrix_is_that_of_the_tables_and_shows_no_fault_missed_and_nobody_accused(
    matrix: dict[str, object],
) -> None:
    assert disagreements(matrix, suspects()) == [], REFRESH


def test_the_page_is_that_of_the_matrix(matrix: dict[str, object]) -> None:
    assert render(matrix) == PAGE.read_text("utf-8"), REFRESH
