"""The command: interleaved rounds, medians and ratios of one run, written to RESULTS.md."""

import random
from pathlib import Path

import click
from rich.console import Console

from benchmarks.measuring import measure
from benchmarks.results import Results
from benchmarks.targets import TARGETS
from benchmarks.workloads import WORKLOADS, Mode


@click.command()
@click.option("--rounds", type=click.IntRange(1), default=5, show_default=True, help="How often each case runs.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of the order of the cases, anew in each round.")
@click.option("--scale", type=float, default=1.0, show_default=True, help="Share of each workload, for a first look.")
@click.option("--workload", "workloads", multiple=True, type=click.Choice([each.key for each in WORKLOADS]))
@click.option("--target", "targets", multiple=True, type=click.Choice([each.key for each in TARGETS]))
@click.option("--mode", "modes", multiple=True, type=click.Choice([each.value for each in Mode]))
@click.option("--output", type=click.Path(path_type=Path), help="Write the results there too, as Markdown.")
def main(
    rounds: int,
    seed: int,
    scale: float,
    workloads: tuple[str, ...],
    targets: tuple[str, ...],
    modes: tuple[str, ...],
    output: Path | None,
) -> None:
    """Measure upload servers side by side."""
    console = Console(stderr=True)
    chosen = [each for each in TARGETS if not targets or each.key in targets]
    for target in chosen:
        if target.missing:
            console.print(f"left out: {target.title}: {target.missing}")
    cases = [
        (workload, mode, target)
        for workload in WORKLOADS
        if not workloads or workload.key in workloads
        for mode in Mode
        if not modes or mode.value in modes
        for target in chosen
        if not target.missing
    ]
    order = random.Random(seed)
    results = Results(rounds=rounds, seed=seed, scale=scale)
    with console.status("") as status:
        for number in range(1, rounds + 1):
            order.shuffle(cases)
            for done, (workload, mode, target) in enumerate(cases):
                status.update(
                    f"round {number} of {rounds}, {done} of {len(cases)}: {target.title}, {workload.title}, {mode}"
                )
                try:
                    results.add(workload, mode, target, measure(target, workload, mode, scale=scale))
                except RuntimeError as error:
                    raise click.ClickException(str(error)) from None
    results.show(Console())
    if output:
        output.write_text(results.markdown(), "utf-8")


main(prog_name="python -m benchmarks")
