"""Judges the judge of clients: brings clients with one fault each, a correct one and programs that are none before it.

`tox -e judge -- --clients` runs all of it and ends with the figures in its last line; the exit status is 1 when a fault
was missed, a clause blamed wrongly, or a clause passed by a program that is no client.
"""

import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import click
from client_fault_table import BROKEN_DOWN, CLIENTS, COMPOUND, FAULTS, NO_CLIENTS

from jhup_conformance.clients.engine import Engine
from jhup_conformance.clients.options import ClientOptions
from jhup_conformance.clients.results import ClientResults
from jhup_conformance.findings import Outcome

__all__ = ["PATIENCE", "Judgement", "command", "judge"]

HERE = Path(__file__).parent
PATIENCE = 25.0
"""Seconds: longer than any of the small clients waits by itself."""
_SHORT = 3.0
"""Seconds for those that hang, and of which nothing else is to be learnt."""


@dataclass(frozen=True)
class Judgement:
    """What came of a client: clauses by outcome."""

    results: ClientResults

    def names(self, *outcomes: Outcome) -> set[str]:
        """Return the clauses with one of these outcomes."""
        return {name for name, of in self.results.clauses.items() if of.outcome in outcomes}

    @property
    def blamed(self) -> set[str]:
        """The clauses that the client is said to break."""
        return self.names(Outcome.FAIL, Outcome.WARN, Outcome.FLAKY)

    @property
    def stained(self) -> set[str]:
        """The clauses that are blamed or of which nothing could be said because the client broke down."""
        return self.blamed | self.names(Outcome.ERROR)

    def told(self) -> str:
        """Return everything that would need an explanation, for the message of a failing test."""
        found = [
            f"{of.clause.id} {each.outcome}: {each.case.name}: {each.actual}" for of, each in self.results.findings()
        ]
        return "\n".join([self.results.contact, *found])


def command(name: str) -> tuple[str, ...]:
    """Return the command of a small client, with placeholders."""
    return (sys.executable, "-S", str(HERE / "client_faults.py"), name, "{reply:--reply}", "{address}", "{files}")


def judge(words: tuple[str, ...], *, patience: float = PATIENCE, **values: object) -> Judgement:
    """Judge a client.

    Args:
        words: its command.
        patience: seconds after which it hangs.
        values: further options, by the names of `ClientOptions.read`.
    """
    options: Mapping[str, object] = {"patience": patience, "seed": 1, **values}
    return Judgement(Engine(ClientOptions.read(words, options)).run())


@dataclass(frozen=True)
class Tried:
    """What the judge said of one of the clients, beside what it had to say."""

    name: str
    seconds: float
    blamed: frozenset[str]
    passed: int
    missed: frozenset[str]
    accused: frozenset[str]
    told: str

    @property
    def is_right(self) -> bool:
        """Whether nothing was missed, nobody accused, and no program passed that is no client."""
        return not (self.missed or self.accused or (self.passed and self.name in NO_CLIENTS))


def try_client(name: str) -> Tried:
    """Judge one of the clients in full."""
    found = judge(command(name), patience=_SHORT if name in NO_CLIENTS or name in BROKEN_DOWN else PATIENCE)
    fault = {**FAULTS, **COMPOUND}.get(name)
    must, may = (fault.blamed, fault.blamed | fault.related) if fault else (frozenset[str](), frozenset[str]())
    knows_better = name in NO_CLIENTS or name in BROKEN_DOWN  # they are no clients, so blame is in order
    return Tried(
        name,
        found.results.seconds,
        frozenset(found.blamed),
        len(found.names(Outcome.PASS)),
        must - found.blamed,
        frozenset() if knows_better else frozenset(found.stained - may),
        found.told(),
    )


@click.command(help=__doc__)
@click.argument("names", nargs=-1)
@click.option("--share", metavar="K/N", help="Every Nth client alone, K of them on.")
@click.option("--jobs", default=1, show_default=True, help="Clients judged at a time; several make findings flaky.")
def main(names: tuple[str, ...], share: str | None, jobs: int) -> None:
    if unknown := set(names) - CLIENTS.keys():
        raise click.UsageError(f"no client is called {', '.join(sorted(unknown))}")
    chosen = list(names) or [name for name in CLIENTS if name != "every second time"]
    if share:
        first, _, of = share.partition("/")
        if not (first.isdecimal() and of.isdecimal() and int(of)):
            raise click.UsageError(f"--share: {share} is not K/N")
        chosen = chosen[int(first) % int(of) :: int(of)]
    began = time.monotonic()
    tried = []
    with ThreadPoolExecutor(jobs) as pool:
        for number, run in enumerate(as_completed([pool.submit(try_client, name) for name in chosen]), 1):
            each = run.result()
            tried.append(each)
            word = "ok" if each.is_right else "WRONG"
            click.echo(
                f"{number:3d}/{len(chosen)}  {each.seconds:5.1f} s  {word:<6}{each.name}: {_listed(each.blamed)}"
            )
            if not each.is_right:
                click.echo(f"  missed: {_listed(each.missed)}; accused: {_listed(each.accused)}")
                click.echo("  " + each.told.replace("\n", "\n  "))
    click.echo(figures(tried, time.monotonic() - began))
    raise SystemExit(0 if all(each.is_right for each in tried) else 1)


def figures(tried: Sequence[Tried], seconds: float) -> str:
    """Return the last line: the figures."""
    faults = [each for each in tried if each.name in FAULTS or each.name in COMPOUND]
    nobody = [each for each in tried if each.name in NO_CLIENTS]
    right = [each for each in tried if each.name == "none"]
    return (
        f"wrong clients {len(faults)}, caught at their clause {sum(not each.missed for each in faults)}, "
        f"wrongly accused {sum(len(each.accused) for each in faults)}, "
        f"findings on {len(right)} correct clients {sum(len(each.accused) for each in right)}, "
        f"clauses passed by {len(nobody)} programs that are no clients {sum(each.passed for each in nobody)}, "
        f"in {seconds:.0f} s"
    )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "nothing"


if __name__ == "__main__":
    main()
