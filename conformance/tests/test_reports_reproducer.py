"""A finding can be seen again: by its reproducer, without any suite, and by replay, which tells if it holds now."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from reported import Reported, judge_echo, run_suite
from running import SERVERS, Servers

from jhup.address import Transport
from jhup_conformance.reports.literals import HELPERS, bytes_expression
from jhup_conformance.sizes import pattern

SHOWN = ("FRAME-3", "FRAME-8", "HEAD-9", "NAME-6", "STORE-7", "ERR-12")


def start_program(path: Path, *arguments: object) -> "subprocess.Popen[bytes]":
    """Start a reproducer as somebody does who has nothing but Python: none of our packages."""
    command = [sys.executable, "-I", "-S", str(path), *map(str, arguments)]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDEVMODE"}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment)


def run_program(path: Path, *arguments: object) -> int:
    """Run a reproducer; gives its exit status."""
    with start_program(path, *arguments) as program:
        program.communicate(timeout=60)
    return program.returncode


@pytest.mark.alone
@pytest.mark.parametrize("clause", SHOWN)
def test_a_reproducer_shows_its_fault_again_at_the_server_that_has_it_and_none_at_a_correct_one(
    clause: str, taught: Reported, tmp_path: Path, servers: Servers
) -> None:
    """On servers of its own: the taught one spins as soon as a client has hung up, and is too slow for the next one."""
    ended = {}
    for script in ("taught_upload.py", "asyncio_upload.py"):
        store = tmp_path / script.removesuffix(".py")
        store.mkdir()
        program = start_program(taught.folder / f"{clause}.py", servers.start(script, "--storage", store), store)
        ended[script] = program.communicate(timeout=60)[0], program.returncode

    assert [status for _, status in ended.values()] == [1, 0], ended


def test_a_reproducer_is_short_and_needs_the_standard_library_alone(taught: Reported, shouting: Reported) -> None:
    for path in [*taught.folder.glob("*.py"), *shouting.folder.glob("*.py")]:
        text = path.read_text("utf-8")
        tree = ast.parse(text)
        imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        statements = [node for node in ast.walk(tree) if isinstance(node, ast.stmt)]

        assert imported <= sys.stdlib_module_names, path
        assert len(statements) - len(imported) < 60, path
        assert path.stem in text


def test_a_reproducer_of_an_echo_server_knows_every_right_answer(
    shouting: Reported, servers: Servers, tmp_path: Path
) -> None:
    program = shouting.folder / "ECHO-3.py"
    wrong = servers.start_echo("--service", "upper", "--shape", "one-shot", "--fault", "upper-cases Unicode")
    right = servers.start_echo("--service", "upper", "--shape", "one-shot")

    assert run_program(program, wrong) == 1
    assert run_program(program, right) == 0


@pytest.mark.parametrize("clause", ["FRAME-8", "NAME-6", "STORE-7"])
def test_a_replay_shows_what_comes_now_and_tells_whether_it_is_right(
    clause: str, taught: Reported, tmp_path: Path, servers: Servers
) -> None:
    told = []
    for script in ("taught_upload.py", "asyncio_upload.py"):
        store = tmp_path / script.removesuffix(".py")
        store.mkdir()
        address = servers.start(script, "--storage", store)
        record = taught.folder / f"{clause}.json"
        told.append(run_suite("replay", record, address, "--storage", store, "--judge", cwd=tmp_path))

    (wrong_status, wrong), (right_status, right) = told
    assert (wrong_status, right_status) == (1, 0), told
    assert "holds now: no" in wrong
    assert "holds now: yes" in right
    assert wrong.count("segment 1, ") == 2, "the dump as recorded and the dump of now"
    assert "header    7b 22" in wrong


def test_a_replay_asks_a_target_with_replies_itself_and_says_when_nothing_can_be_told(
    taught: Reported, tmp_path: Path, servers: Servers
) -> None:
    (tmp_path / "silent").mkdir()
    (tmp_path / "speaking").mkdir()
    speaking = servers.start("asyncio_upload.py", "--storage", tmp_path / "speaking")
    silent = servers.start("asyncio_upload.py", "--silent", "--storage", tmp_path / "silent")
    record = taught.folder / "FRAME-8.json"

    seen = run_suite("replay", record, speaking, "--judge", cwd=tmp_path)
    unseen = run_suite("replay", record, silent, "--judge", cwd=tmp_path)

    assert (seen[0], unseen[0]) == (0, 2), (seen, unseen)
    assert "--storage DIR would show it" in unseen[1]


def test_a_replay_uses_new_names_so_that_an_earlier_one_does_not_count(
    taught: Reported, tmp_path: Path, servers: Servers
) -> None:
    address = servers.start("asyncio_upload.py", "--storage", tmp_path)
    record = taught.folder / "FRAME-8.json"

    first = run_suite("replay", record, address, "--storage", tmp_path, "--judge", cwd=tmp_path)
    second = run_suite("replay", record, address, "--storage", tmp_path, "--judge", cwd=tmp_path)

    assert (first[0], second[0]) == (0, 0), (first, second)
    assert len(list(tmp_path.glob("jc-*"))) == 4


def test_a_replay_of_a_race_that_went_well_proves_nothing(taught: Reported, tmp_path: Path, servers: Servers) -> None:
    address = servers.start("asyncio_upload.py", "--storage", tmp_path)
    record = taught.folder / "STORE-9.json"

    status, printed = run_suite("replay", record, address, "--storage", tmp_path, "--judge", cwd=tmp_path)

    assert status == 2, printed
    assert "the connections race: it may show at another try" in printed


def test_a_replay_of_a_datagram_judges_the_answer(tmp_path: Path, servers: Servers) -> None:
    reported = judge_echo(tmp_path, "upper", "upper-cases Unicode", "--transport", "udp", "--clause", "ECHO-3")
    record = reported.folder / "ECHO-3.json"
    wrong = servers.start_echo("--service", "upper", "--fault", "upper-cases Unicode", transport=Transport.UDP)
    right = servers.start_echo("--service", "upper", transport=Transport.UDP)

    assert reported.clause("ECHO-3")["outcome"] == "FAIL", reported.printed
    assert run_suite("replay", record, wrong, "--judge", cwd=tmp_path)[0] == 1
    assert run_suite("replay", record, right, "--judge", cwd=tmp_path)[0] == 0
    assert run_program(reported.folder / "ECHO-3.py", wrong.removeprefix("udp://")) == 1


def test_an_answer_where_none_is_right_is_shown_again(tmp_path: Path, servers: Servers) -> None:
    fault = "replies to what is not ASCII in datagrams"
    reported = judge_echo(tmp_path, "worker", fault, "--transport", "udp", "--clause", "ECHO-58")
    wrong = servers.start_echo("--service", "worker", "--fault", fault, transport=Transport.UDP)
    right = servers.start_echo("--service", "worker", transport=Transport.UDP)
    program = reported.folder / "ECHO-58.py"

    status, printed = run_suite("replay", reported.folder / "ECHO-58.json", wrong, "--judge", cwd=tmp_path)

    assert (status, "where none is right" in printed) == (1, True), printed
    assert run_program(program, wrong.removeprefix("udp://")) == 1
    assert run_program(program, right.removeprefix("udp://")) == 0


def test_conversations_of_several_connections_are_said_again_on_as_many(taught: Reported) -> None:
    program = (taught.folder / "STORE-9.py").read_text("utf-8")
    record = json.loads((taught.folder / "STORE-9.json").read_text("utf-8"))

    count = len(record["scene"]["beside"])
    assert count > 0
    assert program.count(" = connect()") == count + 1
    assert f"connection {count}, segment 1" in (taught.folder / "report.html").read_text("utf-8")


@pytest.mark.parametrize(
    "data",
    [b"", b"abc\x00\xff'\"", bytes(5000), pattern(3000, 7), pattern(3000, 7)[1:], pattern(9001)[3:], b"xy" * 4000],
    ids=["none", "short", "zeros", "numbers", "cut numbers", "more numbers", "repeated"],
)
def test_an_expression_of_bytes_gives_them_back_and_is_shorter_than_they_are(data: bytes) -> None:
    expression = bytes_expression(data, borders=[4, 40])
    scope: dict[str, object] = {}

    exec("import base64, zlib\n" + "".join(HELPERS.values()), scope)

    assert eval(expression, scope) == data
    assert len(expression) < max(len(data) // 2, 300)


def test_the_record_of_an_exchange_says_what_a_reader_of_another_suite_needs(taught: Reported) -> None:
    record = json.loads((taught.folder / "STORE-7.json").read_text("utf-8"))

    assert {"format", "clause", "service", "expected", "actual", "entries", "scene"} <= record.keys()
    assert record["scene"]["before"]
    assert (SERVERS / "taught_upload.py").exists()
