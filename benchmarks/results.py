"""Medians and ratios, for the terminal and as Markdown."""

import os
import platform
import statistics
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.load import CONGESTION
from benchmarks.measuring import Measured, scratch
from benchmarks.targets import TARGETS, Target
from benchmarks.workloads import WORKLOADS, Mode, Workload

__all__ = ["Results", "machine"]


class Results:
    """What all runs gave.

    Args:
        rounds: how many there were.
        seed: of their order.
        scale: share of each workload.
    """

    def __init__(self, *, rounds: int, seed: int, scale: float) -> None:
        self._rounds, self._seed, self._scale = rounds, seed, scale
        self._began = datetime.now(UTC)
        self._surroundings = _surroundings()
        self._all: dict[tuple[str, Mode, str], list[Measured]] = {}

    def add(self, workload: Workload, mode: Mode, target: Target, measured: Measured) -> None:
        """Add a run."""
        self._all.setdefault((workload.key, mode, target.key), []).append(measured)

    def _rate(self, workload: Workload, mode: Mode, target: Target) -> list[float]:
        """Files a second, or of a single file MB a second, of each run."""
        runs = self._all.get((workload.key, mode, target.key), [])
        return [(run.size / 1e6 if workload.total_files == 1 else run.files) / run.seconds for run in runs]

    def _rows(self, workload: Workload, mode: Mode) -> list[tuple[str, ...]]:
        medians = {
            target.key: statistics.median(rates) for target in TARGETS if (rates := self._rate(workload, mode, target))
        }
        rows = []
        for target in TARGETS:
            if target.key not in medians:
                continue
            rates, median = self._rate(workload, mode, target), medians[target.key]
            runs = self._all[workload.key, mode, target.key]
            processor = statistics.median(run.processor / run.seconds for run in runs)
            ratios = [f"{median / medians[other]:.2f}" if other in medians else "" for other in ("bare", "nginx")]
            rows.append(
                (target.title, f"{median:,.0f}", f"{min(rates):,.0f} to {max(rates):,.0f}", *ratios, f"{processor:.2f}")
            )
        return rows

    def _tables(self) -> list[tuple[str, tuple[str, ...], list[tuple[str, ...]]]]:
        tables: list[tuple[str, tuple[str, ...], list[tuple[str, ...]]]] = []
        for workload in WORKLOADS:
            unit = "MB/s" if workload.total_files == 1 else "files/s"
            for mode in Mode:
                if rows := self._rows(workload, mode):
                    steps = ", each file after the reply to the one before" if workload.lockstep else ""
                    title = f"{workload.title}, {mode if mode is Mode.SILENT else f'with replies{steps}'}"
                    head = ("server", f"median {unit}", "from, to", "x bare loop", "x nginx", "cores used")
                    tables.append((title, head, rows))
        return tables

    def show(self, console: Console) -> None:
        """Print the tables."""
        for title, head, rows in self._tables():
            table = Table(title=title, title_justify="left")
            for name in head:
                table.add_column(name, justify="left" if name == "server" else "right")
            for row in rows:
                table.add_row(*row)
            console.print(table)

    def markdown(self) -> str:
        """Return the tables and how they came about."""
        lines = [
            "# Results",
            "",
            f"Written by `python -m benchmarks --output benchmarks/RESULTS.md` on {self._began:%Y-%m-%d}.",
            "Change the programs, not this page.",
            "",
            f"- {machine()}",
            f"- {self._surroundings}",
            f"- {self._rounds} rounds in shuffled order (seed {self._seed}), the median of each case, all from this run"
            + (f"; {self._scale:g} of each workload" if self._scale != 1 else "") + ".",
            f"- Stores under `{scratch()}`, new files into an empty folder each time; what is sent comes from memory.",
            f"- TCP over loopback; congestion control of the sender: {CONGESTION.decode()}.",
            "- Load generator, server and its workers share the cores; a server is started anew for each case.",
            "- *cores used*: processor time of the server by the time that the upload took.",
            "- Silent: the clock stops at the last close by the server. nginx and FTP always reply.",
            "- nginx: 2 workers. pyftpdlib gets a twentieth of the small files; its rate is what counts.",
            "",
        ]  # fmt: skip
        for title, head, rows in self._tables():
            lines += [f"## {title[0].upper()}{title[1:]}", "", "| " + " | ".join(head) + " |"]
            lines += ["|---|" + "---:|" * (len(head) - 1)]
            lines += ["| " + " | ".join(row) + " |" for row in rows]
            lines.append("")
        return "\n".join(lines)


def _surroundings() -> str:
    """Say what else the machine was doing, and whether it had to wait."""
    text = (
        f"Load of the machine when the run began: {os.getloadavg()[0]:.1f}"
        if hasattr(os, "getloadavg")
        else "Load unknown"
    )
    real_time = hasattr(os, "sched_getscheduler") and os.sched_getscheduler(0) in (os.SCHED_FIFO, os.SCHED_RR)
    return text + ("; all that is measured had real-time priority, so that the rest waited." if real_time else ".")


def machine() -> str:
    """Say what machine this is."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line.partition(":")[2].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line]
        model = names[0] if names else model
    system = f"{platform.system()} {platform.release()}, Python {platform.python_version()}"
    return f"{os.cpu_count()} cores ({model}), {system}."
