"""A finding as lines of plain text, for terminals, CI logs and junit.xml."""

import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from rich.cells import cell_len, set_cell_size

from jhup.clauses import clauses
from jhup_conformance.findings import CheckResult
from jhup_conformance.language import ENGLISH, Words
from jhup_conformance.reports.account import Account
from jhup_conformance.reports.annotated import annotate, step_lines
from jhup_conformance.reports.guidance import guidance
from jhup_conformance.reports.output import PRINTED, telling_line
from jhup_conformance.reports.printable import printable
from jhup_conformance.reports.priority import Root

__all__ = ["account_lines", "check_lines", "first_lines", "labelled"]

_LABEL: Final = 11
_NARROWEST: Final = 40
_MOST_STEP_LINES: Final = 9
"""Lines of an exchange that are shown at once; a longer one is for the report."""
_MOST_CHARACTERS: Final = 300


def _padded(label: str) -> str:
    """Return a label as wide as all labels, a blank after it at least."""
    return set_cell_size(label, max(_LABEL, cell_len(label) + 1))


def labelled(label: str, text: str, width: int) -> Iterator[str]:
    """Return a text behind a label, folded to a width, its further lines below its first."""
    indent = " " * (_LABEL + 2)
    lines = textwrap.wrap(
        text,
        max(width, _NARROWEST),
        initial_indent=f"  {_padded(label)}",
        subsequent_indent=indent,
        break_on_hyphens=False,
        break_long_words=False,
    )
    yield from lines or [f"  {label}"]


def account_lines(account: Account, say: Words = ENGLISH, *, width: int = 100, verbose: bool = False) -> Iterator[str]:
    """Return a finding as lines, the clause first.

    Args:
        account: the finding.
        say: in which language.
        width: columns for prose; bytes and commands are not folded.
        verbose: whether the reproducer and all details follow.
    """
    clause, check = account.clause, account.check
    yield from textwrap.wrap(
        f"{clause.id}  {account.outcome}  {clause.text}",
        max(width, _NARROWEST),
        subsequent_indent="  ",
        break_on_hyphens=False,
        break_long_words=False,
    )
    where = say("{name}, {level}, section {section}", name=clause.conformance_class, level=clause.level,
                section=clause.section)  # fmt: skip
    yield from labelled(say("class"), where, width)
    yield from labelled(say("stands in"), account.stands_in, width)
    if account.known:
        yield from labelled(say("known"), account.known, width)
    yield from labelled(say("matters"), say(account.guidance.why), width)
    if check.expected:
        yield from labelled(say("expected"), check.expected, width)
    yield from labelled(say("actual"), check.actual, width)
    for detail in check.details:
        printed = detail.startswith(PRINTED)
        yield from labelled(say("it printed") if printed else say("differs"), detail.removeprefix(PRINTED), width)
    if check.picture:
        yield from (f"  {line}" for line in check.picture.text.splitlines())
    for line in step_lines(account.steps, width):
        yield f"  {line}"
    yield from labelled(say("usual bug"), say(account.guidance.bug), width)
    for language, hint in account.hints.items():
        yield from labelled(language, say(hint), width)
    for label, command in zip((say("again"), say("or")), account.again, strict=False):
        yield f"  {_padded(label)}{command}"
    check_label, script = say("check"), say("script")
    yield f"  {_padded(check_label)}{check.node}"
    if account.others:
        more = say("and {count} more checks of this clause with the same outcome", count=account.others)
        yield f"  {'':<{_LABEL}}{more}"
    if account.left_out:
        more = say("{count} more were left out; --profile thorough runs them", count=account.left_out)
        yield f"  {'':<{_LABEL}}{more}"
    if verbose and account.script:
        yield f"  {_padded(script)}" + say("shows it without this suite:")
        yield from (f"    {line}" for line in account.script.splitlines())


def first_lines(root: Root, say: Words = ENGLISH, *, width: int = 100, report: Path | None = None) -> Iterator[str]:
    """Yield the finding to mend first in some lines: what is right, what came, what mends it, what hangs on it.

    Args:
        root: the finding, with those that hang on it.
        say: in which language.
        width: columns for prose; bytes and commands are not folded.
        report: the folder of the reports, if they are written.
    """
    account = root.account
    clause, check = account.clause, account.check
    yield from labelled(clause.id, f"{account.outcome}, {clause.conformance_class}: {clause.text}", width)
    if check.expected:
        yield from _short(say("expected"), check.expected, width)
    yield from _short(say("actual"), check.actual, width)
    if reason := telling_line(check.details):
        yield from _short(say("it printed"), reason, width)
    steps = list(step_lines(account.steps, width))
    if len(steps) <= _MOST_STEP_LINES:
        yield from (f"  {line}" for line in steps)
    else:
        where = say("in {path}", path=report / "report.html") if report else say("shown by -v, or by --report DIR")
        yield from labelled(
            say("exchange"), say("{count} steps, {where}", count=len(account.steps), where=where), width
        )
    yield from labelled(say("usual bug"), say(account.guidance.bug), width)
    if len(account.hints) == 1:  # the language is known
        for language, hint in account.hints.items():
            yield from labelled(language, say(hint), width)
    if account.again:
        again = say("again")
        yield f"  {_padded(again)}{account.again[0]}"
    if root.hanging:
        names = ", ".join(each.clause.id for each in root.hanging)
        yield from labelled(say("hang on it"), names, width)


def _short(label: str, text: str, width: int) -> Iterator[str]:
    """Yield a text after its label; of one that is too long for some lines the beginning."""
    yield from labelled(label, printable(text, most=_MOST_CHARACTERS), width)


def check_lines(check: CheckResult, service: str) -> Iterator[str]:
    """Return what one check found as lines, for pytest's own report."""
    clause = clauses()[check.clause]
    yield f"{clause.id}  {check.outcome}  {clause.text}"
    if check.expected:
        yield f"  {'expected':<{_LABEL}}{check.expected}"
    yield f"  {'actual':<{_LABEL}}{check.actual}"
    for detail in check.details:
        yield f"  {'differs':<{_LABEL}}{detail}"
    if check.picture:
        yield from (f"  {line}" for line in check.picture.text.splitlines())
    if check.transcript:
        yield from (f"  {line}" for line in step_lines(annotate(check.transcript, service)))
    yield f"  {'usual bug':<{_LABEL}}{guidance()[clause.id].bug}"
