"""The command as a person meets it: usage errors, lists, absent targets, limits, known failures."""

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import IO

import click
import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner
from reported import judge_taught, run_suite
from running import REFERENCE, Judge, Servers

from jhup_conformance.cli.main import main
from jhup_conformance.run.declarations import DECLARATIONS


def unused_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--seed", "1"], "no target"),
        (["127.0.0.1"], "is not an address"),
        (["http://127.0.0.1:80"], "unknown scheme"),
        (["udp://127.0.0.1:80"], "datagrams"),
        (["127.0.0.1:80", "--clause", "FRAME-999"], "FRAME-999"),
        (["127.0.0.1:80", "--section", "nowhere"], "nowhere"),
        (["127.0.0.1:80", "--storage", "no/such/folder"], "no/such/folder"),
        (["127.0.0.1:80", "--witness", "cat"], "{filename}"),
        (["127.0.0.1:80", "--time-limit", "-1"], "--time-limit"),
        (["127.0.0.1:80", "--known-failing", "no-such-file"], "no-such-file"),
        (["127.0.0.1:80", "--class", "perfect"], "perfect"),
        (["127.0.0.1:80", "--nonsense"], "--nonsense"),
        (["--spawn", "x", "--pid", "1"], "exclude"),
        (["127.0.0.1:80", "--spawn", "x {port}"], "exclude"),
        (["--spawn", "server"], "{port}"),
        (["--spawn", ""], "empty"),
        (["--spawn", "server '{port}"], "quotation"),
        (["--spawn", "server {prot}"], "did you mean {port}?"),
        (["--spawn", "server {address}"], "no {address}"),
        (["--spawn", "server {port}", "--transport", "unix"], "{socket}"),
        (["127.0.0.1:80", "--witness", "cat {filename} {store}"], "{store}"),
        (["127.0.0.1:80", "--jobs", "2"], "--jobs"),
        (["--spawn", "server {port} {storage}", "--jobs", "0"], "--jobs"),
        (["127.0.0.1:80", "--pid", "2147483646"], "no process 2147483646"),
        (["tls://127.0.0.1:80", "--tls-ca", "no-such-file"], "no-such-file"),
        (["tls://127.0.0.1:80", "--tls-key", "key"], "--tls-cert"),
    ],
)
def test_a_usage_error_says_what_was_wrong_and_exits_with_2(judge: Judge, arguments: list[str], said: str) -> None:
    judged = judge(*arguments)

    assert judged.status == 2, judged.printed
    assert said in judged.printed
    assert "Traceback" not in judged.printed


def test_a_usage_error_does_not_wait_for_what_runs_checks() -> None:
    program = "import sys, jhup_conformance.cli.run; print(sorted({'pytest', 'hypothesis'} & sys.modules.keys()))"

    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True).stdout

    assert printed.strip() == "[]"


def test_a_target_that_is_not_there_exits_with_3_and_still_writes_the_reports(judge: Judge) -> None:
    judged = judge(f"127.0.0.1:{unused_port()}")

    assert (judged.status, judged.report["verdict"]) == (3, "unreachable"), judged.printed
    assert judged.report["clauses"]
    assert "Traceback" not in judged.printed


@pytest.mark.parametrize("command", ["no-such-program {port}", "false {port}"])
def test_a_server_that_can_not_be_started_exits_with_3_and_says_why(judge: Judge, command: str) -> None:
    judged = judge("--spawn", command)

    assert judged.status == 3, judged.printed
    assert command.split()[0] in judged.printed


def test_a_report_folder_that_is_a_file_is_refused_at_once(tmp_path: Path, judge: Judge) -> None:
    (tmp_path / "out").write_text("mine")

    judged = judge(f"127.0.0.1:{unused_port()}", "--report", tmp_path / "out", reported=False)

    assert judged.status == 2
    assert judged.printed == f"jhup-conformance: --report: can't write to {tmp_path / 'out'}: File exists\n"
    assert (tmp_path / "out").read_text() == "mine"


def test_reports_replace_links_and_never_follow_them(tmp_path: Path) -> None:
    precious, folder = tmp_path / "precious", tmp_path / "out"
    precious.write_text("mine")
    folder.mkdir()
    for name in ("report.json", "report.html", "junit.xml", "badge.svg", "FRAME-3.json"):
        (folder / name).symlink_to(precious)

    judge_taught(tmp_path)

    assert precious.read_text() == "mine"
    assert not any(path.is_symlink() for path in folder.iterdir())


