"""Coverage both ways: the clauses beside what judges them, what proves that it does, and what shows them as bytes.

`python conformance/tests/clause_coverage.py` prints the table; `--write` makes `conformance/docs/coverage.md` of it.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from jhup.clauses import Clause, Level, Role, clauses, text_root
from jhup_conformance.cli.listing import collect_checks
from jhup_conformance.clients.checks import CASES, reason_not_judged
from jhup_conformance.run.untestable import UNSEEN, reason_unseen

SERVERS = Path(__file__).parent / "servers"
CLIENTS = Path(__file__).parent / "clients"
PAGE = Path(__file__).parents[1] / "docs" / "coverage.md"

WITHOUT_FAULT: Mapping[str, str] = {}
"""Server MUSTs that have a check and yet no server with one fault that breaks them, each with the reason."""


@dataclass(frozen=True)
class Sources:
    """What is compared.

    Attributes:
        clauses: all clauses by identifier.
        checks: the checks by the clause that they judge, cases of one check taken together.
        faults: for each server with one fault, by name, the clauses that it has to be blamed for.
        related: for each of those, the clauses that it may be blamed for besides.
        vectors: for each vector, by file and name, the clauses that it names.
        unseen: clauses that no check can judge, with the reasons.
        without_fault: clauses that no fault is known to break, with the reasons.
    """

    clauses: Mapping[str, Clause]
    checks: Mapping[str, frozenset[str]]
    faults: Mapping[str, frozenset[str]]
    related: Mapping[str, frozenset[str]]
    vectors: Mapping[str, frozenset[str]]
    unseen: Mapping[str, str]
    without_fault: Mapping[str, str]


def collect() -> Sources:
    """Read the text, the suite, the tables of faults and the vectors as they are."""
    faults = fault_tables()
    return Sources(
        clauses(),
        {
            clause: frozenset(node.partition("[")[0] for node in nodes)
            for clause, nodes in {**collect_checks(), **collect_checks("upper")}.items()
        },
        {name: fault.blamed for name, fault in faults.items()},
        {name: frozenset(fault.related) for name, fault in faults.items()},
        {f"{path}: {vector['name']}": frozenset(named_in(vector)) for path, vector in all_vectors()},
        UNSEEN,
        WITHOUT_FAULT,
    )


def fault_tables() -> dict[str, Any]:
    """Return the faults of both kinds of servers by name."""
    if str(SERVERS) not in sys.path:
        sys.path.insert(0, str(SERVERS))
    import echo_fault_table
    import upload_fault_table

    return {f"upload: {name}": fault for name, fault in upload_fault_table.FAULTS.items()} | {
        f"echo: {name}": fault for name, fault in echo_fault_table.FAULTS.items()
    }


def client_faults() -> dict[str, frozenset[str]]:
    """Return the clauses that each client with one fault breaks, by its name."""
    if str(CLIENTS) not in sys.path:
        sys.path.insert(0, str(CLIENTS))
    import client_fault_table

    return {name: fault.blamed for name, fault in client_fault_table.FAULTS.items()}


def all_vectors() -> Iterator[tuple[str, dict[str, Any]]]:
    """Return each vector with the name of its file."""
    for path in sorted(Path(str(text_root() / "vectors")).glob("*-*.json")):
        content = json.loads(path.read_text("utf-8"))
        for list_of in ("vectors", "replies", "answers"):
            for vector in content.get(list_of, ()):
                yield path.name, vector


def named_in(vector: Any) -> Iterator[str]:
    """Return the clauses that a vector illustrates, is malformed by, or has a request refused for."""
    if isinstance(vector, list):
        for each in vector:
            yield from named_in(each)
    elif isinstance(vector, dict):
        for key, value in vector.items():
            if key == "clauses":
                yield from value
            elif key in ("breaks", "refused") and isinstance(value, str):
                yield value
            else:
                yield from named_in(value)


def gaps(sources: Sources) -> list[str]:
    """Return each broken rule as a line for people; none when all agree."""
    return [
        *_of_names("check", {node: {clause} for clause, nodes in sources.checks.items() for node in nodes}, sources),
        *_of_names("fault", {name: sources.faults[name] | sources.related[name] for name in sources.faults}, sources),
        *(f"fault {name}: blamed for nothing" for name, blamed in sources.faults.items() if not blamed),
        *(
            f"fault {name}: {clause} has no check that could blame it"
            for name, blamed in sources.faults.items()
            for clause in sorted(blamed - sources.checks.keys())
        ),
        *(
            f"vector {name}: there is no clause {clause}"
            for name, named in sources.vectors.items()
            for clause in sorted(named - sources.clauses.keys())
        ),
        *(line for clause in sources.clauses.values() for line in _of_clause(clause, sources)),
        *(f"reason for {name}: there is no such clause" for name in sorted(_reasons(sources) - sources.clauses.keys())),
    ]


def _of_names(what: str, named: Mapping[str, frozenset[str] | set[str]], sources: Sources) -> Iterator[str]:
    """Return the names of things in which clauses stand that don't exist, or bind no server."""
    for name, identifiers in named.items():
        for identifier in sorted(identifiers):
            if identifier not in sources.clauses:
                yield f"{what} {name}: there is no clause {identifier}"
            elif sources.clauses[identifier].role is not Role.SERVER:
                yield f"{what} {name}: {identifier} binds no server"


