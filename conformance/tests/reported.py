"""Runs of the suite whose reports the tests of the reports look at, each made once."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from running import REFERENCE, SERVERS, Servers, as_users_have_it

TAUGHT_CLAUSES = ("FRAME-3", "FRAME-8", "HEAD-9", "NAME-6", "STORE-7", "STORE-9", "ERR-12", "STORE-1", "CONN-1")


@dataclass(frozen=True, slots=True)
class Reported:
    """What a run left: its exit status, what it printed, and the folder of its reports."""

    status: int
    printed: str
    folder: Path

    @property
    def report(self) -> dict[str, Any]:
        record: dict[str, Any] = json.loads((self.folder / "report.json").read_text("utf-8"))
        return record

    def clause(self, identifier: str) -> dict[str, Any]:
        return next(clause for clause in self.report["clauses"] if clause["id"] == identifier)


def run_suite(*arguments: object, cwd: Path, **environment: str) -> tuple[int, str]:
    """Run the command as a user does; gives its exit status and what it printed."""
    command = [sys.executable, "-m", "jhup_conformance", *map(str, arguments)]
    settings = {
        **as_users_have_it(),
        "NO_COLOR": "1",
        "LC_ALL": "C.UTF-8",
        "COLUMNS": "100",
        **environment,
    }
    done = subprocess.run(command, cwd=cwd, env=settings, capture_output=True, timeout=300, check=False)
    return done.returncode, done.stdout.decode() + done.stderr.decode()


def judge_taught(folder: Path, *options: object) -> Reported:
    """Judge the taught server by clauses of every kind of finding."""
    servers, store = Servers(), folder / "store"
    store.mkdir(parents=True)
    try:
        address = servers.start("taught_upload.py", "--storage", store)
        clauses = [word for clause in TAUGHT_CLAUSES for word in ("--clause", clause)]
        arguments = (address, "--storage", store, "--profile", "broad", "--seed", "1", *clauses, *options)
        status, printed = run_suite(*arguments, "--report", folder / "out", cwd=folder)
    finally:
        servers.stop()
    return Reported(status, printed, folder / "out")


def judge_echo(folder: Path, service: str, fault: str, *options: object, shape: str = "one-shot") -> Reported:
    """Judge an echo server that is wrong in one way; over datagrams where the options say so."""
    command = f"{sys.executable} {SERVERS / 'echo_faults.py'} --service {service} --bind {{bind}} --fault '{fault}'"
    if "udp" not in options:
        command += f" --shape {shape}"
        options = ("--shape", shape, *options)
    arguments = ("--service", service, "--spawn", command, "--profile", "broad", "--seed", "1", *options)
    status, printed = run_suite(*arguments, "--report", folder / "out", cwd=folder)
    return Reported(status, printed, folder / "out")


def judge_reference(folder: Path, *options: object) -> Reported:
    """Judge some clauses of the reference, at which nothing is found."""
    clauses = ("--clause", "FRAME-3", "--clause", "STORE-1", "--clause", "REPLY-12")
    arguments = ("--spawn", REFERENCE, "--profile", "broad", "--seed", "1", *clauses, *options)
    status, printed = run_suite(*arguments, "--report", folder / "out", cwd=folder)
    return Reported(status, printed, folder / "out")
