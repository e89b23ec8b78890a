"""The JSON Schemas of the header agree with the vectors, and what they can't see is written down beside them."""

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple, NoReturn

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from jhup.clauses import text_root
from jhup.limits import MAX_HEADER, MIN_HEADER
from jhup.messages import Code
from jhup.names import is_valid_name
from jhup.vectors import End, Stream, Vector

FOLDER = text_root() / "formats"
REQUEST = json.loads((FOLDER / "request.schema.json").read_text("utf-8"))
REPLY = json.loads((FOLDER / "reply.schema.json").read_text("utf-8"))
README = (FOLDER / "README.md").read_text("utf-8")

BLIND = {"HEAD-16", "HEAD-20", "HEAD-21"}
"""What neither a prefix, nor a reader of JSON, nor a schema sees: lone surrogates in cmd, and rounding."""


REGISTRY = Registry().with_resources(
    (raw["$id"], Resource.from_contents(raw)) for raw in (REQUEST, REPLY)
)  # fmt: skip


def schema(raw: dict[str, Any], anchor: str = "") -> Draft202012Validator:
    return Draft202012Validator({"$ref": f"{raw['$id']}#{anchor}"}, registry=REGISTRY)


class Unread(NamedTuple):
    """Stands for a header that can't be read, and tells who sees that."""

    seen_by: str


def refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def findings(vector: Vector) -> Iterator[str]:
    """Go through the frames with a plain reader of JSON and the schema; give what is wrong, and by whom it is seen."""
    check = schema(REQUEST if vector.stream is Stream.REQUESTS else REPLY)
    for header in headers(vector):
        if isinstance(header, Unread):
            yield header.seen_by
        elif not check.is_valid(header):
            yield "schema"


def headers(vector: Vector) -> Iterator[Any]:
    """Yield the headers as values, and something else than a value where no further one can be read."""
    wire = vector.wire
    while len(wire) >= 4:
        length = int.from_bytes(wire[:4], "little", signed=True)
        if not MIN_HEADER <= length <= MAX_HEADER:
            yield Unread("prefix")
            return
        header, wire = wire[4 : 4 + length], wire[4 + length :]
        if len(header) < length:
            return
        try:
            value = json.loads(header.decode(), parse_constant=refuse)
        except (ValueError, RecursionError):
            yield Unread("reader")
            return
        yield value
        if not isinstance(value, dict) or (value.get("cmd") == "put" and type(value.get("filesize")) is not int):
            return
        wire = wire[value["filesize"] if value.get("cmd") == "put" else 0 :]


@pytest.mark.parametrize("raw", [REQUEST, REPLY], ids=["request", "reply"])
def test_a_schema_is_one_of_draft_2020_12(raw: dict[str, Any]) -> None:
    Draft202012Validator.check_schema(raw)


def test_every_header_that_is_well_formed_passes(vector: Vector) -> None:
    if any(meaning.end is End.MALFORMED for meaning in vector.meanings):
        return

    assert list(findings(vector)) == []


def test_every_malformed_header_fails_where_a_schema_can_see_it(vector: Vector) -> None:
    broken = {meaning.breaks for meaning in vector.meanings}
    if None in broken or (broken <= BLIND and not list(findings(vector))):
        return

    assert len(list(findings(vector))) == 1


def test_what_no_schema_sees_is_explained() -> None:
    for identifier in BLIND:
        assert re.search(rf"\| [^|\n]*\| [^|\n]*{identifier}", README), identifier


def test_a_schema_sees_wrong_types_and_missing_members(request_vector: Vector) -> None:
    clauses = {meaning.breaks for meaning in request_vector.meanings}
    by_type = {"HEAD-8", "HEAD-11", "HEAD-12"}

    if clauses and clauses <= by_type:
        assert list(findings(request_vector)) == ["schema"]


def test_what_a_writer_gives_passes_as_sent(canonical_vector: Vector) -> None:
    check = schema(REQUEST if canonical_vector.stream is Stream.REQUESTS else REPLY, "sent")
    names = schema(REQUEST, "name")

    for header in headers(canonical_vector):
        assert isinstance(header, dict)
        name = header.get("filename", "a")
        known = "status" in header or header["cmd"] in {"put", "stat", "hello"}
        if known and names.is_valid(name) and ("filename" in header or header.get("cmd") != "stat"):
            assert check.is_valid(header)


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "a/b", "a\\b", "a\nb", "\x00", "\x7f", "a" * 256, "\x1f.txt", "/", "..\\"],
    ids=ascii,
)
def test_a_name_that_is_not_valid_fails(name: str) -> None:
    assert not is_valid_name(name)
    assert not schema(REQUEST, "name").is_valid(name)


@pytest.mark.parametrize("name", ["a", "...", " ", "-rf", "日本", "a" * 255, ".a", "a b", "\x80"], ids=ascii)
def test_a_valid_name_passes(name: str) -> None:
    assert is_valid_name(name)
    assert schema(REQUEST, "name").is_valid(name)


@pytest.mark.parametrize(
    "header",
    [
        {"cmd": "get"},
        {"cmd": "put", "filename": "a", "filesize": 1, "reply": False},
        {"cmd": "put", "filename": "a/b", "filesize": 1},
        {"cmd": "put", "filename": "a", "filesize": 1, "mode": 420},
        {"cmd": "stat", "reply": True},
        {"cmd": "hello", "filename": "a"},
    ],
    ids=json.dumps,
)
def test_what_a_server_takes_is_more_than_what_a_client_writes(header: dict[str, Any]) -> None:
    assert schema(REQUEST).is_valid(header)
    assert not schema(REQUEST, "sent").is_valid(header)


@pytest.mark.parametrize(
    ("code", "closing"), [("teapot", False), ("malformed", False), ("not-found", True), ("unknown-command", True)]
)
def test_what_a_client_reads_is_more_than_what_a_server_writes(code: str, closing: bool) -> None:
    header = {"status": "error", "code": code, "message": "x", "closing": closing}

    assert schema(REPLY).is_valid(header)
    assert not schema(REPLY, "sent").is_valid(header)


def test_the_codes_are_those_of_the_package() -> None:
    assert [each["const"] for each in REPLY["$defs"]["code"]["oneOf"]] == [code.value for code in Code]
