"""Judges the judge: brings servers with one fault each, correct ones and peers that do nothing before the suite.

`tox -e judge` runs all of it and ends with the figures in its last line; the exit status is 1 when the suite missed a
fault, accused a clause wrongly, or had anything to say against a correct server. `--page DIR` writes kill-matrix.md
and kill-matrix.json. `--clients` judges the judge of clients instead; `--clients --help` says how.
"""

import datetime
import json
import multiprocessing
import re
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import asdict
from pathlib import Path

import click
from kill_cases import Group, Suspect, suspects
from kill_page import entry, figures, write_page
from kill_runs import Record, complaint, get_ready, line, try_suspect


class Share(click.ParamType):
    """A part of the whole: K/N, or today/N for another one every day."""

    name = "K/N"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int]:
        if not (match := re.fullmatch(r"(\d+|today)/([1-9]\d*)", value)):
            self.fail(f"{value!r} is not K/N or today/N, numbers from 1 on", param, ctx)
        of = int(match[2])
        number = datetime.datetime.now(datetime.UTC).date().toordinal() if match[1] == "today" else int(match[1])
        return number % of, of


@click.command(help=__doc__)
@click.argument("names", nargs=-1)
@click.option("--share", type=Share(), metavar="K/N", help="Every Nth suspect alone, K of them on; today/N rotates.")
@click.option("--group", type=click.Choice([each.value for each in Group]), help="Only suspects of this group.")
@click.option("--jobs", default=6, show_default=True, help="Runs at a time; half of their time is waiting.")
@click.option("--seed", default=0, show_default=True, help="Of all random choices.")
@click.option("--all", "spares", is_flag=True, help="The spare ones as well, which are like others.")
@click.option(
    "--broad", is_flag=True, help="Every check with all its parameters, also of clauses that are not to be blamed."
)
@click.option("--simulated", is_flag=True, help="In a simulated world, but for what only a process shows.")
@click.option("--json", "to", type=click.Path(path_type=Path), help="Write what was found to this file.")
@click.option("--page", type=click.Path(path_type=Path), help="Write kill-matrix.md and .json into this folder.")
def main(
    names: tuple[str, ...],
    share: tuple[int, int] | None,
    group: str | None,
    jobs: int,
    seed: int,
    spares: bool,
    broad: bool,
    simulated: bool,
    to: Path | None,
    page: Path | None,
) -> None:
    chosen = [each for each in suspects() if (each.name in names if names else spares or not each.spare)]
    if unknown := set(names) - {each.name for each in chosen}:
        raise click.UsageError(f"no suspect is called {', '.join(sorted(unknown))}")
    chosen = [each for each in chosen if group is None or each.group == group]
    if share:
        chosen = chosen[share[0] :: share[1]]

    began = time.monotonic()
    records = list(try_all(chosen, jobs, seed, broad=broad, simulated=simulated))
    order = {str(suspect): number for number, suspect in enumerate(chosen)}
    records.sort(key=lambda record: order[f"{record.group}: {record.name}"])
    for record in records:
        if not record.is_right:
            click.echo("\n".join(complaint(record)))
    seconds = time.monotonic() - began
    by_name = {str(suspect): suspect for suspect in chosen}
    tried = [entry(by_name[f"{record.group}: {record.name}"], record) for record in records]
    if to:
        to.write_text(json.dumps([asdict(record) for record in records], indent=1, ensure_ascii=False) + "\n", "utf-8")
    if page:
        write_page(page, records, chosen, seconds)
    click.echo(figures({"seconds": round(seconds), "suspects": tried}))
    raise SystemExit(0 if all(record.is_right for record in records) else 1)


def try_all(chosen: Sequence[Suspect], jobs: int, seed: int, *, broad: bool, simulated: bool) -> Iterator[Record]:
    """Try suspects, some at a time, and say of each what was found when its run ends."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context, initializer=get_ready) as pool:
        runs: list[Future[Record]] = [
            pool.submit(try_suspect, suspect, seed, broad=broad, simulated=simulated) for suspect in chosen
        ]
        for number, run in enumerate(as_completed(runs), 1):
            record = run.result()
            click.echo(f"{number:4d}/{len(runs)}  {record.seconds:5.1f} s  {line(record)}")
            yield record


if __name__ == "__main__":
    if "--clients" in sys.argv:  # another table, with options of its own
        sys.path.insert(0, str(Path(__file__).parent / "clients"))
        sys.argv.remove("--clients")
        import judged_clients

        judged_clients.main()
    main()
