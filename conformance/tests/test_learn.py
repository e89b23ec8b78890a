"""Learning a target's machine: right servers have no difference, wrong ones show theirs first, in a sentence."""

import json
import re
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from running import Judge, Servers

from jhup.machine import CLOSES, NOTHING, SYMBOLS, Output, Word, choose_symbols, derive_machine, read_machine
from jhup_conformance.cli.main import main
from jhup_conformance.learn.confirming import Confirmed
from jhup_conformance.learn.differences import find_differences, named_after
from jhup_conformance.learn.page import remove_files
from jhup_conformance.learn.study import Study
from jhup_conformance.run.machine import is_learnt
from jhup_conformance.run.options import Options, UsageError
from jhup_conformance.wire.transcript import Transcript

SERVERS = Path(__file__).parent / "servers"
KEYS = ("put", "header", "hello", "bad name", "malformed", "end")
MACHINE = derive_machine(choose_symbols(KEYS))
OK, GREETING = Output(("ok",)), Output(("greeting",))


def spawned(script: str, *options: str) -> str:
    words = [sys.executable, str(SERVERS / script), "--port", "{port}", "--storage", "{storage}", *options]
    return " ".join(f"'{word}'" for word in words)


def learn(folder: Path, *arguments: str, alphabet: str = ",".join(KEYS)) -> Result:
    return CliRunner().invoke(main, ["learn", "--report", str(folder), "--alphabet", alphabet, *arguments])


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["127.0.0.1:1", "--pid", "4194305"], "--pid: there is no process 4194305"),
        (["--spawn", "x {port}", "--pid", "1"], "--pid is for a TARGET that runs already"),
    ],
)
def test_a_process_that_can_not_be_meant_is_said_before_anything_is_sent(
    arguments: list[str], told: str, tmp_path: Path
) -> None:
    result = learn(tmp_path, *arguments)

    assert result.exit_code == 2
    assert told in result.output


@pytest.mark.parametrize("replies", ["replies=yes", "replies=no"])
def test_a_server_that_takes_no_file_of_a_few_bytes_is_not_said_to_be_wrong(replies: str, tmp_path: Path) -> None:
    script = Path(__file__).parent / "variant_server.py"
    words = [sys.executable, str(script), "--port", "{port}", "--storage", "{storage}", "max_filesize=1", replies]

    result = learn(tmp_path, "--spawn", " ".join(f"'{word}'" for word in words))

    assert result.exit_code == 4, result.output
    assert "takes no file of four bytes" in result.output


@pytest.mark.parametrize("script", ["upload_faults.py", "asyncio_upload.py", "selectors_upload.py"])
def test_right_servers_have_no_difference(script: str, tmp_path: Path) -> None:
    result = learn(tmp_path, "--spawn", spawned(script))

    assert result.exit_code == 0, result.output
    assert "No difference." in result.output
    machine = read_machine((tmp_path / "machine.json").read_text("utf-8"))
    assert machine.states[0] == "between requests"
    assert 4 <= len(machine.states) <= len(MACHINE.states)


