"""Servers and runs of the suite, for the tests of the suite."""

import contextlib
import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jhup.address import Transport
from jhup_conformance.target.process import Spawned

SERVERS = Path(__file__).parent / "servers"
REFERENCE = f"{sys.executable} -m jhup_reference upload --bind {{host}}:{{port}} --storage {{storage}}"


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of a run of the suite: its exit status, what it printed, report.json (or nothing), and its folder."""

    status: int
    printed: str
    report: dict[str, Any]
    folder: Path

    def outcomes(self, *wanted: str) -> set[str]:
        """Return the clauses with one of some outcomes."""
        return {clause["id"] for clause in self.report["clauses"] if clause["outcome"] in wanted}

    def clause(self, identifier: str) -> dict[str, Any]:
        """Return what the report says of a clause."""
        return next(clause for clause in self.report["clauses"] if clause["id"] == identifier)


Judge = Callable[..., Judged]


def as_users_have_it() -> dict[str, str]:
    """Return the environment of a program that is tried as a user runs it.

    Plain warnings of the interpreter don't reach users, and its development mode slows some servers by half; in the
    suite's own tests, warnings are errors.
    """
    return {name: value for name, value in os.environ.items() if name not in {"PYTHONDEVMODE", "PYTHONWARNINGS"}}


class Servers:
    """Servers of `servers/`, each stopped by its own process id in the end."""

    def __init__(self) -> None:
        self._stack = contextlib.ExitStack()

    def start(self, script: str, *options: object) -> str:
        """Start a script on a free port; returns its address."""
        command = [sys.executable, str(SERVERS / script), "--port", "0", *map(str, options)]
        process = self._stack.enter_context(
            subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=as_users_have_it())
        )
        self._stack.callback(process.kill)
        assert process.stdout
        return process.stdout.readline().decode().split()[-1]

    def start_echo(self, *options: str, transport: Transport = Transport.TCP) -> str:
        """Start the echo server that can be wrong in one way, on a free port; returns its address."""
        words = [sys.executable, str(SERVERS / "echo_faults.py"), "--bind", "{bind}", *options]
        spawned = Spawned(shlex.join(words), transport=transport)
        self._stack.callback(spawned.close)
        return str(spawned.start())

    def stop(self) -> None:
        """Stop them all."""
        self._stack.close()
