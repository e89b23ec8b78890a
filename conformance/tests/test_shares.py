"""A run's clauses shared among processes: each is judged by one, and the run says what one process alone would say."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st
from running import REFERENCE, SERVERS, Judge, as_users_have_it

from jhup_conformance.findings import CheckResult, Outcome
from jhup_conformance.profiles import Profile
from jhup_conformance.run.options import Options
from jhup_conformance.run.session import Run
from jhup_conformance.run.shares import Claims, join, part_of, usual_jobs

READS_TOO_FAR = (
    f"{sys.executable} {SERVERS / 'upload_faults.py'} --fault 'reads too far' --port {{port}} --storage {{storage}}"
)
SHARED = Options(target=None, known_failing={}, spawn="server {port} {storage}")


@given(asked=st.lists(st.tuples(st.integers(0, 2), st.sampled_from(["FRAME-1", "HEAD-1", "ERR-9"]))))
def test_each_clause_is_for_whoever_asks_first_and_stays_so(asked: list[tuple[int, str]]) -> None:
    owners: dict[str, int] = {}
    with TemporaryDirectory() as folder:
        processes = [Claims(Path(folder)) for _ in range(3)]

        for process, clause in asked:
            assert processes[process].takes(clause) is (owners.setdefault(clause, process) == process)

    for number, each in enumerate(processes):
        assert each.taken == {clause for clause, owner in owners.items() if owner == number}


def test_nobody_takes_another_clause_once_the_run_is_over(tmp_path: Path) -> None:
    one, other = Claims(tmp_path), Claims(tmp_path)
    assert one.takes("FRAME-1")

    other.end()

    assert one.takes("FRAME-1")
    assert not one.takes("FRAME-2")


def test_nobody_takes_a_clause_where_the_folder_is_gone(tmp_path: Path) -> None:
    assert not Claims(tmp_path / "gone").takes("FRAME-1")


def test_what_each_process_found_is_put_together() -> None:
    one, other = Run(SHARED), Run(SHARED)
    one.add(CheckResult("FRAME-1", "first", Outcome.PASS))
    other.add(CheckResult("HEAD-1", "second", Outcome.FAIL))
    other.results["HEAD-1"].left_out = 3
    other.left_for_time, other.suite_problem = 2, "broken"
    other.turned_away.times, other.turned_away.seconds, other.turned_away.fewest = 1, 2.0, 40

    join(one, part_of(other, frozenset({"HEAD-1"}), {}))

    assert one.results["FRAME-1"].outcome is Outcome.PASS
    assert one.results["HEAD-1"].outcome is Outcome.FAIL
    assert (one.results["HEAD-1"].left_out, one.left_for_time, one.suite_problem) == (3, 2, "broken")
    assert "about 40 connections" in one.turned_away.line


def test_a_process_whose_server_never_came_is_no_problem_of_the_run() -> None:
    absent = Run(SHARED)
    absent.problem, absent.gone = "it did not start", True

    part = part_of(absent, frozenset(), {})

    assert (part.problem, part.gone) == ("", False)


@pytest.mark.parametrize(
    "options",
    [
        replace(SHARED, spawn="server {port}"),
        replace(SHARED, storage=Path()),
        replace(SHARED, profile=Profile.QUICK),
        replace(SHARED, clauses=frozenset({"FRAME-1"})),
        replace(SHARED, stop_first=True),
        replace(SHARED, service="upper"),
        replace(SHARED, spawn=None),
    ],
)
def test_one_process_judges_where_more_save_nothing_or_would_meet(options: Options) -> None:
    assert usual_jobs(options) == 1


@pytest.mark.parametrize("command", [REFERENCE, READS_TOO_FAR], ids=["right", "wrong"])
def test_two_processes_find_what_one_finds(judge: Judge, command: str) -> None:
    alone, shared = (
        judge("--spawn", command, "--profile", "quick", "--section", "FRAME", "--seed", 1, "--jobs", jobs)
        for jobs in (1, 2)
    )

    assert shared.status == alone.status, shared.printed
    for outcome in Outcome:
        assert shared.outcomes(outcome) == alone.outcomes(outcome)
    checks = [sum(clause["checks"] for clause in each.report["clauses"]) for each in (alone, shared)]
    assert checks[0] == checks[1]
    assert "2 processes with a server each" in shared.printed


def test_a_server_that_does_not_start_is_said_once_and_nothing_else(judge: Judge) -> None:
    judged = judge("--spawn", "false {port} {storage}", "--jobs", 2)

    assert judged.status == 3, judged.printed
    assert "before it listened" in judged.printed
    assert "The suite failed" not in judged.printed


@contextmanager
def under_way(folder: Path) -> Iterator[tuple[subprocess.Popen[str], Sequence[psutil.Process]]]:
    """A run of two processes, which takes a while still, and the processes that belong to it."""
    command = [sys.executable, "-m", "jhup_conformance", "--spawn", REFERENCE, "--profile", "thorough", "--jobs", "2"]
    command += ["-v", "--report", str(folder / "out")]
    environment = {**as_users_have_it(), "PYTHONUNBUFFERED": "1", "NO_COLOR": "1"}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as run:
        assert run.stdout
        family = []
        while sum("jhup_reference" in words_of(each) for each in family) < 2:
            wait_for_a_check(run.stdout)
            family = psutil.Process(run.pid).children(recursive=True)
        yield run, family


def wait_for_a_check(stream: IO[str]) -> None:
    while "PASS" not in (line := stream.readline()):
        assert line, "the run has ended"


def helper_of(family: Sequence[psutil.Process]) -> psutil.Process:
    return next(each for each in family if "jhup_conformance.run.helper" in words_of(each))


def words_of(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:  # it has ended meanwhile
        return []


def test_an_interrupt_ends_all_processes_and_their_servers(tmp_path: Path) -> None:
    with under_way(tmp_path) as (run, family):
        run.send_signal(signal.SIGINT)
        assert run.stdout
        said = run.stdout.read()

    assert run.returncode == 130, said
    assert "Traceback" not in said
    assert psutil.wait_procs(family, timeout=20)[1] == []


def test_all_end_where_the_process_that_the_user_sees_is_killed(tmp_path: Path) -> None:
    with under_way(tmp_path) as (run, family):
        run.kill()

        assert psutil.wait_procs(family, timeout=60)[1] == []


def test_a_helper_that_is_killed_makes_the_run_an_error(tmp_path: Path) -> None:
    with under_way(tmp_path) as (run, family):
        (helper := helper_of(family)).kill()
        psutil.wait_procs([helper], timeout=20)
        run.send_signal(signal.SIGINT)  # the rest would take minutes
        assert run.stdout
        said = run.stdout.read()

    assert "ended early (-9)" in said
    assert json.loads((tmp_path / "out" / "report.json").read_text("utf-8"))["verdict"] == "error"
    assert psutil.wait_procs(family, timeout=20)[1] == []


def test_files_where_the_user_stands_take_no_place_of_modules(tmp_path: Path) -> None:
    (tmp_path / "queue.py").write_text("raise SystemExit('shadowed')")
    command = [sys.executable, "-P", "-m", "jhup_conformance", "--spawn", REFERENCE, "--clause", "FRAME-14"]

    done = subprocess.run(
        [*command, "--jobs", "2"], cwd=tmp_path, env=as_users_have_it(), capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr
