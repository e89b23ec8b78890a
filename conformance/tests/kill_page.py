"""The kill matrix as JSON and as a page of the documentation, made of what a run of all suspects gave."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from kill_cases import Group, Suspect
from kill_runs import Record

__all__ = ["entry", "figures", "write_page"]

_CHAPTERS = {
    "FRAME": "Framing",
    "HEAD": "Headers",
    "NAME": "Names",
    "STORE": "Storing",
    "ERR": "Errors and commands",
    "CONN": "Connections",
    "REPLY": "Replies",
}
_OUTCOMES = ("PASS", "FAIL", "WARN", "FLAKY", "UNSUPPORTED", "UNVERIFIED", "ERROR")

_INTRODUCTION = """# The kill matrix

What the suite says of servers that are wrong in exactly one way, of correct ones, and of peers that do nothing.
`tox -e judge -- --all --page build` runs it against all of them and writes this page, and `kill-matrix.json` beside it.
The result:

> {figures}

A fault is caught when each clause under *has to be blamed* was. The clauses under *besides* may be blamed as well, for
the reason given; those that were are printed in bold. Any other clause blamed would be a wrong accusation."""


def entry(suspect: Suspect, record: Record) -> dict[str, Any]:
    """Return what the matrix keeps of a suspect: what had to be found and what was."""
    return {
        "group": suspect.group.value,
        "name": suspect.name,
        "wrong": suspect.wrong,
        "blamed": sorted(suspect.blamed),
        "related": dict(sorted(suspect.related.items())),
        "wavers": suspect.wavers,
        "found": dict(sorted(record.found.items())),
        "met": record.met,
        "outcomes": record.counts,
    }


def write_page(folder: Path, records: Sequence[Record], chosen: Sequence[Suspect], seconds: float) -> None:
    """Write `kill-matrix.json` and `kill-matrix.md` into a folder, made if it is not there."""
    by_name = {str(suspect): suspect for suspect in chosen}
    entries = [entry(by_name[f"{record.group}: {record.name}"], record) for record in records]
    matrix = {"format": 1, "seconds": round(seconds), "suspects": entries}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "kill-matrix.json").write_text(json.dumps(matrix, indent=1, ensure_ascii=False) + "\n", "utf-8")
    (folder / "kill-matrix.md").write_text(render(matrix), "utf-8")


def figures(matrix: Mapping[str, Any]) -> str:
    """Return the last line of `tox -e judge`."""
    groups = {group: [each for each in matrix["suspects"] if each["group"] == group] for group in Group}
    faults = [*groups[Group.UPLOAD_FAULT], *groups[Group.ECHO_FAULT]]
    correct, peers = groups[Group.CORRECT], groups[Group.NULL_PEER]
    passed = sum(counts.get("PASS", 0) for each in peers for counts in each["outcomes"].values())
    return (
        f"faults {len(faults)}, caught at their clause {sum(not _missed(each) for each in faults)}, "
        f"wrongly accused {sum(len(_accused(each)) for each in faults)}, "
        f"findings on {len(correct)} correct servers {sum(len(each['found']) for each in correct)}, "
        f"clauses passed by {len(peers)} null peers {passed}, in {matrix['seconds']} s"
    )


def _missed(each: Mapping[str, Any]) -> set[str]:
    return set(each["blamed"]) - each["found"].keys()


def _accused(each: Mapping[str, Any]) -> set[str]:
    forgiven = {clause for clause, outcome in each["found"].items() if each["wavers"] and outcome == "FLAKY"}
    return set(each["found"].keys() - set(each["blamed"]) - each["related"].keys() - forgiven)


def render(matrix: Mapping[str, Any]) -> str:
    """Return the page."""
    return "\n".join(_lines(matrix)) + "\n"


def _lines(matrix: Mapping[str, Any]) -> Iterator[str]:
    groups = {group: [each for each in matrix["suspects"] if each["group"] == group] for group in Group}
    yield _INTRODUCTION.format(figures=figures(matrix))
    for prefix, title in _CHAPTERS.items():
        faults = [each for each in groups[Group.UPLOAD_FAULT] if _chapter(each) == prefix]
        yield from _faults(f"Upload servers: {title}", faults, "what it does")
    yield from _faults("Echo servers", groups[Group.ECHO_FAULT], "service, shape or transport")
    yield from _by_clause([*groups[Group.UPLOAD_FAULT], *groups[Group.ECHO_FAULT]])
    yield from _correct(groups[Group.CORRECT])
    yield from _null_peers(groups[Group.NULL_PEER])


def _chapter(each: Mapping[str, Any]) -> str:
    """Return the chapter that most of the clauses are from that have to be blamed."""
    prefixes = [clause.partition("-")[0] for clause in each["blamed"]]
    return max(prefixes, key=prefixes.count)


def _faults(title: str, faults: Sequence[Mapping[str, Any]], what: str) -> Iterator[str]:
    yield from ("", f"## {title}", "", f"| fault | {what} | has to be blamed | besides |", "|---|---|---|---|")
    for each in faults:
        blamed = " ".join(sorted(each["blamed"], key=_order))
        besides = "; ".join(
            f"{f'**{clause}**' if clause in each['found'] else clause}: {each['related'][clause]}"
            for clause in sorted(each["related"], key=_order)
        )
        if each["wavers"]:
            besides += f"; FLAKY anywhere: {each['wavers']}"
        yield f"| {each['name']} | {' '.join(each['wrong'].split())} | {blamed} | {besides} |"


def _order(clause: str) -> tuple[int, str, int]:
    prefix, _, number = clause.partition("-")
    return [*_CHAPTERS, prefix].index(prefix), prefix, int(number)


def _by_clause(faults: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield from (
        "",
        "## By clause",
        "",
        "The faults that each clause has to catch.",
        "",
        "| clause | faults |",
        "|---|---|",
    )
    caught: dict[str, list[str]] = {}
    for each in faults:
        for clause in each["blamed"]:
            caught.setdefault(clause, []).append(each["name"])
    for clause in sorted(caught, key=_order):
        yield f"| {clause} | {', '.join(caught[clause])} |"


def _correct(servers: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield from ("", "## Correct servers", "", "| server | class met | findings |", "|---|---|---|")
    for each in servers:
        yield f"| {each['name']} | {each['met']} | {', '.join(each['found']) or 'none'} |"


def _null_peers(peers: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield from ("", "## Peers that do nothing", "")
    yield "Clauses by outcome. None may pass that says what a server does."
    yield from ("", f"| peer | class | {' | '.join(_OUTCOMES)} |", "|---|---" + "|--:" * len(_OUTCOMES) + "|")
    for each in peers:
        for conformance_class, counts in each["outcomes"].items():
            numbers = " | ".join(str(counts.get(outcome, 0)) for outcome in _OUTCOMES)
            yield f"| {each['name']} | {conformance_class} | {numbers} |"
