"""The shell: lines from a person or from a pipe, history, and completion of commands and file names."""

import contextlib
import io
import os
import re
import select
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document

from jhup_client.cli import main
from jhup_client.completion import ShellCompleter, last_word, quoted
from jhup_client.shell import COMMANDS

StartPeer = Callable[..., Any]


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with a few files."""
    folder = tmp_path / "files"
    (folder / "sub dir").mkdir(parents=True)
    for name, text in {"a.txt": "abc", "b.txt": "de", "two words.txt": "x", ".hidden": "", "sub dir/c": "c"}.items():
        (folder / name).write_text(text)
    monkeypatch.chdir(folder)
    return folder


def store_all(server: Any) -> Any:
    return server.store_all()


def give(monkeypatch: pytest.MonkeyPatch, lines: str | bytes) -> None:
    data = lines if isinstance(lines, bytes) else lines.encode()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data), encoding="utf-8"))


def test_lines_come_from_a_pipe(
    peer: StartPeer, files: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    server = peer(store_all, store_all)
    give(monkeypatch, "put a.txt\n\n  put 'two words.txt' b.txt\n")

    assert main(["shell", server.target]) == 0

    assert server.results() == [{"a.txt": b"abc"}, {"two words.txt": b"x", "b.txt": b"de"}]
    output = capsys.readouterr()
    assert output.err == ""
    assert output.out.startswith(
        "sent  a.txt  3 bytes  not confirmed\n"
        "sent  two words.txt  1 byte  not confirmed\n"
        "sent  b.txt  2 bytes  not confirmed\n"
        "total  2 files  3 bytes"
    )


def test_reply_is_switched_on_and_off(
    peer: StartPeer, files: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    server = peer(store_all, store_all)
    give(monkeypatch, "reply\nreply on\nput a.txt\nreply off\nput b.txt\nquit\nput never")

    assert main(["shell", server.target]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert lines[0:2] == ["reply is off", "reply is on"]
    assert lines[2].startswith("stored  a.txt")
    assert lines[3:] == ["reply is off", "sent  b.txt  2 bytes  not confirmed"]
    server.results()


def test_patterns_and_homes_are_expanded(peer: StartPeer, files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(files))
    (files / "[x]").write_text("literal")
    server = peer(store_all, store_all, store_all)
    give(monkeypatch, "put *.txt\nput [x]\ncd ~\nput ~/a.txt\n")

    assert main(["shell", server.target]) == 0
    assert server.results() == [
        {"a.txt": b"abc", "b.txt": b"de", "two words.txt": b"x"},
        {"[x]": b"literal"},
        {"a.txt": b"abc"},
    ]


def test_folders_are_changed(peer: StartPeer, files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = peer(store_all)
    give(monkeypatch, "cd sub\\ dir\nput c\n")

    assert main(["shell", server.target]) == 0
    assert server.result() == {"c": b"c"}


WRONG_LINES = [
    ("get a.txt", "unknown command 'get'; expected one of: put, stat, hello, reply, cd, help, ?, exit, quit"),
    ("__init__", "unknown command '__init__'"),
    ("put", "usage: put FILE..."),
    ("stat", "usage: stat NAME..."),
    ("hello you", "usage: hello"),
    ("reply maybe", "usage: reply on|off"),
    ("cd a b", "usage: cd FOLDER"),
    ("cd missing", "cd: no such file or directory"),
    ("put 'open", "can't read this line: no closing quotation"),
    ("put missing", "missing: no such file"),
    ("put nothing*", "nothing*: no such file"),
]


@pytest.mark.parametrize(("line", "words"), WRONG_LINES)
def test_a_wrong_line_is_explained_and_the_next_one_carried_out(
    peer: StartPeer,
    files: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    line: str,
    words: str,
) -> None:
    server = peer(store_all)
    give(monkeypatch, f"{line}\nput a.txt\n")

    assert main(["shell", server.target]) == 1

    assert server.result() == {"a.txt": b"abc"}
    assert capsys.readouterr().err.startswith(f"jhup-client: {words}")


def test_names_that_are_not_utf8_are_refused_and_not_stumbled_over(
    peer: StartPeer, files: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    server = peer(store_all)
    with contextlib.suppress(OSError):  # some file systems have no such names
        Path(os.fsdecode(b"\xff")).touch()
    give(monkeypatch, b"put \xff\n")

    assert main(["shell", server.target]) == 1

    assert capsys.readouterr().err.startswith("jhup-client: '\\udcff': ")
    server.result()


def test_a_connection_that_the_server_closed_meanwhile_is_made_anew(
    peer: StartPeer, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = threading.Event()

    class Lines(io.StringIO):
        def readline(self, size: int | None = -1) -> str:
            assert closed.wait(20)  # the first connection is over before the first line comes
            return super().readline(-1 if size is None else size)

        __next__ = readline

    def close_at_once(server: Any) -> None:
        server.socket.close()
        closed.set()

    server = peer(close_at_once, store_all)
    monkeypatch.setattr("sys.stdin", Lines("put a.txt\nexit\n"))

    assert main(["shell", server.target]) == 0
    assert server.results() == [None, {"a.txt": b"abc"}]


def test_the_worst_that_happened_is_the_exit_status(
    peer: StartPeer, files: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    server = peer(store_all)
    give(monkeypatch, "put a.txt\nput b.txt\n")  # nobody listens any more when the second line comes

    assert main(["shell", server.target]) == 3
    assert "can't connect" in capsys.readouterr().err
    server.result()


def test_the_server_is_asked(
    peer: StartPeer, files: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def no_such_command(server: Any) -> None:
        server.read_header()
        server.reply(status="error", code="unknown-command", message="no", closing=False)

    def stored(server: Any) -> None:
        server.reply(status="ok", filename=server.read_header()["filename"], filesize=3, sha256="0" * 64)

    server = peer(no_such_command, stored)
    give(monkeypatch, "hello\nstat a\n")

    assert main(["shell", server.target]) == 1

    server.results()
    assert capsys.readouterr() == (
        f"a  3 bytes  sha256 {'0' * 64}\n",
        "jhup-client: the server has no such command [unknown-command]: no\n",
    )


@pytest.mark.parametrize("command", ["help", "?"])
def test_help_names_every_command(
    peer: StartPeer, files: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    server = peer(store_all)
    give(monkeypatch, f"{command}\nexit\nnever reached\n")

    assert main(["shell", server.target]) == 0

    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == list(COMMANDS)
    server.result()


@pytest.mark.parametrize(
    ("line", "start", "word"),
    [
        ("", 0, ""),
        ("pu", 0, "pu"),
        ("put ", 4, ""),
        ("put a.t", 4, "a.t"),
        ("put two\\ w", 4, "two w"),
        ('put "two w', 4, "two w"),
        ("put 'two w' x", 12, "x"),
        ("put 'two'\" w", 4, "two w"),
        ("put 'a\\b", 4, "a\\b"),
    ],
)
def test_the_word_being_typed_is_found(line: str, start: int, word: str) -> None:
    assert last_word(line) == (start, word)


def completions(line: str) -> list[str]:
    completer = ShellCompleter({name: command.words for name, command in COMMANDS.items()})
    found = completer.get_completions(Document(line), CompleteEvent(completion_requested=True))
    return [line[: len(line) + one.start_position] + one.text for one in found]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("p", ["put "]),
        ("h", ["hello ", "help "]),
        ("x", []),
        ("put ", ["put a.txt", "put b.txt", "put sub\\ dir/", "put two\\ words.txt"]),
        ("put tw", ["put two\\ words.txt"]),
        ('put "two w', ["put two\\ words.txt"]),
        ("put .h", ["put .hidden"]),
        ("put a.txt b", ["put a.txt b.txt"]),
        ("put sub\\ dir/", ["put sub\\ dir/c"]),
        ("put missing/", []),
        ("put ~nobodyatall/", []),
        ("reply o", ["reply on", "reply off"]),
        ("stat a", []),
        ("unknown a", []),
    ],
)
def test_commands_and_file_names_are_completed(files: Path, line: str, expected: list[str]) -> None:
    assert completions(line) == expected


def test_what_is_completed_is_read_as_it_was_meant(files: Path) -> None:
    for name in ["two words", "it's", 'a"b', "back\\slash", "tab\tbed", "plain"]:
        assert shlex.split(quoted(name)) == [name]


# Processes in the background are often started with interrupts ignored, and would hand that down.
HEEDING_INTERRUPTS = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from jhup_client.cli import main
sys.exit(main())
"""


