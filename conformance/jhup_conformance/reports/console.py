"""What a person sees: the target, a table of sections and classes, what to mend first, the rest in a line each.

Every meaning is in words; colours only repeat them, on a ground of their own, so that they can be read on any terminal.
"""

import sys
import time
from typing import Final, TextIO

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from jhup_conformance.findings import FINDINGS, CheckResult, ExitStatus, Outcome
from jhup_conformance.language import ENGLISH, Words
from jhup_conformance.reports.account import Account, accounts
from jhup_conformance.reports.closing_words import closing_lines
from jhup_conformance.reports.detail import Detail
from jhup_conformance.reports.opening_words import opening_lines
from jhup_conformance.reports.overview import Overview
from jhup_conformance.reports.printable import printable
from jhup_conformance.reports.priority import roots
from jhup_conformance.reports.prose import account_lines, first_lines
from jhup_conformance.reports.sentences import one_line
from jhup_conformance.reports.words import verdict_words
from jhup_conformance.run.session import Run

__all__ = ["Plain", "Rich", "styled"]

_STYLES: Final = {
    Outcome.PASS: "black on green",
    Outcome.FAIL: "bold white on red",
    Outcome.WARN: "black on yellow",
    Outcome.UNSUPPORTED: "none",
    Outcome.UNVERIFIED: "black on cyan",
    Outcome.FLAKY: "bold white on magenta",
    Outcome.ERROR: "bold white on magenta",
    Outcome.NOT_JUDGED: "none",
}
_WIDEST: Final = 110
_IN_A_PIPE: Final = 100
_MOST_LINES: Final = 18
"""Findings that get a line each; the report has all."""
_FIRST_WORD: Final = 10.0
"""Seconds after which a run in a pipe says how far it is; then each time after twice as long."""
_LOOKS: Final = {
    ExitStatus.CONFORMS: Outcome.PASS,
    ExitStatus.FAILS: Outcome.FAIL,
    ExitStatus.INCONCLUSIVE: Outcome.UNVERIFIED,
}


def styled(outcome: Outcome) -> str:
    """Return an outcome as markup."""
    return f"[{_STYLES.get(outcome, 'none')}]{outcome}[/]"


class Plain:
    """Keeps quiet while pytest itself reports, and says the verdict in the end."""

    def __init__(self, out: TextIO | None = None, say: Words = ENGLISH) -> None:
        self._console = Console(file=out or sys.stdout, soft_wrap=True, highlight=False)
        self._say = say

    def acquainted(self, run: Run) -> None:
        """Say what is judged and how it is observed."""
        for line in opening_lines(run, self._say):
            self._console.print(escape(printable(line)))

    def checked(self, result: CheckResult, done: int, total: int) -> None:
        """Say nothing: pytest does."""

    def finished(self, run: Run) -> None:
        """Say the verdict."""
        self._console.print()
        summarize(self._console, run, self._say)


