"""The command: results, messages and exit statuses as a person expects (CLIENT-17)."""

import errno
import io
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from jhup_client import Progress
from jhup_client.cli import main
from jhup_client.terminal import LongFileBar

StartPeer = Callable[..., Any]

NOBODY = "127.0.0.1:1"
MIB = 1 << 20


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with a few files."""
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "a.txt").write_text("abc")
    (folder / "日本").write_text("de")
    (folder / "folder").mkdir()
    monkeypatch.chdir(folder)
    return folder


def store_all(server: Any) -> Any:
    return server.store_all()


def test_put_hands_files_over(peer: StartPeer, files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    server = peer(store_all)

    assert main(["put", "a.txt", "日本", server.target]) == 0

    assert server.result() == {"a.txt": b"abc", "日本": b"de"}
    output = capsys.readouterr()
    assert output.out.startswith(
        "sent  a.txt  3 bytes  not confirmed\nsent  日本  2 bytes  not confirmed\ntotal  2 files  5 bytes"
    )
    assert output.err == ""


def test_put_with_reply_shows_the_digest(
    peer: StartPeer, files: Path, capsys: pytest.CaptureFixture[str], transport: str
) -> None:
    server = peer(store_all, over=transport)

    assert main(["put", "--reply", "--name", "b.txt", "a.txt", server.target]) == 0

    digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert server.result() == {"b.txt": b"abc"}
    assert capsys.readouterr() == (f"stored  b.txt  3 bytes  sha256 {digest}\n", "")


def test_quiet_put_prints_nothing(peer: StartPeer, files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    server = peer(store_all)

    assert main(["put", "--quiet", "a.txt", server.target]) == 0

    assert server.result() == {"a.txt": b"abc"}
    assert capsys.readouterr() == ("", "")


def test_put_may_use_a_connection_for_each_file(peer: StartPeer, files: Path) -> None:
    server = peer(store_all, store_all)

    assert main(["put", "--separately", "a.txt", "日本", server.target]) == 0
    assert server.results() == [{"a.txt": b"abc"}, {"日本": b"de"}]


def test_files_that_cannot_be_sent_are_named_and_the_others_sent(
    peer: StartPeer, files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server = peer(store_all)

    assert main(["put", "missing", "folder", "a.txt", server.target]) == 1

    assert server.result() == {"a.txt": b"abc"}
    assert capsys.readouterr().err == (
        "jhup-client: missing: no such file\njhup-client: folder: is a folder, not a file\n"
    )


def test_no_connection_is_made_when_no_file_can_be_sent(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["put", "missing", NOBODY]) == 1
    assert capsys.readouterr() == ("", "jhup-client: missing: no such file\n")


@pytest.mark.skipif(os.name != "posix", reason="other systems have no such names")
def test_a_name_that_is_not_valid_fails_before_connecting(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (files / "a\\b").touch()
    (files / "a\nb").touch()

    assert main(["put", "a\\b", "a\nb", NOBODY]) == 1

    assert capsys.readouterr().err == (
        "jhup-client: a\\b: can't be stored: the name has a '/' or a '\\': a name is one path component (NAME-6)\n"
        "jhup-client: 'a\\nb': can't be stored: the name has a control character (NAME-5)\n"
    )


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs on this platform")
def test_a_fifo_is_not_waited_for(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    os.mkfifo("fifo")

    assert main(["put", "fifo", NOBODY]) == 1
    assert capsys.readouterr().err == "jhup-client: fifo: is a FIFO, not a file\n"


def test_a_file_that_may_not_be_read_is_named(
    peer: StartPeer, files: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> int:
        raise PermissionError(errno.EACCES, "Permission denied")  # the superuser may read everything

    monkeypatch.setattr("jhup_client.body.os.open", refuse)
    server = peer(store_all)

    assert main(["put", "a.txt", server.target]) == 1

    monkeypatch.undo()
    assert server.result() == {}
    assert capsys.readouterr().err == "jhup-client: a.txt: permission denied\n"


def test_an_unreachable_server_is_told_of_once(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["put", "a.txt", "日本"], ["stat", "a.txt"], ["hello"], ["shell"]):
        assert main([*arguments, NOBODY]) == 3
        assert capsys.readouterr() == ("", f"jhup-client: can't connect to {NOBODY}: connection refused\n")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["put", NOBODY], "Missing argument 'FILE...'"),
        (["put", "a.txt", "nonsense"], "'nonsense' is not an address; expected HOST:PORT"),
        (["put", "a.txt", "udp://127.0.0.1:1"], "uploads need a byte stream, not datagrams"),
        (["put", "--name", "b", "a.txt", "a.txt", NOBODY], "--name is for a single FILE, not for 2"),
        (["put", "--timeout", "0", "a.txt", NOBODY], "not in the range"),
        (["put", "--tls-key", "a.txt", "a.txt", NOBODY], "--tls-key without --tls-cert"),
        (["put", "--tls-ca", "missing", "a.txt", NOBODY], "does not exist"),
        (["put", "--tls-ca", "a.txt", "a.txt", f"tls://{NOBODY}"], "can't use a.txt for TLS"),
        (["get", "a.txt", NOBODY], "No such command 'get'"),
        (["put", "-", NOBODY], "- has no name of its own: add --name"),
        (["put", "--size", "3", "a.txt", NOBODY], "--size is for standard input"),
        (["put", "--name", "n", "--size", "-3", "-", NOBODY], "not in the range"),
    ],
)
def test_a_wrong_command_line_is_explained(
    files: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    assert main(arguments) == 2

    output = capsys.readouterr()
    assert output.out == ""
    assert words in output.err


def test_an_error_reply_is_shown_safely(peer: StartPeer, files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def script(server: Any) -> None:
        server.read_request()
        server.reply(status="error", code="storage", message="disk\x1b[31m\nfull", closing=False)
        server.read_to_end()

    server = peer(script)

    assert main(["put", "--reply", "a.txt", server.target]) == 1

    server.result()
    assert capsys.readouterr() == (
        "",
        "jhup-client: a.txt: the server can't store under this name, or can't write [storage]: disk [31m full\n",
    )


def test_a_server_without_replies_is_explained(
    peer: StartPeer, files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server = peer(lambda server: server.count_to_end())

    assert main(["put", "--reply", "--timeout", "0.1", "a.txt", server.target]) == 1

    server.result()
    assert capsys.readouterr().err == (
        "jhup-client: a.txt: no reply within 0.1 s: the file may be stored all the same; not every server replies\n"
    )


def test_a_reset_is_reported(peer: StartPeer, files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    server = peer(lambda server: (server.read_header(), server.reset()))

    assert main(["put", "a.txt", server.target]) == 1

    server.result()
    assert capsys.readouterr() == ("", "jhup-client: a.txt: the server reset the connection\n")


def test_stat_shows_what_is_stored_and_what_is_not(
    peer: StartPeer, files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def script(server: Any) -> None:
        server.read_header()
        server.reply(status="ok", filename="a", filesize=1234, sha256="0" * 64)
        server.read_header()
        server.reply(status="error", code="not-found", message="", closing=False)

    server = peer(script)

    assert main(["stat", "a", "b", server.target]) == 1

    server.result()
    assert capsys.readouterr() == (f"a  1,234 bytes  sha256 {'0' * 64}\n", "jhup-client: b: not stored\n")


def test_hello_shows_what_the_server_is(peer: StartPeer, capsys: pytest.CaptureFixture[str]) -> None:
    def script(server: Any) -> None:
        server.read_header()
        server.reply(status="ok", protocol=1, server="x\x07", features=["replies"], max_header=65536, max_filesize=None)

    server = peer(script)

    assert main(["hello", server.target]) == 0

    server.result()
    assert capsys.readouterr().out == (
        "server        'x\\x07'\n"
        "protocol      1\n"
        "features      replies\n"
        "max_header    65,536 bytes\n"
        "max_filesize  what the store can hold\n"
    )


def test_tls_options_reach_the_connection(peer: StartPeer, files: Path, authority: Any) -> None:
    server = peer(store_all, wrap=authority.wrap)
    options = ["--tls-ca", str(authority.ca_file), "--tls-cert", str(authority.client_file)]

    assert main(["put", *options, "a.txt", f"tls://{server.target}"]) == 0
    assert server.result() == {"a.txt": b"abc"}


@pytest.mark.parametrize("command", [[], ["put"], ["stat"], ["hello"], ["shell"]])
def test_help_documents_the_exit_statuses(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*command, "--help"]) == 0

    text = capsys.readouterr().out
    assert all(re.search(rf"^ *{status} +\w", text, re.MULTILINE) for status in (0, 1, 2, 3, 130))


def test_version_is_told_by_the_command_and_the_module(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0

    line = capsys.readouterr().out
    assert re.fullmatch(r"jhup-client, version \d.*\n", line)
    module = [sys.executable, "-m", "jhup_client", "--version"]
    assert subprocess.run(module, capture_output=True, text=True, check=True).stdout == line


# Processes in the background are often started with interrupts ignored, and would hand that down.
HEEDING_INTERRUPTS = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from jhup_client.cli import main
sys.exit(main())
"""


