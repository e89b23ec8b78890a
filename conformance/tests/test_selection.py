"""Which checks run: all that was asked for, and less of each where a run takes long."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, cast

import pytest

from jhup_conformance.findings import CheckResult, Outcome
from jhup_conformance.run.options import Options
from jhup_conformance.run.session import Run
from jhup_conformance.selection import Selection, clause_mark


class Item:
    """A check of a clause, as pytest has collected it."""

    def __init__(self, nodeid: str, clause: str, **marked: bool) -> None:
        self.nodeid = nodeid
        kwargs = {"blind": False, "late": False, "last": False, "quick": True, **marked}
        self.mark = SimpleNamespace(args=(clause,), kwargs=kwargs)

    def get_closest_marker(self, name: str) -> object:
        return self.mark if name == "clause" else None


def check(nodeid: str, clause: str, **marked: bool) -> pytest.Item:
    return cast(pytest.Item, Item(nodeid, clause, **marked))


def run_of(monkeypatch: pytest.MonkeyPatch, seconds: float, **options: Any) -> Run:
    values: Mapping[str, Any] = {"profile": "default", "seed": 1, "clause": (), **options}
    run = Run(Options.read("127.0.0.1:9", values))
    monkeypatch.setattr(Run, "seconds", property(lambda _: seconds))
    return run


@pytest.fixture
def checks() -> list[pytest.Item]:
    return [check("two[a]", "ERR-9"), check("one[a]", "FRAME-1"), check("one[b]", "FRAME-1")]


def why(run: Run, selection: Selection, item: pytest.Item) -> str:
    return selection.why_left_out(item, run.results[clause_mark(item).args[0]])


def held(run: Run, clause: str) -> None:
    run.add(CheckResult(clause, "an earlier one", Outcome.PASS))


def test_checks_come_in_the_order_of_the_classes(monkeypatch: pytest.MonkeyPatch, checks: list[pytest.Item]) -> None:
    kept, left = Selection(run_of(monkeypatch, 0.0)).divide(checks)

    assert [each.nodeid for each in kept] == ["one[a]", "one[b]", "two[a]"]
    assert left == []


def test_a_quick_run_has_one_set_of_values(monkeypatch: pytest.MonkeyPatch, checks: list[pytest.Item]) -> None:
    late = check("three", "FRAME-1", quick=False)

    kept, left = Selection(run_of(monkeypatch, 0.0, profile="quick")).divide([*checks, late])

    assert [each.nodeid for each in kept] == ["one[a]", "two[a]"]
    assert [each.nodeid for each in left] == ["one[b]", "three"]


@pytest.mark.parametrize(
    ("seconds", "options", "is_left_out"),
    [
        (59.0, {}, False),
        (61.0, {}, True),
        (61.0, {"profile": "thorough"}, False),
        (61.0, {"clause": ("FRAME-1",)}, False),
    ],
    ids=["a short run", "a long run", "a long one that was asked for", "one of a clause"],
)
def test_a_long_run_tries_one_set_of_values_of_what_is_left(
    monkeypatch: pytest.MonkeyPatch, seconds: float, options: dict[str, Any], is_left_out: bool
) -> None:
    run = run_of(monkeypatch, seconds, **options)
    selection = Selection(run)
    first, second = check("one[a]", "FRAME-1"), check("one[b]", "FRAME-1")
    selection.divide([first, second])
    held(run, "FRAME-1")

    assert why(run, selection, first) == ""
    assert ("takes long" in why(run, selection, second)) is is_left_out
    assert run.left_for_time == is_left_out


def test_a_long_run_leaves_no_clause_without_a_check(monkeypatch: pytest.MonkeyPatch) -> None:
    run = run_of(monkeypatch, 61.0)
    selection = Selection(run)
    late = check("three", "FRAME-1", quick=False)
    selection.divide([late])

    assert why(run, selection, late) == ""


def test_a_check_that_came_to_nothing_twice_is_left(monkeypatch: pytest.MonkeyPatch, checks: list[pytest.Item]) -> None:
    run = run_of(monkeypatch, 0.0)
    selection = Selection(run)
    selection.divide(checks)
    for item in checks[1:]:
        assert why(run, selection, item) == ""
        selection.came_to_nothing(item)

    assert "nothing was learnt" in why(run, selection, check("one[c]", "FRAME-1"))
    assert why(run, selection, checks[0]) == ""


def test_a_clause_that_has_failed_is_looked_at_no_more(
    monkeypatch: pytest.MonkeyPatch, checks: list[pytest.Item]
) -> None:
    run = run_of(monkeypatch, 0.0)
    run.add(CheckResult("FRAME-1", "an earlier one", Outcome.FAIL))

    assert "failed already" in why(run, Selection(run), checks[1])
