"""What the command for clients is told: words, placeholders, endings, and mistakes that get one line."""

import os
import sys
from pathlib import Path
from typing import Any

import pytest

from jhup.address import parse_address
from jhup_conformance.clients.command import Call, Ending, arguments, environment, filled, message_lines
from jhup_conformance.clients.options import ClientOptions
from jhup_conformance.run.usage import UsageError

C = sys.executable
HERE = Path("/somewhere")
CALL = Call(address=parse_address("127.0.0.1:8080"), files=[HERE / "a.txt", HERE / "b c"], asks=True, case="two files")
SILENT = Call(address=CALL.address, files=CALL.files, asks=False, case="two files")


@pytest.mark.parametrize(
    ("command", "call", "words"),
    [
        ([C], CALL, [C, "127.0.0.1:8080", str(HERE / "a.txt"), str(HERE / "b c")]),
        ([C, "{files}", "{address}"], CALL, [C, str(HERE / "a.txt"), str(HERE / "b c"), "127.0.0.1:8080"]),
        ([C, "--to={host}:{port}", "{name}", "{folder}"], CALL, [C, "--to=127.0.0.1:8080", "a.txt", str(HERE)]),
        ([C, "{reply:--reply}", "{file}"], CALL, [C, "--reply", str(HERE / "a.txt")]),
        ([C, "{reply:--reply}", "{file}"], SILENT, [C, str(HERE / "a.txt")]),
    ],
)
def test_placeholders_are_filled_in(command: list[str], call: Call, words: list[str]) -> None:
    assert arguments(command, call) == words


def test_nothing_is_appended_for_a_client_that_reads_lines() -> None:
    assert arguments(["shell"], CALL, said=True) == ["shell"]
    assert filled("put {file}\nexit\n", CALL) == f"put {HERE / 'a.txt'}\nexit\n"


def test_a_wrapper_finds_everything_in_its_environment() -> None:
    told = {name: value for name, value in environment(CALL).items() if name.startswith("JHUP_")}

    assert told == {
        "JHUP_ADDRESS": "127.0.0.1:8080",
        "JHUP_HOST": "127.0.0.1",
        "JHUP_PORT": "8080",
        "JHUP_FILE": str(HERE / "a.txt"),
        "JHUP_CASE": "two files",
        "JHUP_ASK": "1",
    }
    assert environment(SILENT)["JHUP_ASK"] == "0"
    assert environment(CALL)["PATH"] == os.environ["PATH"]


@pytest.mark.parametrize(
    ("status", "words"),
    [(None, "still running"), (-15, "SIGTERM"), (-11, "SIGSEGV"), (126, "status 126"), (127, "127"), (139, "139")],
)
def test_an_ending_that_is_no_report_is_trouble(status: int | None, words: str) -> None:
    assert words in Ending(status=status, seconds=3).trouble


@pytest.mark.parametrize("status", [0, 1, 2, 101, 125])
def test_an_exit_status_of_its_own_is_no_trouble(status: int) -> None:
    assert Ending(status=status, seconds=3).trouble == ""


def test_messages_are_alike_when_only_files_and_numbers_differ() -> None:
    one = message_lines("/tmp/x/a.txt: 10 of 100 bytes\r\nwarning at 0x7f00\n", [Path("/tmp/x/a.txt")])
    other = message_lines("/tmp/y/b.bin: 2,000 of 3,000 bytes\nwarning at 0x8f\n", [Path("/tmp/y/b.bin")])

    assert one == other == {"FILE: # of # bytes", "warning at #"}


def test_what_a_client_says_is_shown_safely() -> None:
    assert Ending(status=1, seconds=3, errors="one\ntwo \x1b[31m\n\n").said == "two \\x1b[31m"


@pytest.mark.parametrize(
    ("command", "values", "words"),
    [
        ([], {}, "expected either -- COMMAND, --trigger or --wait"),
        ([C], {"trigger": "t"}, "given: a COMMAND and --trigger"),
        ([], {"wait": True}, "--wait needs --listen"),
        ([], {"trigger": "t", "listen": "127.0.0.1:1", "stdin": "x"}, "--stdin is for a client that is started"),
        ([C], {"listen": "nowhere"}, "--listen: 'nowhere' is not an address"),
        ([C], {"listen": "udp://127.0.0.1:1"}, "uploads need a byte stream"),
        ([C], {"listen": "tls://127.0.0.1:1"}, "--tls-cert"),
        ([C], {"patience": 0}, "--patience: 0 is not"),
        ([C], {"time_limit": -1}, "--time-limit: -1 is not"),
        ([C], {"tls_key": Path("k")}, "--tls-key without --tls-cert"),
        ([C], {"clause": ["FRAME-1"]}, "FRAME-1 binds no client"),
        ([C], {"section": ["2.1"]}, "no section 2.1 binds clients"),
        ([C], {"known_failing": "missing"}, "--known-failing: can't read missing"),
    ],
)
def test_a_mistake_is_named(command: list[str], values: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError) as raised:
        ClientOptions.read(command, values)

    assert words in str(raised.value)


def test_placeholders_say_what_a_client_can_do() -> None:
    options = ClientOptions.read([C, "{reply:-r}", "{files}", "{address}"], {})
    plain = ClientOptions.read([C, "{file}", "{address}"], {})

    assert (options.asks, options.many, plain.asks, plain.many) == (True, True, False, False)
    assert ClientOptions.read([C], {"ask": True, "many": True}).asks


def test_escapes_that_shells_leave_alone_are_read() -> None:
    assert ClientOptions.read([C], {"stdin": r"put {file}\n\texit\\n\q"}).said == "put {file}\n\texit\\n\\q"


@pytest.mark.parametrize(("section", "clause"), [("9.2", "CLIENT-10"), ("waiting", "CLIENT-13"), ("ext", "EXT-2")])
def test_sections_are_chosen_by_number_title_and_prefix(section: str, clause: str) -> None:
    chosen = ClientOptions.read([C], {"section": [section]}).clauses

    assert chosen is not None
    assert clause in chosen
