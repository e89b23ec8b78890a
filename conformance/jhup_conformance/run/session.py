"""One run: the target set up and taken down, the results by clause, the verdict."""

import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Final

from jhup.address import Address
from jhup.clauses import Level, clauses
from jhup_conformance.findings import (
    HELD_AGAINST,
    CheckResult,
    ClauseResult,
    ExitStatus,
    Outcome,
    Verdict,
    class_met,
)
from jhup_conformance.learn.study import Study
from jhup_conformance.profiles import Profile
from jhup_conformance.run.folding import fold
from jhup_conformance.run.incidents import SERVES_ON, START_IT, STAYS_AWAY, Incident, blame, blame_many
from jhup_conformance.run.judged import blank_results
from jhup_conformance.run.machine import study_target
from jhup_conformance.run.opening import open_judge, spawned_server
from jhup_conformance.run.options import Options, UsageError
from jhup_conformance.run.turned_away import TurnedAway
from jhup_conformance.run.watch import Watch
from jhup_conformance.target.guest import finish_killed_runs
from jhup_conformance.target.process import CannotStart, Spawned
from jhup_conformance.target.services import Kind
from jhup_conformance.verify.judging import Judging
from jhup_conformance.wire.channel import Unreachable
from jhup_conformance.wire.dialer import TargetGone

__all__ = ["Run"]


