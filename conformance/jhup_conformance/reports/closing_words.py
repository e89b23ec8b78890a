"""The last lines of a run's output before the verdict: problems, what could not be verified and why, the reports."""

from collections import Counter
from collections.abc import Iterator
from typing import Final

from jhup.clauses import ConformanceClass, Level
from jhup_conformance.findings import ClauseResult, Outcome
from jhup_conformance.language import ENGLISH, Words, message
from jhup_conformance.reports.printable import printable
from jhup_conformance.run.session import Run
from jhup_conformance.target.health import Condition

__all__ = ["closing_lines"]

_MOST_REASONS: Final = 3
_MOST_NAMES: Final = 8
_MANY_INCIDENTS: Final = 3
_LONGEST_REASON: Final = 160
_GIVES: Final = {
    ConformanceClass.BASIC: message("one upload at a time from a well-behaved client"),
    ConformanceClass.STREAM: message("any cut of the bytes, any number of requests on a connection"),
    ConformanceClass.SAFE: message("malformed and hostile requests, limits, concurrency, files whole or not at all"),
    ConformanceClass.REPLIES: message("answers to clients that ask for them"),
    ConformanceClass.FULL: message("everything that the echo services promise"),
}
"""What a class gives to the users of a server."""


def closing_lines(run: Run, say: Words = ENGLISH, *, quiet: bool = False) -> Iterator[str]:
    """Yield the lines between the findings and the verdict.

    Args:
        run: a run that has ended.
        say: in which language.
        quiet: whether only problems are said.
    """
    yield from run.problem.splitlines()  # a server that does not start has a traceback to show
    if run.suite_problem:
        yield say("The suite failed: {problem}", problem=run.suite_problem)
    if run.report_problem:
        yield say("The reports could not be written: {problem}", problem=run.report_problem)
    if run.incidents:
        yield _incidents(run, say)
    for identifier in run.options.known_failing:
        if identifier in run.results and run.outcome(run.results[identifier]) is Outcome.ERROR:
            yield say("{clause} is listed as known to fail, but passes: take it off the list", clause=identifier)
    if quiet:
        return
    if run.left_for_time:
        yield say.count(
            "The run took more than a minute, and {number} check of clauses with others was left out: "
            "--profile thorough tries all",
            "The run took more than a minute, and {number} checks of clauses with others were left out: "
            "--profile thorough tries all",
            run.left_for_time,
        )
    if run.turned_away.times and not run.problem:
        yield say("The target was met too often: {learnt}", learnt=run.turned_away.line)
    yield from run.judge.leavings if run.judge else ()
    yield from _unverified(run, say)
    yield from _next_class(run, say)
    yield from _machine(run, say)
    if run.options.report and not run.report_problem:
        yield say("Report: {path}", path=run.options.report / "report.html")
    checks = sum(len(each.checks) for each in run.results.values())
    yield say("{checks} checks in {seconds:.0f} s", checks=checks, seconds=run.seconds)


def _machine(run: Run, say: Words) -> Iterator[str]:
    """Say what was learnt of the server's states, where that was asked for."""
    if run.machine_problem:
        yield say("State machine: not learnt: {problem}", problem=printable(run.machine_problem))
    if run.machine:
        shown = run.machine.shown
        told = say.count("{number} difference", "{number} differences", len(shown)) if shown else say("No difference.")
        yield say("State machine: {machine}. {told}", machine=run.machine.facts["machine"], told=told)
    if run.missed:
        yield say("No check has found the difference in {clauses}: please tell us.", clauses=", ".join(run.missed))


def _unverified(run: Run, say: Words) -> Iterator[str]:
    """Say of the MUSTs that could not be verified, or were not judged, why; the reason of most of them first."""
    if run.judge is None:
        return  # nothing was tried at all
    for outcome in (Outcome.UNVERIFIED, Outcome.UNSUPPORTED, Outcome.NOT_JUDGED):
        by_reason: dict[str, list[str]] = {}
        for result in run.results.values():
            if result.outcome is outcome and result.clause.level is Level.MUST and (reason := _reason(result)):
                by_reason.setdefault(reason, []).append(result.clause.id)
        ordered = sorted(by_reason.items(), key=lambda each: -len(each[1]))
        if outcome is Outcome.NOT_JUDGED and len(ordered) > 1:
            ordered = [(say("report.html says why"), [name for _, names in ordered for name in names])]
        for reason, names in ordered[:_MOST_REASONS]:
            shown = ", ".join(names[:_MOST_NAMES]) + (", …" if len(names) > _MOST_NAMES else "")
            yield f"{_counted(outcome, len(names), say)} ({shown}): {printable(reason, most=_LONGEST_REASON)}"


def _counted(outcome: Outcome, number: int, say: Words) -> str:
    match outcome:
        case Outcome.UNSUPPORTED:
            return say.count("Unsupported, {number} clause", "Unsupported, {number} clauses", number)
        case Outcome.NOT_JUDGED:
            return say.count("Not judged, {number} clause", "Not judged, {number} clauses", number)
        case _:
            return say.count("Unverified, {number} clause", "Unverified, {number} clauses", number)


def _reason(result: ClauseResult) -> str:
    """Return why it has its outcome; nothing where the clause is not about such a target, or too new."""
    return "" if result.does_not_apply or result.judged_by else result.why


def _next_class(run: Run, say: Words) -> Iterator[str]:
    """Say which class comes after the one that is met, what it gives, and what is left to do for it."""
    classes = [each.value for each in run.options.kind.classes]
    place = classes.index(run.class_met) + 1 if run.class_met in classes else 0
    if run.judge is None or run.options.clauses is not None or place >= len(classes):
        return
    name = run.options.kind.classes[place]
    left = [
        each.clause.id
        for each in run.results.values()
        if each.clause.conformance_class is name and each.clause.level is Level.MUST and not each.holds()
    ]
    if not left:
        return
    shown = ", ".join(left[:_MOST_NAMES]) + (", …" if len(left) > _MOST_NAMES else "")
    told = say.count("{number} clause to go", "{number} clauses to go", len(left))
    yield say("Next class: {name}, which gives {what}; {left} ({names})", name=name.value, what=say(_GIVES[name]),
              left=told, names=shown)  # fmt: skip


def _incidents(run: Run, say: Words) -> str:
    """Say how often the server was gone or hung, and how it ended."""
    ends = Counter(each.how if each.condition is Condition.GONE else each.condition.value for each in run.incidents)
    told = ", ".join(f"{count} × {end}" if len(run.incidents) > 1 else end for end, count in ends.most_common(3))
    said = say.count(
        "The server was gone or hung once ({ends}).",
        "The server was gone or hung {number} times ({ends}).",
        len(run.incidents),
        ends=told,
    )
    if len(run.incidents) < _MANY_INCIDENTS:
        return said
    hint = say("One error that nobody catches may be behind all of them: explain ERR-9.")
    return f"{said} {hint}"