@pytest.mark.parametrize(
    ("fault", "alphabet", "first"),
    [
        ("a refused body is requests", KEYS, "1. ERR-5: It reads the body of a refused put as requests."),
        ("closes at unknown commands", ("put", "unknown", "end"), "1. ERR-11: It closes after an unknown command."),
        ("silently malformed", KEYS, "1. REPLY-15: A malformed header is answered by closes; right is malformed"),
        ("prefix in one read", ("put", "half", "rest"), "1. FRAME-3: Half a prefix is answered by closes"),
        ("unknown commands have bodies", ("put", "unknown", "hello"), "1. ERR-11: After an unknown command: "),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_first_sentence_names_the_fault(fault: str, alphabet: Word, first: str, tmp_path: Path) -> None:
    result = learn(tmp_path, "--spawn", spawned("upload_faults.py", "--fault", fault), alphabet=",".join(alphabet))

    assert result.exit_code == 1, result.output
    assert first in result.output
    page = (tmp_path / "machine.html").read_text("utf-8")
    assert 'href="#difference-1"' in page
    assert "<script" not in page
    record = json.loads((tmp_path / "difference-1.json").read_text("utf-8"))
    assert record["clause"] in result.output


def test_a_record_is_sent_again_by_replay(tmp_path: Path, faulty: str) -> None:
    learn(tmp_path, faulty, alphabet="put,unknown")

    again = CliRunner().invoke(main, ["replay", str(tmp_path / "difference-1.json"), faulty])

    assert again.exit_code == 0, again.output
    assert "clause:   ERR-11" in again.output


def test_a_difference_without_a_finding_is_one_for_the_suite(tmp_path: Path, faulty: str) -> None:
    report = tmp_path / "report.json"
    report.write_text(json.dumps({"clauses": [{"id": "ERR-11", "outcome": "PASS"}]}))

    result = learn(tmp_path, faulty, "--judged", str(report), alphabet="put,unknown")

    assert "The report has no finding on ERR-11: the suite missed this." in result.output


def test_a_silent_server_is_seen_by_its_store(tmp_path: Path) -> None:
    silent = spawned("upload_faults.py", "--silent")

    result = learn(tmp_path, "--spawn", silent, alphabet="quiet put,quiet header,put or body,end")

    assert result.exit_code == 0, result.output
    machine = read_machine((tmp_path / "machine.json").read_text("utf-8"))
    assert Output(stored=True) in machine.edges[0]["quiet put"]


def test_the_taught_server_changes_the_store_too_early(tmp_path: Path) -> None:
    result = learn(tmp_path, "--spawn", spawned("taught_upload.py"), alphabet="quiet put,quiet header")

    assert result.exit_code == 1, result.output
    assert "1. STORE-6: It changes what is stored before the body has come." in result.output


def test_a_silent_server_without_a_store_shows_little(tmp_path: Path) -> None:
    command = spawned("upload_faults.py", "--silent").replace("'{storage}'", f"'{tmp_path}'")

    result = learn(tmp_path / "report", "--spawn", command, alphabet="quiet put,bad prefix")

    assert result.exit_code == 4, result.output
    assert "only the end of connections is observed" in result.output


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        ([], 2, "name one target"),
        (["127.0.0.1:1", "--spawn", "x"], 2, "name one target"),
        (["udp://127.0.0.1:1"], 2, "has no stream"),
        (["127.0.0.1:x"], 2, "is not an address"),
        (["127.0.0.1:1"], 3, "can't connect"),
        (["--spawn", "/no/such/program"], 3, "can't start"),
        (["127.0.0.1:1", "--judged", "/no/such/file"], 2, "No such file"),
    ],
)
def test_mistakes_are_one_line(arguments: list[str], status: int, words: str, tmp_path: Path) -> None:
    result = learn(tmp_path, *arguments)

    assert result.exit_code == status
    assert words in result.output
    assert len(result.output.splitlines()) == 1


def test_an_unknown_symbol_is_named(tmp_path: Path, faulty: str) -> None:
    result = learn(tmp_path, faulty, alphabet="put,push")

    assert result.exit_code == 2
    assert "'push' is no symbol" in result.output


def test_the_specification_is_written_without_a_target(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["learn", "--specification", str(tmp_path)])

    assert result.exit_code == 0
    assert read_machine((tmp_path / "server.json").read_text("utf-8")).states[0] == "between requests"


def test_without_aalpy_the_command_says_how_to_get_it(
    tmp_path: Path, faulty: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "aalpy.learning_algs", None)

    result = learn(tmp_path, faulty, alphabet="put,unknown")

    assert result.exit_code == 2
    assert "pip install 'jhup[learn]'" in result.output


