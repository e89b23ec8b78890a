"""The owner's folder is as it was when a run has ended, however it ended."""

import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from running import SERVERS

from jhup_conformance.findings import NotSeen
from jhup_conformance.target.guest import Guest, finish_killed_runs, is_tagged, names_in
from jhup_conformance.target.store import FolderObserver

COMMAND = f"{sys.executable} {SERVERS / 'falling.py'} --port {{port}} --storage {{storage}}"
TAG = "0123abcd"


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state folder of the test's own."""
    folder = tmp_path / "state"
    monkeypatch.setenv("XDG_STATE_HOME", str(folder))
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with 1,000 files of its owner's, short names among them."""
    place = tmp_path / "store"
    place.mkdir()
    for name in ("a", "x", "put", *(f"file-{number}.txt" for number in range(997))):
        (place / name).write_text(f"of the owner: {name}")
    return place


def content(folder: Path) -> dict[str, tuple[int, str]]:
    """Return everything in and beside a folder that may change: names, times and digests.

    Left out is what the server's own end leaves: a file that it was writing when it was stopped.
    """
    return {
        str(path.relative_to(folder.parent)): (path.stat().st_mtime_ns, hashlib.sha256(path.read_bytes()).hexdigest())
        for path in folder.parent.rglob("*")
        if path.is_file() and "state" not in path.parts and path.suffix != ".part"
    }


def begun(folder: Path, *clauses: str) -> subprocess.Popen[str]:
    """Start a run on a folder."""
    command = [sys.executable, "-m", "jhup_conformance", "--spawn", COMMAND, "--storage", str(folder)]
    selected = [word for clause in clauses for word in ("--clause", clause)]
    environment = {**os.environ, "PYTHONWARNINGS": "default", "NO_COLOR": "1"}
    return subprocess.Popen(
        [*command, *selected],
        cwd=folder.parent / "state",
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def wait_until_it_stores(folder: Path, run: subprocess.Popen[str]) -> None:
    while run.poll() is None and not any(folder.glob("jc-*")):
        time.sleep(0.01)  # a folder gives no event
    assert run.poll() is None, run.stdout and run.stdout.read()


def test_a_run_leaves_the_owners_folder_as_it_was(folder: Path, state: Path) -> None:
    state.mkdir()
    before = content(folder)

    with begun(folder, "STORE-1", "NAME-2", "NAME-11", "HEAD-11", "NAME-9") as run:
        said, _ = run.communicate(timeout=110)

    assert content(folder) == before, said
    assert "files that this run had made" in said
    assert "Traceback" not in said


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_run_that_a_signal_ends_leaves_it_as_it_was(folder: Path, state: Path, number: signal.Signals) -> None:
    state.mkdir()
    before = content(folder)

    with begun(folder) as run:
        wait_until_it_stores(folder, run)
        family = psutil.Process(run.pid).children(recursive=True)
        run.send_signal(number)
        said, _ = run.communicate(timeout=60)

    assert run.returncode == 130, said
    assert content(folder) == before, said
    assert not psutil.wait_procs(family, timeout=10)[1]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
def test_what_a_killed_run_has_left_goes_with_the_next(folder: Path, state: Path) -> None:
    state.mkdir()
    before = content(folder)
    with begun(folder) as run:
        wait_until_it_stores(folder, run)
        family = psutil.Process(run.pid).children(recursive=True)
        run.kill()
    assert not psutil.wait_procs(family, timeout=10)[1]
    assert content(folder) != before

    assert finish_killed_runs() > 0

    assert content(folder) == before
    assert finish_killed_runs() == 0


def test_bytes_that_name_an_entry_of_the_owners_are_not_sent(folder: Path) -> None:
    guest = Guest(folder, TAG, is_alone=False)

    with pytest.raises(NotSeen, match="'a'"):
        guest.admit(b'{"cmd":"put","filename":"\\u0061"}')
    with pytest.raises(NotSeen, match="'x'"):
        guest.admit(b"", ["x"])
    guest.admit(b'{"cmd":"put","filename":"b"}')
    guest.leave()


def test_what_others_make_meanwhile_is_left_and_told(folder: Path) -> None:
    guest = Guest(folder, TAG, is_alone=False)
    guest.admit(b'{"filename":"b"}')
    for name in ("b", "of another", f"jc-{TAG}-000001", f"jc-{TAG}-000001".encode().hex()):
        (folder / name).write_bytes(b"x")

    guest.leave()

    assert (guest.removed, guest.left) == (3, ["of another"])


def test_two_runs_at_a_time_leave_each_others_entries_alone(folder: Path) -> None:
    first, second = Guest(folder, TAG, is_alone=False), Guest(folder, "fedc9876", is_alone=False)
    (folder / f"jc-{TAG}-000001").write_bytes(b"x")

    second.leave()
    assert finish_killed_runs() == 0, "the first is under way"
    assert (folder / f"jc-{TAG}-000001").exists()
    first.leave()
    assert not (folder / f"jc-{TAG}-000001").exists()


@pytest.mark.parametrize("name", [f"jc-{TAG}-000001", f"JC-{TAG.upper()}-1", f"jc-{TAG}".encode().hex() + "2d"])
def test_a_runs_names_are_known_in_capitals_and_in_hexadecimal(name: str) -> None:
    assert is_tagged(name, TAG)


def test_every_member_that_may_be_taken_for_a_name_is_seen() -> None:
    data = b'\x10\0\0\0{"filename" : "a\\"b","file_Name":"c","cmd":"put","filename":7}body "name":"d"'

    assert list(names_in(data)) == ['a"b', "c", "d"]


# Looking at stored files


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no FIFOs")
def test_what_is_no_file_is_neither_waited_for_nor_followed(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"abc")
    (tmp_path / "link").symlink_to("file")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "fifo")

    found = FolderObserver(tmp_path).look(["link", "folder", "fifo", "missing"])

    assert found == dict.fromkeys(["link", "folder", "fifo", "missing"])


def test_of_a_file_without_end_only_the_length_is_told(tmp_path: Path) -> None:
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(2**40)

    found = FolderObserver(tmp_path).look(["sparse"])["sparse"]

    assert found is not None
    assert found.size == 2**40
