"""What a person sees: a line for each section while the run goes on, then the findings, and the summary last.

Every meaning is in words; colours only repeat them, on a ground of their own, so that they can be read on any terminal.
"""

import re
import sys
from enum import Enum
from typing import Final, TextIO

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from jhup.clauses import Clause, Level, chapter_text
from jhup_conformance.findings import CheckResult, ExitStatus, Outcome
from jhup_conformance.reports.account import FINDINGS, Account, accounts
from jhup_conformance.reports.as_json import count_by_class
from jhup_conformance.reports.prose import account_lines
from jhup_conformance.reports.words import status_words
from jhup_conformance.run.session import Run

__all__ = ["Detail", "Plain", "Rich", "styled"]

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
_AT_ONCE: Final = 160
"""Characters of a failure that are shown at once."""
_WIDEST: Final = 110
_IN_A_PIPE: Final = 100


class Detail(Enum):
    """How much is said."""

    QUIET = "quiet"
    NORMAL = "normal"
    VERBOSE = "verbose"


def styled(outcome: Outcome) -> str:
    """Give an outcome as markup."""
    return f"[{_STYLES[outcome]}]{outcome}[/]"


class Plain:
    """Keeps quiet while pytest itself reports, and says the verdict in the end."""

    def __init__(self, out: TextIO | None = None) -> None:
        self._console = Console(file=out or sys.stdout, soft_wrap=True, highlight=False)

    def acquainted(self, run: Run) -> None:
        """Say what is judged and how it is seen."""
        _say_target(self._console, run)

    def checked(self, result: CheckResult, done: int, total: int) -> None:
        """Say nothing: pytest does."""

    def finished(self, run: Run) -> None:
        """Say the verdict."""
        self._console.print()
        summarize(self._console, run)


class Rich:
    """The progress and the verdict of the command.

    Args:
        console: where to.
        detail: how much.
    """

    def __init__(self, console: Console, detail: Detail = Detail.NORMAL) -> None:
        self._console = console
        self._detail = detail
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal or console.is_dumb_terminal or detail is Detail.QUIET,
        )
        self._task: TaskID | None = None
        self._run: Run | None = None
        self._section = _Section("")
        self._told: set[tuple[str, Outcome]] = set()

    def acquainted(self, run: Run) -> None:
        """Say what is judged and how it is seen, and begin the bar."""
        self._run = run
        if self._detail is Detail.QUIET:
            return
        _say_target(self._console, run)
        self._progress.start()
        self._task = self._progress.add_task("checks", total=None)

    def checked(self, result: CheckResult, done: int, total: int) -> None:
        """Move the bar on; a failure is said at once, and a section when it is done."""
        if self._detail is Detail.QUIET or self._run is None:
            return
        clause = self._run.results[result.clause].clause
        if (name := _section_name(clause)) != self._section.name:
            self._end_section()
            self._section = _Section(name)
        self._section.add(result)
        if self._task is not None:
            self._progress.update(self._task, completed=done, total=total, description=f"{result.clause:<10}")
        if self._detail is Detail.VERBOSE:
            node = result.node.rpartition("::")[2]
            self._say(f"  {styled(result.outcome)} {result.clause:<9} {escape(node)}  {result.seconds:.2f} s")
        elif result.outcome in FINDINGS and (result.clause, result.outcome) not in self._told:
            self._told.add((result.clause, result.outcome))
            self._say(f"  {styled(result.outcome)} {result.clause:<9} {escape(result.actual[:_AT_ONCE])}")

    def _say(self, text: str) -> None:
        self._progress.console.print(text, soft_wrap=True)

    def _end_section(self) -> None:
        if self._section.name:
            self._say(escape(self._section.line))

    def finished(self, run: Run) -> None:
        """Say the findings, then the summary."""
        self._end_section()
        self._progress.stop()
        found = accounts(run)
        for each in found:
            if self._detail is Detail.QUIET:
                self._console.print(
                    f"{styled(each.outcome)} {each.clause.id:<9} {escape(each.check.actual[:_AT_ONCE])}", soft_wrap=True
                )
            else:
                say_finding(self._console, each, verbose=self._detail is Detail.VERBOSE)
        summarize(self._console, run, quiet=self._detail is Detail.QUIET)


