"""Chapter 10 itself: its clauses, its table of scopes, its examples."""

import re
from pathlib import Path

import pytest

import jhup.echo
from jhup.echo import (
    SCOPES,
    Answers,
    DatagramAnswers,
    Rules,
    Scope,
    Service,
    Serving,
    Shape,
    Silence,
    right_answers,
    scope_of,
)

CHAPTER = (Path(__file__).parents[1] / "10-echo.md").read_text("utf-8")
HEAD = re.compile(r"^\*\*ECHO-(\d+)\*\* `(basic|full)` `(server|client)` `(MUST|SHOULD|MAY)`\n(.+)$", re.MULTILINE)
CLAUSES = {f"ECHO-{match[1]}": match for match in HEAD.finditer(CHAPTER)}
BLOCKS = re.findall(r"^```wire\n(.*?)^```$", CHAPTER, re.MULTILINE | re.DOTALL)
LINE = re.compile(r"([CS]): ((?:[0-9a-f]{2} )*[0-9a-f]{2})(?:  .*)?")
OUTCOME = re.compile(r"=> (right|wrong): (\w+) ([\w-]+)( no-trim)?(?: (ECHO-\d+))?")


def test_clauses_are_numbered_without_a_gap() -> None:
    assert sorted(CLAUSES, key=lambda each: int(each[5:])) == [
        f"ECHO-{number}" for number in range(1, CHAPTER.count("\n**ECHO-") + 1)
    ]


@pytest.mark.parametrize("clause", CLAUSES)
def test_clause_has_its_level_once_and_one_sentence(clause: str) -> None:
    text = CLAUSES[clause][5]

    assert re.findall(r"\b(?:MUST|SHOULD|MAY)\b", text) == [CLAUSES[clause][4]]
    assert text.count(". ") == 0
    assert text.endswith(".")


def test_key_words_stand_in_clauses_only() -> None:
    assert not re.search(r"\b(?:MUST|SHOULD|MAY|SHALL|REQUIRED)\b", HEAD.sub("", CHAPTER))


def test_references_are_to_clauses_that_exist() -> None:
    assert set(re.findall(r"ECHO-\d+", CHAPTER)) == set(CLAUSES)


def test_references_in_the_package_are_to_clauses_that_exist() -> None:
    package = Path(jhup.echo.__file__).parent
    for module in package.glob("*.py"):
        assert set(re.findall(r"ECHO-\d+", module.read_text("utf-8"))) <= set(CLAUSES), module.name


def test_sections_are_numbered_without_a_gap() -> None:
    numbers = [int(number) for number in re.findall(r"^## 10\.(\d+) ", CHAPTER, re.MULTILINE)]

    assert numbers == list(range(1, len(numbers) + 1))
    assert {int(number) for number in re.findall(r"\b10\.(\d+)\b", CHAPTER)} <= set(numbers)


def test_every_server_clause_has_a_scope_and_no_other() -> None:
    assert set(SCOPES) == {clause for clause, match in CLAUSES.items() if match[3] == "server"}


def test_table_of_scopes_is_that_of_the_package() -> None:
    row = re.compile(r"^\| ECHO-(\d+)(?: to ECHO-(\d+))? \| ([^|]*)\| ([^|]*)\| ([^|]*)\|$", re.MULTILINE)
    table: dict[str, Scope] = {}
    for match in row.finditer(CHAPTER):
        services, shapes, servings = (
            [each for each in re.split(r", |\s", cell) if each] for cell in match.group(3, 4, 5)
        )
        scope = Scope(
            services=frozenset(map(Service, services or Service)),
            shapes=frozenset(map(Shape, shapes or Shape)),
            servings=frozenset(map(Serving, servings or Serving)),
        )
        for number in range(int(match[1]), int(match[2] or match[1]) + 1):
            assert f"ECHO-{number}" not in table
            table[f"ECHO-{number}"] = scope

    assert table == dict(SCOPES)


def test_scope_covers_the_servers_that_a_clause_is_about() -> None:
    assert scope_of("ECHO-66").covers(Service.WORKER, Shape.SESSION, Serving.THREADING)
    assert not scope_of("ECHO-66").covers(Service.WORKER, Shape.SESSION, Serving.CONCURRENT)
    assert not scope_of("ECHO-66").covers(Service.UPPER, Shape.SESSION, Serving.THREADING)
    with pytest.raises(KeyError):
        scope_of("ECHO-0")


@pytest.mark.parametrize("serving", Serving)
def test_serving_has_a_line_for_people(serving: Serving) -> None:
    assert "at a time" in serving.line


def test_there_are_examples_for_each_service_and_shape() -> None:
    outcomes = [OUTCOME.fullmatch(block.splitlines()[-1]) for block in BLOCKS]

    assert {match[2] for match in outcomes if match} == set(Service)
    assert {match[3] for match in outcomes if match} == set(Shape) - {Shape.LINE_ONE_SHOT}


@pytest.mark.parametrize("block", BLOCKS)
def test_example_is_as_right_or_wrong_as_it_says(block: str) -> None:
    *lines, last = block.splitlines()
    outcome = OUTCOME.fullmatch(last)
    assert outcome is not None
    verdict, service, shape, untrimmed, clause = outcome.groups()
    sent = answer = b""
    rules = Rules(service=Service(service), trim=untrimmed is None)
    for line in lines:
        match = LINE.fullmatch(line)
        assert match is not None, line
        if match[1] == "C":
            sent += bytes.fromhex(match[2])
            continue
        answer += bytes.fromhex(match[2])
        so_far = right_answers(sent, shape=Shape(shape), rules=rules, ended=line == lines[-1])
        assert verdict == "wrong" or so_far.is_prefix_of_member(answer), "a right answer never comes too early"
    answers: Answers = right_answers(sent, shape=Shape(shape), rules=rules)

    assert answers.contains(answer) == (verdict == "right")
    assert (clause is not None) == (verdict == "wrong")
    if isinstance(answers, DatagramAnswers):
        assert answers.silence is Silence.WRONG


def test_exports_are_sorted_and_there() -> None:
    assert all(hasattr(jhup.echo, name) for name in jhup.echo.__all__)
    assert len(set(jhup.echo.__all__)) == len(jhup.echo.__all__)
