"""The interactive shell: `>>: put FILE`, as in the lesson, with history and completion."""

import glob
import io
import os
import shlex
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click
from prompt_toolkit import PromptSession
from prompt_toolkit.history import FileHistory, History, InMemoryHistory

from jhup_client import actions
from jhup_client.batch import FileToSend
from jhup_client.client import Client
from jhup_client.completion import ShellCompleter
from jhup_client.connection import Connection
from jhup_client.errors import ConnectionFailed
from jhup_client.exits import Exit
from jhup_client.terminal import say, say_error

__all__ = ["PROMPT", "Shell", "run_shell"]

PROMPT: Final = ">>: "


class _Leave(Exception):
    """The shell shall end."""


class _Misuse(Exception):
    """A line that can't be carried out as it stands."""


@dataclass(frozen=True, slots=True)
class _Command:
    """One of the closed set of commands: what it does, how it is used, what may follow it (None: files)."""

    run: "Callable[[Shell, list[str]], Exit]"
    usage: str
    help: str
    words: Sequence[str] | None = ()


class Shell:
    """Carries out lines. Keeps no connection between them but the one that was made at the start."""

    def __init__(self, client: Client, *, reply: bool = False) -> None:
        self._client = client
        self._reply = reply
        self._ready: Connection | None = None
        self.status = Exit.OK

    def open(self) -> None:
        """Connect for the first line, so that an unreachable server is known at once.

        Raises:
            ConnectionFailed: with the reason.
        """
        self._ready = self._client.connect()

    def close(self) -> None:
        """Close a connection that no line has used."""
        if self._ready is not None:
            self._ready.abort()
            self._ready = None

    def run(self, line: str) -> bool:
        """Carry out a line; return whether the shell goes on. A failure is told, and remembered in ``status``."""
        try:
            words = _split(line)
            if not words:
                return True
            command = COMMANDS.get(words[0])
            if command is None:
                raise _Misuse(f"unknown command {words[0]!r}; expected one of: {', '.join(COMMANDS)}")
            status = command.run(self, words[1:])
        except _Leave:
            return False
        except _Misuse as error:
            say_error(str(error))
            status = Exit.FAILED
        self.status = max(self.status, status)
        return True

    def _connect(self) -> Connection:
        ready, self._ready = self._ready, None
        return ready if ready is not None and ready.is_alive() else self._client.connect()

    def put(self, words: list[str]) -> Exit:
        """Upload files."""
        if not words:
            raise _Misuse("usage: put FILE...")
        files = [FileToSend(path) for word in words for path in _expanded(word)]
        return actions.put(self._connect, files, reply=self._reply)

    def stat(self, words: list[str]) -> Exit:
        """Ask what is stored under names."""
        if not words:
            raise _Misuse("usage: stat NAME...")
        return actions.stat(self._connect, words)

    def hello(self, words: list[str]) -> Exit:
        """Ask what the server is."""
        if words:
            raise _Misuse("usage: hello")
        return actions.hello(self._connect)

    def set_reply(self, words: list[str]) -> Exit:
        """Ask for confirmation from now on, or not."""
        match words:
            case [("on" | "off") as choice]:
                self._reply = choice == "on"
            case [_, *_]:
                raise _Misuse("usage: reply on|off")
        say(f"reply is {'on' if self._reply else 'off'}")
        return Exit.OK

    def cd(self, words: list[str]) -> Exit:
        """Go to a folder."""
        if len(words) > 1:
            raise _Misuse("usage: cd FOLDER")
        try:
            os.chdir(Path(words[0] if words else "~").expanduser())
        except (OSError, RuntimeError) as error:
            raise _Misuse(f"cd: {getattr(error, 'strerror', None) or error}".lower()) from None
        return Exit.OK

    def help(self, _words: list[str]) -> Exit:
        """Show the commands."""
        for command in COMMANDS.values():
            say(f"{command.usage:<14}  {command.help}")
        return Exit.OK

    def leave(self, _words: list[str]) -> Exit:
        """End the shell."""
        raise _Leave


COMMANDS: Final[Mapping[str, _Command]] = {
    "put": _Command(Shell.put, "put FILE...", "upload files", words=None),
    "stat": _Command(Shell.stat, "stat NAME...", "ask what is stored under names"),
    "hello": _Command(Shell.hello, "hello", "ask what the server is"),
    "reply": _Command(
        Shell.set_reply, "reply on|off", "ask for confirmation of uploads, or don't", words=("on", "off")
    ),
    "cd": _Command(Shell.cd, "cd FOLDER", "go to a folder", words=None),
    "help": _Command(Shell.help, "help", "show this"),
    "?": _Command(Shell.help, "?", "the same"),
    "exit": _Command(Shell.leave, "exit", "leave; so does the end of input"),
    "quit": _Command(Shell.leave, "quit", "the same"),
}
"""The closed set of commands, by name."""


def run_shell(client: Client, *, reply: bool, history: Path | None) -> Exit:
    """Read and carry out lines until the end of input.

    Returns:
        The worst that happened, where no person was there to see it; OK at a terminal.
    """
    shell = Shell(client, reply=reply)
    try:
        shell.open()
    except ConnectionFailed as error:
        return actions.failed(error)
    interactive = sys.stdin.isatty() and sys.stdout.isatty()
    try:
        for line in _asked_lines(history) if interactive else _given_lines():
            try:
                if not shell.run(line):
                    break
            except KeyboardInterrupt:
                if not interactive:
                    raise
                say_error("interrupted")
    finally:
        shell.close()
    return Exit.OK if interactive else shell.status


def _given_lines() -> Iterator[str]:
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(errors="surrogateescape")  # names of files may be any bytes
    yield from sys.stdin


def _asked_lines(history: Path | None) -> Iterator[str]:
    completer = ShellCompleter({name: command.words for name, command in COMMANDS.items()})
    session: PromptSession[str] = PromptSession(
        PROMPT, completer=completer, complete_while_typing=False, history=_history(history)
    )
    while True:
        try:
            yield session.prompt()
        except KeyboardInterrupt:
            continue
        except EOFError:
            return


def _history(path: Path | None) -> History:
    path = path or Path(click.get_app_dir("jhup"), "history")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
    except OSError:
        return InMemoryHistory()  # nothing to write to is no reason not to work
    return FileHistory(path)


def _split(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError as error:
        raise _Misuse(f"can't read this line: {str(error).lower()}") from None


def _expanded(word: str) -> list[str]:
    """Return the paths that a word stands for: itself, if there is such a file, else what matches its * ? [ ]."""
    path = os.path.expanduser(word)  # noqa: PTH111  # leaves a ~ of nobody as it is
    if glob.has_magic(path) and not os.path.lexists(path):
        return sorted(glob.glob(path)) or [path]  # noqa: PTH207  # a pattern may have folders
    return [path]
