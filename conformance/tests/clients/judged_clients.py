"""Judges the small clients of this folder: `python conformance/tests/clients/judged_clients.py [NAME…]`."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from client_fault_table import CLIENTS, COMPOUND, FAULTS

from jhup_conformance.clients.engine import Engine
from jhup_conformance.clients.options import ClientOptions
from jhup_conformance.clients.results import ClientResults
from jhup_conformance.findings import Outcome

__all__ = ["PATIENCE", "Judgement", "command", "judge"]

HERE = Path(__file__).parent
PATIENCE = 25.0
"""Seconds: longer than any of the small clients waits by itself."""


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


def main(names: list[str]) -> int:
    status = 0
    for name in names or (name for name in CLIENTS if name != "every second time"):
        fault = {**FAULTS, **COMPOUND}.get(name)
        found = judge(command(name))
        missed = fault.blamed - found.blamed if fault else set()
        accused = found.stained - fault.blamed - fault.related if fault else set()
        word = "WRONG" if missed or accused else "ok"
        status |= word == "WRONG"
        print(f"{word:<6}{name:<30}{found.results.seconds:6.1f} s  blamed {sorted(found.blamed)}", flush=True)
        if word == "WRONG" or not fault:
            print(f"{'':6}missed {sorted(missed)}, accused {sorted(accused)}")
            print("      " + found.told().replace("\n", "\n      "), flush=True)
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
