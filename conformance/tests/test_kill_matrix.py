"""The kill matrix in a simulated world: each wrong server is caught, no correct one accused, no null peer passed.

A sample runs always, all of them in the slow tests and in continuous integration (`tox -e judge -- --all --simulated`).
What only a process shows runs as one. `tox -e judge` alone brings all of them before the suite as processes.
"""

from pathlib import Path
from typing import Any

import pytest
from kill_cases import Suspect, suspects
from kill_runs import Record, complaint, try_suspect

EVERYBODY = suspects()
SIMULATED = [each for each in EVERYBODY if not each.process]
PROCESSES = [each for each in EVERYBODY if each.process]
EVERY = 60
"""One of so many runs always."""


def marked(suspect: Suspect, number: int) -> Any:
    """Mark a suspect: slow but for one of some."""
    return pytest.param(suspect, id=str(suspect), marks=[] if number % EVERY == 0 else [pytest.mark.slow])


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the properties of the suite keep what failed in a folder of its own."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("suspect", [marked(each, number) for number, each in enumerate(SIMULATED)])
def test_the_suite_says_of_a_simulated_server_what_it_has_to(suspect: Suspect) -> None:
    record = try_suspect(suspect, seed=0, simulated=True)

    assert record.is_right, "\n".join(complaint(record))


@pytest.mark.slow
@pytest.mark.parametrize("suspect", PROCESSES, ids=str)
def test_the_suite_says_of_a_process_what_it_has_to(suspect: Suspect) -> None:
    record = try_suspect(suspect, seed=0)

    assert record.is_right, "\n".join(complaint(record))


def test_a_simulated_world_does_the_same_each_time() -> None:
    suspect = next(each for each in SIMULATED if each.name == "says done")

    one, other = (try_suspect(suspect, seed=3, simulated=True) for _ in range(2))

    assert what_was_seen(one) == what_was_seen(other)


def what_was_seen(record: Record) -> tuple[object, ...]:
    return record.found, record.counts, record.met
