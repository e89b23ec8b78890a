"""Every clause can be explained: nobody is left alone with an identifier."""

from pathlib import Path

import pytest
from reported import run_suite

from jhup.clauses import clauses
from jhup_conformance.cli.explain import examples, find_clause, vectors_of
from jhup_conformance.reports.guidance import guidance
from jhup_conformance.run.options import UsageError


def test_every_clause_has_guidance_and_no_guidance_is_of_an_unknown_clause() -> None:
    assert sorted(guidance()) == sorted(clauses())


@pytest.mark.parametrize("part", ["why", "bug"])
def test_guidance_is_short_and_a_sentence_and_of_this_clause_alone(part: str) -> None:
    texts = [getattr(each, part) for each in guidance().values()]

    assert [text for text in texts if not 20 <= len(text) <= 200 or text[-1] not in ".:!`"] == []


def test_what_matters_is_said_once_for_each_duty() -> None:
    duties = [each.why for name, each in guidance().items() if clauses()[name].level == "MUST"]

    assert sorted(text for text in set(duties) if duties.count(text) > 1) == []


def test_explain_prints_all_that_is_known_of_a_clause(tmp_path: Path) -> None:
    status, printed = run_suite("explain", "frame-3", cwd=tmp_path)

    assert status == 0, printed
    for expected in ("2.3 Segmentation", "stream", "matters", "recv(4)", "a prefix may be cut anywhere", "2d 00 00 00"):
        assert expected in printed


@pytest.mark.parametrize(
    ("clause", "words"),
    [
        ("CLIENT-4", "- the file grows while it is sent"),
        ("ECHO-72", "not by this suite: binds clients of the echo services"),
    ],
)
def test_explain_says_how_clauses_of_clients_are_checked(tmp_path: Path, clause: str, words: str) -> None:
    status, printed = run_suite("explain", clause, cwd=tmp_path)

    assert status == 0, printed
    assert words in " ".join(printed.split())


@pytest.mark.parametrize(("wrong", "near"), [("FRAME-99", "FRAME-9"), ("FRAM-3", "FRAME-3"), ("STOR-1", "STORE-1")])
def test_an_unknown_clause_is_a_usage_error_that_names_its_neighbours(wrong: str, near: str) -> None:
    with pytest.raises(UsageError, match=near):
        find_clause(wrong)


def test_an_unknown_clause_on_the_command_line_exits_with_2(tmp_path: Path) -> None:
    status, printed = run_suite("explain", "NOTHING-1", cwd=tmp_path)

    assert (status, "Traceback" in printed) == (2, False), printed


def test_examples_of_a_clause_are_those_that_name_it_before_any_other() -> None:
    assert all("malformed HEAD-12" in each for each in examples(find_clause("HEAD-12")))
    assert "unhurried" not in examples(find_clause("FRAME-2"))[0]
    assert examples(find_clause("ERR-1")) == []


def test_a_clause_without_an_example_in_the_text_has_one_of_the_test_vectors(tmp_path: Path) -> None:
    status, printed = run_suite("explain", "HEAD-20", cwd=tmp_path)

    assert vectors_of(find_clause("HEAD-20"))
    assert (status, "the test vector" in printed, "65 73 69 7a" in printed) == (0, True, True), printed