class _Section:
    """What came of the checks of one chapter and class, up to now."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._checks = 0
        self._seconds = 0.0
        self._counts: dict[Outcome, int] = {}

    def add(self, result: CheckResult) -> None:
        """Count a check."""
        self._checks += 1
        self._seconds += result.seconds
        self._counts[result.outcome] = self._counts.get(result.outcome, 0) + 1

    @property
    def line(self) -> str:
        """Give it in one line."""
        counts = ", ".join(f"{self._counts[each]} {each}" for each in Outcome if each in self._counts)
        return f"{self.name:<34} {self._checks:4} checks {self._seconds:7.1f} s   {counts}"


def _section_name(clause: Clause) -> str:
    heading = re.match(r"# (.+)", chapter_text(clause.chapter))
    return f"{heading[1] if heading else clause.chapter}, {clause.conformance_class}"


def _say_target(console: Console, run: Run) -> None:
    judge = run.judge
    if judge is None:
        return
    seen = ", ".join(run.observed_by) or "nothing but its connections"
    console.print(f"target    {run.target}, seen by {seen}")
    for fact in judge.facts:
        console.print(f"{escape(fact)}")
    console.print(f"pace      {judge.pace}")
    console.print(f"seed      {run.options.seed}, profile {run.options.profile}")
    if judge.gate:
        console.print(f"[bold]warning[/]   {escape(judge.gate)}")


def say_finding(console: Console, account: Account, *, verbose: bool = False) -> None:
    """Say one finding in full."""
    width = min(console.width, _WIDEST) if console.is_terminal else _IN_A_PIPE
    first, *rest = account_lines(account, width=width, verbose=verbose)
    console.print()
    head = escape(first).replace(f"  {account.outcome}  ", f"  {styled(account.outcome)}  ", 1)
    console.print(f"[bold]{head}[/]", soft_wrap=True)
    for line in rest:
        console.print(escape(line), soft_wrap=True)


def summarize(console: Console, run: Run, *, quiet: bool = False) -> None:
    """Say counts by class, the verdict, and what to do next."""
    if not quiet:
        console.print()
        _say_counts(console, run)
    if run.problem:
        console.print(f"[bold]{escape(run.problem)}[/]")
    if run.report_problem:
        console.print(f"[bold]{escape(run.report_problem)}[/]")
    if run.suite_problem:
        console.print(f"[bold]the suite failed: {escape(run.suite_problem)}[/]")
    unverified = [each for each in run.results.values() if each.outcome is Outcome.UNVERIFIED and each.checks]
    if unverified and not quiet:
        names = ", ".join(each.clause.id for each in unverified if each.clause.level is Level.MUST)
        console.print(f"unverified: {names}")
        for reason in run.what_would_help()[:3]:
            console.print(f"  because {escape(reason)}")
    for identifier in run.options.known_failing:
        if identifier in run.results and run.outcome(run.results[identifier]) is Outcome.ERROR:
            console.print(f"[bold]{identifier} is listed as known to fail, but passes: take it off the list[/]")
    if run.options.report and not run.report_problem:
        console.print(f"reports in {run.options.report}: report.html to read, report.json and junit.xml for programs")
    status = run.exit_status
    style = _STYLES[_LOOKS[status]]
    met = run.class_met or "none"
    console.print(f"[{style}]{status_words(status)}[/]; class met: {met}; exit status {status.value}")


_LOOKS: Final = {
    ExitStatus.CONFORMS: Outcome.PASS,
    ExitStatus.FAILS: Outcome.FAIL,
    ExitStatus.USAGE: Outcome.ERROR,
    ExitStatus.UNREACHABLE: Outcome.ERROR,
    ExitStatus.INCONCLUSIVE: Outcome.UNVERIFIED,
    ExitStatus.ERROR: Outcome.ERROR,
    ExitStatus.INTERRUPTED: Outcome.ERROR,
}


def _say_counts(console: Console, run: Run) -> None:
    for name, counts in count_by_class(run).items():
        shown = ", ".join(f"{count} {styled(outcome)}" for outcome, count in counts.items() if count)
        console.print(f"{name:<9} {shown}")
    checks = sum(len(each.checks) for each in run.results.values())
    executions = sum(each.executions for each in run.results.values())
    console.print(f"{checks} checks, {executions} executions in {run.seconds:.1f} s")