def _of_clause(clause: Clause, sources: Sources) -> Iterator[str]:
    if clause.role is not Role.SERVER:
        return
    checked = clause.id in sources.checks
    unseen = reason_unseen(clause) if clause.level is Level.MAY else sources.unseen.get(clause.id, "")
    if not checked and not unseen:
        yield f"{clause.id}: no check, and no reason why there is none"
    if checked and unseen:
        yield f"{clause.id}: a check, and a reason why there is none"
    if clause.level is Level.MAY and clause.id in sources.unseen:
        yield f"{clause.id}: a permission needs no reason of its own"
    broken = any(clause.id in blamed for blamed in sources.faults.values())
    if checked and clause.level is Level.MUST and not broken and clause.id not in sources.without_fault:
        yield f"{clause.id}: no server with one fault breaks it, and no reason why there is none"
    if broken and clause.id in sources.without_fault:
        yield f"{clause.id}: a fault, and a reason why there is none"


def _reasons(sources: Sources) -> set[str]:
    return sources.unseen.keys() | sources.without_fault.keys()


@dataclass(frozen=True)
class Row:
    """What there is of one clause."""

    clause: Clause
    checks: int
    faults: tuple[str, ...]
    vectors: int
    reason: str


def rows(sources: Sources) -> list[Row]:
    """Return a row for each clause, in the order of the book."""
    return [
        Row(
            clause,
            len(sources.checks.get(clause.id, ())) or sum(clause.id in case.checks for case in CASES),
            (
                *(name.partition(": ")[2] for name, blamed in sources.faults.items() if clause.id in blamed),
                *(name for name, blamed in client_faults().items() if clause.id in blamed),
            ),
            sum(clause.id in named for named in sources.vectors.values()),
            _reason(clause, sources),
        )
        for clause in sources.clauses.values()
    ]


def _reason(clause: Clause, sources: Sources) -> str:
    if clause.role is not Role.SERVER:
        return reason_not_judged(clause)
    if clause.level is Level.MAY:
        return reason_unseen(clause)
    return sources.unseen.get(clause.id) or sources.without_fault.get(clause.id, "")


HEADINGS = ("clause", "class", "level", "checks", "faults", "vectors", "reason for what is missing")


def cells(row: Row) -> tuple[str, ...]:
    """Return a row as text; faults by name."""
    counts = str(row.checks or ""), "; ".join(row.faults), str(row.vectors or "")
    return row.clause.id, row.clause.conformance_class, row.clause.level, *counts, row.reason


def sums(sources: Sources) -> str:
    """Return the figures of it all in one line."""
    servers = [clause for clause in sources.clauses.values() if clause.role is Role.SERVER]
    musts = [clause for clause in servers if clause.level is Level.MUST]
    broken = frozenset().union(*sources.faults.values())
    return (
        f"{len(sources.clauses)} clauses, {len(servers)} of servers, {len(musts)} of those MUST: "
        f"{sum(clause.id in sources.checks for clause in musts)} MUSTs have a check, "
        f"{sum(clause.id in broken for clause in musts)} a server that breaks them; "
        f"{sum(map(len, sources.checks.values()))} checks, {len(sources.faults)} faults, {len(sources.vectors)} vectors"
    )


def page(sources: Sources) -> str:
    """Return the page of the documentation."""
    lines = [
        "# Coverage, both ways",
        "",
        "Written by `python conformance/tests/clause_coverage.py --write`; a test says when it is out of date.",
        "",
        "Each clause with the number of checks that judge it (one with many cases counts once), the servers with one",
        "fault that have to be blamed for it, and the number of vectors that name it. What is missing has a reason. No",
        "check, fault or vector names a clause that isn't there.",
        "",
        f"{sums(sources)}.",
    ]
    chapter = ""
    for row in rows(sources):
        if row.clause.chapter != chapter:
            chapter = row.clause.chapter
            number, _, title = chapter.removesuffix(".md").partition("-")
            lines += ["", f"## {int(number)} {title.replace('-', ' ').capitalize()}", ""]
            lines += [f"| {' | '.join(HEADINGS)} |", "|---|---|---|---:|---|---:|---|"]
        lines.append(f"| {' | '.join(cells(row))} |")
    return "\n".join(lines) + "\n"


@click.command()
@click.option("--write", is_flag=True, help=f"Write {PAGE.name} as well.")
def main(*, write: bool) -> None:
    """Show what judges each clause; exit with 1 when a rule is broken."""
    sources = collect()
    table = Table(*HEADINGS, title=sums(sources))
    for row in rows(sources):
        table.add_row(*cells(row))
    Console().print(table)
    for line in gaps(sources):
        click.echo(line, err=True)
    if write:
        PAGE.parent.mkdir(exist_ok=True)
        PAGE.write_text(page(sources), "utf-8")
    sys.exit(bool(gaps(sources)))


if __name__ == "__main__":
    main()
