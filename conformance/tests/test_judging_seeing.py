"""Waits follow the target's own answer times, within bounds; and what stands under a name is seen in each way."""

import os
import shlex
import sys
from pathlib import Path

import pytest

from jhup_conformance.findings import NotSeen, SuiteError
from jhup_conformance.target.store import Body, CommandObserver, FolderObserver, ObservedBy
from jhup_conformance.target.timing import Pace

ABC = Body(3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
EMPTY = Body(0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")


def paced(*beats: float) -> Pace:
    pace = Pace()
    for beat in beats:
        pace.note(beat)
    return pace


@pytest.mark.parametrize(
    ("beats", "pause", "patience", "last_patience", "settle"),
    [
        ((), 0.010, 0.3, 1.5, 0.08),
        ((0.0001,), 0.001, 0.3, 1.5, 0.004),
        ((0.002,), 0.002, 0.3, 1.5, 0.016),
        ((0.020,), 0.020, 0.4, 1.6, 0.16),
        ((0.050,), 0.020, 1.0, 4.0, 0.4),
        ((0.100,), 0.020, 2.0, 8.0, 0.5),
        ((9.0,), 0.020, 5.0, 8.0, 0.5),
        ((0.001, 0.002, 0.05), 0.002, 1.0, 4.0, 0.016),
    ],
)
def test_waits_are_derived_from_the_answer_times(
    beats: tuple[float, ...], pause: float, patience: float, last_patience: float, settle: float
) -> None:
    pace = paced(*beats)

    assert pace.pause == pytest.approx(pause)
    assert pace.patience == pytest.approx(patience)
    assert pace.last_patience == pytest.approx(last_patience)
    assert pace.settle == pytest.approx(settle)


def test_a_few_answers_that_others_delayed_make_nobody_wait() -> None:
    assert paced(*[0.002] * 58, *[1.5] * 6).patience == 0.3
    assert paced(*[0.002] * 40, *[1.5] * 24).patience == 5.0


def test_only_the_answer_times_seen_last_count() -> None:
    assert paced(9.0, *[0.002] * 64).slowest == 0.002
    assert paced(9.0, *[0.002] * 63).slowest == 9.0
    assert paced(*[9.0] * 40, *[0.002] * 33).beat == 0.002
    assert (paced().is_known, paced(0.1).is_known) == (False, True)
    assert (paced().slowest, paced().beat) == (0.010, 0.010)


def test_a_pace_is_shown_in_units_for_people() -> None:
    assert str(paced(0.002)) == "answers in 2.0 ms; pause 2.0 ms, patience 0.3 s, then 1.5 s alone"


# A folder


def test_a_folder_shows_files_by_length_and_digest_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    (tmp_path / "é").write_bytes(b"")
    (tmp_path / "folder").mkdir()

    seen = FolderObserver(tmp_path).look(["a", "é", "folder", "absent", "x" * 255])

    assert seen == {"a": ABC, "é": EMPTY, "folder": None, "absent": None, "x" * 255: None}
    assert FolderObserver(tmp_path).way is ObservedBy.STORAGE
    assert str(ABC) == "3 bytes, sha256 ba7816bf8f01…"
    assert Body.of(b"abc") == ABC


@pytest.mark.skipif(not hasattr(os, "symlink") or os.name == "nt", reason="makes links and FIFOs")
def test_a_link_or_a_fifo_is_no_stored_file(tmp_path: Path) -> None:
    (tmp_path / "outside").write_bytes(b"abc")
    store = tmp_path / "store"
    store.mkdir()
    (store / "link").symlink_to(tmp_path / "outside")
    os.mkfifo(store / "fifo")

    assert FolderObserver(store).look(["link", "fifo"]) == {"link": None, "fifo": None}


def test_what_an_invalid_name_reaches_is_seen_too(tmp_path: Path) -> None:
    store = tmp_path / "store"
    (store / "sub").mkdir(parents=True)
    (tmp_path / "outside").write_bytes(b"abc")
    (store / "sub" / "a").write_bytes(b"abc")

    seen = FolderObserver(store).look(["../outside", "sub/a", "../absent", "..", "a\0b", str(tmp_path / "outside"), ""])

    assert [name for name, body in seen.items() if body] == ["../outside", "sub/a", str(tmp_path / "outside")]
    assert seen["../outside"] == ABC


@pytest.mark.skipif(sys.platform != "linux", reason="names of other platforms' file systems hold no lone surrogates")
def test_a_lone_surrogate_is_looked_for_as_both_ways_to_write_it(tmp_path: Path) -> None:
    for name, raw in (("\udcff", b"\xff"), ("\ud800", b"\xed\xa0\x80")):
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + raw)).write_bytes(b"abc")

        assert FolderObserver(tmp_path).look([name]) == {name: ABC}


