"""What a person sees: progress while the run goes on, then the findings, and the summary last."""

import sys
from collections.abc import Iterator
from typing import TextIO

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from jhup.clauses import Level, clauses
from jhup_conformance.dump import dump_lines
from jhup_conformance.outcome import CheckResult, ClauseResult, ExitStatus, Outcome
from jhup_conformance.run import Run

__all__ = ["Plain", "Rich", "finding_lines", "status_words"]

_STYLES = {
    Outcome.PASS: "green",
    Outcome.FAIL: "bold red",
    Outcome.WARN: "yellow",
    Outcome.UNSUPPORTED: "dim",
    Outcome.UNVERIFIED: "cyan",
    Outcome.FLAKY: "magenta",
    Outcome.ERROR: "bold magenta",
}

_WORDS = {
    ExitStatus.CONFORMS: "conforms",
    ExitStatus.FAILS: "does not conform",
    ExitStatus.USAGE: "usage error",
    ExitStatus.UNREACHABLE: "the target is unreachable, or gone and not coming back",
    ExitStatus.INCONCLUSIVE: "inconclusive: some MUSTs could not be verified",
    ExitStatus.ERROR: "error of the suite, or of a control",
}


def status_words(status: ExitStatus) -> str:
    """Say an exit status in words."""
    return _WORDS[status]


def finding_lines(result: CheckResult) -> Iterator[str]:
    """Give a finding as lines of plain text."""
    clause = clauses()[result.clause]
    yield f"{clause.id}  {result.outcome}  {clause.text}"
    yield f"  class     {clause.conformance_class}, {clause.level}, section {clause.section}"
    if result.expected:
        yield f"  expected  {result.expected}"
    yield f"  actual    {result.actual}"
    if result.transcript:
        for line in dump_lines(result.transcript):
            yield f"  {line}"
    yield f"  check     {result.node}"


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
    """The progress and the verdict of the command."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task: TaskID | None = None

    def acquainted(self, run: Run) -> None:
        """Say what is judged and how it is seen, and begin the bar."""
        _say_target(self._console, run)
        self._progress.start()
        self._task = self._progress.add_task("checks", total=None)

    def checked(self, result: CheckResult, done: int, total: int) -> None:
        """Move the bar on; a failure is said at once."""
        if self._task is not None:
            self._progress.update(self._task, completed=done, total=total, description=f"{result.clause:<10}")
        if result.outcome in (Outcome.FAIL, Outcome.ERROR, Outcome.FLAKY):
            style = _STYLES[result.outcome]
            self._progress.console.print(
                f"[{style}]{result.outcome:<6}[/] {result.clause:<9} {escape(result.actual[:160])}"
            )

    def finished(self, run: Run) -> None:
        """Say the findings, then the summary."""
        self._progress.stop()
        for each in run.results.values():
            _say_finding(self._console, each)
        summarize(self._console, run)


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
        console.print(f"[yellow]warning[/]   {escape(judge.gate)}")


def _say_finding(console: Console, result: ClauseResult) -> None:
    decisive = result.decisive
    if decisive is None or decisive.outcome in (Outcome.PASS, Outcome.UNSUPPORTED, Outcome.UNVERIFIED):
        return
    first, *rest = finding_lines(decisive)
    console.print()
    console.print(f"[{_STYLES[decisive.outcome]}]{escape(first)}[/]", soft_wrap=True)
    for line in rest:
        console.print(escape(line), soft_wrap=True)
    others = sum(check.outcome is decisive.outcome for check in result.checks) - 1
    if others:
        console.print(f"  and {others} more checks of this clause with the same outcome")
    if result.left_out:
        console.print(f"  {result.left_out} more checks of this clause were left out; --profile thorough runs them")


def summarize(console: Console, run: Run) -> None:
    """Say counts by class, the verdict, and what to do next."""
    console.print()
    for name in dict.fromkeys(each.clause.conformance_class for each in run.results.values()):
        counts = {
            outcome: sum(run.outcome(each) is outcome for each in run.results.values()
                         if each.clause.conformance_class is name)
            for outcome in Outcome
        }  # fmt: skip
        shown = ", ".join(f"[{_STYLES[outcome]}]{count} {outcome}[/]" for outcome, count in counts.items() if count)
        console.print(f"{name:<9} {shown}")
    checks = sum(len(each.checks) for each in run.results.values())
    executions = sum(each.executions for each in run.results.values())
    console.print(f"{checks} checks, {executions} executions in {run.seconds:.1f} s")
    if run.problem:
        console.print(f"[bold red]{escape(run.problem)}[/]")
    if run.suite_problem:
        console.print(f"[bold magenta]the suite failed: {escape(run.suite_problem)}[/]")
    unverified = [each for each in run.results.values() if each.outcome is Outcome.UNVERIFIED and each.checks]
    if unverified:
        names = ", ".join(each.clause.id for each in unverified if each.clause.level is Level.MUST)
        console.print(f"unverified: {names}")
        for reason in run.what_would_help()[:3]:
            console.print(f"  because {escape(reason)}")
    for identifier in run.options.known_failing:
        if identifier in run.results and run.outcome(run.results[identifier]) is Outcome.ERROR:
            console.print(f"[bold magenta]{identifier} is listed as known to fail, but passes: take it off the list[/]")
    if run.options.report:
        console.print(f"reports in {run.options.report}; a failing exchange is sent again by")
        console.print(f"  jhup-conformance replay {run.options.report}/CLAUSE.json {run.target}")
    status = run.exit_status
    met = run.class_met or "none"
    style = "green" if status is ExitStatus.CONFORMS else "bold red" if status is ExitStatus.FAILS else "yellow"
    console.print(f"[{style}]{status_words(status)}[/]; class met: {met}; exit status {status.value}")
