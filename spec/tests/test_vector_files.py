"""The files of vectors/ keep what their README promises to implementers."""

import json
import re
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from jhup.clauses import clauses, text_root
from jhup.limits import MAX_FILESIZE
from jhup.messages import Put
from jhup.names import name_fault
from jhup.vectors import End, Stream, _message, vector_files, vectors

FOLDER = text_root() / "vectors"
SCHEMA = json.loads((FOLDER / "upload.schema.json").read_text("utf-8"))
README = (FOLDER / "README.md").read_text("utf-8")
REQUESTS = [each for each in vectors() if each.stream is Stream.REQUESTS]
REPLIES = [each for each in vectors() if each.stream is Stream.REPLIES]
BY_NAME = {each.name: each for each in vectors()}


def load(name: str) -> dict[str, Any]:
    content = json.loads((FOLDER / name).read_text("utf-8"))
    assert isinstance(content, dict)
    return content


def strings(value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for pair in value.items() for each in pair for text in strings(each)]
    if isinstance(value, list):
        return [text for each in value for text in strings(each)]
    return [value] if isinstance(value, str) else []


def test_the_schema_is_a_schema_of_draft_2020_12() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("name", vector_files())
def test_a_file_is_valid_by_the_schema(name: str) -> None:
    errors = [
        f"{list(error.absolute_path)}: {error.message}"
        for error in Draft202012Validator(SCHEMA).iter_errors(load(name))
    ]

    assert errors == []


@pytest.mark.parametrize("name", vector_files())
def test_a_file_can_be_read_by_strict_readers(name: str) -> None:
    raw = (FOLDER / name).read_bytes()

    assert not raw.startswith(b"\xef\xbb\xbf")
    assert raw.endswith(b"}\n")
    for text in strings(load(name)):
        text.encode()  # no lone surrogates, which many languages can't hold


TOO_LARGE = {"HEAD-14", "HEAD-20"}


def break_schema(vector: dict[str, Any], *, at: tuple[str | int, ...], value: object) -> list[str]:
    content = {"$schema": "upload.schema.json", "format": 1, "spec": "1.1", "about": "x", "stream": "requests"}
    vector = json.loads(json.dumps(vector))
    place: Any = vector
    for step in at[:-1]:
        place = place[step]
    if value is None:
        del place[at[-1]]
    else:
        place[at[-1]] = value
    return [error.message for error in Draft202012Validator(SCHEMA).iter_errors({**content, "vectors": [vector]})]


GOOD: dict[str, Any] = {
    "name": "x",
    "clauses": ["FRAME-1"],
    "wire": [{"hex": "2d000000"}],
    "outcomes": [
        {
            "events": [{"put": {"filename": "a", "filesize": "1", "reply": False}, "body": [{"text": "z"}]}],
            "end": "malformed",
            "breaks": "HEAD-6",
            "reply": "none",
        }
    ],
}


@pytest.mark.parametrize(
    ("at", "value"),
    [
        (("name",), None),
        (("name",), " x"),
        (("clauses",), []),
        (("clauses",), ["FRAME-01"]),
        (("wire", 0, "hex"), "2D"),
        (("wire", 0, "hex"), "2"),
        (("wire", 0, "text"), "two kinds in one part"),
        (("wire", 0, "times"), 1),
        (("outcomes",), []),
        (("outcomes", 0, "end"), "between"),
        (("outcomes", 0, "breaks"), None),
        (("outcomes", 0, "reply"), None),
        (("outcomes", 0, "unfinished"), {"hello": {"reply": True}}),
        (("outcomes", 0, "events", 0, "body"), None),
        (("outcomes", 0, "events", 0, "put", "filesize"), None),
        (("outcomes", 0, "events", 0, "put", "filesize"), 1),
        (("outcomes", 0, "events", 0, "put", "filename"), None),
        (("outcomes", 0, "events", 0, "hello"), {"reply": True}),
        (("canonical",), False),
        (("comment",), "unknown"),
    ],
)
def test_the_schema_finds_a_vector_that_breaks_one_rule(at: tuple[str | int, ...], value: object) -> None:
    assert break_schema(GOOD, at=("name",), value="the control") == []
    assert break_schema(GOOD, at=at, value=value) != []