def test_a_folder_that_can_not_be_read_shows_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(NotSeen, match=r"can't read .*file/a"):
        FolderObserver(tmp_path / "file").look(["a"])


def test_a_folder_tells_what_it_can_hold_and_leaves_nothing_behind(tmp_path: Path) -> None:
    observer = FolderObserver(tmp_path)

    assert observer.holds("a")
    assert not observer.holds("x" * 256)
    assert not observer.holds("a\0b")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "a").write_bytes(b"")
    assert not observer.holds("a")  # somebody uses it
    assert not observer.folds("b", "c")
    assert observer.folds("b", "b")
    assert observer.folds("a", "c")  # it can't be told
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


# A command

CAT = (
    "import sys; from pathlib import Path; path = Path(sys.argv[1], sys.argv[2]); "
    "sys.stdout.buffer.write(path.read_bytes()) if path.exists() else sys.exit(44)"
)


def witness(program: str, *arguments: object) -> CommandObserver:
    return CommandObserver(shlex.join([sys.executable, "-c", program, *map(str, arguments)]))


def test_a_command_prints_what_is_stored_or_exits_with_44(tmp_path: Path) -> None:
    (tmp_path / "a b").write_bytes(b"abc")

    observer = witness(CAT, tmp_path, "{filename}")

    assert observer.look(["a b", "absent", "../a b"]) == {"a b": ABC, "absent": None, "../a b": None}
    assert observer.way is ObservedBy.WITNESS


def test_a_command_that_fails_is_an_error_of_the_suite_with_the_last_it_said() -> None:
    with pytest.raises(SuiteError, match="exited with 3: last"):
        witness("import sys; print('first\\nlast', file=sys.stderr); sys.exit(3)").look(["a"])
    with pytest.raises(SuiteError, match=r"exited with 43: \(nothing on standard error\)"):
        witness("import sys; sys.exit(43)").look(["a"])
    with pytest.raises(SuiteError, match="'/no/such/program' can't be run"):
        CommandObserver("/no/such/program {filename}").look(["a"])


def test_a_command_that_does_not_end_is_an_error_of_the_suite(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jhup_conformance.target.store._WITNESS_TIMEOUT", 0.1)

    with pytest.raises(SuiteError, match="can't be run"):
        witness("import threading; threading.Event().wait()").look(["a"])


def test_a_witness_that_prints_without_end_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jhup_conformance.target.store._LONGEST", 1000)
    endless = f"{sys.executable} -c 'while True: print(1)' {{filename}}"

    found = CommandObserver(endless).look(["a"])["a"]

    assert found is not None
    assert found.size == 1001


@pytest.mark.parametrize(
    ("command", "warns"),
    [("cat {filename}", False), ("sh -c 'cat {filename}'", True), ("sh -c 'cat \"$1\"' sh {filename}", False)],
)
def test_a_name_inside_a_shells_script_is_warned_about(command: str, warns: bool) -> None:
    assert bool(CommandObserver(command).warning) is warns
