"""What is remembered of targets from one run to the next."""

from pathlib import Path

import pytest

from jhup_conformance.run.last_failed import load, save
from jhup_conformance.run.options import Options


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("platformdirs.user_cache_path", lambda name: tmp_path / name)
    return tmp_path


def target(port: int) -> Options:
    return Options.read(f"127.0.0.1:{port}", {})


def test_what_failed_is_remembered_until_it_is_judged_again() -> None:
    save(target(1000), {"FRAME-1", "STORE-1"}, {"STORE-1"})
    save(target(1000), {"FRAME-1"}, {"FRAME-1"})
    save(target(1001), {"STORE-1"}, set())

    assert load(target(1000)) == {"FRAME-1", "STORE-1"}
    assert load(target(1001)) == set()


def test_the_targets_that_were_judged_longest_ago_are_forgotten(cache: Path) -> None:
    for port in range(1000, 1250):
        save(target(port), {"FRAME-1"}, {"FRAME-1"})

    assert len([*cache.rglob("*.json")]) == 200
    assert load(target(1249)) == {"FRAME-1"}
