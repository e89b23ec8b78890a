"""Runs the suite as a user does against a server of the zoo, and compares what it said with what it has to say."""

import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["Expected", "Said", "faults_found", "judge", "wrong"]

BLAMING = ("FAIL", "WARN", "FLAKY", "ERROR")
LIMIT = 600.0
"""Seconds after which a run counts as one that hangs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What has to be said of a server.

    Attributes:
        name: of the server.
        words: the command that starts it, with ``{port}`` and ``{storage}``.
        options: what is declared to the suite of it.
        statuses: the exit statuses that are right.
        met: the classes of which the highest met has to be one, "" for none; any where empty.
        blamed: clauses that have to be blamed.
        related: clauses that may be, each with the reason.
        warned: clauses that may have the outcome WARN and no other.
        contact: what the line of first contact has to say; empty for nothing.
        says: what an incident has to say; empty for nothing.
        is_attached: whether it is started here, and the suite given its address and folder.
        is_flaky: whether any clause may be called FLAKY.
        process: why it takes a process to show, not the simulated network; empty where both do.
    """

    name: str
    words: Sequence[str]
    options: Sequence[str] = ()
    statuses: frozenset[int]
    met: frozenset[str] = frozenset()
    blamed: frozenset[str] = frozenset()
    related: Mapping[str, str] = field(default_factory=dict)
    warned: frozenset[str] = frozenset()
    contact: str = ""
    says: str = ""
    is_attached: bool = False
    is_flaky: bool = False
    process: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """What the suite said.

    Attributes:
        status: the exit status; None of a run that was ended after `LIMIT`.
        seconds: that the run took.
        printed: what it printed.
        report: what it wrote as report.json; empty when nothing was.
    """

    status: int | None
    seconds: float
    printed: str
    report: dict[str, Any]

    @property
    def met(self) -> str:
        """The highest class met; "" for none."""
        return self.report.get("class_met") or ""

    @property
    def outcomes(self) -> dict[str, str]:
        """The outcome of each clause."""
        return {each["id"]: each["outcome"] for each in self.report.get("clauses", ())}

    @property
    def found(self) -> dict[str, str]:
        """The clauses that something is held against, each with what was seen."""
        return {
            each["id"]: f"{each['outcome']}: expected {each['expected']}; actual {each['actual']}"
            for each in self.report.get("clauses", ())
            if each["outcome"] in BLAMING
        }

    @property
    def roots(self) -> dict[str, str]:
        """The clauses that hang on the failure of another one, each with that."""
        return {each["id"]: each["root"] for each in self.report.get("clauses", ()) if each.get("root")}

    def is_hidden(self, clauses: frozenset[str]) -> bool:
        """Tell whether none of some clauses could be judged, or hangs on another one."""
        told = {each["id"]: each for each in self.report.get("clauses", ()) if each["id"] in clauses}
        unseen = [
            each for each in told.values() if each["outcome"] in {"UNVERIFIED", "UNSUPPORTED"} or each.get("root")
        ]
        return len(unseen) == len(clauses)


def judge(expected: Expected, *options: str) -> Said:
    """Judge a server, started by the suite or here."""
    with tempfile.TemporaryDirectory(prefix="jhup-judged-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        if not expected.is_attached:
            return run(folder, "--spawn", shlex.join(expected.words), *options)
        storage = folder / "store"
        storage.mkdir()
        words = [word.replace("{port}", "0").replace("{storage}", str(storage)) for word in expected.words]
        server = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        try:
            assert server.stdout
            port = server.stdout.readline().rpartition(b":")[2].decode().strip()
            return run(folder, f"127.0.0.1:{port}", "--storage", str(storage), *options)
        finally:
            server.kill()
            server.communicate()


def run(folder: Path, *words: str) -> Said:
    report = folder / "report"
    command = [sys.executable, "-m", "jhup_conformance", *words, "--report", str(report)]
    environment = {**os.environ, "NO_COLOR": "1", "COLUMNS": "160"}
    began = time.monotonic()
    with (folder / "printed").open("w+b") as printed:
        suite = subprocess.Popen(command, cwd=folder, env=environment, stdout=printed, stderr=subprocess.STDOUT)
        status: int | None
        try:
            status = suite.wait(LIMIT)
        except subprocess.TimeoutExpired:
            status = None
            suite.terminate()
            try:
                suite.wait(20)
            except subprocess.TimeoutExpired:
                suite.kill()
                suite.wait()
        seconds = time.monotonic() - began
        printed.seek(0)
        text = printed.read().decode("utf-8", "replace")
    written = report / "report.json"
    return Said(status, seconds, text, json.loads(written.read_text("utf-8")) if written.exists() else {})


def wrong(expected: Expected, said: Said) -> Iterator[str]:
    """Yield what the suite said wrongly, one line each."""
    if said.status not in expected.statuses:
        yield f"status {said.status}, expected {' or '.join(map(str, sorted(expected.statuses)))}"
    if "Traceback (most recent call last)" in re.sub(r"(?m)^ +.*", "", said.printed):
        yield "printed a traceback"
    if not said.report:
        yield f"wrote no report: {said.printed[-500:]!r}"
        return
    if expected.met and said.met not in expected.met:
        classes = " or ".join(sorted(each or "none" for each in expected.met))
        yield f"class met is {said.met or 'none'}, expected {classes}"
    if missed := sorted(expected.blamed - said.found.keys()):
        yield "MISSED " + " ".join(f"{each} ({said.outcomes.get(each)})" for each in missed)
    for clause, why in said.found.items():
        root = said.roots.get(clause, clause)
        if not (may_blame(expected, clause, said.outcomes[clause]) or may_blame(expected, root, "")):
            yield f"ACCUSED {clause} {why}"
    if expected.contact and expected.contact not in json.dumps(said.report.get("first_contact"), ensure_ascii=False):
        yield f"first contact does not say {expected.contact!r}: {said.report.get('first_contact')}"
    if expected.says and expected.says not in json.dumps(said.report.get("incidents"), ensure_ascii=False):
        yield f"no incident says {expected.says!r}"


def may_blame(expected: Expected, clause: str, outcome: str) -> bool:
    related = clause in expected.blamed or clause in expected.related
    return related or (outcome == "WARN" and clause in expected.warned) or (outcome == "FLAKY" and expected.is_flaky)


def faults_found(blamed: Sequence[frozenset[str]], said: Said) -> list[str]:
    """Say of each of several faults, given by the clauses it breaks, whether it was caught, hidden or missed."""
    found = said.found.keys()
    return ["caught" if each & found else "hidden" if said.is_hidden(each) else "missed" for each in blamed]
