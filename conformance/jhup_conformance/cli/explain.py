"""`explain`: all that is known of one clause: its text, why it matters, how it is checked, the usual bug, examples."""

import re
import sys
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Final

import click
from rich.console import Console
from rich.markup import escape

from jhup.clauses import Clause, Role, chapter_text, clauses
from jhup.locate import locate
from jhup.vectors import Stream, Vector, vectors
from jhup_conformance.cli.group import CLAUSE_ID
from jhup_conformance.cli.listing import collect_checks
from jhup_conformance.clients.checks import CASES, reason_not_judged
from jhup_conformance.findings import ExitStatus
from jhup_conformance.language import ENGLISH, LANGUAGES, Words, language_of, words_in
from jhup_conformance.reports.annotated import Piece, piece_lines
from jhup_conformance.reports.fields import reply_fields, request_fields
from jhup_conformance.reports.guidance import guidance
from jhup_conformance.reports.hints import LANGUAGE_NAMES, hints
from jhup_conformance.reports.prose import labelled
from jhup_conformance.run.options import UsageError
from jhup_conformance.run.untestable import reason_unseen
from jhup_conformance.target.services import Kind

__all__ = ["check_sentences", "examples", "explain", "find_clause", "vectors_of"]


def find_clause(identifier: str) -> Clause:
    """Return a clause by its ID, however it is written.

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


def examples(clause: Clause) -> list[str]:
    """Return the examples of a clause: those of its section that name it, else what stands right behind its text."""
    section, place = _section(clause)
    naming = [each for each in _EXAMPLE.findall(section) if re.search(rf"\b{clause.id}\b", each)]
    return naming or _EXAMPLE.findall(_NEXT_CLAUSE.split(section[place + 2 :], maxsplit=1)[0])


def _section(clause: Clause) -> tuple[str, int]:
    """Return the text of a clause's section, and where the clause begins in it."""
    text = chapter_text(clause.chapter)
    place = text.index(f"**{clause.id}**")
    begin, end = text.rindex("\n## ", 0, place), text.find("\n## ", place)
    return text[begin : end if end > 0 else len(text)], place - begin


_EXAMPLE: Final = re.compile(r"```wire\n(.*?)```", re.DOTALL)
_NEXT_CLAUSE: Final = re.compile(r"\n\*\*[A-Z]+-\d+\*\*")
_MOST_VECTORS: Final = 2
_MOST_WIRE: Final = 300
"""Bytes of a test vector that are not too many to be shown."""


def vectors_of(clause: Clause) -> list[Vector]:
    """Return some test vectors that are about a clause, the shortest first."""
    found = [each for each in vectors() if clause.id in each.clauses and 0 < len(each.wire) <= _MOST_WIRE]
    return sorted(found, key=lambda each: len(each.wire))[:_MOST_VECTORS]


def _vector_lines(vector: Vector) -> Iterator[str]:
    read = reply_fields if vector.stream is Stream.REPLIES else request_fields
    for field in read(vector.wire):
        piece = Piece(field.name, field.note, vector.wire[field.start : field.end], field.start)
        yield from piece_lines(piece)


def check_sentences(clause: Clause) -> list[str]:
    """Return what its checks look for, in the words of their names, each once, with how many variants there are."""
    if clause.role is Role.CLIENT:
        return [case.name for case in CASES if clause.id in case.checks]
    kind = next((each for each in Kind if each.concerns(clause)), None)
    if kind is None:
        return []
    service = "upload" if kind is Kind.UPLOAD else "upper"
    nodes = collect_checks(service, frozenset({clause.id})).get(clause.id, [])
    counted: dict[str, int] = {}
    for node in nodes:
        name = node.rpartition("::")[2].partition("[")[0].removeprefix("test_").replace("_", " ")
        counted[name] = counted.get(name, 0) + 1
    return [f"{name} ({count} variants)" if count > 1 else name for name, count in counted.items()]


def explain_lines(clause: Clause, width: int, say: Words = ENGLISH) -> Iterator[str]:
    """Return all that is known of a clause as lines."""
    known = guidance()[clause.id]
    yield from labelled(say("clause"), f"{clause.id}  {clause.text}", width)
    bound = (
        say("servers of class {name}, {level}")
        if clause.role is Role.SERVER
        else say("clients of class {name}, {level}")
    )
    yield from labelled(say("binds"), bound.format(name=clause.conformance_class, level=clause.level), width)
    place = say("{file}, section {section}", file=locate(clause.id).source, section=clause.section)
    yield from labelled(say("stands in"), place, width)
    yield from labelled(say("matters"), say(known.why), width)
    sentences = check_sentences(clause)
    if known.how:
        yield from labelled(say("checked"), say(known.how), width)
    elif not sentences:
        yield from labelled(say("checked"), say("not by this suite: {reason}", reason=_why_unchecked(clause)), width)
    for index, sentence in enumerate(sentences):
        yield from labelled("" if index or known.how else say("checked"), f"- {sentence}", width)
    yield from labelled(say("usual bug"), say(known.bug), width)
    for language, hint in hints().get(clause.id, {}).items():
        yield from labelled(LANGUAGE_NAMES[language], say(hint), width)
    shown = examples(clause)
    for example in shown:
        yield from labelled(say("example"), "", width)
        yield from (f"    {line}" for line in example.splitlines())
    if shown:
        return
    found = vectors_of(clause)
    for vector in found:
        quoted = f'"{vector.name}"'
        yield from labelled(say("example"), say("the test vector {name}", name=quoted), width)
        yield from _vector_lines(vector)
    for example in () if found else _EXAMPLE.findall(_section(clause)[0])[:1]:
        yield from labelled(say("example"), say("of this section:"), width)
        yield from (f"    {line}" for line in example.splitlines())


def _why_unchecked(clause: Clause) -> str:
    if clause.role is Role.CLIENT:
        return reason_not_judged(clause)
    return reason_unseen(clause) or "nothing outside can see it"


@click.command(epilog="Exit status: 0; 2 when there is no such clause.")
@click.argument("identifier", metavar="ID", type=CLAUSE_ID)
@click.option("--lang", type=click.Choice(LANGUAGES), help="The language. Default: that of the locale.")
@click.option("--no-color", is_flag=True, help="Plain text, as in a pipe.")
def explain(identifier: str, lang: str | None, no_color: bool) -> None:
    """Explain a clause, such as FRAME-3: why it matters, how it is checked, the usual bug."""
    console = Console(no_color=no_color or None, highlight=False, soft_wrap=True)
    try:
        clause = find_clause(identifier)
    except UsageError as error:
        click.echo(f"jhup-conformance: {error}", err=True)
        sys.exit(ExitStatus.USAGE)
    width = min(console.width, 110) if console.is_terminal else 100
    for line in explain_lines(clause, width, words_in(lang or language_of())):
        label, rest = line[:13], line[13:]
        console.print(f"[bold]{escape(label)}[/]{escape(rest)}" if label.strip() else escape(line))
