"""A conformance statement is filled in from a report, and says what a run can't tell."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from jhup.clauses import text_root
from jhup_conformance.cli.main import main

SCHEMA = json.loads((text_root() / "formats" / "statement.schema.json").read_text("utf-8"))


def clause(identifier: str, outcome: str, actual: str = "") -> dict[str, str]:
    return {"id": identifier, "outcome": outcome, "actual": actual}


REPORT: dict[str, Any] = {
    "format": 1,
    "spec": "1.1",
    "suite": "1.0.0",
    "service": "upload",
    "seed": 7,
    "profile": "default",
    "observed_by": ["storage"],
    "started": "2026-11-27T10:00:00+00:00",
    "class_met": "safe",
    "clauses": [
        clause("FRAME-1", "PASS"),
        clause("ERR-10", "WARN", "the connection | was\nclosed"),
        clause("CONN-9", "UNVERIFIED", "Needs access to the server process."),
        clause("CONN-6", "NOT_JUDGED", "nothing outside can show it"),
        clause("REPLY-6", "FAIL", "no reply"),
    ],
}


def run(tmp_path: Path, *options: str, **changed: object) -> tuple[int, str]:
    (tmp_path / "report.json").write_text(json.dumps({**REPORT, **changed}), "utf-8")
    done = CliRunner().invoke(main, ["statement", str(tmp_path), *options])
    return done.exit_code, done.output


def test_a_statement_as_data_is_valid_by_its_schema(tmp_path: Path) -> None:
    status, printed = run(tmp_path, "--json", "--name", "example", "--implementation-version", "2.0")

    assert status == 0, printed
    filled = json.loads(printed)
    Draft202012Validator(SCHEMA).validate(filled)
    assert filled["implementation"] == {"name": "example", "version": "2.0"}
    assert [each["clause"] for each in filled["exceptions"]] == ["ERR-10"]
    assert [each["clause"] for each in filled["not_verified"]] == ["CONN-9"]


def test_where_no_class_is_met_every_failure_is_an_exception(tmp_path: Path) -> None:
    _, printed = run(tmp_path, "--json", class_met=None)

    assert [each["clause"] for each in json.loads(printed)["exceptions"]] == ["ERR-10", "REPLY-6"]


def test_a_statement_as_a_table_has_a_line_for_each_item(tmp_path: Path) -> None:
    status, printed = run(tmp_path, "--name", "example")

    assert status == 0, printed
    assert "| implementation | example, version to be filled in |" in printed
    assert "| class | safe |" in printed
    assert "| exceptions | ERR-10: WARN: the connection \\| was closed |" in printed
    assert all(line.count(" | ") == 1 for line in printed.splitlines() if line.startswith("| ") and "\\|" not in line)


def test_an_echo_server_has_its_own_classes(tmp_path: Path) -> None:
    clauses = [clause("ECHO-1", "WARN", "x"), clause("ECHO-3", "WARN", "y")]

    _, printed = run(tmp_path, "--json", service="upper", class_met="basic", clauses=clauses)

    filled = json.loads(printed)
    Draft202012Validator(SCHEMA).validate(filled)
    assert [each["clause"] for each in filled["exceptions"]] == ["ECHO-1"]


@pytest.mark.parametrize(
    ("changed", "words"),
    [({"class_met": "gold"}, "class_met"), ({"spec": 1}, "spec"), ({"clauses": [{"id": "x"}]}, "clauses")],
)
def test_what_is_no_report_is_a_usage_error_in_one_line(tmp_path: Path, changed: dict[str, object], words: str) -> None:
    status, printed = run(tmp_path, **changed)

    assert status == 2
    assert len(printed.splitlines()) == 1
    assert words in printed


def test_a_report_that_lacks_its_evidence_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text(json.dumps({k: v for k, v in REPORT.items() if k != "seed"}), "utf-8")

    done = CliRunner().invoke(main, ["statement", str(tmp_path)])

    assert (done.exit_code, "it has no seed" in done.output) == (2, True)
