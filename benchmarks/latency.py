"""How long a client waits for a put of one byte while others keep the server busy: python -m benchmarks.latency.

A bystander connects, puts one byte, and reads the reply, some hundred times beside each load of `benchmarks.beside`.
What counts is the ratio to an idle server of the same run, and the bound: 50 ms for 99 of 100.
"""

import os
import shutil
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from benchmarks.beside import LOADS, Load, put
from benchmarks.measuring import scratch
from benchmarks.results import machine

SERVINGS = ("threading", "multiplexing", "forking")
BOUND = 0.05
_AT_LEAST = 50
_PUT = put("one", b"x")


@contextmanager
def server(load: Load, serving: str, folder: Path) -> Iterator[int]:
    """Run a server while the block lasts; yields its port."""
    program = "benchmarks.slow_disk" if load.slow_disk else "jhup_reference"
    command = [sys.executable, "-m", program, "upload", "--bind", "127.0.0.1:0", "--log-level", "error"]
    command += ["--storage", str(folder / "store"), "--serving", serving, *load.options]
    if load.tls:
        command += ["--tls-cert", str(folder / "server.pem")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        if not line:
            raise click.ClickException("the server did not start")
        yield int(line.rpartition(":")[2])
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@contextmanager
def beside(key: str, port: int, folder: Path) -> Iterator[None]:
    """Keep a server busy while the block lasts."""
    if LOADS[key].run is None:
        yield
        return
    command = [sys.executable, "-m", "benchmarks.beside", key, "127.0.0.1", str(port), str(folder / "store")]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        process.stdout.readline()
        yield
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


def bystand(port: int, seconds: float, tls: ssl.SSLContext | None) -> list[float]:
    """Put a byte again and again; returns the seconds that each took."""
    took = []
    until = time.monotonic() + seconds
    while time.monotonic() < until or len(took) < _AT_LEAST:
        began = time.perf_counter()
        with socket.create_connection(("127.0.0.1", port), timeout=30) as plain:
            sock = tls.wrap_socket(plain, server_hostname="localhost") if tls else plain
            sock.sendall(_PUT)
            if b'"ok"' not in sock.recv(4096):
                raise click.ClickException("a put of the bystander was not stored")
            took.append(time.perf_counter() - began)
            if tls:
                sock.close()
        time.sleep(0.005)
    return took


def certificates(folder: Path) -> ssl.SSLContext | None:
    """Make a certificate; returns the context of its clients, or None where the library for it is missing."""
    try:
        import trustme
    except ImportError:
        return None
    authority = trustme.CA()
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(str(folder / "server.pem"))
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def measure(key: str, serving: str, seconds: float) -> list[float] | None:
    """Measure a bystander beside one load; None where that can't be done here."""
    load = LOADS[key]
    folder = Path(tempfile.mkdtemp(prefix="jhup-latency-", dir=scratch()))
    try:
        tls = certificates(folder) if load.tls else None
        if load.tls and tls is None:
            return None
        with server(load, serving, folder) as port:
            bystand(port, 0.1, tls)
            with beside(key, port, folder):
                return bystand(port, seconds, tls)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def row(took: list[float], idle: list[float]) -> tuple[str, ...]:
    """Say what was measured: median, 99th of 100, worst, ratios to idle, and whether the bound holds."""
    median, p99 = statistics.median(took), statistics.quantiles(took, n=100)[98]
    idle_median, idle_p99 = statistics.median(idle), statistics.quantiles(idle, n=100)[98]
    return (
        f"{median * 1000:.1f}", f"{p99 * 1000:.1f}", f"{max(took) * 1000:.1f}", f"{median / idle_median:.1f}",
        f"{p99 / idle_p99:.1f}", str(len(took)), "yes" if p99 <= BOUND else "no",
    )  # fmt: skip


HEAD = ("beside", "p50 ms", "p99 ms", "worst ms", "p50 x idle", "p99 x idle", "puts", "p99 within 50 ms")


@click.command()
@click.option("--serving", "servings", multiple=True, type=click.Choice(SERVINGS), help="By default all.")
@click.option("--load", "loads", multiple=True, type=click.Choice(list(LOADS)), help="By default all.")
@click.option("--seconds", type=float, default=4.0, show_default=True, help="For each load.")
@click.option("--output", type=click.Path(path_type=Path), help="Write the tables there too, as Markdown.")
def main(servings: tuple[str, ...], loads: tuple[str, ...], seconds: float, output: Path | None) -> None:
    """Measure what a put of one byte waits for beside each load, in each serving."""
    console = Console()
    load_then = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    tables = {}
    for serving in servings or SERVINGS:
        keys = [key for key in LOADS if not loads or key in loads or key.endswith("idle")]
        idle: dict[bool, list[float]] = {}
        table = Table(*HEAD, title=f"--serving {serving}", title_justify="left")
        rows = tables[serving] = []
        for key in keys:
            took = measure(key, serving, seconds)
            if took is None:
                console.print(f"left out: {LOADS[key].title}: trustme isn't installed")
                continue
            if LOADS[key].run is None:
                idle[LOADS[key].tls] = took
            rows.append((LOADS[key].title, *row(took, idle[LOADS[key].tls])))
            table.add_row(*rows[-1])
        console.print(table)
    if output:
        output.write_text(markdown(tables, seconds, load_then), "utf-8")


def niceness() -> str:
    """Say how what is measured was favoured over other work on the machine."""
    return str(os.getpriority(os.PRIO_PROCESS, 0)) if hasattr(os, "getpriority") else "unknown"


def markdown(tables: dict[str, list[tuple[str, ...]]], seconds: float, load: float) -> str:
    """Return the tables and how they came about."""
    lines = [
        "# A bystander's latency",
        "",
        f"Written by `python -m benchmarks.latency --output benchmarks/LATENCY.md` on {datetime.now(UTC):%Y-%m-%d}.",
        "Change the programs, not this page.",
        "",
        f"- {machine()}",
        f"- Load of the machine when the run began: {load:.1f}, by other work; niceness of this: {niceness()}.",
        f"- A client connects, puts one byte, and reads the reply, for {seconds:g} s beside each load.",
        "- *x idle*: by the same figure of the idle server of the same serving, in this run.",
        "",
    ]
    for serving, rows in tables.items():
        lines += [f"## --serving {serving}", "", "| " + " | ".join(HEAD) + " |", "|---|" + "---:|" * (len(HEAD) - 1)]
        lines += ["| " + " | ".join(each) + " |" for each in rows]
        lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.latency")
