"""Correct clients and correct servers understand each other in every pair."""

from pathlib import Path

import interop
import pytest


def test_the_twelve_files_differ_in_name_and_content(tmp_path: Path) -> None:
    paths = interop.files(tmp_path / "files")

    assert len(paths) == len({path.read_bytes() for path in paths}) == 12


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_correct_pairs_store_all_files() -> None:
    cells = interop.table()

    pairs = {
        (client, server): cell
        for client, row in cells.items()
        for server, cell in row.items()
        if client != "taught" and server != "taught"
    }
    assert {pair: cell for pair, cell in pairs.items() if cell != "12"} == {}
