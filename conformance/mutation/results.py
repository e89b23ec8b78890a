"""What came of the mutants: kept as JSON from run to run, shown as a table, and written as a page."""

import hashlib
import json
import re
import tomllib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, Self

from conformance.mutation.mutants import Mutant
from conformance.mutation.plan import Planned, plan
from conformance.mutation.running import Fate
from rich.table import Table

__all__ = ["PAGE", "Result", "Survivor", "load", "page", "save", "table"]

_ROOT: Final = Path(__file__).parents[2]
_KEPT: Final = _ROOT / ".mutation"
_EXPLAINED: Final = Path(__file__).parent / "survivors.toml"
_HEAD: Final = """\
# The suite under mutation

Written by `python -m conformance.mutation --write` after a run; CONTRIBUTING.md says how.

The oracles (what is right by the specification) and the judging code are changed in one place at a time by the
operators of [Cosmic Ray](https://cosmic-ray.readthedocs.io): a comparison or a sum for another, a number one more or
less, `and` for `or`, a condition negated, a decorator lost, a loop that does not run, an exception not caught. Where an
operator can be replaced by many, one or two are drawn by a seed. Each changed module meets the fast tests that
`conformance/mutation/plan.toml` names for it: killed is a change that some test noticed. Some of those that survive
change nothing that counts; they stand below with the reason, two of each kind. The reasons are given by line, so that
they are a reading of the code and no proof. What has none is listed in full: a test may have come after the run.
"""
_EXAMPLES: Final = 2
"""Survivors of one kind that the page shows."""
PAGE: Final = _ROOT / "conformance" / "docs" / "mutation.md"


@dataclass(frozen=True, slots=True)
class Survivor:
    """A change that no test noticed."""

    line: int
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.before}  →  {self.after or '(removed)'}"


@dataclass(frozen=True, slots=True)
class Result:
    """What came of the mutants of one module.

    Attributes:
        name: the module.
        digest: of its text, the first characters of a SHA-256.
        killed: how many a test noticed.
        timed_out: how many made the tests run on for much longer than usual, which is noticed too.
        survivors: the others.
        seconds: how long it took.
        seed: of what was drawn.
        share: of its mutants that were tried.
    """

    name: str
    digest: str
    killed: int
    timed_out: int
    survivors: tuple[Survivor, ...]
    seconds: float
    seed: int
    share: float

    @classmethod
    def of(
        cls,
        planned: Planned,
        source: str,
        fates: Sequence[tuple[Mutant, Fate]],
        *,
        seconds: float,
        seed: int,
        share: float,
    ) -> Self:
        """Sum up."""
        counts = {fate: sum(each is fate for _, each in fates) for fate in Fate}
        survivors = tuple(
            Survivor(mutant.line, mutant.before, mutant.after) for mutant, fate in fates if fate is Fate.SURVIVED
        )
        return cls(
            planned.name, digest(source), counts[Fate.KILLED], counts[Fate.TIMED_OUT], survivors, seconds, seed, share
        )

    @property
    def mutants(self) -> int:
        """How many were tried."""
        return self.killed + self.timed_out + len(self.survivors)

    @property
    def score(self) -> float:
        """The share that was noticed."""
        return (self.killed + self.timed_out) / self.mutants if self.mutants else 1.0


def digest(source: str) -> str:
    """Tell texts of a module apart."""
    return hashlib.sha256(source.encode()).hexdigest()[:8]


def save(result: Result) -> None:
    """Keep a result for the page."""
    _KEPT.mkdir(exist_ok=True)
    (_KEPT / f"{result.name}.json").write_text(json.dumps(asdict(result), ensure_ascii=False, indent=1), "utf-8")


def load() -> list[Result]:
    """Give the results that there are, in the order of the plan."""
    found = []
    for planned in plan():
        path = _KEPT / f"{planned.name}.json"
        if path.exists():
            raw = json.loads(path.read_text("utf-8"))
            found.append(Result(**raw | {"survivors": tuple(Survivor(**each) for each in raw["survivors"])}))
    return found


def reason_for(name: str, survivor: Survivor) -> str:
    """Give why a survivor of a module does not matter; empty when nobody has said so."""
    for each in _explained():
        if each["module"] == name and re.fullmatch(each["like"], str(survivor), re.DOTALL):
            return str(each["why"])
    return ""


@cache
def _explained() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = tomllib.loads(_EXPLAINED.read_text("utf-8"))["survivors"]
    return found


_HEADINGS: Final = ("module", "mutants", "killed", "timed out", "survived", "explained", "score")


def _cells(result: Result, explained: int) -> tuple[str, ...]:
    counts = (result.mutants, result.killed, result.timed_out, len(result.survivors), explained)
    return f"{result.name}{_mark(result)}", *map(str, counts), f"{100 * result.score:.0f} %"


def _mark(result: Result) -> str:
    """Mark a module whose text is another one than when it was run."""
    now = {each.name: digest((_ROOT / each.path).read_text("utf-8")) for each in plan()}
    return " (changed since)" if now.get(result.name, result.digest) != result.digest else ""


def _rows(results: Sequence[Result]) -> list[tuple[str, ...]]:
    known = [sum(bool(reason_for(each.name, survivor)) for survivor in each.survivors) for each in results]
    total = Result(
        "all",
        "",
        sum(each.killed for each in results),
        sum(each.timed_out for each in results),
        tuple(survivor for each in results for survivor in each.survivors),
        sum(each.seconds for each in results),
        0,
        1.0,
    )
    return [*map(_cells, results, known), _cells(total, sum(known))]


def table(results: Sequence[Result]) -> Table:
    """Give the score of each module for a terminal."""
    shown = Table(*_HEADINGS)
    for row in _rows(results):
        shown.add_row(*row)
    return shown


def page(results: Sequence[Result]) -> str:
    """Give the page of the documentation."""
    rows = _rows(results)
    missing = [each.name for each in plan() if each.name not in {result.name for result in results}]
    minutes = sum(each.seconds for each in results) / 60
    lines = [
        *_HEAD.splitlines(),
        "",
        f"All in all {rows[-1][-1]} of {rows[-1][1]} changes were noticed, in {minutes:.0f} minutes on one core.",
        "",
        f"| {' | '.join(_HEADINGS)} |",
        f"|---|{'---:|' * (len(_HEADINGS) - 1)}",
        *(f"| {' | '.join(row)} |" for row in rows),
        "",
        f"Planned, and not run yet: {', '.join(missing) or 'none'}.",
        "",
        "## Survivors",
    ]
    for result in results:
        known = {each: reason_for(result.name, each) for each in result.survivors}
        if not known:
            continue
        lines += ["", f"### {result.name}", ""]
        for reason in dict.fromkeys(known.values()):
            alike = [str(each) for each, why in known.items() if why == reason]
            shown = alike[:_EXAMPLES] if reason else alike
            lines += [f"{reason or 'No reason yet'} ({len(alike)}):", "", "```text", *shown, "```", ""]
        lines.pop()
    return "\n".join(lines) + "\n"
