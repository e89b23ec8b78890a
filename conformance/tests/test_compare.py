"""Two runs compared: what is worse, better, new or gone."""

import json
from pathlib import Path
from typing import Any

import pytest
from reported import Reported, judge_reference, run_suite

from jhup_conformance.cli.compare import Verdict, changes, read_report
from jhup_conformance.run.options import UsageError


def report(met: str | None = "basic", service: str = "upload", **outcomes: str) -> dict[str, Any]:
    clauses = [{"id": name.replace("_", "-"), "outcome": outcome} for name, outcome in outcomes.items()]
    return {"format": 1, "service": service, "class_met": met, "clauses": clauses}


@pytest.mark.parametrize(
    ("old", "new", "verdict"),
    [
        ("PASS", "FAIL", Verdict.WORSE),
        ("PASS", "FLAKY", Verdict.WORSE),
        ("PASS", "UNVERIFIED", Verdict.WORSE),
        ("WARN", "FAIL", Verdict.WORSE),
        ("FAIL", "PASS", Verdict.BETTER),
        ("FAIL", "WARN", Verdict.BETTER),
        ("UNVERIFIED", "UNSUPPORTED", Verdict.OTHER),
    ],
)
def test_a_clause_gets_worse_or_better(old: str, new: str, verdict: Verdict) -> None:
    (change,) = changes(report(FRAME_3=old), report(FRAME_3=new))

    assert (change.what, change.verdict, change.old, change.new) == ("FRAME-3", verdict, old, new)


def test_clauses_come_and_go_and_a_new_one_that_fails_is_worse() -> None:
    found = changes(report(FRAME_3="PASS"), report(FRAME_4="PASS", FRAME_5="FAIL"))

    assert [(change.what, change.verdict) for change in found] == [
        ("FRAME-3", Verdict.GONE),
        ("FRAME-4", Verdict.NEW),
        ("FRAME-5", Verdict.WORSE),
    ]


@pytest.mark.parametrize(
    ("old", "new", "verdict"),
    [("safe", "basic", Verdict.WORSE), (None, "basic", Verdict.BETTER), ("basic", None, Verdict.WORSE)],
)
def test_the_class_met_counts_too(old: str | None, new: str | None, verdict: Verdict) -> None:
    (change,) = changes(report(old), report(new))

    assert (change.what, change.verdict) == ("class met", verdict)


def test_runs_of_different_services_are_not_compared() -> None:
    with pytest.raises(UsageError, match="greet"):
        list(changes(report(), report(service="greet")))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 2}', '{"format": 1, "clauses": [{"id": "FRAME-1"}]}'])
def test_what_is_no_report_is_a_usage_error(text: str, tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text(text)

    with pytest.raises(UsageError, match=r"report\.json"):
        read_report(path)


def test_the_command_exits_with_1_when_something_got_worse_and_0_when_not(taught: Reported, tmp_path: Path) -> None:
    better = taught.report
    for clause in better["clauses"]:
        clause["outcome"] = "PASS"
    (tmp_path / "better.json").write_text(json.dumps(better))
    real = taught.folder / "report.json"

    worse = run_suite("compare", tmp_path / "better.json", real, cwd=tmp_path)
    mended = run_suite("compare", real, tmp_path / "better.json", cwd=tmp_path)
    same = run_suite("compare", real, real, cwd=tmp_path)
    absent = run_suite("compare", real, tmp_path / "none.json", cwd=tmp_path)

    assert (worse[0], mended[0], same[0], absent[0]) == (1, 0, 0, 2), (worse, mended, same, absent)
    assert "FRAME-8   PASS → FAIL" in worse[1]
    assert "nothing has changed" in same[1]


def test_reports_of_an_earlier_run_do_not_lie_beside_those_of_this_one(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "ERR-7.pcap").write_bytes(b"old")
    (tmp_path / "out" / "mine.json").write_bytes(b"somebody's own")

    judge_reference(tmp_path)

    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "badge.json",
        "badge.svg",
        "ctrf.json",
        "junit.xml",
        "mine.json",
        "report.html",
        "report.json",
    ]


def test_what_passes_against_the_list_of_known_failures_is_told_with_its_reason(tmp_path: Path) -> None:
    (tmp_path / "known").write_text("STORE-1 it was broken once\n")

    reported = judge_reference(tmp_path, "--known-failing", tmp_path / "known")

    assert reported.status == 5, reported.printed
    assert "listed as known to fail: it was broken once" in " ".join(reported.printed.split())
    assert reported.clause("STORE-1")["outcome"] == "ERROR"
