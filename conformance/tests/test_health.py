"""Whether a target is alive, busy, hung or gone, and what a run makes of one that goes away."""

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from click.testing import CliRunner, Result
from running import SERVERS, Judge, Servers

from jhup.clauses import clauses
from jhup_conformance.cli.main import main
from jhup_conformance.differences import Unsolicited, WrongBody
from jhup_conformance.findings import CheckResult, Outcome
from jhup_conformance.run.incidents import Incident, blame
from jhup_conformance.run.turned_away import TurnedAway
from jhup_conformance.target.health import Condition, Diagnosis, Health
from jhup_conformance.target.process import Spawned
from jhup_conformance.target.process_group import how_it_ended
from jhup_conformance.wire.dialer import TargetGone
from jhup_conformance.wire.transcript import Kind, Transcript

FALLING = f"{sys.executable} {SERVERS / 'falling.py'} --port {{port}} --storage {{storage}}"


class Time:
    """A clock that jumps."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


class Running:
    """A process that runs until it is told how it ended."""

    alive = True
    ended = ""
    output = ("the last line",)


def health_of(answers: Iterator[bool | Exception], process: Running | None = None) -> Health:
    clock = Time()

    def serves(patiently: bool) -> bool:
        clock.sleep(1.0)
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return Health(serves, lambda: clock, process=process)


@pytest.mark.parametrize(
    ("answers", "condition"),
    [
        ([True], Condition.ALIVE),
        ([False, True], Condition.BUSY),
        ([False, False], Condition.HUNG),
        ([TargetGone("refused")], Condition.GONE),
    ],
)
def test_plain_exchanges_show_how_an_attached_target_is(answers: list[bool | Exception], condition: Condition) -> None:
    assert health_of(iter(answers)).look().condition is condition


def test_a_process_that_ended_is_gone_with_status_and_last_output() -> None:
    process = Running()
    process.ended = "exit status 3"

    found = health_of(iter([]), process).look()

    assert (found.condition, found.how, found.output) == (Condition.GONE, "exit status 3", ("the last line",))


def test_a_process_that_runs_and_accepts_nobody_hangs() -> None:
    found = health_of(iter([TargetGone("refused"), TargetGone("refused")]), Running()).look()

    assert (found.condition, found.how) == (Condition.HUNG, "refused")


def test_only_a_target_that_serves_passes_a_look() -> None:
    health_of(iter([True])).require()
    with pytest.raises(TargetGone, match="no effect"):
        health_of(iter([False, False])).require()


def shut_for(seconds: float, running: Running | None = None) -> Health:
    """A target that ends each new connection at once, and from some second on serves again."""
    clock = Time()
    return Health(
        lambda patiently: clock.now() >= seconds,
        lambda: clock,
        turns_away=lambda: clock.now() < seconds,
        process=running,
    )


@pytest.mark.parametrize(
    ("seconds", "condition"), [(0.6, Condition.BUSY), (5.0, Condition.AWAY), (60.0, Condition.SHUT)]
)
def test_how_long_connections_are_ended_at_once_tells_why(seconds: float, condition: Condition) -> None:
    assert shut_for(seconds).look().condition is condition


def test_a_process_that_ends_while_it_turns_clients_away_is_gone() -> None:
    running = Running()
    health = shut_for(60.0, running)
    running.ended = "exit status 1"

    assert health.look().condition is Condition.GONE


def test_what_a_target_did_that_turned_clients_away_counts_for_nothing() -> None:
    with pytest.raises(TargetGone, match="for 5 s"):
        shut_for(5.0).require()
    with pytest.raises(TargetGone, match="for 5 s"):
        shut_for(5.0).require_open()
    shut_for(0.0).require_open()


def test_a_target_that_ends_connections_of_its_own_accord_is_not_asked_each_time() -> None:
    asked: list[bool] = []

    def turns_away() -> bool:
        asked.append(True)
        return False

    health = Health(lambda patiently: True, Time, turns_away=turns_away)
    for _ in range(9):
        health.require_open()

    assert len(asked) == 3


def turned_away(condition: Condition, seconds: float) -> Diagnosis:
    return Diagnosis(condition, "it ended new connections at once", (), seconds)


def test_a_check_that_was_turned_away_runs_once_more_and_then_is_unverified() -> None:
    learnt = TurnedAway(is_bounded=True)
    result = CheckResult("FRAME-4", "node", Outcome.FAIL, expected="a put stored", actual="nothing")

    assert learnt.meets(result, turned_away(Condition.AWAY, 5.0), 60)
    assert not learnt.meets(result, turned_away(Condition.AWAY, 5.0), 130)
    assert result.outcome is Outcome.UNVERIFIED
    assert "serves about 60 connections, then turns clients away for 5 s" in result.actual
    assert not learnt.problem


@pytest.mark.parametrize(("condition", "seconds"), [(Condition.SHUT, 12.0), (Condition.AWAY, 31.0)])
def test_a_target_that_turns_clients_away_for_long_ends_the_run(condition: Condition, seconds: float) -> None:
    learnt = TurnedAway(is_bounded=True)
    result = CheckResult("FRAME-4", "node", Outcome.FAIL, expected="a put stored", actual="nothing")

    assert not learnt.meets(result, turned_away(condition, seconds), 60)
    assert result.outcome is Outcome.UNVERIFIED
    assert learnt.problem


@pytest.mark.parametrize(("status", "words"), [(0, "exit status 0"), (3, "exit status 3")])
def test_an_exit_status_is_told(status: int, words: str) -> None:
    assert how_it_ended(status) == words


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals")
def test_a_signal_is_told_by_name() -> None:
    assert how_it_ended(-signal.SIGKILL) == "signal 9 (SIGKILL)"


def test_a_server_that_ended_is_started_again_at_the_same_address() -> None:
    spawned = Spawned(FALLING)
    try:
        address, pid = spawned.start(), spawned.pid
        psutil.Process(pid).kill()
        psutil.Process(pid).wait(10) if psutil.pid_exists(pid) else None

        assert spawned.ended
        assert spawned.revive() is None, "it was not the suite that killed it"
        assert spawned.restart() == address
        assert spawned.pid != pid
    finally:
        spawned.close()


def outlives(pid: int, seconds: float = 10.0) -> bool:
    """Tell whether a process still runs after so many seconds; returns as soon as it doesn't."""
    try:
        psutil.Process(pid).wait(seconds)
    except psutil.NoSuchProcess:
        return False
    except psutil.TimeoutExpired:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no process groups that a shell could watch")
