"""The client's command: what it is told, how it is started, how it ended."""

import contextlib
import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from jhup.address import Address, Transport
from jhup_conformance.clients.timeline import shown

__all__ = [
    "Call",
    "Ending",
    "Running",
    "arguments",
    "end_all",
    "environment",
    "filled",
    "is_asking",
    "is_sending_several",
    "message_lines",
    "start",
]

_PLACEHOLDERS: Final = ("{host}", "{port}", "{address}", "{file}", "{files}", "{name}", "{folder}", "{reply:")
_HIGHEST: Final = 125
"""The highest exit status of a client's own: 126 and 127 are a shell's, and above stands the number of a signal."""
_VARYING: Final = re.compile(r"0x[0-9a-fA-F]+|[0-9]+(?:[.,:][0-9]+)*")
_KEPT: Final = 20_000
"""Characters of what a client prints that are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What one run of the client is told.

    Attributes:
        address: of the scripted server.
        files: what to send; the first is the one that a case is about.
        asks: whether to ask for replies.
        case: name of the case.
    """

    address: Address
    files: Sequence[Path]
    asks: bool
    case: str


def is_asking(command: Sequence[str]) -> bool:
    """Return whether a command can be told to ask for replies."""
    return any(word.startswith("{reply:") for word in command)


def is_sending_several(command: Sequence[str]) -> bool:
    """Return whether a command can be told to send several files."""
    return "{files}" in command


def arguments(command: Sequence[str], call: Call, *, said: bool = False) -> list[str]:
    """Return the words to start; where none is a placeholder, the address and the files are appended.

    Args:
        command: the words as they were given.
        call: what stands for the placeholders.
        said: whether the client is told over its standard input, so that nothing is appended.
    """
    if not said and not any(mark in word for word in command for mark in _PLACEHOLDERS):
        return [*command, str(call.address), *map(str, call.files)]
    words: list[str] = []
    for word in command:
        if word == "{files}":
            words += map(str, call.files)
        elif word.startswith("{reply:") and word.endswith("}"):
            words += [word.removeprefix("{reply:").removesuffix("}")] if call.asks else []
        else:
            words.append(filled(word, call))
    return words


def filled(text: str, call: Call) -> str:
    """Return a text with the placeholders filled in."""
    file = call.files[0]
    values = {
        "{host}": call.address.host,
        "{port}": str(call.address.port),
        "{address}": str(call.address),
        "{files}": " ".join(map(str, call.files)),
        "{file}": str(file),
        "{name}": file.name,
        "{folder}": str(file.parent),
    }
    for mark, value in values.items():
        text = text.replace(mark, value)
    return text


def environment(call: Call) -> dict[str, str]:
    """Return the environment of a client: that of this process, and what a wrapper needs to know."""
    told = {
        "JHUP_ADDRESS": str(call.address),
        "JHUP_HOST": call.address.host,
        "JHUP_PORT": str(call.address.port) if call.address.transport is not Transport.UNIX else "",
        "JHUP_FILE": str(call.files[0]),
        "JHUP_CASE": call.case,
        "JHUP_ASK": "1" if call.asks else "0",
    }
    return {**os.environ, **told}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How the process of a client ended.

    Attributes:
        status: its exit status; negative for a signal, as in `subprocess`; None when it had to be ended.
        seconds: how long it ran.
        output: what it printed.
        errors: what it printed on standard error.
    """

    status: int | None
    seconds: float
    output: str = ""
    errors: str = ""

    @property
    def trouble(self) -> str:
        """Why the status says nothing: it was ended by a signal, never started, or never ended."""
        if self.status is None:
            return f"the client was still running after {self.seconds:.0f} s and was ended"
        if self.status < 0:
            with contextlib.suppress(ValueError):
                return f"the client was ended by {signal.Signals(-self.status).name}"
        if not 0 <= self.status <= _HIGHEST:
            return f"the client ended with status {self.status}: it was not started, or a signal ended it"
        return ""

    @property
    def said(self) -> str:
        """The last line that it printed on standard error, safe for a terminal."""
        lines = [line for line in self.errors.splitlines() if line.strip()]
        return shown(lines[-1].strip().encode("utf-8", "surrogateescape"), 160) if lines else ""

    def __str__(self) -> str:
        if self.trouble:
            return self.trouble
        words = f"the client ended with status {self.status} after {self.seconds:.1f} s"
        return f"{words} and said {self.said!r}" if self.said else f"{words} and said nothing on standard error"


def message_lines(errors: str, files: Sequence[Path]) -> frozenset[str]:
    """Return the lines of standard error without what differs from run to run: files, numbers and addresses in memory.

    A program that always prints a warning or its progress there has not reported a failure by it.
    """
    for path in files:
        errors = errors.replace(str(path), "FILE").replace(path.name, "FILE")
    return frozenset(_VARYING.sub("#", line.strip()) for line in re.split(r"[\r\n]", errors) if line.strip())


def end_all() -> None:
    """End every process that this one has started, and what those have started."""
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            process.kill()


class Running:
    """A client at work."""

    def __init__(self, process: subprocess.Popen[bytes], told: bytes | None) -> None:
        self._process = process
        self._told = told
        self._began = time.monotonic()
        self._was_ended = False

    @property
    def pid(self) -> int:
        """The number of its process."""
        return self._process.pid

    def memory(self) -> int:
        """Return the memory of its own, in bytes, of the process and all that it has started."""
        total = 0
        for process in self._family():
            with contextlib.suppress(psutil.Error):
                told = process.memory_info()
                total += told.rss - getattr(told, "shared", 0)
        return total

    def _family(self) -> Iterator[psutil.Process]:
        with contextlib.suppress(psutil.Error):
            first = psutil.Process(self._process.pid)
            yield first
            yield from first.children(recursive=True)

    def wait(self, seconds: float) -> Ending:
        """Wait until it ends; after so many seconds end it, and all that it has started."""
        timer = threading.Timer(seconds, self._kill)
        timer.start()
        output, errors = self._process.communicate(self._told)
        timer.cancel()
        took = time.monotonic() - self._began
        status = None if self._was_ended else self._process.returncode
        return Ending(status=status, seconds=took, output=_text(output), errors=_text(errors))

    def _kill(self) -> None:
        self._was_ended = True
        for process in [*self._family()][::-1]:
            with contextlib.suppress(psutil.Error):
                process.kill()


def start(words: Sequence[str], *, env: Mapping[str, str], told: bytes | None) -> Running:
    """Start a client.

    Args:
        words: the command.
        env: its environment.
        told: what it reads from standard input; None for nothing.

    Raises:
        OSError: when there is no such command.
    """
    process = subprocess.Popen(
        words,
        env=env,
        stdin=subprocess.DEVNULL if told is None else subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    return Running(process, told)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "backslashreplace")[-_KEPT:]
