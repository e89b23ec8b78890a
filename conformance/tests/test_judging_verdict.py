"""What results come to: the outcome of a clause, the class met, the verdict, the exit status."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any, cast

import pytest

from jhup.address import parse_address
from jhup.clauses import Clause, ConformanceClass, Level, Role, clause, clauses
from jhup_conformance.findings import (
    ECHO_CLASSES,
    UPLOAD_CLASSES,
    CheckResult,
    ClauseResult,
    ExitStatus,
    Finding,
    Outcome,
    Verdict,
    class_met,
)
from jhup_conformance.run.judged import judged_clauses
from jhup_conformance.run.options import Options, UsageError
from jhup_conformance.run.session import Run
from jhup_conformance.target.process import CannotStart
from jhup_conformance.verify.judging import Judging
from jhup_conformance.wire.channel import Unreachable

WORST_FIRST = (
    Outcome.FAIL,
    Outcome.WARN,
    Outcome.ERROR,
    Outcome.FLAKY,
    Outcome.UNVERIFIED,
    Outcome.PASS,
    Outcome.UNSUPPORTED,
)


class NoJudge:
    """What a run asks of a judge that has nothing to say."""

    observed_by = ["replies"]  # noqa: RUF012
    vitals: object = None

    def __init__(self) -> None:
        self.failed: set[str] = set()


def check(
    identifier: str, outcome: Outcome, actual: str = "", executions: int = 1, seconds: float = 0.5
) -> CheckResult:
    return CheckResult(identifier, "node", outcome, executions, seconds, actual=actual)


def run_with(*results: tuple[str, Outcome], **options: object) -> Run:
    names = frozenset(name for name, _ in results)
    values = {"target": None, "known_failing": {}, "clauses": names, **options}
    run = Run(Options(**values))  # type: ignore[arg-type]
    for name, outcome in results:
        run.add(check(name, outcome, "because"))
    return run


def test_the_numbers_of_the_exit_statuses_are_fixed() -> None:
    assert {status.name: int(status) for status in ExitStatus} == {
        "CONFORMS": 0,
        "FAILS": 1,
        "USAGE": 2,
        "UNREACHABLE": 3,
        "INCONCLUSIVE": 4,
        "ERROR": 5,
        "INTERRUPTED": 130,
    }


def test_a_version_before_judges_by_its_own_clauses_in_their_classes_of_then() -> None:
    results = ("STORE-1", Outcome.PASS), ("HEAD-3", Outcome.PASS), ("CONN-10", Outcome.FAIL)
    then, now = (run_with(*results, spec_version=version) for version in ("1.0", "1.1"))

    assert (then.verdict, now.verdict) == (Verdict.CONFORMS, Verdict.FAILS)
    classes = [run.results["HEAD-3"].clause.conformance_class for run in (then, now)]
    assert classes == [ConformanceClass.BASIC, ConformanceClass.SAFE]


def test_what_is_not_said_of_a_result_is_nothing() -> None:
    finding, result = Finding("this", "that"), ClauseResult(clause("STORE-1"))
    nothing = CheckResult("STORE-1", "node", Outcome.PASS)

    assert (finding.timed_out, finding.transcript) == (False, None)
    assert (nothing.executions, nothing.seconds, nothing.expected, nothing.actual) == (0, 0.0, "", "")
    assert (result.left_out, result.executions, result.seconds) == (0, 0, 0.0)


# A clause


@pytest.mark.parametrize(("worse", "better"), list(pairwise(WORST_FIRST)))
def test_the_worse_of_two_checks_decides_in_either_order(worse: Outcome, better: Outcome) -> None:
    for outcomes in ((worse, better), (better, worse)):
        result = ClauseResult(clause("STORE-1"), checks=[check("STORE-1", each) for each in outcomes])

        assert result.decisive is not None
        assert result.outcome is worse


def test_executions_and_seconds_of_all_checks_are_added() -> None:
    checks = [check("STORE-1", Outcome.PASS, executions=3, seconds=1.0), check("STORE-1", Outcome.PASS)]

    result = ClauseResult(clause("STORE-1"), checks=checks)

    assert (result.executions, result.seconds) == (4, 1.5)


@pytest.mark.parametrize(
    ("outcome", "holds"),
    [
        (Outcome.PASS, True),
        (Outcome.UNSUPPORTED, True),
        (Outcome.WARN, True),
        (Outcome.FAIL, False),
        (Outcome.UNVERIFIED, False),
        (Outcome.FLAKY, False),
        (Outcome.ERROR, False),
        (Outcome.NOT_JUDGED, True),
    ],
)
def test_only_what_nothing_stands_against_holds(outcome: Outcome, holds: bool) -> None:
    assert ClauseResult(clause("STORE-1"), checks=[check("STORE-1", outcome)]).holds() is holds
    assert ClauseResult(clause("STORE-1"), "out of sight", [check("STORE-1", outcome)]).holds() is holds


def test_a_clause_without_a_check_holds_only_with_a_reason() -> None:
    assert not ClauseResult(clause("STORE-1")).holds()
    assert ClauseResult(clause("CONN-6"), "out of sight").holds()
    assert ClauseResult(clause("CONN-6"), "out of sight").outcome is Outcome.NOT_JUDGED
    assert ClauseResult(clause("STORE-1")).outcome is Outcome.UNVERIFIED


def test_a_clause_that_is_about_others_is_unsupported_whatever_its_checks_say() -> None:
    result = ClauseResult(
        clause("ECHO-8"), checks=[check("ECHO-8", Outcome.FAIL)], does_not_apply="it is about servers that don't trim"
    )

    assert result.outcome is Outcome.UNSUPPORTED
    assert result.holds()


def test_a_clause_has_not_passed_when_one_of_its_checks_was_too_short() -> None:
    checks = [check("CONN-5", Outcome.PASS), check("CONN-5", Outcome.NOT_JUDGED)]

    assert ClauseResult(clause("CONN-5"), checks=checks).outcome is Outcome.NOT_JUDGED
    assert ClauseResult(clause("CONN-5"), checks=[*checks, check("CONN-5", Outcome.FAIL)]).outcome is Outcome.FAIL


def test_a_clause_newer_than_the_version_judged_by_tells_what_it_came_to_and_does_not_count() -> None:
    result = ClauseResult(clause("CONN-10"), checks=[check("CONN-10", Outcome.FAIL)], judged_by="1.0")

    assert result.outcome is Outcome.NOT_JUDGED
    assert result.holds()
    assert result.why.startswith("newer than specification 1.0, by which this run judges; it came to FAIL")


# A class


def musts(of: ConformanceClass, *outcomes: Outcome) -> list[ClauseResult]:
    found = [
        each
        for each in clauses().values()
        if each.conformance_class is of and each.level is Level.MUST and each.role is Role.SERVER
    ]
    return [
        ClauseResult(each, checks=[check(each.id, outcome)]) for each, outcome in zip(found, outcomes, strict=False)
    ]


def test_a_class_is_met_when_something_of_it_was_seen_and_nothing_stands_against_it() -> None:
    basic, full = ECHO_CLASSES

    assert class_met([*musts(basic, Outcome.PASS), *musts(full, Outcome.PASS)], ECHO_CLASSES) is full
    assert class_met([*musts(basic, Outcome.PASS), *musts(full, Outcome.UNSUPPORTED)], ECHO_CLASSES) is basic
    assert class_met([*musts(basic, Outcome.UNSUPPORTED), *musts(full, Outcome.PASS)], ECHO_CLASSES) is None
    assert class_met([*musts(basic, Outcome.FAIL, Outcome.PASS), *musts(full, Outcome.PASS)], ECHO_CLASSES) is None
    assert class_met(musts(basic, Outcome.PASS), ECHO_CLASSES) is basic
    assert class_met([], ECHO_CLASSES) is None


def test_a_should_is_no_part_of_a_class_and_neither_is_a_clause_of_others() -> None:
    others = [ClauseResult(clause(name), checks=[check(name, Outcome.FAIL)]) for name in ("ECHO-49", "ERR-6")]
    results = [*musts(ConformanceClass.BASIC, Outcome.PASS), *musts(ConformanceClass.FULL, Outcome.PASS), *others]

    assert class_met(results, ECHO_CLASSES) is ConformanceClass.FULL


def upload_musts(outcome: Outcome, **others: Outcome) -> list[ClauseResult]:
    return [
        ClauseResult(each, checks=[check(each.id, others.get(each.id.replace("-", "_"), outcome))])
        for each in clauses().values()
        if each.role is Role.SERVER and each.level is Level.MUST and each.prefix != "ECHO"
    ]


@pytest.mark.parametrize(
    ("failing", "met"),
    [
        ({}, ConformanceClass.REPLIES),
        ({"REPLY_3": Outcome.FAIL}, ConformanceClass.SAFE),
        ({"ERR_6": Outcome.FAIL}, ConformanceClass.STREAM),
        ({"ERR_6": Outcome.UNVERIFIED}, ConformanceClass.STREAM),
        ({"FRAME_3": Outcome.FLAKY}, ConformanceClass.BASIC),
        ({"STORE_1": Outcome.FAIL}, None),
    ],
)
def test_a_class_is_met_when_all_its_musts_and_those_below_hold(
    failing: dict[str, Outcome], met: ConformanceClass | None
) -> None:
    assert class_met(upload_musts(Outcome.PASS, **failing), UPLOAD_CLASSES) is met


def test_a_class_that_is_not_offered_is_not_met() -> None:
    unsupported = {
        each.id.replace("-", "_"): Outcome.UNSUPPORTED
        for each in clauses().values()
        if each.conformance_class is ConformanceClass.REPLIES
    }

    assert class_met(upload_musts(Outcome.PASS, **unsupported), UPLOAD_CLASSES) is ConformanceClass.SAFE


# A run


@pytest.mark.parametrize(
    ("outcomes", "verdict", "status"),
    [
        ([("STORE-1", Outcome.PASS)], Verdict.CONFORMS, ExitStatus.CONFORMS),
        ([("STORE-1", Outcome.PASS), ("ERR-3", Outcome.WARN)], Verdict.CONFORMS, ExitStatus.CONFORMS),
        ([("STORE-1", Outcome.FAIL), ("ERR-6", Outcome.ERROR)], Verdict.FAILS, ExitStatus.FAILS),
        ([("STORE-1", Outcome.PASS), ("ERR-6", Outcome.ERROR)], Verdict.ERROR, ExitStatus.ERROR),
        ([("STORE-1", Outcome.PASS), ("ERR-6", Outcome.UNVERIFIED)], Verdict.INCONCLUSIVE, ExitStatus.INCONCLUSIVE),
        ([("STORE-1", Outcome.UNSUPPORTED)], Verdict.INCONCLUSIVE, ExitStatus.INCONCLUSIVE),
    ],
)
def test_the_verdict_and_the_exit_status_follow_from_the_clauses(
    outcomes: list[tuple[str, Outcome]], verdict: Verdict, status: ExitStatus
) -> None:
    run = run_with(*outcomes)

    assert (run.verdict, run.exit_status) == (verdict, status)


@pytest.mark.parametrize(
    ("outcome", "verdict"),
    [
        (Outcome.PASS, Verdict.ERROR),
        (Outcome.FAIL, Verdict.CONFORMS),
        (Outcome.UNVERIFIED, Verdict.CONFORMS),
        (Outcome.WARN, Verdict.CONFORMS),
    ],
)
def test_what_is_known_to_fail_counts_only_once_it_passes(outcome: Outcome, verdict: Verdict) -> None:
    run = run_with(("STORE-1", Outcome.PASS), ("ERR-6", outcome), known_failing={"ERR-6": "we know"}, strict=True)

    assert run.verdict is verdict
    assert run.outcome(run.results["STORE-1"]) is Outcome.PASS
    assert run.outcome(run.results["ERR-6"]) is (Outcome.ERROR if outcome is Outcome.PASS else outcome)


def test_what_is_known_to_fail_is_no_error_while_nothing_was_checked_of_it() -> None:
    run = run_with(
        ("STORE-1", Outcome.PASS), known_failing={"CONN-6": "we know"}, clauses=frozenset({"STORE-1", "CONN-6"})
    )

    assert run.verdict is Verdict.CONFORMS


@pytest.mark.parametrize(
    ("outcome", "strict", "against"),
    [
        (Outcome.FAIL, False, True),
        (Outcome.WARN, False, False),
        (Outcome.WARN, True, True),
        (Outcome.FLAKY, True, False),
        (Outcome.PASS, True, False),
    ],
)
def test_a_warning_counts_against_a_target_only_when_strict(outcome: Outcome, strict: bool, against: bool) -> None:
    run = run_with(("ERR-3", outcome), strict=strict)

    assert run.counts_against(run.results["ERR-3"]) is against


@pytest.mark.parametrize(
    ("result", "gone", "suite_problem", "verdict", "status"),
    [
        (Outcome.PASS, False, "", Verdict.CONFORMS, ExitStatus.CONFORMS),
        (Outcome.PASS, True, "", Verdict.UNREACHABLE, ExitStatus.UNREACHABLE),
        (Outcome.FAIL, True, "", Verdict.FAILS, ExitStatus.FAILS),
        (Outcome.PASS, False, "broken", Verdict.ERROR, ExitStatus.ERROR),
        (Outcome.PASS, True, "broken", Verdict.UNREACHABLE, ExitStatus.UNREACHABLE),
        (Outcome.FAIL, False, "broken", Verdict.FAILS, ExitStatus.FAILS),
        (Outcome.FLAKY, False, "", Verdict.INCONCLUSIVE, ExitStatus.INCONCLUSIVE),
        (Outcome.UNVERIFIED, False, "", Verdict.INCONCLUSIVE, ExitStatus.INCONCLUSIVE),
    ],
)
def test_a_failure_outweighs_a_target_that_is_gone_and_that_an_error_of_the_suite(
    result: Outcome, gone: bool, suite_problem: str, verdict: Verdict, status: ExitStatus
) -> None:
    run = run_with(("STORE-1", result), ("STORE-2", Outcome.PASS))
    run.gone, run.suite_problem = gone, suite_problem

    assert (run.verdict, run.exit_status) == (verdict, status)


def test_a_should_that_could_not_be_seen_leaves_nothing_open() -> None:
    assert run_with(("STORE-1", Outcome.PASS), ("ERR-3", Outcome.UNVERIFIED)).verdict is Verdict.CONFORMS


def test_a_run_in_which_nothing_was_checked_is_inconclusive_even_where_that_is_allowed() -> None:
    run = run_with(clauses=frozenset({"STORE-1"}), allow_unverified=True)

    assert (run.verdict, run.exit_status) == (Verdict.INCONCLUSIVE, ExitStatus.INCONCLUSIVE)


@pytest.mark.parametrize("outcome", [Outcome.UNVERIFIED, Outcome.FLAKY, Outcome.WARN, Outcome.UNSUPPORTED])
def test_a_run_in_which_nothing_held_is_inconclusive_even_where_that_is_allowed(outcome: Outcome) -> None:
    run = run_with(("ERR-3", outcome), allow_unverified=True)

    assert (run.verdict, run.exit_status) == (Verdict.INCONCLUSIVE, ExitStatus.INCONCLUSIVE)


def test_unverified_is_allowed_only_where_that_was_said() -> None:
    results = (("STORE-1", Outcome.PASS), ("ERR-6", Outcome.UNVERIFIED))

    assert run_with(*results).exit_status is ExitStatus.INCONCLUSIVE
    assert run_with(*results, allow_unverified=True).exit_status is ExitStatus.CONFORMS
    failing = run_with(*results, ("ERR-8", Outcome.FAIL), allow_unverified=True)
    assert failing.exit_status is ExitStatus.FAILS


def test_what_would_help_is_said_once_and_what_is_missed_most_first() -> None:
    run = run_with(*((name, Outcome.UNVERIFIED) for name in ("STORE-1", "STORE-2", "ERR-6")), ("ERR-8", Outcome.PASS))
    for name, why in (("STORE-1", "folder"), ("STORE-2", "replies"), ("ERR-6", "replies"), ("ERR-8", "nothing")):
        run.results[name].checks[0].actual = why

    assert run.what_would_help() == ["replies", "folder"]


def test_how_a_target_is_seen_includes_its_process_where_that_is_known() -> None:
    run = Run(Options(target=None, known_failing={}))
    assert run.observed_by == []

    run.judge = cast(Judging, NoJudge())
    assert run.observed_by == ["replies"]
    run.judge.vitals = object()  # type: ignore[assignment]
    assert run.observed_by == ["replies", "process"]


def test_a_time_limit_is_past_when_it_is_used_up() -> None:
    assert not Run(Options(target=None, known_failing={})).is_past_limit
    assert not Run(Options(target=None, known_failing={}, time_limit=1000.0)).is_past_limit
    assert Run(Options(target=None, known_failing={}, time_limit=0.0)).is_past_limit


def test_a_run_is_about_the_clauses_of_its_service_up_to_its_class() -> None:
    stream = judged_clauses(Options(target=None, known_failing={}, up_to=ConformanceClass.STREAM))
    chosen = judged_clauses(Options(target=None, known_failing={}, clauses=frozenset({"STORE-1", "ECHO-1"})))

    assert {each.conformance_class for each in stream} == {ConformanceClass.BASIC, ConformanceClass.STREAM}
    assert {each.role for each in stream} == {Role.SERVER}
    assert "ECHO" not in {each.prefix for each in stream}
    assert [each.id for each in chosen] == ["STORE-1"]


def test_the_class_met_is_given_by_name() -> None:
    run = Run(Options(target=None, known_failing={}, up_to=ConformanceClass.BASIC))
    assert run.class_met is None

    for name in run.results:
        run.add(check(name, Outcome.PASS))
    assert run.class_met == "basic"


# Opening and closing


class Starts:
    """A server that is started for a run, and fails to start, or to listen, where that is asked for."""

    def __init__(self, *, begins: Exception | None = None, listens: Exception | None = None) -> None:
        self.begins, self.listens = begins, listens
        self.closed = False

    def begin(self) -> None:
        if self.begins:
            raise self.begins

    def wait(self) -> str:
        if self.listens:
            raise self.listens
        return "its address"

    def close(self) -> None:
        self.closed = True


class Opened(NoJudge):
    """A judge that was opened; it has to be closed."""

    closed = False

    def does_not_apply(self, asked: Clause) -> str:
        return f"not {asked.id}"

    def close(self) -> None:
        self.closed = True


def opened(
    monkeypatch: pytest.MonkeyPatch,
    opening: Callable[..., Any],
    spawned: Starts | None = None,
    *,
    early: bool = False,
    **options: object,
) -> Run:
    monkeypatch.setattr("jhup_conformance.run.session.open_judge", opening)
    monkeypatch.setattr("jhup_conformance.run.session.spawned_server", lambda options: spawned)
    run = Run(Options(**{"target": None, "known_failing": {}, "clauses": frozenset({"STORE-1"}), **options}))  # type: ignore[arg-type]
    if early:
        run.prepare()
    run.open()
    return run


def test_a_run_opens_the_judge_of_its_target_and_closes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    judge, asked = Opened(), list[object]()
    address = parse_address("127.0.0.1:1")

    run = opened(monkeypatch, lambda *given: asked.append(given) or judge, target=address)
    run.close()

    assert asked == [(run.options, address, None)]
    assert run.judge is judge  # type: ignore[comparison-overlap]
    assert run.results["STORE-1"].does_not_apply == "not STORE-1"
    assert (judge.closed, run.problem, run.gone) == (True, "", False)


def test_a_server_that_is_to_be_started_is_started_and_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    spawned, asked = Starts(), list[Any]()

    run = opened(monkeypatch, lambda *given: asked.append(given) or Opened(), spawned, spawn="server")
    run.close()

    assert asked == [(run.options, "its address", spawned)]
    assert spawned.closed


@pytest.mark.parametrize(
    "spawned",
    [
        Starts(begins=CannotStart("nobody")),
        Starts(listens=CannotStart("nobody")),
        Starts(listens=Unreachable("nobody")),
    ],
)
def test_a_target_that_can_not_be_opened_is_gone(monkeypatch: pytest.MonkeyPatch, spawned: Starts) -> None:
    for early in (False, True):
        run = opened(monkeypatch, lambda *given: Opened(), spawned, early=early, spawn="server")
        run.close()

        assert (run.problem, run.gone) == ("nobody", True)
        assert run.verdict is Verdict.UNREACHABLE
        assert spawned.closed


def test_a_run_needs_a_target(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError):
        opened(monkeypatch, lambda *given: Opened())