def test_a_server_and_its_children_end_with_a_suite_that_is_killed(tmp_path: Path) -> None:
    program = (
        "import sys, time\n"
        "from jhup_conformance.target.process import Spawned\n"
        "spawned = Spawned(sys.argv[1])\n"
        "spawned.start()\n"
        "print(spawned.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    shell = f"sh -c '{FALLING} & wait'"
    with subprocess.Popen([sys.executable, "-c", program, shell], stdout=subprocess.PIPE, text=True) as suite:
        assert suite.stdout
        leader = int(suite.stdout.readline())
        family = [leader, *(child.pid for child in psutil.Process(leader).children(recursive=True))]
        suite.kill()

    assert len(family) > 1
    assert not any(outlives(pid) for pid in family)


# Whole runs


def test_a_server_that_an_exchange_ends_is_named_and_the_run_goes_on(judge: Judge) -> None:
    clauses = ["--clause", "HEAD-6", "--clause", "STORE-2"]

    judged = judge("--spawn", f"{FALLING} --kind 'dies of JSON'", *clauses)

    assert judged.status == 1, judged.printed
    assert judged.clause("HEAD-6")["actual"] == "The server ended after this exchange with exit status 3."
    assert judged.clause("HEAD-6")["exchange"]
    assert judged.clause("STORE-2")["outcome"] == "PASS"
    (incident, *_) = judged.report["incidents"]
    assert (incident["condition"], incident["then"], incident["clause"]) == ("gone", "restarted", "HEAD-6")
    assert any(line.startswith("fatal:") for line in incident["output"])


def test_a_server_that_ends_of_no_single_exchange_is_blamed_for_that_alone(judge: Judge) -> None:
    clauses = [word for name in ("FRAME-4", "HEAD-6", "STORE-2", "ERR-9") for word in ("--clause", name)]

    judged = judge("--spawn", f"{FALLING} --kind 'dies of many'", *clauses)

    assert judged.outcomes("FAIL") == {"ERR-9"}, judged.printed
    assert judged.clause("ERR-9")["actual"] == "The server ended after this exchange with exit status 4."
    assert "no single connection does that again, alone" in judged.clause("ERR-9")["details"]
    assert {each["how"] for each in judged.report["incidents"]} == {"exit status 4"}


def test_a_server_that_an_exchange_hangs_is_stopped_and_started_again(judge: Judge) -> None:
    judged = judge("--spawn", f"{FALLING} --kind hangs", "--clause", "HEAD-6", "--clause", "STORE-2")

    assert judged.status == 1, judged.printed
    assert judged.clause("HEAD-6")["actual"].startswith("The server hung after this exchange")
    assert judged.clause("STORE-2")["outcome"] == "PASS"
    assert {each["condition"] for each in judged.report["incidents"]} == {"hung"}


@pytest.fixture
def attached(tmp_path: Path) -> Iterator[Callable[..., list[str]]]:
    """Starts a server that the suite is told nothing of but its address and its folder."""
    started: list[subprocess.Popen[str]] = []

    def start(kind: str) -> list[str]:
        command = [sys.executable, str(SERVERS / "falling.py"), "--storage", str(tmp_path), "--kind", kind]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout
        return [process.stdout.readline().split()[-1], "--storage", str(tmp_path)]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_an_attached_server_that_stays_away_ends_the_run_in_order(
    judge: Judge, attached: Callable[..., list[str]]
) -> None:
    clauses = ["--clause", "HEAD-6", "--clause", "STORE-2", "--clause", "ERR-12"]

    judged = judge(*attached("dies of JSON"), *clauses)

    assert judged.status == 1, judged.printed
    assert "start it with --spawn to go on" in judged.printed
    assert "Traceback" not in judged.printed
    assert judged.clause("HEAD-6")["outcome"] == "FAIL"
    assert judged.clause("ERR-12")["outcome"] == "UNVERIFIED"
    assert [each["then"] for each in judged.report["incidents"]] == ["stays away"]


def test_replay_and_the_program_tell_whether_a_server_survives_the_exchange_that_ended_it(
    judge: Judge, attached: Callable[..., list[str]], servers: Servers, tmp_path: Path
) -> None:
    judged = judge("--spawn", f"{FALLING} --kind 'dies of JSON'", "--clause", "HEAD-6")
    record = judged.folder / "HEAD-6.json"
    assert json.loads(record.read_text("utf-8"))["points"] == [
        {"kind": "gone", "hung": False, "how": judged.report["incidents"][0]["how"]}
    ]

    def tried(*command: object) -> int:
        return subprocess.run([sys.executable, *map(str, command)], check=False, timeout=60).returncode

    def replayed(address: str) -> Result:
        return CliRunner().invoke(main, ["replay", str(record), address, "--judge"])

    right = servers.start("asyncio_upload.py", "--storage", tmp_path)
    assert (tried(judged.folder / "HEAD-6.py", right), replayed(right).exit_code) == (0, 0)
    assert tried(judged.folder / "HEAD-6.py", attached("dies of JSON")[0]) == 1
    again = replayed(attached("dies of JSON")[0])
    assert again.exit_code == 1, again.output
    assert "the server is gone after it" in again.output


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no Node.js here")
def test_an_exception_in_node_is_reported_with_its_text(judge: Judge) -> None:
    judged = judge("--spawn", f"node {SERVERS / 'falling.mjs'} {{port}} {{storage}}", "--clause", "HEAD-6")

    assert judged.status == 1, judged.printed
    assert any("Error: " in line for each in judged.report["incidents"] for line in each["output"])


def test_a_server_that_does_not_start_shows_its_error_line_by_line(judge: Judge) -> None:
    judged = judge("--spawn", f"{sys.executable} -c 'import no_such_module' {{port}}")

    assert judged.status == 3, judged.printed
    assert any(line.strip().startswith("ModuleNotFoundError: ") for line in judged.printed.splitlines())
    assert "Not judged" not in judged.printed


PUT = b'\x29\x00\x00\x00{"cmd":"put","filename":"a","filesize":1}z'
REFUSED = b'\x2b\x00\x00\x00{"cmd":"put","filename":"a/b","filesize":1}z'
MALFORMED = b"\x02\x00\x00\x00[]"


@pytest.mark.parametrize(
    ("clause", "sent", "outcome"),
    [
        ("STORE-1", PUT, Outcome.FAIL),
        ("STORE-1", PUT[:20], Outcome.FAIL),
        ("STORE-1", REFUSED, Outcome.UNVERIFIED),
        ("CONN-1", MALFORMED, Outcome.UNVERIFIED),
        ("HEAD-8", MALFORMED, Outcome.FAIL),
        ("ERR-3", MALFORMED, Outcome.WARN),
        ("ECHO-1", b"Hello", Outcome.FAIL),
    ],
)
def test_a_crash_counts_for_a_clause_that_is_about_the_bytes_that_were_sent(
    clause: str, sent: bytes, outcome: Outcome
) -> None:
    """Those of classes basic and stream are about what well-behaved clients send, and an echo service takes all."""
    result = CheckResult(clause, "a check", Outcome.PASS)
    transcript = Transcript()
    transcript.add(0.0, Kind.SENT, sent)
    how = {"at": 0.0, "how": "exit status 1", "output": (), "clause": clause, "node": "a check", "then": "restarted"}

    blame(result, Incident(condition=Condition.GONE, transcript=transcript, **how), clauses()[clause])  # type: ignore[arg-type]

    assert (result.outcome, result.actual) == (outcome, "The server ended after this exchange with exit status 1.")


def test_where_any_connection_ends_the_server_that_is_said_once() -> None:
    result = CheckResult("FRAME-1", "a check", Outcome.FAIL, points=(WrongBody("a", (None,), None),))
    transcript = Transcript()
    transcript.add(0.0, Kind.SENT, PUT)
    how = {"at": 0.0, "how": "exit status 0", "output": (), "clause": "FRAME-1", "node": "a check", "then": "restarted"}
    incident = Incident(condition=Condition.GONE, transcript=transcript, **how)  # type: ignore[arg-type]

    blame(result, incident, clauses()["FRAME-1"], ends_anyway=True)

    assert (result.outcome, result.actual) == (
        Outcome.UNVERIFIED,
        "The server ended after this exchange with exit status 0.",
    )


def test_bytes_that_came_unasked_count_whatever_ended_the_server_afterwards() -> None:
    """What did not come may be the fault of the end; what came is not."""
    how = {"at": 0.0, "how": "exit status 1", "output": (), "clause": "CONN-1", "node": "a check", "then": "restarted"}
    of_many = Incident(condition=Condition.GONE, transcript=None, is_of_many=True, **how)  # type: ignore[arg-type]
    came = CheckResult("CONN-1", "a check", Outcome.FAIL, points=(Unsolicited(3, "a put"),))
    missed = CheckResult("CONN-1", "a check", Outcome.FAIL, points=(WrongBody("a", (None,), None),))

    for each in (came, missed):
        blame(each, of_many, clauses()["CONN-1"])

    assert (came.outcome, missed.outcome) == (Outcome.FAIL, Outcome.UNVERIFIED)
