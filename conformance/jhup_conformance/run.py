"""One run: the target set up and taken down, the results by clause, the verdict."""

import os
import ssl
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Final

import psutil

from jhup.address import Address, Transport
from jhup.clauses import Clause, Level, Role, clauses
from jhup_conformance.acquaint import acquaint, no_replies
from jhup_conformance.channel import Unreachable
from jhup_conformance.dialer import Dialer, tls_context
from jhup_conformance.effort import EFFORTS
from jhup_conformance.judge import Judge
from jhup_conformance.observe import CommandObserver, FolderObserver, Observer
from jhup_conformance.options import Options, UsageError
from jhup_conformance.outcome import (
    UPLOAD_CLASSES,
    CheckResult,
    ClauseResult,
    ExitStatus,
    Outcome,
    Verdict,
    class_met,
)
from jhup_conformance.pace import Pace
from jhup_conformance.runner import Runner
from jhup_conformance.spawn import CannotStart, Spawned
from jhup_conformance.talk import Names
from jhup_conformance.unseen import reason_unseen
from jhup_conformance.vitals import Vitals

__all__ = ["Run", "judged_clauses"]

_ECHO: Final = "ECHO"


def judged_clauses(options: Options) -> tuple[Clause, ...]:
    """Give the server clauses that a run is about: those of the upload service, up to the class asked for."""
    wanted = UPLOAD_CLASSES[: UPLOAD_CLASSES.index(options.up_to) + 1]
    return tuple(
        each
        for each in clauses().values()
        if each.role is Role.SERVER
        and each.prefix != _ECHO
        and each.conformance_class in wanted
        and (options.clauses is None or each.id in options.clauses)
    )


class Run:
    """One run of the suite against one target.

    Attributes:
        options: what was asked for.
        started: when, in UTC.
        results: by clause, in the order of the book.
        judge: what the checks use, once `open` has been called.
        problem: why the target could not be judged any further; empty while it can.
    """

    def __init__(self, options: Options) -> None:
        self.options = options
        self.started = datetime.now(UTC)
        self._began = time.monotonic()
        self.results: dict[str, ClauseResult] = {
            each.id: ClauseResult(each, reason_unseen(each)) for each in judged_clauses(options)
        }
        self.judge: Judge | None = None
        self.problem = ""
        self.gone = False
        self.suite_problem = ""
        self.spawned: Spawned | None = None
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
        ways = ["replies"] if self.judge.known.greeting else []
        if self.judge.runner.observer and self.judge.runner.observer.way not in ways:
            ways.append(self.judge.runner.observer.way.value)
        return ways + (["process"] if self.judge.vitals else [])

    def open(self) -> None:
        """Start the target if it has to be, and get to know it. What goes wrong is kept in `problem`."""
        try:
            self.judge = self._open()
        except (CannotStart, Unreachable) as error:
            self.problem, self.gone = str(error), True

    def _open(self) -> Judge:
        options = self.options
        if options.spawn:
            self.spawned = self._spawn(options.spawn)
            self.target = self.spawned.start()
        if self.target is None:
            raise UsageError("no target")
        dialer = Dialer(self.target, context=self._context(), revive=self.spawned.revive if self.spawned else None)
        names = Names(f"{os.getpid() % 0xFFFF:04x}{int(time.time() * 1000) % 0xFFFF:04x}")
        runner = Runner(dialer, Pace(), names, no_replies())
        folder = self._folder()
        observer: Observer | None = folder
        if observer is None and options.witness:
            observer = CommandObserver(options.witness)
        known = acquaint(runner, observer)
        return Judge(
            runner, known, EFFORTS[options.profile], folder=folder, vitals=self._vitals(), spawned=self.spawned
        )

    def _spawn(self, command: str) -> Spawned:
        transport, host = Transport.TCP, "127.0.0.1"
        if self.options.target:
            transport, host = self.options.target.transport, self.options.target.host
        if "{socket}" in command:
            transport = Transport.UNIX
        return Spawned(command, storage=self.options.storage, transport=transport, host=host)

    def _context(self) -> ssl.SSLContext | None:
        options = self.options
        if self.target is None or self.target.transport is not Transport.TLS:
            return None
        try:
            return tls_context(
                ca=options.tls_ca, cert=options.tls_cert, key=options.tls_key, insecure=options.tls_insecure
            )
        except OSError as error:
            raise UsageError(f"--tls-…: {error}") from error

    def _folder(self) -> FolderObserver | None:
        if self.spawned:
            return FolderObserver(self.spawned.storage) if self.spawned.has_storage else None
        return FolderObserver(self.options.storage) if self.options.storage else None

    def _vitals(self) -> Vitals | None:
        if self.spawned:
            return Vitals(self.spawned)
        if self.options.pid is None:
            return None
        try:
            return Vitals(psutil.Process(self.options.pid))
        except psutil.Error as error:
            raise UsageError(f"--pid: there is no process {self.options.pid}") from error

    def close(self) -> None:
        """Stop what was started."""
        if self.spawned:
            self.spawned.close()

    def add(self, result: CheckResult) -> None:
        """Take the result of a check."""
        self.results[result.clause].checks.append(result)

    # What it all comes to

    @property
    def is_past_limit(self) -> bool:
        """Whether the time allowed is used up."""
        return self.options.time_limit is not None and self.seconds >= self.options.time_limit

    def outcome(self, result: ClauseResult) -> Outcome:
        """Give the outcome of a clause, with what is known to fail taken into account."""
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
        met = class_met(self.results.values(), UPLOAD_CLASSES)
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
        if verdict is Verdict.INCONCLUSIVE and self.options.allow_unverified and self._something_held():
            return ExitStatus.CONFORMS
        return _STATUS[verdict]

    def _something_held(self) -> bool:
        return any(each.outcome is Outcome.PASS and each.checks for each in self.results.values())

    def what_would_help(self) -> list[str]:
        """Give the reasons why clauses are unverified, each once, most frequent first."""
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
