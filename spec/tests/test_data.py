"""The text as data, and the text in one piece: up to date, valid by their schemas, complete."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from jhup.book import markdown, plain_text
from jhup.clauses import chapter_text, chapters, clauses, text_root
from jhup.data import clauses_json, version_json
from jhup.versions import CURRENT, first_version, requirements, versions

SPEC = Path(__file__).parents[1]
CHANGES = (SPEC / "CHANGES.md").read_text("utf-8")


def schema(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((text_root() / "formats" / name).read_text("utf-8"))
    Draft202012Validator.check_schema(found)
    return found


def test_the_files_of_data_are_those_that_make_writes() -> None:
    assert (SPEC / "clauses.json").read_text("utf-8") == clauses_json()
    assert (SPEC / "versions" / f"{CURRENT}.json").read_text("utf-8") == version_json(CURRENT)


def test_clauses_json_is_valid_and_has_every_clause() -> None:
    content = json.loads(clauses_json())

    Draft202012Validator(schema("clauses.schema.json")).validate(content)
    assert [each["id"] for each in content["clauses"] if each["withdrawn"] is None] == list(clauses())


def test_the_current_version_is_the_last_and_has_the_clauses_of_today() -> None:
    assert versions()[-1] == CURRENT
    assert f"| version | {CURRENT} |" in chapter_text("01-introduction.md")
    assert {name: each.text for name, each in requirements(CURRENT).items()} == {
        name: each.text for name, each in clauses().items()
    }


@pytest.mark.parametrize("version", versions())
def test_a_clause_of_any_version_stands_or_is_withdrawn(version: str) -> None:
    withdrawn = set(re.findall(r"\*\*([A-Z]+-\d+)\*\* \*withdrawn\*", "\n".join(map(chapter_text, chapters()))))

    assert requirements(version).keys() <= clauses().keys() | withdrawn


def test_a_clause_binds_the_same_side_in_every_version() -> None:
    for version in versions():
        for name, each in requirements(version).items():
            assert each.role == clauses()[name].role, name


def test_version_1_0_has_204_clauses_and_asks_for_no_more() -> None:
    assert len(requirements("1.0")) == 204
    assert requirements("1.0")["HEAD-3"].conformance_class == "basic"
    assert "CONN-8" not in requirements("1.0")
    assert (first_version("CONN-2"), first_version("CONN-8")) == ("1.0", "1.1")


@pytest.mark.parametrize("unknown", ["0.9", "1.0.json", "../versions/1.0"])
def test_an_unknown_version_is_an_error(unknown: str) -> None:
    with pytest.raises(KeyError):
        requirements(unknown)


def test_an_unknown_clause_is_in_no_version() -> None:
    with pytest.raises(KeyError):
        first_version("FRAME-999")


def test_the_changes_name_the_clauses_that_a_version_added() -> None:
    section = CHANGES.partition(f"## Version {CURRENT}\n")[2].partition("\n## ")[0]
    added: set[str] = set()
    for names in re.findall(r"^\| ([^|]+) \| added", section, re.MULTILINE):
        prefix = names.partition("-")[0]
        added |= {f"{prefix}-{number}" for number in re.findall(r"-(\d+)", names)}

    new = {name for name in clauses() if first_version(name) == CURRENT}
    split = {"HEAD-20", "HEAD-21"}  # parts of HEAD-13 and HEAD-10, which stand with them
    assert new == added | split


def test_the_book_in_one_piece_has_every_chapter_and_clause() -> None:
    for text in (markdown(), plain_text()):
        for chapter in chapters():
            assert chapter_text(chapter).splitlines()[0].removeprefix("# ") in text, chapter
        for name, each in clauses().items():
            assert name in text
            assert each.text.split()[2] in text


def test_prose_and_examples_of_the_plain_text_keep_to_its_columns() -> None:
    wide = [line for line in plain_text().splitlines() if len(line) > 72]

    assert [line for line in wide if " " in line.strip()] == []
    assert "**" not in re.sub(r"^ {6,}.*$", "", plain_text(), flags=re.MULTILINE)


STATEMENT: dict[str, Any] = {
    "format": 1,
    "implementation": {"name": "example", "version": "2.0", "licence": "MIT"},
    "role": "server",
    "specification": "1.1",
    "class": "safe",
    "exceptions": [{"clause": "ERR-10", "reason": "a refused body ends the connection"}],
    "not_verified": [],
    "options": {"transports": "TCP", "longest body": "none"},
    "evidence": {
        "suite": "jhup-conformance 1.0.0",
        "date": "2026-11-27T10:00:00+00:00",
        "seed": 1,
        "profile": "default",
        "observed_by": ["storage"],
        "report_sha256": "0" * 64,
    },
    "contact": "the issue tracker of example",
}


@pytest.mark.parametrize(
    ("name", "value", "valid"),
    [
        ("class", "safe", True),
        ("class", None, True),
        ("class", "gold", False),
        ("exceptions", [], True),
        ("exceptions", [{"clause": "ERR-10"}], False),
        ("role", "both", False),
        ("specification", "1", False),
        ("echo", {"service": "upper", "shape": "line"}, True),
        ("echo", {"service": "lower", "shape": "line"}, False),
        ("stars", 5, False),
    ],
)
def test_a_statement_is_valid_by_its_schema(name: str, value: object, valid: bool) -> None:
    check = Draft202012Validator(schema("statement.schema.json"), format_checker=FormatChecker())

    assert check.is_valid({**STATEMENT, name: value}) is valid