class Rich:
    """The progress and the verdict of the command.

    Args:
        console: where to.
        detail: how much.
        say: in which language.
    """

    def __init__(self, console: Console, detail: Detail = Detail.NORMAL, say: Words = ENGLISH) -> None:
        self._console = console
        self._detail = detail
        self._say = say
        self._live: Live | None = None
        self._run: Run | None = None
        self._next_word = _FIRST_WORD
        self._drawn = 0.0

    def acquainted(self, run: Run) -> None:
        """Say what is judged and how it is observed; on a terminal the table is drawn from now on."""
        self._run = run
        if self._detail is Detail.QUIET:
            return
        for line in opening_lines(run, self._say, verbose=self._detail is Detail.VERBOSE):
            self._print(line)
        if self._console.is_terminal and not self._console.is_dumb_terminal and self._detail is Detail.NORMAL:
            self._live = Live(console=self._console, transient=True, auto_refresh=False)
            self._live.start()

    def checked(self, result: CheckResult, done: int, total: int) -> None:
        """Say how far the run is: in the table on a terminal, by a line now and then elsewhere."""
        if self._detail is Detail.QUIET or self._run is None:
            return
        if self._detail is Detail.VERBOSE:
            node = escape(printable(result.node.rpartition("::")[2]))
            line = f"{styled(result.outcome)} {result.clause:<9} {node}  {result.seconds:.2f} s"
            self._console.print(line, soft_wrap=True)
        elif self._live:
            self._draw(self._run, result, done, total)
        elif self._run.seconds >= self._next_word:
            self._next_word *= 2
            self._print(self._progress(self._run, done, total))

    def _draw(self, run: Run, result: CheckResult, done: int, total: int) -> None:
        now = time.monotonic()
        if self._live is None or (now - self._drawn < 0.1 and done < total):  # as often as an eye takes in
            return
        self._drawn = now
        line = Text(f"{result.clause:<10}{self._progress(run, done, total)}", overflow="ellipsis", no_wrap=True)
        self._live.update(Group(self._table(run, under_way=True), line), refresh=True)

    def _progress(self, run: Run, done: int, total: int) -> str:
        failing = sum(each.outcome in FINDINGS for each in run.results.values())
        told = self._say("{done} of {total} checks done", done=done, total=total)
        count = self._say.count
        return f"{told}, " + count("{number} finding", "{number} findings", failing)

    def _table(self, run: Run, *, under_way: bool = False) -> RenderableType:
        overview = Overview(run, self._say)
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_edge=False)
        for name in ("", *(each.value for each in overview.classes)):
            table.add_column(name, no_wrap=True, header_style="bold")
        for name, cells in overview.rows(under_way=under_way):
            table.add_row(escape(name), *map(escape, cells))
        return table

    def _print(self, line: str) -> None:
        self._console.print(escape(printable(line)), soft_wrap=True)

    def finished(self, run: Run) -> None:
        """Say what came of the run: the table, what to mend first, the rest in a line each, the verdict."""
        if self._live:
            self._live.stop()
        found = accounts(run)
        match self._detail:
            case Detail.QUIET:
                for each in found:
                    self._say_line(each)
            case Detail.VERBOSE:
                self._say_table(run)
                for each in found:
                    say_finding(self._console, each, self._say, verbose=True)
            case Detail.NORMAL:
                self._say_table(run)
                self._say_findings(run, found)
        summarize(self._console, run, self._say, quiet=self._detail is Detail.QUIET)

    def _say_table(self, run: Run) -> None:
        if run.judge is not None:
            self._console.print()
            self._console.print(self._table(run), soft_wrap=False, width=_width(self._console))

    def _say_findings(self, run: Run, found: list[Account]) -> None:
        ordered = roots(found, run.options.kind.classes)
        if not ordered:
            return
        first, *others = ordered
        self._console.print(f"\n[bold]{escape(self._say('Fix this first'))}[/]")
        for line in first_lines(first, self._say, width=_width(self._console), report=run.options.report):
            self._print(line)
        if others:
            heading = self._say("Then")  # on a line of its own: messages inside f-strings are not collected
            self._console.print(f"\n[bold]{escape(heading)}[/]")
        for root in others[:_MOST_LINES]:
            self._say_line(root.account, hanging=len(root.hanging))
        if left := others[_MOST_LINES:]:
            names = ", ".join(root.account.clause.id for root in left)
            self._print(self._say("and {count} more: {names}", count=len(left), names=names))

    def _say_line(self, account: Account, hanging: int = 0) -> None:
        count, more, known = self._say.count, "", ""
        if hanging:
            more = " " + count("(and {number} more clause)", "(and {number} more clauses)", hanging)
        if account.known:
            known = " " + self._say("(known: {reason})", reason=account.known)
        text = escape(printable(f"{account.clause.id:<9} {one_line(account.check, self._say)}{more}{known}"))
        self._console.print(f"{styled(account.outcome)} {text}", soft_wrap=True)


def _width(console: Console) -> int:
    return min(console.width, _WIDEST) if console.is_terminal else _IN_A_PIPE


def say_finding(console: Console, account: Account, say: Words = ENGLISH, *, verbose: bool = False) -> None:
    """Say one finding in full."""
    first, *rest = account_lines(account, say, width=_width(console), verbose=verbose)
    console.print()
    head = escape(printable(first)).replace(f"  {account.outcome}  ", f"  {styled(account.outcome)}  ", 1)
    console.print(f"[bold]{head}[/]", soft_wrap=True)
    for line in rest:
        console.print(escape(printable(line)), soft_wrap=True)


def summarize(console: Console, run: Run, say: Words = ENGLISH, *, quiet: bool = False) -> None:
    """Say what could not be verified and where the reports are, then the verdict in one sentence."""
    if not quiet:
        console.print()
    for line in closing_lines(run, say, quiet=quiet):
        console.print(escape(printable(line)), soft_wrap=True)
    status = run.exit_status
    style = _STYLES[_LOOKS.get(status, Outcome.ERROR)]
    told = say("exit status {number}", number=status.value)
    console.print(f"[{style}]{escape(verdict_words(run, say))}[/] ({told})", soft_wrap=True)
