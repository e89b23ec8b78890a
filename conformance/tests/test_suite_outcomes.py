"""What the outcomes of checks make of a clause, of a class and of a run."""

import pytest

from jhup.clauses import ConformanceClass, Level, Role, clause, clauses
from jhup_conformance.options import Options
from jhup_conformance.outcome import (
    UPLOAD_CLASSES,
    CheckResult,
    ClauseResult,
    ExitStatus,
    Outcome,
    Verdict,
    class_met,
)
from jhup_conformance.run import Run


def result_of(identifier: str, *outcomes: Outcome) -> ClauseResult:
    checks = [CheckResult(identifier, "node", outcome) for outcome in outcomes]
    return ClauseResult(clause(identifier), "", checks)


@pytest.mark.parametrize(
    ("outcomes", "decided"),
    [
        ((), Outcome.UNVERIFIED),
        ((Outcome.PASS, Outcome.PASS), Outcome.PASS),
        ((Outcome.PASS, Outcome.FAIL, Outcome.ERROR), Outcome.FAIL),
        ((Outcome.PASS, Outcome.UNVERIFIED), Outcome.UNVERIFIED),
        ((Outcome.FLAKY, Outcome.UNVERIFIED), Outcome.FLAKY),
        ((Outcome.PASS, Outcome.UNSUPPORTED), Outcome.PASS),
        ((Outcome.ERROR, Outcome.PASS), Outcome.ERROR),
    ],
)
def test_the_worst_check_decides_a_clause(outcomes: tuple[Outcome, ...], decided: Outcome) -> None:
    assert result_of("STORE-1", *outcomes).outcome is decided


def all_musts(outcome: Outcome, **others: Outcome) -> list[ClauseResult]:
    return [
        result_of(each.id, others.get(each.id.replace("-", "_"), outcome))
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
    assert class_met(all_musts(Outcome.PASS, **failing), UPLOAD_CLASSES) is met


def test_a_class_that_is_not_offered_is_not_met() -> None:
    unsupported = {
        each.id.replace("-", "_"): Outcome.UNSUPPORTED for each in clauses().values() if each.prefix == "REPLY"
    }

    assert class_met(all_musts(Outcome.PASS, **unsupported), UPLOAD_CLASSES) is ConformanceClass.SAFE


def run_with(*outcomes: tuple[str, Outcome], **options: object) -> Run:
    run = Run(Options(target=None, known_failing={}, clauses=frozenset(name for name, _ in outcomes), **options))  # type: ignore[arg-type]
    for name, outcome in outcomes:
        run.add(CheckResult(name, "node", outcome, actual="because"))
    return run


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


def test_a_should_counts_as_a_must_when_strict() -> None:
    assert run_with(("ERR-3", Outcome.WARN), strict=True).verdict is Verdict.FAILS


def test_what_could_not_be_seen_may_be_allowed_unless_nothing_was_seen() -> None:
    some = run_with(("STORE-1", Outcome.PASS), ("ERR-6", Outcome.UNVERIFIED), allow_unverified=True)
    none = run_with(("STORE-1", Outcome.UNVERIFIED), allow_unverified=True)

    assert some.exit_status is ExitStatus.CONFORMS
    assert none.exit_status is ExitStatus.INCONCLUSIVE
