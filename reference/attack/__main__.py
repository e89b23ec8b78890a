"""The command: runs the parts one after the other, and says what came of it."""

import platform
import shutil
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import click
from reference.attack.hostile_peers import meet_hostile_servers
from reference.attack.in_process import fuzz
from reference.attack.kills import kill_again_and_again
from reference.attack.live import MIB, mixed_load
from reference.attack.tally import Tally
from reference.attack.target import Target, plant

from jhup_reference.runtime.logs import configure_logging

PARTS = ("fuzz", "live", "kills", "peers")
SERVINGS = ("multiplexing", "threading", "forking")


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--minutes", type=click.FloatRange(0.05), default=1.0, show_default=True, help="How long, about.")
@click.option("--part", "parts", multiple=True, type=click.Choice(PARTS), help="By default all.")
@click.option("--serving", "servings", multiple=True, type=click.Choice(SERVINGS), help="By default the first two.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of what is chosen by chance.")
@click.option("--memory", type=int, default=64, show_default=True, metavar="MIB", help="That a server may grow by.")
@click.option("--output", type=click.Path(path_type=Path), help="Write the summary there too, as Markdown.")
def main(
    minutes: float, parts: tuple[str, ...], servings: tuple[str, ...], seed: int, memory: int, output: Path | None
) -> None:
    """Attack the reference servers and the client: with broken streams, load and faults, kills, and hostile servers.

    Exit status 1 when something happened that never should: a crash, a leak, a lost file, one outside the store.
    """
    configure_logging("error")  # of what runs in this process
    chosen, kinds = parts or PARTS, servings or SERVINGS[:2]
    runs = [(part, serving) for part in chosen for serving in (kinds if part in {"live", "kills"} else ("",))]
    seconds = minutes * 60 / len(runs)
    tallies = []
    for part, serving in runs:
        folder = Path(tempfile.mkdtemp(prefix="jhup-attack-"))
        try:
            tally = attack(part, serving, folder, seconds, seed, memory)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        tallies.append(tally)
        click.echo(line(tally))
        for fault in tally.faults:
            click.echo(f"    {fault}", err=True)
    if output:
        output.write_text(markdown(tallies, " ".join(sys.argv[1:])), "utf-8")
    faults = sum(len(tally.faults) for tally in tallies)
    click.echo(f"{sum(tally.seconds for tally in tallies):.0f} s, {faults or 'no'} faults")
    sys.exit(1 if faults else 0)


def attack(part: str, serving: str, folder: Path, seconds: float, seed: int, memory: int) -> Tally:
    """Run one part for some seconds."""
    if part == "fuzz":
        return fuzz(seconds, seed)
    if part == "peers":
        return meet_hostile_servers(folder, seconds)
    store = plant(folder)
    if part == "kills":
        return kill_again_and_again(store, serving, seconds, seed)
    with Target(store, serving, "--max-connections", "128") as target:
        tally = mixed_load(target, seconds, seed, memory=memory * MIB)
    tally.title += f", {serving}"
    return tally


def line(tally: Tally) -> str:
    """Say in one line what a part tried."""
    counts = ", ".join(f"{count:,} {what}" for what, count in tally.counts.items())
    return f"{tally.title}: {tally.seconds:.0f} s; {counts}; {len(tally.faults) or 'no'} faults"


_KINDS = ("crash", "hung", "lost", "outside", "leak", "log")


def markdown(tallies: list[Tally], arguments: str) -> str:
    """Say what a campaign tried and what came of it."""
    system = f"{platform.system()} {platform.release()}, Python {platform.python_version()}"
    rows: list[Callable[[Tally], str]] = [
        lambda tally: tally.title,
        lambda tally: f"{tally.seconds:.0f}",
        lambda tally: "; ".join(f"{n:,} {what}" for what, n in tally.counts.items() if not what.endswith("!")),
        *[lambda tally, kind=kind: str(tally.counts[f"{kind}!"]) for kind in _KINDS],
    ]
    head = ["part", "seconds", "tried", "crashes", "hung", "lost", "outside", "leaks", "log"]
    lines = [
        f"Run on {datetime.now(UTC):%Y-%m-%d} by `python -m reference.attack {arguments}`.",
        f"{system}; the machine was shared.",
        "",
        "| " + " | ".join(head) + " |",
        "|---" * len(head) + "|",
    ]
    lines += ["| " + " | ".join(cell(tally) for cell in rows) + " |" for tally in tallies]
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    main(prog_name="python -m reference.attack")
