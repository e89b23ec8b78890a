"""How long a run takes at wrong servers: a row for each one-fault server, then median, nine of ten and the longest.

``python conformance/tests/time_runs.py [NAMES] [--page FILE]``. Servers run on a simulated network, where waiting costs
no time of the machine: a run's seconds are those that it waited, by the network's clock, and those of the processor
that suite and server used together. So the figures don't depend on what else the machine does.
"""

import contextlib
import io
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click
from echo_runs import Quiet
from kill_cases import Group, Suspect, suspects
from simulated.server import SimulatedServer

from jhup_conformance.findings import CheckResult, Outcome
from jhup_conformance.run.launch import launch
from jhup_conformance.run.options import Options

__all__ = ["Timed", "figures", "time_run"]

GOALS = {"median": 15.0, "nine of ten": 30.0, "longest": 60.0}
"""Seconds that wrong servers may take in the default profile."""


@dataclass(frozen=True, slots=True)
class Timed:
    """One run.

    Attributes:
        name: of the server.
        waited: seconds by the clock of the network.
        worked: seconds of the processor.
        findings: how many clauses something was held against.
    """

    name: str
    waited: float
    worked: float
    findings: int

    @property
    def seconds(self) -> float:
        """What it takes on a machine that does nothing else."""
        return self.waited + self.worked

    def row(self) -> str:
        """Return it as a row of a table."""
        cells = (self.name, f"{self.seconds:.1f}", f"{self.waited:.1f}", f"{self.worked:.1f}", str(self.findings))
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


def time_run(suspect: Suspect, seed: int, profile: str, *, slowest: int = 0) -> Timed:
    """Judge a server on a network of its own; print the checks that waited longest, as many as asked for."""
    server = SimulatedServer(str(suspect.options["spawn"]))
    options = Options.read(None, {"profile": profile, "seed": seed, **suspect.options})
    began, worked = server.world.now, time.process_time()
    with contextlib.redirect_stdout(io.StringIO()):
        waits = Waits(server)
        run = launch(options, waits, spawned=server)  # type: ignore[arg-type]
    waited, worked = server.world.now - began, time.process_time() - worked
    for seconds, check in sorted(waits.checks, reverse=True)[:slowest]:
        click.echo(f"    {seconds:6.1f} s  {check}")
    blaming = (Outcome.FAIL, Outcome.WARN, Outcome.FLAKY)
    return Timed(suspect.name, waited, worked, sum(run.outcome(each) in blaming for each in run.results.values()))


def figures(timed: Sequence[Timed]) -> dict[str, float]:
    """Return median, nine of ten and the longest, in seconds."""
    seconds = sorted(each.seconds for each in timed)
    tenth = seconds[min(len(seconds) - 1, int(0.9 * len(seconds)))]
    return {"median": statistics.median(seconds), "nine of ten": tenth, "longest": seconds[-1]}


def page(timed: Sequence[Timed], profile: str, share: int) -> str:
    """Return the table as a page; every Nth server alone has been judged."""
    some = f" --share {share}" if share > 1 else ""
    found = figures(timed)
    told = "\n".join(f"| {name} | {found[name]:.1f} | {goal:.0f} |" for name, goal in GOALS.items())
    rows = "\n".join(each.row() for each in sorted(timed, key=lambda each: -each.seconds))
    return (
        "# How long wrong servers take\n\n"
        f"`python conformance/tests/time_runs.py{some} --page conformance/docs/times.md` has made this page: "
        f"{len(timed)} servers with one fault each, profile {profile}, on the simulated network. "
        "*Waited* is by the clock of that network, *worked* is the processor time of suite and server together; "
        "their sum is what a run takes on a machine that does nothing else.\n\n"
        f"| | seconds | goal |\n|---|---|---|\n{told}\n\n"
        f"| server | seconds | waited | worked | findings |\n|---|---|---|---|---|\n{rows}\n"
    )


@click.command(help=__doc__)
@click.argument("names", nargs=-1)
@click.option("--profile", default="default", show_default=True, help="Of the suite.")
@click.option("--seed", default=0, show_default=True, help="Of all random choices.")
@click.option("--share", default=1, show_default=True, help="Every Nth server alone.")
@click.option("--slowest", default=0, metavar="N", help="Also print the checks of each run that waited longest.")
@click.option("--page", "to", type=click.Path(path_type=Path), help="Write the table to this file.")
def main(names: tuple[str, ...], profile: str, seed: int, share: int, slowest: int, to: Path | None) -> None:
    known = [each for each in suspects() if each.group is Group.UPLOAD_FAULT]
    chosen = [each for each in known if each.name in names] if names else known[::share]
    if unknown := set(names) - {each.name for each in chosen}:
        raise click.UsageError(f"no server is called {', '.join(sorted(unknown))}")
    timed = []
    for suspect in chosen:
        timed.append(time_run(suspect, seed, profile, slowest=slowest))
        click.echo(timed[-1].row())
    for name, seconds in figures(timed).items():
        click.echo(f"{name}: {seconds:.1f} s, goal {GOALS[name]:.0f} s")
    if to:
        to.write_text(page(timed, profile, share), "utf-8")


if __name__ == "__main__":
    main()
