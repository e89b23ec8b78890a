"""The Kaitai Struct file, compiled by Kaitai's own compiler, reads the vectors as they say."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from jhup.messages import Put
from jhup.vectors import End, Meaning, Vector

FOLDER = Path(__file__).parents[2] / "formats"
COMPILE = """
const compiler = require(process.argv[1]);
const format = JSON.parse(require("fs").readFileSync(0, "utf8"));
compiler.compile("python", format, null, true).then(
  (files) => process.stdout.write(JSON.stringify(files)),
  (error) => { console.error(String(error)); process.exit(1); },
);
"""
"""Compiles in debug mode, in which a parser keeps what it had read before an error."""


yaml = pytest.importorskip("yaml", reason="the group `formats` has PyYAML; tox -e spec installs it")
kaitaistruct = pytest.importorskip(
    "kaitaistruct", reason="the group `formats` has kaitaistruct; tox -e spec installs it"
)
COMPILER = os.environ.get("JHUP_KAITAI_COMPILER", "")
if shutil.which("node") is None or not Path(COMPILER, "package.json").is_file():
    pytest.skip(
        "no node, or no kaitai-struct-compiler in JHUP_KAITAI_COMPILER: tox -e spec installs it with npm",
        allow_module_level=True,
    )


@pytest.fixture(scope="session")
def parser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """The parser that the compiler makes of jhup.ksy, with our process beside it."""
    text = json.dumps(yaml.safe_load((FOLDER / "jhup.ksy").read_text("utf-8")))
    made = subprocess.run(
        ["node", "-e", COMPILE, COMPILER], input=text, capture_output=True, text=True, timeout=60, check=True
    )
    folder = tmp_path_factory.mktemp("kaitai")
    shutil.copy(FOLDER / "jhup_body_size.py", folder)
    for name, source in json.loads(made.stdout).items():  # not under the name of our own package
        (folder / name.replace("jhup", "jhup_by_kaitai")).write_text(source, "utf-8")
    sys.path.insert(0, str(folder))
    yield __import__("jhup_by_kaitai")
    sys.path.remove(str(folder))


def read(stream: Any) -> str:
    """Let a parser read all, and tell how that ended in the words of the vectors."""
    try:
        stream._read()
    except EOFError:
        return End.INSIDE
    except (ValueError, kaitaistruct.KaitaiStructError):
        return End.MALFORMED
    return End.BETWEEN


def is_same(requests: list[Any], end: str, meaning: Meaning) -> bool:
    """Tell whether what was read is this meaning: the same frames with the same bodies, and the same end."""
    whole = [each for each in requests if hasattr(each, "body")]
    bodies = [seen.body if isinstance(seen.message, Put) else b"" for seen in meaning.events]
    return end == meaning.end and [each.body for each in whole] == bodies


def test_a_stream_of_requests_is_read_as_its_vector_says(parser: ModuleType, request_vector: Vector) -> None:
    stream = parser.Jhup(parser.KaitaiStream(BytesIO(request_vector.wire)))

    end = read(stream)

    above = any(meaning.breaks == "FRAME-15" for meaning in request_vector.meanings)
    if above and end == End.INSIDE:  # the file has the highest limit that a server may have (FRAME-13)
        return
    assert any(is_same(stream.requests, end, meaning) for meaning in request_vector.meanings), end


def test_a_stream_of_replies_is_cut_into_its_headers(parser: ModuleType, reply_vector: Vector) -> None:
    stream = parser.Jhup.ReplyStream(parser.KaitaiStream(BytesIO(reply_vector.wire)))

    end = read(stream)

    [meaning] = reply_vector.meanings
    if meaning.end is not End.MALFORMED:
        assert end == meaning.end
        objects = [json.loads(each.header.json) for each in stream.replies if hasattr(each, "header")]
        assert len(objects) == len(meaning.events)
        assert all("status" in each for each in objects)


def test_a_frame_has_its_fields_where_the_diagram_shows_them(parser: ModuleType) -> None:
    wire = b'\x2d\x00\x00\x00{"cmd":"put","filename":"a.txt","filesize":3}abc'
    stream = parser.Jhup(parser.KaitaiStream(BytesIO(wire)))

    assert read(stream) == End.BETWEEN
    [request] = stream.requests
    assert (request.head.len_header, request.len_body, request.body) == (45, 3, b"abc")
    assert request.head.header.json == wire[4:49].decode()
    assert (request._debug["body"]["start"], request._debug["body"]["end"]) == (49, 52)


def test_what_is_behind_a_malformed_header_is_not_read(parser: ModuleType) -> None:
    good = b'\x2d\x00\x00\x00{"cmd":"put","filename":"a.txt","filesize":3}abc'
    stream = parser.Jhup(parser.KaitaiStream(BytesIO(good + b"\x02\x00\x00\x00[]" + good)))

    assert read(stream) == End.MALFORMED
    assert [each.body for each in stream.requests if hasattr(each, "body")] == [b"abc"]