def test_reports_that_fail_at_the_end_leave_the_verdict_on_the_screen(tmp_path: Path, judge: Judge) -> None:
    (tmp_path / "report.html").mkdir()

    judged = judge(
        "--spawn", REFERENCE, "--clause", "FRAME-14", "--profile", "quick", "--report", tmp_path, reported=False
    )

    assert judged.status == 5, judged.printed
    assert "The reports could not be written" in judged.printed
    assert "exit status 5" in judged.printed.splitlines()[-1]


def test_an_interrupted_run_writes_its_reports_and_exits_with_130(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "jhup_conformance", "--spawn", REFERENCE, "--profile", "thorough", "-v"]
    command += ["--report", "out", "--seed", "1"]
    environment = {**os.environ, "PYTHONWARNINGS": "default", "NO_COLOR": "1", "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        while "PASS" not in process.stdout.readline():  # the checks are under way
            pass
        process.send_signal(signal.SIGINT)
        said = process.stdout.read()

    assert process.returncode == 130, said
    assert "interrupted" in said.splitlines()[-1]
    assert json.loads((tmp_path / "out" / "report.json").read_text())["exit_status"] == 130
    assert not (tmp_path / ".hypothesis").exists()


def test_the_help_names_every_option_and_every_command() -> None:
    said = CliRunner().invoke(main, ["--help"]).output

    assert isinstance(main, click.Group)
    assert [name for name in main.commands if name != "run" and f"\n  {name} " not in said] == []
    assert [option.flag for option in DECLARATIONS if option.flag not in said] == []
    assert "130 interrupted" in " ".join(said.split())


@pytest.mark.parametrize(
    ("words", "incomplete", "offered"),
    [
        ([], "", {"explain", "compare", "replay", "matrix"}),
        ([], "--cl", {"--class", "--clause"}),
        (["127.0.0.1:80", "--clause"], "frame-1", {"FRAME-1", "FRAME-17"}),
        (["explain"], "STORE-", {"STORE-1"}),
        (["127.0.0.1:80", "--profile"], "t", {"thorough"}),
    ],
)
def test_shells_are_offered_commands_options_and_clauses(words: list[str], incomplete: str, offered: set[str]) -> None:
    complete = ShellComplete(main, {}, "jhup-conformance", "_JHUP_CONFORMANCE_COMPLETE")

    found = {each.value for each in complete.get_completions(words, incomplete)}

    assert offered <= found
    assert "run" not in found


def test_the_first_failure_ends_the_run_where_that_was_asked_for(
    tmp_path: Path, servers: Servers, judge: Judge
) -> None:
    address = servers.start("taught_upload.py", "--storage", tmp_path)
    clauses = ("--clause", "HEAD-9", "--clause", "NAME-6")

    judged = judge(address, "--storage", tmp_path, "--profile", "quick", "--seed", "1", *clauses, "-x")

    assert judged.outcomes("FAIL") == {"HEAD-9"}
    assert judged.outcomes("UNVERIFIED") == {"NAME-6"}
    assert judged.status == 1


def test_what_failed_last_is_checked_first(tmp_path: Path, servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "store").mkdir()
    address = servers.start("taught_upload.py", "--storage", tmp_path / "store")
    clauses = ("--clause", "STORE-1", "--clause", "HEAD-9")
    arguments = (address, "--storage", "store", "--profile", "quick", "--seed", "1", *clauses, "-v")

    _, before = run_suite(*arguments, cwd=tmp_path)
    _, after = run_suite(*arguments, "--last-failed", cwd=tmp_path)

    def order(said: str) -> list[str]:
        lines = (line.split() for line in said.splitlines() if "::" not in line and line.endswith(" s"))
        return list(dict.fromkeys(words[1] for words in lines if words[0] in ("PASS", "FAIL")))

    assert order(before)[-1] == "HEAD-9"
    assert order(after)[0] == "HEAD-9"


def test_the_server_is_judged_again_when_its_source_changes(tmp_path: Path) -> None:
    source = tmp_path / "server.py"
    source.write_text("raise SystemExit('not yet')\n")
    command = [sys.executable, "-m", "jhup_conformance", "--spawn", f"{sys.executable} {source} {{port}} {{storage}}"]
    command += ["--clause", "FRAME-14", "--profile", "quick", "--watch", str(source)]
    environment = {**os.environ, "NO_COLOR": "1", "PYTHONUNBUFFERED": "1", "PYTHONWARNINGS": "default"}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        wait_for_line(process.stdout, "Watching")
        source.write_text(
            "import sys\nfrom jhup_reference.cli import main\n"
            "main(['upload', '--bind', f'127.0.0.1:{sys.argv[1]}', '--storage', sys.argv[2]])\n"
        )
        said = wait_for_line(process.stdout, "exit status 0")
        wait_for_line(process.stdout, "Watching")
        process.send_signal(signal.SIGINT)
        process.stdout.read()

    assert "server.py changed" in said
    assert process.returncode == 0


def wait_for_line(stream: IO[str], wanted: str) -> str:
    said = ""
    while wanted not in (line := stream.readline()):
        assert line, said
        said += line
    return said + line


def test_watching_needs_a_server_that_is_spawned(judge: Judge) -> None:
    judged = judge("127.0.0.1:1", "--watch", ".")

    assert (judged.status, "--watch needs --spawn" in judged.printed) == (2, True)


def test_listing_sends_nothing_and_names_every_clause_with_its_checks(judge: Judge) -> None:
    judged = judge("--list")

    assert judged.status == 0
    assert "FRAME-3" in judged.printed
    assert "test_a_prefix_may_be_cut_anywhere" in judged.printed


def test_only_the_clauses_asked_for_are_judged(judge: Judge) -> None:
    judged = judge("--spawn", REFERENCE, "--clause", "frame-14", "--clause", "STORE-1")

    assert [clause["id"] for clause in judged.report["clauses"]] == ["FRAME-14", "STORE-1"]
    assert judged.status == 0, judged.printed


def test_a_time_limit_ends_the_run_and_leaves_the_rest_unverified(judge: Judge) -> None:
    judged = judge("--spawn", REFERENCE, "--time-limit", 0.01)

    assert judged.status == 4, judged.printed
    assert "time limit" in judged.printed


def test_a_known_failure_does_not_count_but_must_still_fail(tmp_path: Path, servers: Servers, judge: Judge) -> None:
    store = tmp_path / "store"
    store.mkdir()
    address = servers.start("taught_upload.py", "--storage", store)
    known = tmp_path / "known"

    known.write_text("FRAME-8 two uploads in one segment, to be mended\n")
    excused = judge(address, "--storage", store, "--clause", "FRAME-8", "--clause", "STORE-1", "--known-failing", known)
    known.write_text("STORE-1 this works in fact\n")
    stale = judge(address, "--storage", store, "--clause", "STORE-1", "--known-failing", known)

    assert excused.status == 0, excused.printed
    assert excused.clause("FRAME-8")["outcome"] == "FAIL"
    assert stale.status == 5, stale.printed
    assert "take it off the list" in stale.printed


def test_the_same_run_works_through_pytest_itself(tmp_path: Path, servers: Servers) -> None:
    address = servers.start("asyncio_upload.py", "--storage", tmp_path)
    command = [sys.executable, "-m", "pytest", "--pyargs", "jhup_conformance.suite", "-p", "jhup_conformance.plugin"]
    command += ["-p", "no:cacheprovider", "--target", address, "--clause", "FRAME-3"]

    environment = {**os.environ, "PYTHONWARNINGS": "default"}  # plain warnings don't reach users as errors
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, timeout=100, check=False)

    assert b"passed" in done.stdout, done.stdout.decode()
    assert b"conforms (exit status 0)" in done.stdout


def test_stored_files_are_seen_through_a_witness_command(tmp_path: Path, servers: Servers, judge: Judge) -> None:
    address = servers.start("asyncio_upload.py", "--silent", "--storage", tmp_path)
    script = "import sys; from pathlib import Path; path = Path(*sys.argv[1:]); path.exists() or sys.exit(44); "
    script += "sys.stdout.buffer.write(path.read_bytes())"
    witness = shlex.join([sys.executable, "-c", script, str(tmp_path), "{filename}"])

    judged = judge(address, "--witness", witness, "--clause", "STORE-1", "--clause", "STORE-2", "--profile", "quick")

    assert judged.report["observed_by"] == ["witness"]
    assert judged.outcomes("PASS") == {"STORE-1", "STORE-2"}, judged.printed
