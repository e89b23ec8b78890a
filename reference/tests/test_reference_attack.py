"""The campaign of attacks notices what it looks for: each of its verdicts can fail."""

import random

import pytest
import structlog
from click.testing import CliRunner
from reference.attack.__main__ import main
from reference.attack.in_process import fuzz
from reference.attack.inputs import frame, mutated, put, valid_stream
from reference.attack.kills import kill_again_and_again
from reference.attack.live import look_outside, mixed_load
from reference.attack.tally import Tally
from reference.attack.target import Target, plant

from jhup_reference.folder.entries import Folder
from jhup_reference.session import Session
from jhup_reference.store import Upload


class WrongDigest:
    """A digest that is never twice the same."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def hexdigest(self) -> str:
        return f"{id(self):064x}{random.random()}"


@pytest.fixture(autouse=True)
def quiet():
    """Keep the log of sessions in this process from the terminal."""
    with structlog.testing.capture_logs():
        yield


@pytest.fixture
def planted(tmp_path):
    return plant(tmp_path)


def test_broken_streams_differ_from_valid_ones_in_little():
    chance = random.Random(1)
    streams = [valid_stream(chance, ("a", "b")) for _ in range(200)]
    broken = [mutated(chance, stream) for stream in streams]
    assert sum(before != after for before, after in zip(streams, broken, strict=True)) > 150
    assert put("a", b"xyz") == frame('{"cmd": "put", "filename": "a", "filesize": 3, "reply": true}', b"xyz")


class TestFuzz:
    def test_finds_nothing_in_the_reference(self):
        tally = fuzz(0, seed=1, least=400)
        assert tally.counts["streams"] == 400
        assert tally.faults == []

    def test_finds_a_session_that_raises(self, monkeypatch):
        def fail(session: Session) -> None:
            raise KeyError("owed")

        monkeypatch.setattr(Session, "owed", fail)
        assert any("KeyError" in fault for fault in fuzz(0, seed=1, least=20).faults)

    def test_finds_unfinished_bodies_that_are_left(self, monkeypatch):
        def refuse(folder: Folder) -> int:
            raise OSError

        monkeypatch.setattr(Folder, "create_nameless", refuse)
        monkeypatch.setattr(Upload, "abandon", lambda upload: None)
        assert any("unfinished" in fault for fault in fuzz(0, seed=1, least=2000).faults)


class TestLookOutside:
    def test_finds_nothing_where_nothing_is(self, planted):
        tally = Tally("x")
        look_outside(planted, tally)
        assert tally.faults == []

    @pytest.mark.parametrize("name", ["canary", "x", "store/folder/x", "store/\x7f1-1.part"])
    def test_finds_what_was_written_where_it_should_not(self, planted, name):
        (planted.parent / name).write_bytes(b"x")
        tally = Tally("x")
        look_outside(planted, tally)
        assert len(tally.faults) == 1


@pytest.mark.slow
class TestLive:
    def test_finds_a_file_that_is_not_what_was_acknowledged(self, planted, monkeypatch):
        with Target(planted, "threading") as target:
            monkeypatch.setattr("reference.attack.live.hashlib.sha256", WrongDigest)
            tally = mixed_load(target, 0.5, seed=1, memory=2**40)
        assert any(fault.startswith("lost") for fault in tally.faults)

    def test_finds_a_server_that_grew(self, planted):
        with Target(planted, "threading") as target:
            target.start_memory = 0
            tally = mixed_load(target, 0.3, seed=1, memory=1024)
        assert any("of memory over the start" in fault for fault in tally.faults)


@pytest.mark.slow
def test_kills_find_a_file_that_nobody_sent(planted, monkeypatch):
    monkeypatch.setattr("reference.attack.kills.hashlib.sha256", WrongDigest)
    tally = kill_again_and_again(planted, "threading", 0.1, seed=1)
    assert any(fault.startswith("lost") for fault in tally.faults)


def test_the_command_says_what_was_tried_and_writes_it(tmp_path, monkeypatch):
    monkeypatch.setattr("reference.attack.__main__.configure_logging", lambda level: None)  # of the whole process
    result = CliRunner().invoke(main, ["--minutes", "0.05", "--part", "fuzz", "--output", str(tmp_path / "page.md")])
    assert result.exit_code == 0
    assert "no faults" in result.output
    assert "| fuzzed streams in process | 3 |" in (tmp_path / "page.md").read_text("utf-8")