@pytest.mark.timeout(300)  # it ends with a run of the suite
def test_a_run_draws_the_machine_in_its_report_and_leaves_its_verdict(tmp_path: Path, judge: Judge) -> None:
    command = spawned("upload_faults.py", "--fault", "closes at unknown commands")

    judged = judge("--spawn", command, "--learn", "--clause", "FRAME-1", "--seed", 1)

    assert judged.status == 0, judged.printed
    assert re.search(
        r"^State machine: \d+ states; the specification's has \d+\. \d differences?$", judged.printed, re.MULTILINE
    )
    page = (judged.folder / "report.html").read_text("utf-8")
    assert "The states of the target" in page
    assert "The states of the specification" in page
    assert 'href="machine/difference-1.json"' in page
    assert json.loads((judged.folder / "machine" / "difference-1.json").read_text("utf-8"))["clause"] == "ERR-11"
    machine = json.loads((judged.folder / "report.json").read_text("utf-8"))["machine"]
    assert machine["differences"][0]["clause"] == "ERR-11"
    assert machine["missed"] == []  # no check of that clause ran


def test_what_no_check_has_found_is_named_once() -> None:
    found = find_differences({("put",): CLOSES, ("hello",): CLOSES}, MACHINE)
    shown = tuple(Confirmed(each, Transcript(), ()) for each in found)
    learnt = Study(None, MACHINE, shown, (), {}, answers=True)

    clauses = [each.difference.clause for each in shown]
    assert learnt.missed(frozenset()) == list(dict.fromkeys(clauses))
    assert learnt.missed(frozenset(clauses)) == []


def test_a_report_keeps_no_machine_of_an_earlier_run_and_follows_no_link(tmp_path: Path) -> None:
    elsewhere, folder = tmp_path / "elsewhere", tmp_path / "machine"
    for each in (elsewhere, folder):
        each.mkdir()
        for name in ("machine.svg", "difference-3.json", "of the owner's"):
            (each / name).touch()
    (tmp_path / "link").symlink_to(elsewhere)

    remove_files(folder)
    remove_files(tmp_path / "link")
    remove_files(tmp_path / "missing")

    assert [path.name for path in folder.iterdir()] == ["of the owner's"]
    assert not (tmp_path / "link").is_symlink()
    assert len(list(elsewhere.iterdir())) == 3


@pytest.mark.parametrize(
    ("values", "learnt"),
    [
        ({"profile": "thorough"}, True),
        ({"learn": True}, True),
        ({}, False),
        ({"profile": "thorough", "clause": ("STORE-1",)}, False),
        ({"profile": "thorough", "service": "upper"}, False),
    ],
)
def test_a_machine_is_learnt_on_request_and_by_a_thorough_run(values: dict[str, object], learnt: bool) -> None:
    assert is_learnt(Options.read("127.0.0.1:1", values)) is learnt


def test_echo_services_have_no_machine_to_learn() -> None:
    with pytest.raises(UsageError, match="--learn is for upload servers"):
        Options.read("127.0.0.1:1", {"learn": True, "service": "upper"})


def test_consequences_of_a_difference_are_left_out() -> None:
    known = {
        ("put",): OK,
        ("bad name",): NOTHING,
        ("bad name", "hello"): GREETING,
        ("bad name", "put"): OK,
        ("bad name", "header"): NOTHING,
        ("malformed",): CLOSES,
    }

    differences = find_differences(known, MACHINE)

    assert [(each.word, each.clause) for each in differences] == [
        (("malformed",), "REPLY-15"),
        (("bad name", "put"), "ERR-5"),
    ]


def test_what_stands_before_is_not_blamed_for_what_happens_without_it() -> None:
    known = {
        ("malformed",): CLOSES,
        ("bad name",): NOTHING,
        ("bad name", "put"): Output(("bad-filename",)),
        ("bad name", "put", "malformed"): CLOSES,
    }

    assert [each.word for each in find_differences(known, MACHINE)] == [("malformed",)]


def test_states_have_the_names_of_the_specification() -> None:
    target = MACHINE.resolved()

    assert named_after(target, MACHINE).states == target.states


def test_every_symbol_has_a_clause_of_the_specification() -> None:
    from jhup.clauses import clauses

    assert {each.clause for each in SYMBOLS.values()} <= set(clauses())


@pytest.fixture
def faulty(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A server that closes at unknown commands; its address."""
    store = tmp_path_factory.mktemp("store")
    return servers.start("upload_faults.py", "--storage", store, "--fault", "closes at unknown commands")
