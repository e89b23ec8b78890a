"""The vectors of the echo services: they keep their schema, and the package agrees with each."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from jhup.echo import DatagramAnswers, Rules, Service, Shape, Silence, right_answers

VECTORS = Path(__file__).parents[1] / "vectors"
FILES = sorted(VECTORS.glob("echo-*.json"))
Vector = dict[str, Any]


def load(path: Path) -> Vector:
    loaded: Vector = json.loads(path.read_text("utf-8"))
    return loaded


def joined(value: str | list[Vector]) -> bytes:
    """Read bytes as the schema has them: an ASCII string, or parts of which some stand there several times."""
    if isinstance(value, str):
        return value.encode("ascii")
    return b"".join(
        (bytes.fromhex(part["hex"]) if "hex" in part else part["text"].encode()) * part.get("times", 1)
        for part in value
    )


def cases(kind: str) -> list[Any]:
    loaded = [load(path) for path in FILES]
    return [
        pytest.param(Service(file["service"]), case, id=f"{file['service']}: {case['name']}")
        for file in loaded
        for case in file[kind]
    ]


def rules_of(service: Service, case: Vector) -> Rules:
    name = joined(case["worker"]) if "worker" in case else None
    return Rules(service=service, trim=case.get("trim", True), max_message=case.get("limit"), name=name)


def test_there_is_a_file_for_each_service() -> None:
    assert {load(path)["service"] for path in FILES} == {str(service) for service in Service}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_vectors_keep_their_schema(path: Path) -> None:
    schema = load(VECTORS / "echo.schema.json")
    jsonschema.Draft202012Validator.check_schema(schema)

    jsonschema.Draft202012Validator(schema).validate(load(path))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
@pytest.mark.parametrize("kind", ["replies", "answers"])
def test_names_are_unique(path: Path, kind: str) -> None:
    names = [case["name"] for case in load(path)[kind]]

    assert len(names) == len(set(names))


@pytest.mark.parametrize(("service", "case"), cases("replies"))
def test_reply_is_the_one_of_the_vector(service: Service, case: Vector) -> None:
    expected = None if case["reply"] is None else joined(case["reply"])

    assert rules_of(service, case).reply(joined(case["message"])) == expected


@pytest.mark.parametrize(("service", "case"), cases("answers"))
def test_set_of_right_answers_agrees_with_the_vector(service: Service, case: Vector) -> None:
    answers = right_answers(
        joined(case["sent"]),
        shape=Shape(case["shape"]),
        rules=rules_of(service, case),
        ended=case.get("ended", True),
    )

    for right in map(joined, case.get("right", [])):
        assert answers.contains(right)
        assert answers.is_prefix_of_member(right)
        assert answers.nearest(right).at is None
    for beginning in map(joined, case.get("beginnings", [])):
        assert not answers.contains(beginning)
        assert answers.is_prefix_of_member(beginning)
        assert answers.nearest(beginning).at == len(beginning)
    for wrong in map(joined, case.get("wrong", [])):
        assert not answers.contains(wrong)
        assert not answers.is_prefix_of_member(wrong)
        if case.get("silence") != Silence.REQUIRED:
            assert answers.contains(answers.nearest(wrong).member)


@pytest.mark.parametrize(("service", "case"), [case for case in cases("answers") if "silence" in case.values[1]])
def test_silence_agrees_with_the_vector(service: Service, case: Vector) -> None:
    answers = DatagramAnswers(joined(case["sent"]), rules_of(service, case))

    assert answers.silence is Silence(case["silence"])


def test_all_datagram_cases_say_what_silence_means() -> None:
    for param in cases("answers"):
        case = param.values[1]
        assert ("silence" in case) == (case["shape"] == "datagram"), case["name"]
