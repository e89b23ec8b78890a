"""`explain`: all that is known of one clause: its text, why it matters, how it is checked, the usual bug, examples."""

import re
import sys
from collections.abc import Iterator
from difflib import get_close_matches

import click
from rich.console import Console
from rich.markup import escape

from jhup.clauses import Clause, Role, chapter_text, clauses
from jhup_conformance.listing import collect_checks
from jhup_conformance.options import UsageError
from jhup_conformance.outcome import ExitStatus
from jhup_conformance.reports.guidance import guidance
from jhup_conformance.reports.prose import labelled
from jhup_conformance.services import Kind
from jhup_conformance.unseen import reason_unseen

__all__ = ["check_sentences", "examples", "explain", "find_clause"]


def find_clause(identifier: str) -> Clause:
    """Give a clause by its ID, however it is written.

    Raises:
        UsageError: when there is none, with the nearest that there are.
    """
    known = clauses()
    wanted = identifier.strip().upper().replace("_", "-")
    if wanted in known:
        return known[wanted]
    near = get_close_matches(wanted, known, n=4, cutoff=0.6)
    same = [name for name in known if name.partition("-")[0] == wanted.partition("-")[0]]
    if not near and same:
        near = [same[0], same[-1]]
    hint = f"; near it: {', '.join(near)}" if near else "; `jhup-conformance --list` shows what there is"
    raise UsageError(f"the specification has no clause {identifier}{hint}")


def examples(clause: Clause) -> Iterator[str]:
    """Give the examples of the clause's section: those that name it, else those that stand behind its text."""
    text = chapter_text(clause.chapter)
    begin = text.index(f"**{clause.id}**")
    section_begin = text.rindex("\n## ", 0, begin)
    section_end = text.find("\n## ", begin)
    section = text[section_begin : section_end if section_end > 0 else len(text)]
    found = re.findall(r"```wire\n(.*?)```", section, re.DOTALL)
    naming = [each for each in found if re.search(rf"\b{clause.id}\b", each)]
    if naming:
        yield from naming
        return
    behind = text[begin : section_end if section_end > 0 else len(text)]
    first_gap = re.search(r"```wire\n(.*?)```", behind, re.DOTALL)
    if first_gap:
        yield first_gap[1]


def check_sentences(clause: Clause) -> list[str]:
    """Give what its checks look for, in the words of their names, each once, with how many variants there are."""
    kind = next((each for each in Kind if each.concerns(clause)), None)
    if kind is None:
        return []
    nodes = collect_checks("upload" if kind is Kind.UPLOAD else "upper").get(clause.id, [])
    counted: dict[str, int] = {}
    for node in nodes:
        name = node.rpartition("::")[2].partition("[")[0].removeprefix("test_").replace("_", " ")
        counted[name] = counted.get(name, 0) + 1
    return [f"{name} ({count} variants)" if count > 1 else name for name, count in counted.items()]


def explain_lines(clause: Clause, width: int) -> Iterator[str]:
    """Give all that is known of a clause as lines."""
    known = guidance()[clause.id]
    yield from labelled("clause", f"{clause.id}  {clause.text}", width)
    yield from labelled("binds", f"{clause.role}s of class {clause.conformance_class}, {clause.level}", width)
    yield from labelled("stands in", f"spec/{clause.chapter}, section {clause.section}", width)
    yield from labelled("matters", known.why, width)
    sentences = check_sentences(clause)
    if known.how:
        yield from labelled("checked", known.how, width)
    elif not sentences:
        yield from labelled("checked", f"not by this suite: {_why_unchecked(clause)}", width)
    for index, sentence in enumerate(sentences):
        yield from labelled("" if index or known.how else "checked", f"- {sentence}", width)
    yield from labelled("usual bug", known.bug, width)
    for example in examples(clause):
        yield from labelled("example", "", width)
        yield from (f"    {line}" for line in example.splitlines())


def _why_unchecked(clause: Clause) -> str:
    if clause.role is Role.CLIENT:
        return "it binds clients, and this is a suite for servers"
    return reason_unseen(clause) or "nothing outside can see it"


@click.command(epilog="Exit status: 0; 2 when there is no such clause.")
@click.argument("identifier", metavar="ID")
@click.option("--no-color", is_flag=True, help="Plain text, as in a pipe.")
def explain(identifier: str, no_color: bool) -> None:
    """Explain a clause, such as FRAME-3: why it matters, how it is checked, and the usual bug behind a failure."""
    console = Console(no_color=no_color or None, highlight=False, soft_wrap=True)
    try:
        clause = find_clause(identifier)
    except UsageError as error:
        click.echo(f"jhup-conformance: {error}", err=True)
        sys.exit(ExitStatus.USAGE)
    width = min(console.width, 110) if console.is_terminal else 100
    for line in explain_lines(clause, width):
        label, rest = line[:13], line[13:]
        console.print(f"[bold]{escape(label)}[/]{escape(rest)}" if label.strip() else escape(line))
