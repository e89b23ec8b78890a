"""The command: `python -m conformance.mutation [MODULE…]`."""

import sys
import time
from pathlib import Path

import click
from conformance.mutation.mutants import mutants
from conformance.mutation.plan import Planned, plan
from conformance.mutation.results import PAGE, Result, load, page, save, table
from conformance.mutation.running import NotSound, Runner
from rich.console import Console
from rich.progress import track

ROOT = Path(__file__).parents[2]


def examine(planned: Planned, *, seed: int, share: float) -> Result:
    """Try the mutants of one module."""
    path = ROOT / planned.path
    source = path.read_text("utf-8")
    runner = Runner(planned.name, path, [str(ROOT / test) for test in planned.tests])
    runner.measure()
    began = time.monotonic()
    drawn = mutants(source, seed=seed, share=share)
    fates = [
        (mutant, runner.fate(mutant.source))
        for mutant in track(drawn, description=planned.name, console=Console(stderr=True))
    ]
    return Result.of(planned, source, fates, seconds=time.monotonic() - began, seed=seed, share=share)


@click.command()
@click.argument("modules", nargs=-1)
@click.option("--seed", default=0, show_default=True, help="Of the mutants that are drawn where there are many.")
@click.option("--share", default=1.0, show_default=True, help="How many of a module's mutants are tried.")
@click.option("--survivors", is_flag=True, help="Show those that nothing noticed.")
@click.option("--write", is_flag=True, help=f"Write {PAGE.name} from the results that there are.")
@click.option("--show", is_flag=True, help="Run nothing; show the results that there are.")
def main(*, modules: tuple[str, ...], seed: int, share: float, survivors: bool, write: bool, show: bool) -> None:
    """Change MODULES (by name, such as jhup.model; all in plan.toml if none) in one place at a time, and test them."""
    chosen = [each for each in plan() if not modules or each.name in modules]
    if unknown := set(modules) - {each.name for each in chosen}:
        raise click.UsageError(f"not in plan.toml: {', '.join(sorted(unknown))}")
    console = Console()
    for planned in [] if show else chosen:
        try:
            result = examine(planned, seed=seed, share=share)
        except NotSound as error:
            click.echo(str(error), err=True)
            sys.exit(1)
        save(result)
    results = load()
    console.print(table(results))
    if survivors:
        for result in results:
            for mutant in result.survivors:
                console.print(f"{result.name}:{mutant.line}  {mutant}", markup=False, highlight=False, soft_wrap=True)
    if write:
        PAGE.write_text(page(results), "utf-8")


if __name__ == "__main__":
    main()
