"""What a person sees of a run against a client: progress, findings, the summary last."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from jhup.clauses import Level
from jhup_conformance.clients.checks import CASES
from jhup_conformance.clients.engine import selected_clauses
from jhup_conformance.clients.options import ClientOptions
from jhup_conformance.clients.report import again
from jhup_conformance.clients.results import CaseResult, ClauseOutcome, ClientResults
from jhup_conformance.clients.timeline import lines
from jhup_conformance.findings import Outcome
from jhup_conformance.reports.console import styled
from jhup_conformance.reports.guidance import guidance
from jhup_conformance.reports.prose import labelled
from jhup_conformance.reports.words import status_words

__all__ = ["ClientConsole", "list_cases"]

_WIDEST: Final = 110
_BAD: Final = (Outcome.FAIL, Outcome.WARN, Outcome.ERROR, Outcome.FLAKY)


class ClientConsole:
    """Prints a run.

    Args:
        console: where to.
        quiet: one line for each finding, and the verdict.
        verbose: every case as it ends.
    """

    def __init__(self, console: Console, *, quiet: bool, verbose: bool) -> None:
        self._console = console
        self._quiet = quiet
        self._verbose = verbose
        self._width = min(console.width, _WIDEST) if console.is_terminal else 100
        self._bar = Progress(
            TextColumn("cases"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=quiet or not console.is_terminal,
        )
        self._task = self._bar.add_task("cases", total=None)

    @contextmanager
    def judging(self, options: ClientOptions) -> Iterator[None]:
        """Say what is judged, and show how far it is."""
        if not self._quiet:
            self._say(f"client    {options.shown}")
            self._say(f"seed      {options.seed}, profile {options.profile}")
        with self._bar:
            yield

    def tell(self, line: str) -> None:
        """Say to a person what to do now."""
        self._say(line)

    def progress(self, done: int, total: int, results: list[CaseResult]) -> None:
        """Move the bar on, and say failures at once."""
        self._bar.update(self._task, completed=done, total=total)
        for each in results:
            if self._verbose:
                self._print(f"  {styled(each.outcome)} {each.clause:<9} {escape(each.case.name)}")
            elif each.outcome in _BAD and not self._quiet:
                self._print(f"  {styled(each.outcome)} {each.clause:<9} {escape(each.actual)}")

    def finish(self, results: ClientResults) -> None:
        """Say the findings, then the summary."""
        for of, result in results.findings():
            if self._quiet:
                self._print(f"{styled(results.outcome(of))} {of.clause.id:<9} {escape(result.actual)}")
            else:
                self._say_finding(results, of, result)
        if not self._quiet:
            self._say_counts(results)
        if results.problem:
            self._print(f"[bold]{escape(results.problem)}[/]")
        if results.options.report:
            self._say(
                f"reports in {results.options.report}: report.html to read, report.json and junit.xml for programs"
            )
        status = results.exit_status
        met = results.class_met or "none"
        self._print(f"[bold]{status_words(status)}[/]; class met: {met}; exit status {status.value}")

    def _say_finding(self, results: ClientResults, of: ClauseOutcome, result: CaseResult) -> None:
        clause = of.clause
        self._print(f"\n[bold]{clause.id}  {styled(results.outcome(of))}  {escape(clause.text)}[/]")
        known = results.options.known_failing.get(clause.id, "")
        told = [
            ("class", f"{clause.conformance_class}, {clause.level}, section {clause.section}"),
            ("known", known),
            ("case", result.case.name),
            ("matters", guidance()[clause.id].why),
            ("expected", result.expected),
            ("actual", result.actual or f"it passes, but is listed as known to fail: {known}"),
        ]
        for label, text in told:
            if text:
                self._say_lines(*labelled(label, text, self._width))
        if result.seen is not None:
            self._say_lines(*(f"  {line}" for line in lines(result.seen.events)))
        self._say_lines(*labelled("usual bug", guidance()[clause.id].bug, self._width))
        for index, command in enumerate(again(results, clause.id, recorded=result.seen is not None)):
            self._say(f"  {'or' if index else 'again':<11}{command}")

    def _say_counts(self, results: ClientResults) -> None:
        self._say("")
        self._say(f"first contact: {results.contact}")
        for name, counts in results.count().items():
            shown = ", ".join(f"{count} {styled(outcome)}" for outcome, count in counts.items() if count)
            self._print(f"{name:<9} {shown}")
        for outcome in (Outcome.UNVERIFIED, Outcome.UNSUPPORTED):
            self._say_reasons(results, outcome)
        self._say(f"{results.cases} cases, {results.runs} runs of the client in {results.seconds:.1f} s")

    def _say_reasons(self, results: ClientResults, outcome: Outcome) -> None:
        reasons: dict[str, list[str]] = {}
        for of in results.clauses.values():
            if results.outcome(of) is outcome and of.clause.level is Level.MUST:
                reason = of.decisive.actual if of.decisive else of.reason
                reasons.setdefault(reason, []).append(of.clause.id)
        for reason, names in reasons.items():
            if reason != results.problem:
                self._say(f"{outcome.lower()}: {', '.join(names)}: {reason}")

    def _say(self, text: str) -> None:
        self._print(escape(text))

    def _say_lines(self, *texts: str) -> None:
        for text in texts:
            self._say(text)

    def _print(self, markup: str) -> None:
        self._bar.console.print(markup, soft_wrap=True)


def list_cases(console: Console, options: ClientOptions) -> None:
    """Print the clauses that a run would judge, each with its cases."""
    for of in selected_clauses(options):
        clause = of.clause
        console.print(f"[bold]{clause.id}[/]  {clause.conformance_class}  {clause.level}  {escape(clause.text)}")
        for case in CASES:
            if clause.id in case.checks:
                needs = [name for name, needed in (("--ask", case.asks), ("--many", bool(case.more))) if needed]
                needs += ["--profile thorough"] if case.effort.name == "THOROUGH" else []
                console.print(escape(f"    {case.name}" + (f"  ({', '.join(needs)})" if needs else "")))
