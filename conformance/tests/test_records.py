"""Records from strangers are data: bounded, checked, and printed without a command to the terminal."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from jhup_conformance.cli.main import main
from jhup_conformance.reports.printable import printable

ENTRY = {"at": 0.0, "kind": "sent", "text": "abc"}


def exchange(**changes: object) -> dict[str, Any]:
    return {"format": 1, "clause": "FRAME-3", "service": "upload", "entries": [ENTRY], **changes}


@pytest.mark.parametrize(
    ("record", "said"),
    [
        ([], "the whole: [] is not of type"),
        (exchange(format=2), "format"),
        (exchange(entries=[{**ENTRY, "kind": "format the disk"}]), "entries/0/kind"),
        (exchange(entries=[{**ENTRY, "at": "now"}]), "entries/0/at"),
        (exchange(entries=[{**ENTRY, "hex": "zz"}]), "entries/0/hex"),
        (exchange(service="\x1b[2J"), "\\x1b[2J"),
        (exchange(unsent=[{"pause": 1e9, "kind": "sent"}]), "unsent/0/pause"),
        (exchange(scene={"watched": [1]}), "scene/watched/0"),
        (exchange(scene={"watched": [], "before": []}), "scene/before"),
    ],
)
def test_a_record_that_is_none_is_refused_in_one_line(tmp_path: Path, record: object, said: str) -> None:
    file = tmp_path / "record.json"
    file.write_text(json.dumps(record))

    done = CliRunner().invoke(main, ["replay", str(file), "127.0.0.1:1"])

    assert done.exit_code == 2
    assert said in done.output
    assert len(done.output.splitlines()) == 1


@pytest.mark.parametrize(
    "text",
    ["{" * 100_000, "[" * 100_000, "nonsense", "", "\ufeff{}"],
    ids=["braces", "brackets", "word", "none", "mark"],
)
@pytest.mark.parametrize("command", [["replay", "FILE", "127.0.0.1:1"], ["compare", "FILE", "FILE"]], ids="rc")
def test_text_that_is_no_record_is_refused_in_one_line(tmp_path: Path, command: list[str], text: str) -> None:
    file = tmp_path / "record.json"
    file.write_text(text, "utf-8")

    done = CliRunner().invoke(main, [str(file) if word == "FILE" else word for word in command])

    assert done.exit_code == 2
    assert len(done.output.splitlines()) == 1


@given(st.text())
def test_what_is_printed_holds_no_control_and_no_bidi_mark(text: str) -> None:
    shown = printable(text)

    assert all(each.isprintable() for each in shown if each != " " and not each.isspace())
    assert not set(shown) & set("\x1b\r\n\u202a\u202e\u2066\u2069\u200f\u2028")


def test_plain_text_of_any_language_is_printed_as_it_is() -> None:
    assert printable("né 文件 .txt") == "né 文件 .txt"


def test_a_long_text_is_cut_with_a_sign_of_it() -> None:
    assert printable("abcdef", most=2) == "ab… (4 more characters)"
