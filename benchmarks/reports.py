"""What the reports of the conformance suite cost: whole runs with all of them and without any, in turns.

Run ``python -m benchmarks.reports [--rounds 5] [--profile default] [--fault NAME]``. The target is the reference, or
with `--fault` an echo server of the tests that is wrong in one way, so that there is something to report. The order
changes with each round; the ratio is that of the medians, and beside it the least of each, which other work on the
machine disturbs least.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

REFERENCE = f"{sys.executable} -m jhup_reference upload --bind {{host}}:{{port}} --storage {{storage}}"
ECHO = Path(__file__).parents[1] / "conformance" / "tests" / "servers" / "echo_faults.py"


def judge(arguments: list[str], report: str | None) -> float:
    """Run the suite once; gives the seconds that it took, start and end of the process included."""
    command = [sys.executable, "-m", "jhup_conformance", *arguments, "--seed", "1"]
    command += ["--report", report] if report else []
    began = time.monotonic()
    done = subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
    if done.returncode not in (0, 1):
        raise SystemExit(f"the run ended with {done.returncode}: nothing was measured")
    return time.monotonic() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--profile", default="default")
    parser.add_argument("--fault", help="of the echo servers of the tests, such as 'upper-cases Unicode'")
    args = parser.parse_args()
    arguments = ["--spawn", REFERENCE, "--profile", args.profile]
    if args.fault:
        command = f"{sys.executable} {ECHO} --service upper --bind {{bind}} --fault '{args.fault}'"
        arguments = ["--service", "upper", "--shape", "one-shot", "--spawn", command, "--profile", args.profile]
    seconds: dict[bool, list[float]] = {False: [], True: []}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(args.rounds):
            for reported in (number % 2 == 0, number % 2 == 1):
                seconds[reported].append(judge(arguments, folder if reported else None))
    table = Table("run", "least s", "median s", "all")
    for reported, name in ((False, "no reports"), (True, "all reports")):
        shown = " ".join(f"{each:.2f}" for each in seconds[reported])
        table.add_row(name, f"{min(seconds[reported]):.2f}", f"{statistics.median(seconds[reported]):.2f}", shown)
    console = Console()
    console.print(table)
    medians = statistics.median(seconds[True]) / statistics.median(seconds[False])
    console.print(f"ratio of medians {medians:.3f}, of the least {min(seconds[True]) / min(seconds[False]):.3f}")


if __name__ == "__main__":
    main()