def start(*arguments: str, **options: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", HEEDING_INTERRUPTS, *arguments],
        text=True,
        encoding="utf-8",
        stderr=subprocess.PIPE,
        **options,
    )


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_interrupting_leaves_a_word_and_no_traceback(peer: StartPeer, files: Path) -> None:
    under_way = threading.Event()

    def script(server: Any) -> int:
        server.read_header()
        under_way.set()
        return server.count_to_end()

    server = peer(script)
    with start("put", "--reply", "a.txt", server.target) as process:
        assert under_way.wait(20)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=20)

    assert process.returncode == 130
    assert errors.strip() == "jhup-client: interrupted"
    server.result()


@pytest.mark.skipif(os.name != "posix", reason="pipes of POSIX")
def test_uploads_go_on_when_nobody_reads_the_results(peer: StartPeer, files: Path) -> None:
    server = peer(store_all)
    read_end, write_end = os.pipe()
    os.close(read_end)

    with start("put", "--reply", "a.txt", "日本", server.target, stdout=write_end) as process:
        os.close(write_end)
        _, errors = process.communicate(timeout=20)

    assert (process.returncode, errors) == (0, "")
    assert server.result() == {"a.txt": b"abc", "日本": b"de"}


def test_results_are_printed_on_terminals_that_know_few_characters(peer: StartPeer, files: Path) -> None:
    server = peer(store_all)
    environment = os.environ | {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "1"}

    with start("put", "日本", server.target, stdout=subprocess.PIPE, env=environment) as process:
        output, errors = process.communicate(timeout=20)

    assert (process.returncode, errors) == (0, "")
    assert output == "sent  \\u65e5\\u672c  2 bytes  not confirmed\n"
    assert server.result() == {"日本": b"de"}


