"""Runs the cases against a client: the control first, then all that make sense, and what failed once more."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import replace
from typing import Final

from jhup.clauses import Level, clauses
from jhup_conformance.clients.case import Broken, Case, Check, NotSeen, Seen
from jhup_conformance.clients.checks import CASES, client_clauses
from jhup_conformance.clients.checks.s9_1_sending import PLAIN, SMALL_MEMORY
from jhup_conformance.clients.command import end_all, message_lines
from jhup_conformance.clients.contact import UNASKED, Contact, contact
from jhup_conformance.clients.options import EFFORTS, ClientOptions
from jhup_conformance.clients.results import CaseResult, ClauseOutcome, ClientResults
from jhup_conformance.clients.running import CannotPlace, Known, Tell, run_case
from jhup_conformance.clients.selection import left_out
from jhup_conformance.findings import UPLOAD_CLASSES, Outcome

__all__ = ["Engine", "judged", "selected_clauses"]

_AT_A_TIME: Final = 6
"""Clients that run at the same time; most of them wait for something."""
_FIRST: Final = 60.0
"""Seconds for the first contact, whatever the patience: a client that hangs at once is not waited for in full."""
_OF_A_TRIAL: Final = 3
"""Times that a case is run before it counts as flaky."""
_SLOW: Final = (
    "a reply that never comes",
    "a server that reads slowly for forty seconds",
    "a server that reads slowly for six seconds",
)
"""Cases that take long, and so begin first."""
_BAD: Final = (Outcome.FAIL, Outcome.WARN, Outcome.ERROR)


def selected_clauses(options: ClientOptions) -> Iterator[ClauseOutcome]:
    """Yield the clauses that a run is about, still without results."""
    wanted = UPLOAD_CLASSES[: UPLOAD_CLASSES.index(options.up_to) + 1]
    for clause in client_clauses():
        if clause.conformance_class in wanted and (options.clauses is None or clause.id in options.clauses):
            yield ClauseOutcome(clause)


class Engine:
    """One run.

    Args:
        options: what was asked for.
        progress: is told of each case that is done: how many, of how many, and what it showed.
        tell: says to a person what to send now.
    """

    def __init__(
        self,
        options: ClientOptions,
        *,
        progress: Callable[[int, int, list[CaseResult]], None] = lambda _done, _all, _results: None,
        tell: Tell | None = None,
    ) -> None:
        self._options = options
        self._progress = progress
        self._tell = tell
        self._known = Known()
        self._results = ClientResults(options, {each.clause.id: each for each in selected_clauses(options)})
        self._began = time.monotonic()
        self._lock = threading.Lock()
        self._done = 0

    def run(self) -> ClientResults:
        """Run everything.

        Raises:
            UsageError: when the client can't be started, or the address can't be used.
        """
        results = self._results
        first = self._first_contact()
        if first.is_silent:
            results.problem, results.unreachable = first.line, True
        elif first.clause:
            results.problem = f"{first.line}. Nothing else can be judged before that is right"
        else:
            self._everything(first)
        for each in results.clauses.values():
            if not each.results and not each.reason:
                each.reason = results.problem or "no case of the chosen profile is about it"
        results.seconds = time.monotonic() - self._began
        return results

    # First contact

    def _first_contact(self) -> Contact:
        patience = min(self._options.patience, _FIRST) if self._options.sees_the_end else self._options.patience
        seen = self._run(PLAIN, patience=patience)
        content = False
        if seen.talks and seen.ending is not None and seen.ending.status != 0:
            again = self._run(UNASKED, patience=patience)
            content = again.ending is not None and again.ending.status == 0
        first = contact(seen, content_with_a_reply=content)
        self._results.contact = first.line
        if first.is_silent:
            return first
        results = list(judged(PLAIN, seen))
        if first.clause:
            results = [each for each in results if each.outcome in _BAD and each.clause == first.clause]
            results = results or [self._blamed(first, seen)]
        if seen.ending is not None and seen.ending.status == 0:
            lines = message_lines(seen.ending.errors, [file.path for file in seen.files])
            self._known = replace(self._known, normal=lines)
        self._results.cases += 1
        self._results.add(results)
        self._progress(1, 1, results)
        return first

    def _blamed(self, first: Contact, seen: Seen) -> CaseResult:
        expected = {
            "CLIENT-10": "the end of the upload, without a reply: none was asked for",
            "CLIENT-19": "success reported (status 0): all went well",
        }.get(first.clause, "the file, whole, in one put")
        return CaseResult(
            clause=first.clause, case=PLAIN, outcome=Outcome.FAIL, expected=expected, actual=first.line, seen=seen
        )

    # All the others

    def _everything(self, first: Contact) -> None:
        chosen = [case for case in CASES if case is not PLAIN and self._is_chosen(case)]
        runnable = []
        for case in chosen:
            reason = left_out(case, self._options, first)
            if reason is None:
                runnable.append(case)
            else:
                self._leave_out(case, *reason)
        later = [case for case in runnable if case.after]
        now = [case for case in runnable if not case.after]
        total = len(runnable)
        self._run_all(now, total)
        held = {each.case.name for of in self._results.clauses.values() for each in of.results if each.outcome in _BAD}
        for case in later:
            if case.after in held:
                self._leave_out(case, f"left out, as it would harm a client that fails {case.after!r}", False)
        self._run_all([case for case in later if case.after not in held], total)

    def _is_chosen(self, case: Case) -> bool:
        is_due = case.effort <= EFFORTS[self._options.profile]
        return is_due and not self._results.clauses.keys().isdisjoint(case.checks)

    def _leave_out(self, case: Case, reason: str, unsupported: bool) -> None:
        for name in case.checks:
            of = self._results.clauses.get(name)
            if of is not None and not of.results and not of.reason:
                of.reason, of.unsupported = reason, unsupported

    def _learn_memory(self) -> None:
        seen = self._run(SMALL_MEMORY, patience=self._options.patience)
        samples = [size for talk in seen.talks for size in talk.samples]
        self._known = replace(self._known, small_memory=max(samples, default=0))

    def _run_all(self, cases: Iterable[Case], total: int) -> None:
        """Run cases, several at a time where each has an address of its own; then what failed alone, again."""
        cases = list(cases)
        ordered = sorted(cases, key=lambda case: _SLOW.index(case.name) if case.name in _SLOW else len(_SLOW))
        failed: list[tuple[Case, list[CaseResult]]] = []
        with ThreadPoolExecutor(1 if self._options.is_one_address else _AT_A_TIME) as pool:
            # Submitted first, it has begun before a case that waits for it: beside the others, as it takes a while.
            learnt = pool.submit(self._learn_memory) if any(case.needs_memory for case in cases) else None
            waiting: dict[Future[list[CaseResult]], Case] = {
                pool.submit(self._case, case, learnt if case.needs_memory else None): case for case in ordered
            }
            try:
                for future in as_completed(waiting):
                    results = future.result()
                    if any(each.outcome in _BAD for each in results):
                        failed.append((waiting[future], results))
                    else:
                        self._take(results, total)
            except BaseException:  # an interrupt too: no client is waited for
                pool.shutdown(wait=False, cancel_futures=True)
                end_all()
                raise
        for case, results in failed:
            self._take(self._confirmed(case, results), total)

    def _take(self, results: list[CaseResult], total: int) -> None:
        self._results.add(results)
        self._results.cases += 1
        self._done += 1
        self._progress(self._done, total, results)

    def _case(self, case: Case, learnt: Future[None] | None = None) -> list[CaseResult]:
        if learnt is not None:
            learnt.result()
        if self._is_past_limit:
            return [_unseen(name, case, "the time allowed was over (--time-limit)") for name in case.checks]
        try:
            return list(judged(case, self._run(case, patience=self._options.patience)))
        except CannotPlace as error:
            return [_unseen(name, case, str(error)) for name in case.checks]

    @property
    def _is_past_limit(self) -> bool:
        limit = self._options.time_limit
        return limit is not None and time.monotonic() - self._began >= limit

    def _run(self, case: Case, *, patience: float) -> Seen:
        with self._lock:
            self._results.runs += 1
        return run_case(case, self._options, self._known, patience=patience, tell=self._tell)

    def _confirmed(self, case: Case, results: list[CaseResult]) -> list[CaseResult]:
        """Run a case that failed again, alone; what does not fail again is flaky."""
        if not self._options.sees_the_end:
            return results  # nobody wants to be told to send everything again
        bad = {each.clause: 1 for each in results if each.outcome in _BAD}
        runs = 1
        while runs < _OF_A_TRIAL and not self._is_past_limit and (runs == 1 or any(n < runs for n in bad.values())):
            again = self._case(case)
            runs += 1
            for each in again:
                if each.clause in bad and each.outcome in _BAD:
                    bad[each.clause] += 1
        return [_settled(each, bad.get(each.clause, 0), runs) for each in results]


def _settled(result: CaseResult, failed: int, runs: int) -> CaseResult:
    if failed in (0, runs):
        return replace(result, runs=runs)
    told = f"failed {failed} of {runs} times: {result.actual}"
    return replace(result, runs=runs, outcome=Outcome.FLAKY, actual=told)


def _unseen(clause: str, case: Case, reason: str) -> CaseResult:
    return CaseResult(clause=clause, case=case, outcome=Outcome.UNVERIFIED, actual=reason)


def judged(case: Case, seen: Seen) -> Iterator[CaseResult]:
    """Yield what a run showed of each clause of its case."""
    for name, check in case.checks.items():
        outcome, expected, actual = _judged(name, check, seen)
        yield CaseResult(clause=name, case=case, outcome=outcome, expected=expected, actual=actual, seen=seen)


def _judged(name: str, check: Check, seen: Seen) -> tuple[Outcome, str, str]:
    if check.needs_ending:
        if seen.ending is None:
            return Outcome.UNVERIFIED, "", "how the client ends can't be seen: let it be started with -- COMMAND"
        hangs = seen.ending.status is None
        if hangs and not check.may_hang and any(each.may_hang for each in seen.case.checks.values()):
            return Outcome.UNVERIFIED, "", f"{seen.ending.trouble}: another clause is about that"
        if seen.ending.trouble and not (check.may_hang and hangs):
            return Outcome.ERROR, "an exit status of the client's own, 0 to 125", seen.ending.trouble
    match check.judge(seen):
        case Broken(expected, actual):
            is_must = clauses()[name].level is Level.MUST
            return (Outcome.FAIL if is_must else Outcome.WARN), expected, actual
        case NotSeen(reason):
            return Outcome.UNVERIFIED, "", reason
    return Outcome.PASS, "", ""
