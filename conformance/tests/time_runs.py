"""What users get and how long they wait: the default profile at each one-fault server, then median and the longest.

``python conformance/tests/time_runs.py [NAMES] [--page FILE]``. Servers run on a simulated network, where waiting costs
no time of the machine: a run's seconds are those that it waited, by the network's clock, and those of the processor
that suite and server used together. So the figures don't depend on what else the machine does. What takes a process
to show runs as one, by the clock.

``--processes`` runs each server as a process and the suite as a user has it, with two processes where it helps, one
server after the other, by the clock: that needs a machine which does nothing else.

`tox -e judge` proves the suite by shorter runs; here it is seen what the whole profile says of the same servers: which
were caught, and which clauses are held against one that keeps them and hang on no other finding.
"""

import contextlib
import io
import multiprocessing
import resource
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, cast

import click
from echo_runs import Quiet
from kill_cases import Group, Suspect, suspects
from kill_runs import get_ready
from simulated.server import SimulatedServer

from jhup_conformance.findings import CheckResult
from jhup_conformance.reports.account import accounts
from jhup_conformance.run.launch import launch
from jhup_conformance.run.options import Options
from jhup_conformance.run.shares import usual_jobs
from jhup_conformance.target.process import Spawned

__all__ = ["Timed", "figures", "time_run", "time_runs"]

GOALS = {"median": 15.0, "nine of ten": 30.0, "longest": 60.0}
"""Seconds that wrong servers may take in the default profile."""


@dataclass(frozen=True, slots=True)
class Timed:
    """One run.

    Attributes:
        name: of the server.
        waited: seconds by the clock of the network; all of them, for a process.
        worked: seconds of the processor; none, for a process.
        found: the clauses that something was held against, each with the one whose failure it hangs on.
        missed: clauses that had to be blamed and were not.
        accused: clauses held against it that it keeps, and that hang on no other finding.
        slowest: the checks that waited longest.
    """

    name: str
    waited: float
    worked: float
    found: dict[str, str | None]
    missed: tuple[str, ...]
    accused: tuple[str, ...]
    slowest: tuple[tuple[float, str], ...] = ()

    @property
    def seconds(self) -> float:
        """What it takes on a machine that does nothing else."""
        return self.waited + self.worked

    def row(self) -> str:
        """Return it as a row of a table."""
        parts = (f"{self.waited:.1f}", f"{self.worked:.1f}") if self.worked else ()
        cells = (self.name, f"{self.seconds:.1f}", *parts, str(len(self.found)))
        return f"| {' | '.join(cells)} |"


class Waits(Quiet):
    """Notes how long each check waited."""

    def __init__(self, server: SimulatedServer) -> None:
        self._server, self._last = server, server.world.now
        self.checks: list[tuple[float, str]] = []

    def checked(self, result: CheckResult, done: int, total: int) -> None:
        now = self._server.world.now
        self.checks.append((now - self._last, f"{result.clause} {result.node.rpartition('::')[2]}"))
        self._last = now


def time_run(
    suspect: Suspect,
    seed: int,
    profile: str,
    *,
    slowest: int = 0,
    reports: Path | None = None,
    processes: bool = False,
) -> Timed:
    """Judge a server on a network of its own, or as a process where it takes one or all are."""
    values = {"profile": profile, "seed": seed, **suspect.options}
    if reports:
        values["report"] = str(reports / suspect.name.replace("/", "-"))
    options = Options.read(None, values)
    if processes:
        options = replace(options, jobs=usual_jobs(options))
    server = None if suspect.process or processes else SimulatedServer(str(suspect.options["spawn"]))
    waits = Waits(server) if server else Quiet()
    began, worked = _now(server), _worked()
    with contextlib.redirect_stdout(io.StringIO()):
        run = launch(options, waits, spawned=cast("Spawned | None", server))
    worked, waited = 0.0 if processes else _worked() - worked, _now(server) - began
    found = {each.clause.id: each.root for each in accounts(run)}
    known = suspect.blamed | suspect.related.keys()
    longest = sorted(waits.checks, reverse=True)[:slowest] if isinstance(waits, Waits) else ()
    return Timed(
        name=suspect.name,
        waited=waited if server else max(0.0, waited - worked),
        worked=worked,
        found=found,
        missed=tuple(sorted(suspect.blamed - found.keys())),
        accused=tuple(each for each, root in found.items() if not (suspect.wavers or {each, root} & known)),
        slowest=tuple(longest),
    )


def _now(server: SimulatedServer | None) -> float:
    return server.world.now if server else time.monotonic()


