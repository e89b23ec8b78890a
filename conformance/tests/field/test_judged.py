"""The suite says of each server of the zoo what has to be said: whole runs, by `judge_field.py` as well."""

from collections.abc import Mapping

import pytest
from judge_field import expected_of
from variants.generate import Variant, variants

from field.field_table import FIELD, FieldServer
from field.judging import Expected, Said, faults_found, judge, may_blame, wrong

EXPECTED = Expected(
    name="a server",
    words=["true"],
    statuses=frozenset({1}),
    met=frozenset({"basic"}),
    blamed=frozenset({"FRAME-3"}),
    related={"FRAME-9": "it is cut there, too"},
    warned=frozenset({"ERR-10"}),
    contact="speaks JHUP",
    says="SIGPIPE",
)


def said(outcomes: Mapping[str, str], *, status: int | None = 1, met: str = "basic", printed: str = "") -> Said:
    clauses = [
        {"id": clause, "outcome": outcome, "expected": "this", "actual": "that"} for clause, outcome in outcomes.items()
    ]
    heard = {"first_contact": {"line": "speaks JHUP"}, "incidents": [{"status": "SIGPIPE"}]}
    return Said(status, 1.0, printed, {"clauses": clauses, "class_met": met, **heard})


def test_nothing_is_wrong_where_all_is_said_that_has_to_be() -> None:
    assert list(wrong(EXPECTED, said({"FRAME-3": "FAIL", "FRAME-9": "FAIL", "ERR-10": "WARN", "CONN-1": "PASS"}))) == []


@pytest.mark.parametrize(
    ("heard", "complaint"),
    [
        (said({"FRAME-3": "PASS"}), "MISSED FRAME-3 (PASS)"),
        (said({"FRAME-3": "FAIL", "CONN-1": "FAIL"}), "ACCUSED CONN-1 FAIL: expected this; actual that"),
        (said({"FRAME-3": "FAIL", "ERR-10": "FAIL"}), "ACCUSED ERR-10 FAIL: expected this; actual that"),
        (said({"FRAME-3": "FAIL", "CONN-1": "FLAKY"}), "ACCUSED CONN-1 FLAKY: expected this; actual that"),
        (said({"FRAME-3": "FAIL"}, status=5), "status 5, expected 1"),
        (said({"FRAME-3": "FAIL"}, status=None), "status None, expected 1"),
        (said({"FRAME-3": "FAIL"}, met="safe"), "class met is safe, expected basic"),
        (said({"FRAME-3": "FAIL"}, printed="Traceback (most recent call last):\n"), "printed a traceback"),
    ],
)
def test_what_is_said_wrongly_is_told(heard: Said, complaint: str) -> None:
    assert list(wrong(EXPECTED, heard)) == [complaint]


def test_a_run_without_a_report_first_contact_or_incident_is_told() -> None:
    silent = Said(1, 1.0, "", {"clauses": [], "class_met": "basic", "first_contact": None})

    assert [each.partition(":")[0] for each in wrong(EXPECTED, Said(1, 1.0, "", {}))] == ["wrote no report"]
    assert any("first contact does not say" in each for each in wrong(EXPECTED, silent))
    assert "no incident says 'SIGPIPE'" in list(wrong(EXPECTED, silent))


def test_a_race_may_be_flaky_anywhere() -> None:
    racing = Expected(name="a race", words=[], statuses=frozenset({1}), is_flaky=True)

    assert may_blame(racing, "CONN-1", "FLAKY")
    assert not may_blame(racing, "CONN-1", "FAIL")


def test_a_fault_is_caught_hidden_or_missed() -> None:
    heard = said({"FRAME-3": "FAIL", "REPLY-6": "UNVERIFIED", "STORE-3": "PASS"})

    found = faults_found([frozenset({each}) for each in ("FRAME-3", "REPLY-6", "STORE-3")], heard)

    assert found == ["caught", "hidden", "missed"]


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("row", FIELD, ids=str)
def test_of_a_field_server_is_said_what_the_table_has(row: FieldServer) -> None:
    if not row.is_runnable:
        pytest.skip(f"there is no {row.needs}")
    expected = row.expected()

    assert list(wrong(expected, judge(expected))) == []


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("variant", variants(), ids=str)
def test_nothing_is_found_in_a_correct_variant(variant: Variant) -> None:
    expected = expected_of(variant)

    assert list(wrong(expected, judge(expected))) == []
