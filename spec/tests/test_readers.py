"""The table of section 3.6 says what the readers at hand do, as far as it marks them with "now"."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from jhup.clauses import chapter_text, clauses

FOLDER = Path(__file__).parent / "readers"
TABLE = chapter_text("03-headers.md").partition("## 3.6 ")[2]
ROWS = [
    [cell.strip() for cell in line.strip("| ").split(" | ")] for line in re.findall(r"^\| .+ \|$", TABLE, re.MULTILINE)
]
OF_VERSIONS = {"depth"}
"""Rows that differ between versions of a reader; the text says how."""


def column(reader: str) -> dict[str, str]:
    """Return the cells of one reader by the title of their row, without the marks of what breaks a clause."""
    [place] = [number for number, title in enumerate(ROWS[0]) if title.startswith(reader)]
    return {row[0]: row[place].replace("**", "") for row in ROWS[1:] if row[0] not in OF_VERSIONS}


def probe(*command: str) -> dict[str, str]:
    found = json.loads(subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout)
    return {title: cell for title, cell in found["cells"].items() if title not in OF_VERSIONS}


def test_python_reads_as_the_table_says() -> None:
    assert probe(sys.executable, str(FOLDER / "probe.py")) == column("Python")


def test_javascript_reads_as_the_table_says() -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("no Node.js is installed")

    assert probe(node, str(FOLDER / "probe.mjs")) == column("JavaScript")


def test_a_row_has_a_cell_for_each_reader_and_names_its_clause() -> None:
    assert {len(row) for row in ROWS} == {len(ROWS[0])}
    assert {row[-1] for row in ROWS[1:]} <= clauses().keys()