def test_every_file_is_in_the_table_of_the_readme() -> None:
    assert re.findall(r"^\| `(upload-[\w-]+\.json)` \|", README, re.MULTILINE) == sorted(
        vector_files(), key=README.index
    )


def test_the_vector_in_the_readme_is_one_of_the_files() -> None:
    [example] = re.findall(r"```json\n(.*?)```", README, re.DOTALL)

    assert json.loads(example) in [vector for name in vector_files() for vector in load(name)["vectors"]]


def test_there_are_many_valid_and_more_invalid_requests() -> None:
    assert sum(each.is_valid for each in REQUESTS) >= 40
    assert sum(each.is_invalid for each in REQUESTS) >= 60


def test_there_are_valid_and_invalid_replies() -> None:
    assert sum(each.is_valid for each in REPLIES) >= 20
    assert sum(each.is_invalid for each in REPLIES) >= 40


def test_names_of_vectors_are_unique() -> None:
    assert len(BY_NAME) == len(vectors())


def test_bytes_of_vectors_are_unique() -> None:
    for among in (REQUESTS, REPLIES):
        names: dict[bytes, str] = {}
        for each in among:
            assert names.setdefault(each.wire, each.name) == each.name


def test_clauses_of_vectors_exist() -> None:
    for vector in vectors():
        named = {*vector.clauses}
        for meaning in vector.meanings:
            named |= {each.refused for each in meaning.events if each.refused}
            named |= {meaning.breaks} if meaning.breaks else set()
        assert named <= clauses().keys(), vector.name


def test_the_one_clause_by_which_a_vector_is_malformed_is_among_those_it_illustrates() -> None:
    for vector in vectors():
        if len(vector.meanings) == 1 and (broken := vector.meanings[0].breaks):
            assert broken in vector.clauses, vector.name


def test_an_invalid_vector_names_a_valid_one_near_it() -> None:
    for vector in vectors():
        if vector.is_invalid:
            assert vector.near is not None, f"{vector.name}: an invalid vector needs a control"
            assert BY_NAME[vector.near].is_valid, vector.name
            assert BY_NAME[vector.near].stream is vector.stream, vector.name


def test_a_vector_with_several_meanings_has_different_ones() -> None:
    for vector in vectors():
        assert len(set(vector.meanings)) == len(vector.meanings), vector.name


def test_a_canonical_vector_has_one_meaning_and_nothing_wrong_in_it() -> None:
    for vector in vectors():
        if vector.canonical:
            assert vector.is_valid, vector.name
            assert len(vector.meanings) == 1, vector.name


def test_a_filesize_is_the_length_of_its_body() -> None:
    for vector in vectors():
        for seen in (seen for meaning in vector.meanings for seen in meaning.events):
            if isinstance(seen.message, Put):
                assert seen.body is not None, vector.name
                assert seen.message.filesize == len(seen.body), vector.name


def test_an_unfinished_put_lacks_a_part_of_its_body() -> None:
    for vector in vectors():
        for meaning in vector.meanings:
            if cut := meaning.unfinished:
                assert meaning.end is End.INSIDE, vector.name
                assert isinstance(cut.message, Put), vector.name
                assert cut.body is not None, vector.name
                assert len(cut.body) < cut.message.filesize, vector.name
                assert cut.message.filesize <= MAX_FILESIZE or cut.refused in TOO_LARGE, vector.name


def test_a_request_is_refused_for_the_clause_that_its_name_breaks() -> None:
    for vector in REQUESTS:
        for meaning in vector.meanings:
            for seen in [*meaning.events, *([meaning.unfinished] if meaning.unfinished else [])]:
                name = getattr(seen.message, "filename", None)
                fault = None if name is None else name_fault(name)
                too_large = getattr(seen.message, "filesize", 0) > MAX_FILESIZE
                expected = TOO_LARGE if too_large else {fault.clause if fault else None}
                assert seen.refused in expected, vector.name


def test_a_message_of_an_unknown_kind_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"not a message of a vector: \['get'\]"):
        _message({"get": {}})