def _worked() -> float:
    """Return the seconds of the processor that this process and those it waited for have used."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + ended.ru_utime + ended.ru_stime


def time_runs(
    chosen: Sequence[Suspect],
    seed: int,
    profile: str,
    jobs: int,
    slowest: int,
    reports: Path | None,
    *,
    processes: bool = False,
) -> Iterator[Timed]:
    """Judge servers, some at a time."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context, initializer=get_ready) as pool:
        waiting = [
            pool.submit(
                time_run,
                each,
                seed,
                profile,
                slowest=slowest,
                reports=reports and reports.absolute(),
                processes=processes,
            )
            for each in chosen
        ]
        for each in waiting:
            yield each.result()


def figures(timed: Sequence[Timed]) -> dict[str, float]:
    """Return median, nine of ten and the longest, in seconds."""
    seconds = sorted(each.seconds for each in timed)
    tenth = seconds[min(len(seconds) - 1, int(0.9 * len(seconds)))]
    return {"median": statistics.median(seconds), "nine of ten": tenth, "longest": seconds[-1]}


_SIMULATED: Final = (
    "on the simulated network. *Waited* is by the clock of that network, *worked* is the processor time of suite and "
    "server together; their sum is what a run of one process takes on a machine that does nothing else"
)
_AS_PROCESSES: Final = (
    "each as a process, one after the other, by the clock of a machine with two processors that does nothing else"
)


def page(timed: Sequence[Timed], profile: str, share: int, *, processes: bool = False) -> str:
    """Return the table as a page; every Nth server alone has been judged."""
    some = (f" --share {share}" if share > 1 else "") + (" --processes" if processes else "")
    how, parts = (_AS_PROCESSES, "") if processes else (_SIMULATED, " waited | worked |")
    found = figures(timed)
    told = "\n".join(f"| {name} | {found[name]:.1f} | {goal:.0f} |" for name, goal in GOALS.items())
    rows = "\n".join(each.row() for each in sorted(timed, key=lambda each: -each.seconds))
    return (
        "# How long wrong servers take\n\n"
        f"`python conformance/tests/time_runs.py{some} --page conformance/docs/times.md` has made this page: "
        f"{len(timed)} servers with one fault each, profile {profile}, {how}.\n\n"
        f"| | seconds | goal |\n|---|---|---|\n{told}\n\n"
        f"{judged(timed)}\n\n"
        f"| server | seconds |{parts} findings |\n|---|---|{'' if processes else '---|---|'}---|\n{rows}\n"
    )


def judged(timed: Sequence[Timed]) -> str:
    """Say how many were caught, and how many clauses were held against servers that keep them."""
    missed = sum(bool(each.missed) for each in timed)
    accused = sum(len(each.accused) for each in timed)
    hanging = sum(root is not None for each in timed for root in each.found.values())
    findings = sum(len(each.found) for each in timed)
    return (
        f"{len(timed) - missed} of {len(timed)} servers were caught; of {findings} findings, {hanging} hang on another "
        f"one, and {accused} are about a clause that the server keeps."
    )


@click.command(help=__doc__)
@click.argument("names", nargs=-1)
@click.option("--profile", default="default", show_default=True, help="Of the suite.")
@click.option("--seed", default=0, show_default=True, help="Of all random choices.")
@click.option("--share", default=1, show_default=True, help="Every Nth server alone.")
@click.option("--jobs", default=2, show_default=True, help="Runs at a time; one, with --processes.")
@click.option("--processes", is_flag=True, help="Judge processes, by the clock.")
@click.option("--slowest", default=0, metavar="N", help="Also print the checks of each run that waited longest.")
@click.option("--reports", type=click.Path(path_type=Path), help="Keep the report of each run in this folder.")
@click.option("--page", "to", type=click.Path(path_type=Path), help="Write the table to this file.")
def main(
    names: tuple[str, ...],
    profile: str,
    seed: int,
    share: int,
    jobs: int,
    processes: bool,
    slowest: int,
    reports: Path | None,
    to: Path | None,
) -> None:
    known = [each for each in suspects() if each.group is Group.UPLOAD_FAULT]
    chosen = [each for each in known if each.name in names] if names else known[::share]
    if unknown := set(names) - {each.name for each in chosen}:
        raise click.UsageError(f"no server is called {', '.join(sorted(unknown))}")
    timed = []
    jobs = 1 if processes else jobs
    for each in time_runs(chosen, seed, profile, jobs, slowest, reports, processes=processes):
        timed.append(each)
        click.echo(each.row())
        for word, clauses in (("MISSED", each.missed), ("ACCUSED", each.accused)):
            if clauses:
                click.echo(f"    {word} {' '.join(clauses)}")
        for seconds, check in each.slowest:
            click.echo(f"    {seconds:6.1f} s  {check}")
    for name, seconds in figures(timed).items():
        click.echo(f"{name}: {seconds:.1f} s, goal {GOALS[name]:.0f} s")
    click.echo(judged(timed))
    if to:
        to.write_text(page(timed, profile, share, processes=processes), "utf-8")
    sys.exit(1 if any(each.missed or each.accused for each in timed) else 0)


if __name__ == "__main__":
    main()
