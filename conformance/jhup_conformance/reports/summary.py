"""The summary of a run in Markdown, for the page of a job in continuous integration."""

import re
from collections.abc import Iterator
from typing import Final

from jhup_conformance.language import ENGLISH, Words
from jhup_conformance.reports.account import accounts
from jhup_conformance.reports.overview import Overview
from jhup_conformance.reports.printable import printable
from jhup_conformance.reports.priority import Root, roots
from jhup_conformance.reports.sentences import one_line
from jhup_conformance.reports.words import verdict_words
from jhup_conformance.run.session import Run

__all__ = ["summary"]

_MOST: Final = 50
"""Findings with a row each; a summary of GitHub holds 1 MiB, and nobody reads more."""


def summary(run: Run, say: Words = ENGLISH) -> str:
    """Return the summary of a run that has ended."""
    return "\n".join([*_lines(run, say), "", ""])


def _lines(run: Run, say: Words) -> Iterator[str]:
    yield f"## JHUP: {_plain(verdict_words(run, say))}"
    yield ""
    yield say("Target: {target} ({service})", target=_plain(str(run.target or "-")), service=run.options.service)
    for problem in filter(None, (run.problem, run.suite_problem, run.report_problem)):
        yield f"\n**{_plain(problem)}**"
    yield from _table(run, say)
    ordered = roots(accounts(run), run.options.kind.classes)
    if not ordered:
        return
    first, others = say("Fix this first"), say("Findings")
    yield f"\n### {first}\n"
    yield from _first(ordered[0], say)
    yield f"\n### {others}\n"
    heads = (say("Clause"), say("Outcome"), say("What the server did"), say("hang on it"))
    yield f"| {' | '.join(heads)} |"
    yield "|---|---|---|---|"
    for root in ordered[:_MOST]:
        names = ", ".join(each.clause.id for each in root.hanging)
        account = root.account
        yield f"| {account.clause.id} | {account.outcome} | {_plain(one_line(account.check, say))} | {names} |"
    if len(ordered) > _MOST:
        names = ", ".join(root.account.clause.id for root in ordered[_MOST:])
        yield "\n" + say("and {count} more: {names}", count=len(ordered) - _MOST, names=names)


def _table(run: Run, say: Words) -> Iterator[str]:
    overview = Overview(run, say)
    names = [each.value for each in overview.classes]
    yield ""
    yield f"| | {' | '.join(names)} |"
    yield f"|---|{'---|' * len(names)}"
    for name, cells in overview.rows():
        yield f"| {_plain(name)} | {' | '.join(cells)} |"


def _first(root: Root, say: Words) -> Iterator[str]:
    account = root.account
    yield f"**{account.clause.id}** ({account.clause.conformance_class}): {_plain(account.clause.text)}"
    yield ""
    expected, actual = account.check.expected, account.check.actual
    hanging = ", ".join(each.clause.id for each in root.hanging)
    told = (
        (say("expected"), _plain(printable(expected, most=400))),
        (say("actual"), _plain(printable(actual, most=400))),
        (say("usual bug"), say(account.guidance.bug)),
        (say("hang on it"), hanging),
    )
    yield from (f"- {label}: {text}" for label, text in told if text)


def _plain(text: str) -> str:
    """Return a text of which Markdown makes nothing else: its signs escaped, on one line."""
    return re.sub(r"([\\`*_{}\[\]<>()#+!|~])", r"\\\1", printable(" ".join(text.split())))
