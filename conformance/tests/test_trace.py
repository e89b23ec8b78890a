"""Clauses, checks, faults and vectors agree both ways, and the suite depends on nothing that it judges."""

import ast
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from clause_coverage import PAGE, Sources, collect, gaps, page

import jhup_conformance

PACKAGE = Path(jhup_conformance.__file__).parent


@pytest.fixture(scope="module")
def sources() -> Sources:
    return collect()


def test_no_clause_is_without_a_check_and_no_check_fault_or_vector_without_a_clause(sources: Sources) -> None:
    assert gaps(sources) == []


def test_the_page_on_coverage_is_up_to_date(sources: Sources) -> None:
    assert PAGE.read_text("utf-8") == page(sources), "python conformance/tests/clause_coverage.py --write"


def one(*clauses: str) -> dict[str, frozenset[str]]:
    return {"x": frozenset(clauses)}


@pytest.mark.parametrize(
    ("what", "value", "said"),
    [
        ("checks", {"FRAME-999": frozenset({"a"})}, "check a: there is no clause FRAME-999"),
        ("checks", {"CLIENT-1": frozenset({"a"})}, "check a: CLIENT-1 binds no server"),
        ("faults", one("ECHO-999"), "fault x: there is no clause ECHO-999"),
        ("faults", one("ECHO-50"), "fault x: ECHO-50 has no check that could blame it"),
        ("faults", one(), "fault x: blamed for nothing"),
        ("related", one("ECHO-999"), "fault x: there is no clause ECHO-999"),
        ("vectors", one("HEAD-999"), "vector x: there is no clause HEAD-999"),
        ("unseen", {"FRAME-3": "because"}, "FRAME-3: a check, and a reason why there is none"),
        ("unseen", {"ECHO-50": "because"}, "ECHO-50: a permission needs no reason of its own"),
        ("unseen", {"FRAME-999": "because"}, "reason for FRAME-999: there is no such clause"),
        ("without_fault", {"FRAME-999": "because"}, "reason for FRAME-999: there is no such clause"),
        ("without_fault", {"ECHO-1": "because"}, "ECHO-1: a fault, and a reason why there is none"),
    ],
)
def test_something_too_much_is_named(sources: Sources, what: str, value: dict[str, Any], said: str) -> None:
    added = {"related": one(), "faults": one("ECHO-1")} if what in ("faults", "related") else {}
    spoiled = {name: {**getattr(sources, name), **more} for name, more in {**added, what: value}.items()}

    assert said in gaps(replace(sources, **spoiled))


@pytest.mark.parametrize(
    ("what", "lost", "said"),
    [
        ("checks", "FRAME-3", "FRAME-3: no check, and no reason why there is none"),
        ("unseen", "CONN-6", "CONN-6: no check, and no reason why there is none"),
        (
            "faults",
            "echo: a colon in the name",
            "ECHO-20: no server with one fault breaks it, and no reason why there is none",
        ),
    ],
)
def test_something_missing_is_named(sources: Sources, what: str, lost: str, said: str) -> None:
    left = {name: value for name, value in getattr(sources, what).items() if name != lost}

    assert said in gaps(replace(sources, **{what: left}))


def test_each_file_of_the_suite_names_its_clauses_as_they_are(sources: Sources) -> None:
    """A run of some clauses reads no file that does not name one of them."""
    texts = {path.name: path.read_text("utf-8") for path in (PACKAGE / "suite").glob("test_s*.py")}

    for clause, checks in sources.checks.items():
        assert all(f'"{clause}"' in texts[check.partition("::")[0]] for check in checks), clause


def test_the_suite_imports_neither_the_reference_nor_a_client() -> None:
    guilty = {
        str(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        for name in _imported(node)
        if name.partition(".")[0] in {"jhup_reference", "jhup_client"}
    }

    assert guilty == set()


def test_the_suite_speaks_with_bytes_of_its_own_and_not_with_the_writer_under_judgement() -> None:
    guilty = {
        path.name
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        for name in _imported(node)
        if name in {"jhup.writer", "jhup.requests", "jhup.objects"}
    }

    assert guilty == set()


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module:
        return [node.module]
    return []
