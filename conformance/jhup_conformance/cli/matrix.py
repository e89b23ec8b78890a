"""`matrix`: judges every echo service over every transport in every serving, and shows what came of it in one table."""

import os
import socket
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import product
from multiprocessing import get_context
from typing import Final

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from jhup.address import Transport
from jhup.echo import Service
from jhup_conformance.echo.declared import SERVINGS
from jhup_conformance.findings import FINDINGS, CheckResult, ExitStatus
from jhup_conformance.profiles import Profile
from jhup_conformance.run.launch import launch
from jhup_conformance.run.options import Options, UsageError
from jhup_conformance.run.session import Run

__all__ = ["Cell", "Order", "Verdict", "cells", "judge_cell", "matrix"]

_TRANSPORTS: Final = ("tcp", "unix", "udp", "unixgram")
_SERVINGS: Final = ("iterative", "threading", "forking")


@dataclass(frozen=True, slots=True)
class Cell:
    """One server of the matrix."""

    service: str
    transport: str
    serving: str

    def command(self, template: str) -> str:
        """Fill in what the cell knows; the address is left to the suite."""
        return template.replace("{service}", self.service).replace("{serving}", self.serving)


class _Quiet:
    """Wants to know nothing of how a run goes on."""

    def acquainted(self, run: Run) -> None:
        """Say nothing."""

    def checked(self, result: CheckResult, done: int, total: int) -> None:
        """Say nothing."""

    def finished(self, run: Run) -> None:
        """Say nothing."""


def cells(services: tuple[str, ...], transports: tuple[str, ...], servings: tuple[str, ...]) -> Iterator[Cell]:
    """Return the servers of a matrix, but for those that this platform has no means for."""
    for service, transport, serving in product(services, transports, servings):
        if Transport(transport).is_local and not hasattr(socket, "AF_UNIX"):
            continue
        if serving == "forking" and not hasattr(os, "fork"):
            continue
        yield Cell(service, transport, serving)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of one server of the matrix.

    Attributes:
        cell: the server.
        verdict: in one word.
        conforms: whether it does.
        met: the highest class met.
        checks: how many were made.
        executions: how many exchanges.
        seconds: how long it took, its start included.
        findings: what is held against it, in lines.
    """

    cell: Cell
    verdict: str
    conforms: bool
    met: str
    checks: int
    executions: int
    seconds: float
    findings: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """How the servers of a matrix are started and judged."""

    template: str
    profile: str
    seed: int
    report: str | None = None


def judge_cell(cell: Cell, order: Order) -> Verdict:
    """Start one server, judge it, and stop it.

    Raises:
        UsageError: when the command can't be used.
    """
    folder = f"{order.report}/{cell.service}-{cell.transport}-{cell.serving}" if order.report else None
    values = {
        "service": cell.service,
        "transport": cell.transport,
        "serving": cell.serving,
        "shape": "one-shot" if Transport(cell.transport).is_stream else None,
        "spawn": cell.command(order.template),
        "profile": order.profile,
        "seed": order.seed,
        "report": folder,
    }
    run = launch(Options.read(None, values), _Quiet())
    results = run.results.values()
    return Verdict(
        cell,
        run.verdict.value,
        run.exit_status is ExitStatus.CONFORMS,
        run.class_met or "none",
        sum(len(result.checks) for result in results),
        sum(result.executions for result in results),
        run.seconds,
        tuple(_findings(run)),
    )


def _findings(run: Run) -> Iterator[str]:
    if run.problem or run.suite_problem:
        yield run.problem or run.suite_problem
    for name, result in run.results.items():
        if result.outcome in FINDINGS and result.decisive:
            yield f"{result.outcome:<6} {name:<9} {result.decisive.actual[:200]}"
    if run.exit_status is ExitStatus.INCONCLUSIVE:
        yield from run.what_would_help()[:3]


@click.command(epilog="Exit status: 0 when all conform; 1 when any does not; 2 usage.")
@click.option(
    "--spawn",
    required=True,
    metavar="COMMAND",
    help="Starts one server; with {service}, {serving}, and {bind} for its address.",
)
@click.option("--service", "services", type=click.Choice([each.value for each in Service]), multiple=True)
@click.option("--transport", "transports", type=click.Choice(_TRANSPORTS), multiple=True)
@click.option("--serving", "servings", type=click.Choice(list(SERVINGS)), multiple=True)
@click.option(
    "--profile", type=click.Choice([each.value for each in Profile]), default=Profile.BROAD.value, show_default=True
)
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--report", metavar="DIR", help="Write the reports of each server into a folder of its own in here.")
@click.option(
    "--at-a-time", type=click.IntRange(1), default=2, show_default=True, help="How many servers are judged at a time."
)
@click.option("--no-color", is_flag=True, help="Plain text, as in a pipe.")
def matrix(
    spawn: str,
    services: tuple[str, ...],
    transports: tuple[str, ...],
    servings: tuple[str, ...],
    profile: str,
    seed: int,
    report: str | None,
    at_a_time: int,
    no_color: bool,
) -> None:
    """Judge many echo servers: each service over each transport in each way of serving.

    --service, --transport and --serving choose some of them (repeatable); all by default.
    """
    console = Console(
        no_color=no_color or None, highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else 100
    )
    chosen = list(cells(services or tuple(Service), transports or _TRANSPORTS, servings or _SERVINGS))
    order = Order(template=spawn, profile=profile, seed=seed, report=report)
    began = time.monotonic()
    verdicts = []
    try:
        for each in _judge_all(chosen, order, at_a_time):
            cell = each.cell
            console.print(
                f"{cell.service:<7} {cell.transport:<9} {cell.serving:<10} {each.verdict} {each.seconds:.1f} s"
            )
            verdicts.append(each)
    except UsageError as error:
        click.echo(f"jhup-conformance: {error}", err=True)
        sys.exit(ExitStatus.USAGE)
    console.print(_table(verdicts))
    failed = [each for each in verdicts if not each.conforms]
    for each in failed:
        console.print(f"[bold]{each.cell.service} {each.cell.transport} {each.cell.serving}[/]")
        for line in each.findings:
            console.print(f"  {escape(line)}")
    seconds = time.monotonic() - began
    console.print(f"{len(chosen) - len(failed)} of {len(chosen)} conform, in {seconds:.1f} s")
    sys.exit(ExitStatus.FAILS if failed else ExitStatus.CONFORMS)


def _judge_all(chosen: list[Cell], order: Order, at_a_time: int) -> Iterator[Verdict]:
    """Judge the servers in processes beside each other: while one waits, another one works."""
    if at_a_time == 1:
        yield from (judge_cell(cell, order) for cell in chosen)
        return
    with ProcessPoolExecutor(at_a_time, mp_context=get_context("spawn")) as pool:
        yield from pool.map(judge_cell, chosen, [order] * len(chosen))


def _table(verdicts: list[Verdict]) -> Table:
    table = Table("service", "transport", "serving", "verdict", "class met", "checks", "executions", "seconds")
    for column in table.columns:
        column.no_wrap = True
    for each in verdicts:
        cell = each.cell
        counts = str(each.checks), str(each.executions), f"{each.seconds:.1f}"
        table.add_row(cell.service, cell.transport, cell.serving, each.verdict, each.met, *counts)
    return table
