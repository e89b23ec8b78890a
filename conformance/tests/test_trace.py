"""Clauses and checks agree both ways, and the suite depends on nothing that it judges."""

import ast
from pathlib import Path

import jhup_conformance
from jhup.clauses import Level, Role, clauses
from jhup_conformance.listing import collect_checks
from jhup_conformance.unseen import UNSEEN, reason_unseen

PACKAGE = Path(jhup_conformance.__file__).parent


def test_every_server_clause_has_a_check_or_a_written_reason() -> None:
    checked = collect_checks() | collect_checks("upper")

    missing = [
        clause.id
        for clause in clauses().values()
        if clause.role is Role.SERVER and not reason_unseen(clause)
        and clause.id not in checked
    ]  # fmt: skip
    assert missing == []


def test_every_check_is_of_a_server_clause_that_exists() -> None:
    unknown = {
        name
        for name in collect_checks() | collect_checks("upper")
        if name not in clauses() or clauses()[name].role is not Role.SERVER
    }

    assert unknown == set()


def test_no_clause_has_both_a_check_and_a_reason_to_have_none() -> None:
    assert set(UNSEEN) & set(collect_checks()) == set()
    assert all(clauses()[identifier].level is not Level.MAY for identifier in UNSEEN)


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
