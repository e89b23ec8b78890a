"""The faults that the suite did not see at first are told in the same way as those of the two tables."""

import pytest
from echo_fault_table import FAULTS as ECHO_FAULTS
from later_faults import ECHO, THOROUGH, UPLOAD
from upload_fault_table import FAULTS as UPLOAD_FAULTS

from jhup.clauses import clauses


def test_no_name_is_one_of_the_tables() -> None:
    assert not UPLOAD.keys() & UPLOAD_FAULTS.keys()
    assert not ECHO.keys() & ECHO_FAULTS.keys()
    assert UPLOAD.keys() >= THOROUGH


@pytest.mark.parametrize("name", [*UPLOAD, *ECHO])
def test_each_says_what_is_wrong_and_breaks_a_clause_of_the_text(name: str) -> None:
    fault = UPLOAD.get(name) or ECHO[name]

    assert (fault.server.__doc__ or "").endswith(".")
    assert fault.blamed
    assert fault.blamed | fault.related.keys() <= clauses().keys()
    assert not fault.blamed & fault.related.keys()