LINE_CLEARED = "\x1b[2K"


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def console(*, terminal: bool) -> Console:
    return Console(file=io.StringIO(), force_terminal=terminal, width=80)


def test_a_bar_appears_for_a_file_that_takes_long_and_goes_when_it_is_done() -> None:
    clock, screen = Clock(), console(terminal=True)

    with LongFileBar(console=screen, clock=clock) as bar:
        assert bar.callback is not None
        bar.callback(Progress("日[b]本", 0, 100 * MIB))
        clock.now = 0.4
        bar.callback(Progress("日[b]本", 10 * MIB, 100 * MIB))
        quick = screen.file.getvalue()
        clock.now = 0.6
        bar.callback(Progress("日[b]本", 20 * MIB, 100 * MIB))
        bar.callback(Progress("日[b]本", 40 * MIB, 100 * MIB))
        bar.callback(Progress("日[b]本", 100 * MIB, 100 * MIB))

    drawn = screen.file.getvalue()
    assert quick == ""
    assert "日[b]本" in drawn
    assert "41.9/104.9 MB" in drawn
    assert drawn.endswith(LINE_CLEARED)


def test_a_bar_that_is_shown_goes_when_the_upload_fails() -> None:
    clock, screen = Clock(), console(terminal=True)

    with LongFileBar(console=screen, clock=clock) as bar:
        bar.update(Progress("a", 0, 100))
        clock.now = 1.0
        bar.update(Progress("a", 1, 100))

    assert screen.file.getvalue().endswith(LINE_CLEARED)


def test_no_bar_is_drawn_where_there_is_no_terminal() -> None:
    assert LongFileBar(console=console(terminal=False)).callback is None