class Terminal:
    """A program on a pseudo-terminal, and what it has shown."""

    def __init__(self, *arguments: str, folder: Path, home: Path) -> None:
        ours, theirs = os.openpty()
        self._descriptor = ours
        environment = os.environ | {
            "TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1", "HOME": str(home), "XDG_CONFIG_HOME": str(home),
        }  # fmt: skip
        self.process = subprocess.Popen(
            [sys.executable, "-c", HEEDING_INTERRUPTS, *arguments],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            cwd=folder,
            env=environment,
            start_new_session=True,
        )
        os.close(theirs)
        self.shown = ""

    def type(self, keys: str) -> None:
        os.write(self._descriptor, keys.encode())

    def wait_for(self, pattern: str) -> None:
        """Wait until something is shown, and forget what was shown up to it."""
        deadline = time.monotonic() + 30
        while (match := re.search(pattern, self.shown)) is None:
            assert select.select([self._descriptor], [], [], deadline - time.monotonic())[0], self.shown
            try:
                self.shown += re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", os.read(self._descriptor, 65536).decode())
            except OSError:  # what a terminal gives when the program is gone
                raise AssertionError(self.shown) from None
        self.shown = self.shown[match.end() :]

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait(20)
        os.close(self._descriptor)


@pytest.fixture
def terminal(files: Path, tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    """Start the shell on a pseudo-terminal."""
    if not hasattr(os, "openpty"):
        pytest.skip("no pseudo-terminals on this platform")
    with contextlib.ExitStack() as stack:

        def start(*arguments: str) -> Terminal:
            one = Terminal("shell", *arguments, folder=files, home=tmp_path)
            stack.callback(one.close)
            return one

        yield start


def test_a_person_puts_files_with_the_help_of_completion(peer: StartPeer, terminal: Callable[..., Terminal]) -> None:
    server = peer(store_all, store_all)
    shell = terminal(server.target, "--reply")

    shell.wait_for(">>:")
    shell.type("pu\t")
    shell.wait_for("put")
    shell.type("tw\t")
    shell.wait_for(r"two\\ words\.txt")
    shell.type("\r")
    shell.wait_for("stored  two words.txt  1 byte  sha256 ")
    shell.wait_for(">>:")
    shell.type("half a line\x03")  # ^C drops the line
    shell.wait_for(">>:")
    shell.type("put a.txt\r")
    shell.wait_for("stored  a.txt  3 bytes")
    shell.wait_for(">>:")
    shell.type("\x04")  # ^D at an empty line

    assert shell.process.wait(20) == 0
    assert server.results() == [{"two words.txt": b"x"}, {"a.txt": b"abc"}]


def test_history_is_there_in_the_next_shell(peer: StartPeer, terminal: Callable[..., Terminal], tmp_path: Path) -> None:
    history = tmp_path / "kept" / "history"
    first_server, second_server = peer(store_all), peer(store_all)

    first = terminal("--history", str(history), first_server.target)
    first.wait_for(">>:")
    first.type("put a.txt\r")
    first.wait_for("sent  a.txt")
    first.wait_for(">>:")
    first.type("quit\r")
    assert first.process.wait(20) == 0

    second = terminal("--history", str(history), second_server.target)
    second.wait_for(">>:")
    second.type("\x1b[A\x1b[A\r")  # two lines up
    second.wait_for("sent  a.txt")

    assert first_server.result() == second_server.result() == {"a.txt": b"abc"}
    assert history.stat().st_mode & 0o077 == 0


def test_interrupting_an_upload_returns_to_the_prompt(peer: StartPeer, terminal: Callable[..., Terminal]) -> None:
    under_way = threading.Event()

    def never_answer(server: Any) -> int:
        server.read_request()
        under_way.set()
        return server.count_to_end()

    server = peer(never_answer, store_all)
    shell = terminal(server.target, "--reply")

    shell.wait_for(">>:")
    shell.type("put a.txt\r")
    assert under_way.wait(20)
    shell.process.send_signal(signal.SIGINT)
    shell.wait_for("interrupted")
    shell.wait_for(">>:")
    shell.type("put b.txt\r")
    shell.wait_for("stored  b.txt")

    assert server.results()[1] == {"b.txt": b"de"}