class Run:
    """One run of the suite against one target.

    Args:
        options: what was asked for.
        spawned: the server to be started, where it isn't the one that `options` name.

    Attributes:
        options: what was asked for.
        started: when, in UTC.
        results: by clause, in the order of the book.
        judge: what the checks use, once `open` has been called.
        incidents: when the target was gone or hung, and what was done then.
        turned_away: how often it has turned clients away.
        left_for_time: how many checks were left out because the run took long.
        problem: why the target could not be judged any further; empty while it can.
        report_problem: why the reports could not be written; empty when they were.
        interrupted: whether a person ended it.
        machine: the target's states, where they were learnt.
        machine_problem: why they could not be; empty when they could, or nobody asked.
    """

    def __init__(self, options: Options, *, spawned: Spawned | None = None) -> None:
        self.options = options
        self.started = datetime.now(UTC)
        self._began = time.monotonic()
        self.results = blank_results(options)
        self.judge: Judging | None = None
        self.incidents: list[Incident] = []
        self.left_for_time = 0
        self.turned_away = TurnedAway(is_bounded=options.profile is not Profile.THOROUGH)
        self._watch: Watch | None = None
        self.problem = ""
        self.gone = False
        self.suite_problem = ""
        self.report_problem = ""
        self.interrupted = False
        self.machine: Study | None = None
        self.machine_problem = ""
        self.spawned = spawned
        self.target: Address | None = options.target

    @property
    def seconds(self) -> float:
        """How long the run has taken so far."""
        return time.monotonic() - self._began

    @property
    def observed_by(self) -> list[str]:
        """How the target is seen: replies, storage, witness, process."""
        if self.judge is None:
            return []
        return self.judge.observed_by + (["process"] if self.judge.vitals else [])

    def prepare(self) -> None:
        """Start the target if it has to be, and don't wait until it listens. What goes wrong is kept in `problem`."""
        finish_killed_runs()
        if not self.options.spawn:
            return
        self.spawned = self.spawned or spawned_server(self.options)
        try:
            self.spawned.begin()
        except CannotStart as error:
            self.problem, self.gone = str(error), True

    def open(self) -> None:
        """Get to know the target, as soon as it listens. What goes wrong is kept in `problem`."""
        if self.problem:
            return
        try:
            self.judge = self._open()
        except (CannotStart, TargetGone, Unreachable) as error:
            self.problem, self.gone = str(error), True
            return
        self._watch = Watch(self.judge, self.spawned, self.incidents, seconds=lambda: self.seconds)
        for result in self.results.values():
            result.does_not_apply = self.judge.does_not_apply(result.clause)

    def _open(self) -> Judging:
        if self.options.spawn and not self.spawned:
            self.prepare()
        if self.spawned:
            self.target = self.spawned.wait()
        if self.target is None:
            raise UsageError("no target")
        return open_judge(self.options, self.target, self.spawned)

    def learn(self) -> None:
        """Learn the target's states where that was asked for, while it still runs."""
        if self.target is None or self.judge is None or self.problem or self.judge.gate:
            return
        left = None if self.options.time_limit is None else self.options.time_limit - self.seconds
        learnt = study_target(self.options, self.target, self.spawned, at_most=left)
        if isinstance(learnt, str):
            self.machine_problem = learnt
        else:
            self.machine = learnt

    def fold(self) -> None:
        """Tell which findings about an upload server hang on which."""
        if self.options.kind is not Kind.UPLOAD:
            return
        fold(self.results)

    def close(self) -> None:
        """Stop what was started."""
        if self.spawned:
            self.spawned.close()
        if self.judge:
            self.judge.close()  # the last, so that nothing is written any more where it cleans up

    def begin_check(self) -> None:
        """Take note that a check begins."""
        if self._watch:
            self._watch.begin()

    def look_after(self, result: CheckResult, error: BaseException | None) -> bool:
        """Make sure, when a check has ended, that the target serves; else find out what happened, and bring it back.

        Args:
            result: what came of the check; changed where the target was found gone or hung because of it.
            error: what the check raised.

        Returns:
            Whether the check is to be run again, because what happened is the doing of the one before, or of nobody.
        """
        if self._watch is None:
            return False
        incident = self._watch.end(result, isinstance(error, TargetGone))
        if found := self._watch.turned_away:
            dialer = self.judge.dialer if self.judge else None
            is_again = self.turned_away.meets(result, found, dialer.opened if dialer else 0)
            self.problem = self.turned_away.problem
            return is_again
        if incident is None:
            return False
        survives = SERVES_ON[self.options.kind]
        if incident.is_of_many and survives in self.results:
            self.add(blame_many(incident, self.results[survives].clause))
        if incident.then == STAYS_AWAY:
            self.gone, self.problem = True, f"{incident.sentence} {self._advice}"
        elif incident.node != result.node:
            self._blame_earlier(incident)
            return True
        if incident.node == result.node:
            self._blame(result, incident)
        else:
            self._blame_earlier(incident)
        return False

    @property
    def _advice(self) -> str:
        return "It can't be started again." if self.options.spawn else START_IT

    def _blame_earlier(self, incident: Incident) -> None:
        for each in self.results[incident.clause].checks:
            if each.node == incident.node:
                self._blame(each, incident)

    def _blame(self, result: CheckResult, incident: Incident) -> None:
        ends_anyway = self.judge is not None and self.judge.root == SERVES_ON[self.options.kind] != result.clause
        blame(result, incident, self.results[result.clause].clause, ends_anyway=ends_anyway)

    def not_run(self, clause: str, node: str, why: str) -> None:
        """Take note that a check was planned and not run, so that its clause can't have passed."""
        self.add(CheckResult(clause, node, Outcome.UNVERIFIED, actual=why))

    def add(self, result: CheckResult) -> None:
        """Take the result of a check."""
        self.results[result.clause].checks.append(result)

    # What it all comes to

    @property
    def missed(self) -> list[str]:
        """Clauses in which the target's machine differs, and of which no check that ran has found anything."""
        found = {each for each, result in self.results.items() if result.outcome in HELD_AGAINST or not result.checks}
        judged = frozenset(found | (set(clauses()) - set(self.results)))
        return self.machine.missed(judged) if self.machine else []

    @property
    def is_past_limit(self) -> bool:
        """Whether the time allowed is used up."""
        return self.options.time_limit is not None and self.seconds >= self.options.time_limit

    def outcome(self, result: ClauseResult) -> Outcome:
        """Return the outcome of a clause, with what is known to fail taken into account."""
        if result.clause.id in self.options.known_failing and result.outcome is Outcome.PASS and result.checks:
            return Outcome.ERROR
        return result.outcome

    def counts_against(self, result: ClauseResult) -> bool:
        """Tell whether a clause makes the target fail."""
        if result.clause.id in self.options.known_failing:
            return False
        return result.outcome is Outcome.FAIL or (self.options.strict and result.outcome is Outcome.WARN)

    @property
    def class_met(self) -> str | None:
        """The highest class whose MUSTs all hold."""
        met = class_met(self.results.values(), self.options.kind.classes)
        return met.value if met else None

    @property
    def verdict(self) -> Verdict:
        """What the run came to."""
        results = self.results.values()
        if any(map(self.counts_against, results)):
            return Verdict.FAILS
        if self.gone:
            return Verdict.UNREACHABLE
        if self.suite_problem or any(self.outcome(each) is Outcome.ERROR for each in results):
            return Verdict.ERROR
        musts = [each for each in results if each.clause.level is Level.MUST]
        open_musts = [each for each in musts if not each.holds() and each.clause.id not in self.options.known_failing]
        if open_musts or not any(each.outcome is Outcome.PASS for each in results if each.checks):
            return Verdict.INCONCLUSIVE
        return Verdict.CONFORMS

    @property
    def exit_status(self) -> ExitStatus:
        """How the command ends."""
        verdict = self.verdict
        if self.interrupted:
            return ExitStatus.INTERRUPTED
        if self.report_problem:
            return ExitStatus.ERROR
        if verdict is Verdict.INCONCLUSIVE and self.options.allow_unverified and self._something_held():
            return ExitStatus.CONFORMS
        return _STATUS[verdict]

    def _something_held(self) -> bool:
        return any(each.outcome is Outcome.PASS and each.checks for each in self.results.values())

    def what_would_help(self) -> list[str]:
        """Return the reasons why clauses are unverified, each once, most frequent first."""
        return _by_frequency(
            each.decisive.actual
            for each in self.results.values()
            if each.decisive and each.outcome is Outcome.UNVERIFIED
        )


_STATUS: Final[Mapping[Verdict, ExitStatus]] = {
    Verdict.CONFORMS: ExitStatus.CONFORMS,
    Verdict.FAILS: ExitStatus.FAILS,
    Verdict.INCONCLUSIVE: ExitStatus.INCONCLUSIVE,
    Verdict.UNREACHABLE: ExitStatus.UNREACHABLE,
    Verdict.ERROR: ExitStatus.ERROR,
}


def _by_frequency(reasons: Iterable[str]) -> list[str]:
    counted: dict[str, int] = {}
    for reason in reasons:
        counted[reason] = counted.get(reason, 0) + 1
    return sorted(counted, key=lambda reason: -counted[reason])
