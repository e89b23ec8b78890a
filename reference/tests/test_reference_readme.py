"""The README: its example runs, and the lines that its tour names are where it says."""

import re
import threading
from pathlib import Path

import pytest

README = Path(__file__).parents[1] / "README.md"
TEXT = README.read_text("utf-8")
STOPS = re.findall(r"\[([\w/]+\.py):(\d+)\]\(([^)#]+)#L(\d+)\) `([^`]+)`", TEXT)


def test_a_server_in_a_thread_is_asked_three_times_and_shut_down(capsys):
    before = set(threading.enumerate())
    (example,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)

    exec(example, {})

    assert capsys.readouterr().out == "b'ONE'\nb'TWO'\nb'THREE'\n"
    assert set(threading.enumerate()) <= before


@pytest.mark.parametrize(("file", "line", "path", "anchor", "code"), STOPS, ids=[stop[4] for stop in STOPS])
def test_the_tour_shows_the_line_that_it_quotes(file, line, path, anchor, code):
    assert path == f"jhup_reference/{file}"
    assert line == anchor
    lines = (README.parent / path).read_text("utf-8").splitlines()
    places = [number for number, text in enumerate(lines, 1) if code in text]
    assert int(line) in places, f"it is at {places} now"


def test_every_link_of_the_tour_quotes_its_line():
    assert len(STOPS) == TEXT.count("](jhup_reference/") >= 15


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`((?:jhup_reference|attack|tests|docs)/[\w./]*)`", TEXT))))
def test_paths_in_the_readme_exist(path):
    assert (README.parent / path).exists()
