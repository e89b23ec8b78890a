"""Whether what a run finds is found again: by its clause alone, by ``replay --judge`` and by ``CLAUSE.py``.

``python conformance/tests/seen_again.py [NAMES]``. Of some servers with one fault each, the whole is judged by the
default profile, then each clause that something is held against alone: the outcome has to be the same. Each record
and each program is run at the wrong server and at a correct one: wrong there, right here, or *can't tell*. The exit
status is 1 when anything differs.
"""

import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click
from kill_cases import Group, Suspect, suspects
from reported import Reported, run_suite
from running import Servers, as_users_have_it

from jhup.limits import MAX_FILESIZE

__all__ = ["Again", "looked_at", "see_again"]

BLAMING: Final = ("FAIL", "WARN", "FLAKY")
SCRIPT: Final = "upload_faults.py"
RIGHT, WRONG, UNTOLD = 0, 1, 2
"""What a record and a program say by their exit status."""
SECONDS: Final = 60
"""After which a program counts as one that hangs."""


@dataclass(frozen=True, slots=True)
class Again:
    """What was said again of one clause of one server.

    Attributes:
        server: its name.
        clause: that was blamed.
        outcome: of the whole run.
        alone: the outcome by the clause alone.
        told: what replay and program said, by name, at the wrong server and at the correct one.
    """

    server: str
    clause: str
    outcome: str
    alone: str
    told: dict[str, tuple[int, int]]

    def problems(self) -> Iterator[str]:
        """Yield what differs, one line each."""
        if self.alone != self.outcome:
            yield f"{self.outcome} in the whole run, {self.alone} alone"
        for name, (there, here) in self.told.items():
            if there not in {WRONG, UNTOLD}:
                yield f"{name} ends with {there} at the wrong server"
            if here not in {RIGHT, UNTOLD}:
                yield f"{name} ends with {here} at a correct server"


def see_again(suspect: Suspect, seed: int) -> list[Again]:
    """Judge a server as a whole, then look at each clause that was blamed."""
    with tempfile.TemporaryDirectory(prefix="jhup-again-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        whole = _judge(suspect, seed, folder / "whole")
        blamed = [each for each in whole.report.get("clauses", ()) if each["outcome"] in BLAMING]
        return [_look(suspect, seed, folder, whole.folder, each["id"], each["outcome"]) for each in blamed]


def _judge(suspect: Suspect, seed: int, folder: Path, *options: str) -> Reported:
    folder.mkdir()
    words = ("--spawn", suspect.options["spawn"], "--seed", seed, "--report", folder / "out", *options)
    status, printed = run_suite(*words, cwd=folder)
    return Reported(status, printed, folder / "out")


def _look(suspect: Suspect, seed: int, folder: Path, written: Path, clause: str, outcome: str) -> Again:
    alone = _judge(suspect, seed, folder / clause, "--clause", clause).clause(clause)["outcome"]
    told = {}
    record, program = written / f"{clause}.json", written / f"{clause}.py"
    fault = ["--fault", suspect.name, *(["--silent"] if "--silent" in str(suspect.options["spawn"]) else [])]
    right = [*(["--fault", "a limit"] if record.exists() and _has_limit(record) else []), *fault[2:]]
    if record.exists():
        told["replay"] = _replay(record, fault, folder), _replay(record, right, folder)
    if program.exists():
        told["program"] = _run(program, fault, folder), _run(program, right, folder)
    return Again(suspect.name, clause, outcome, alone, told)


def _has_limit(record: Path) -> bool:
    """Tell whether a record is of a server with a limit for bodies; a correct one to compare needs it, too."""
    scene = json.loads(record.read_text("utf-8")).get("scene") or {}
    return bool(scene.get("limits", {}).get("max_filesize", MAX_FILESIZE) != MAX_FILESIZE)


def _replay(record: Path, options: Sequence[str], folder: Path) -> int:
    servers = Servers()
    with tempfile.TemporaryDirectory(dir=folder, ignore_cleanup_errors=True) as store:
        try:
            address = servers.start(SCRIPT, "--storage", store, *options)
            return run_suite("replay", record, address, "--storage", store, "--judge", cwd=folder)[0]
        finally:
            servers.stop()


def _run(program: Path, options: Sequence[str], folder: Path) -> int:
    servers = Servers()
    with tempfile.TemporaryDirectory(dir=folder, ignore_cleanup_errors=True) as store:
        try:
            address = servers.start(SCRIPT, "--storage", store, *options)
            command = [sys.executable, "-I", "-S", str(program), address, store]
            done = subprocess.run(command, capture_output=True, timeout=SECONDS, check=False, env=as_users_have_it())
            return done.returncode
        finally:
            servers.stop()


def looked_at(names: Sequence[str], share: int) -> list[Suspect]:
    """Return the servers by name, or every Nth of all."""
    known = [each for each in suspects() if each.group is Group.UPLOAD_FAULT]
    if unknown := set(names) - {each.name for each in known}:
        raise click.UsageError(f"no server is called {', '.join(sorted(unknown))}")
    return [each for each in known if each.name in names] if names else known[::share]


@click.command(help=__doc__)
@click.argument("names", nargs=-1)
@click.option("--seed", default=0, show_default=True, help="Of all random choices.")
@click.option("--share", default=7, show_default=True, help="Every Nth server alone.")
@click.option("--jobs", default=2, show_default=True, help="Servers at a time.")
def main(names: tuple[str, ...], seed: int, share: int, jobs: int) -> None:
    chosen = looked_at(names, share)
    counts: Counter[str] = Counter()
    with ThreadPoolExecutor(jobs) as pool:
        for suspect, found in zip(chosen, pool.map(see_again, chosen, [seed] * len(chosen)), strict=True):
            click.echo(f"{suspect.name}: {' '.join(each.clause for each in found) or 'nothing found'}")
            for each in found:
                counts["clauses"] += 1
                counts["without a record"] += not each.told
                counts["untold"] += sum(ends.count(UNTOLD) for ends in each.told.values())
                counts["runs of records and programs"] += 2 * len(each.told)
                for problem in each.problems():
                    counts["problems"] += 1
                    click.echo(f"    {each.clause}: {problem}")
    told = ", ".join(
        f"{counts[name]} {name}" for name in ("clauses", "without a record", "runs of records and programs")
    )
    click.echo(f"{len(chosen)} servers, {told}, {counts['untold']} of them can't tell")
    click.echo(f"{counts['problems']} differ")
    sys.exit(1 if counts["problems"] else 0)


if __name__ == "__main__":
    main()
