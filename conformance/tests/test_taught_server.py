"""The server as it is taught is judged as it deserves: basic, and blamed for each of its known weaknesses."""

import sys
from pathlib import Path

import pytest
from running import SERVERS, Judge, Judged, Servers

pytestmark = pytest.mark.timeout(600)  # whole runs of the suite, on a machine that may be busy

TAUGHT = f"{sys.executable} {SERVERS / 'taught_upload.py'} --port {{port}} --storage {{storage}}"
"""Started by the suite, which starts it anew: it keeps a processor busy as soon as one client has hung up."""

KNOWN = {
    "FRAME-3": "a split prefix",
    "FRAME-4": "a split header",
    "FRAME-7": "the next request read into the file",
    "FRAME-8": "two puts in one segment",
    "ERR-6": "end of stream inside a body",
    "STORE-6": "the old file gone before the new one is there",
    "STORE-7": "a truncated body kept",
    "NAME-6": "a name with separators",
    "NAME-9": "a path out of the store",
}


@pytest.fixture(scope="module")
def verdict(judge: Judge) -> Judged:
    return judge("--spawn", TAUGHT, "--profile", "quick")


def test_meets_the_class_basic_and_does_not_conform(verdict: Judged) -> None:
    assert (verdict.report["class_met"], verdict.status) == ("basic", 1), verdict.printed


@pytest.mark.parametrize("clause", KNOWN, ids=KNOWN.values())
def test_is_blamed_for(verdict: Judged, clause: str) -> None:
    assert verdict.clause(clause)["outcome"] == "FAIL", verdict.clause(clause)


def test_is_blamed_for_a_method_called_by_the_name_of_a_command(judge: Judge) -> None:
    alone = judge("--spawn", TAUGHT, "--clause", "ERR-12")

    assert alone.clause("ERR-12")["outcome"] == "FAIL", alone.printed


def test_nothing_basic_is_held_against_it(verdict: Judged) -> None:
    basic = [clause for clause in verdict.report["clauses"] if clause["class"] == "basic"]

    assert {clause["id"]: clause["outcome"] for clause in basic if clause["outcome"] != "PASS"} == {}


def test_every_failure_comes_with_its_exchange(verdict: Judged) -> None:
    failed = [clause for clause in verdict.report["clauses"] if clause["outcome"] == "FAIL"]

    assert [clause["id"] for clause in failed if not clause["exchange"]] == []


def test_without_a_view_of_its_store_nothing_can_be_told(tmp_path: Path, servers: Servers, judge: Judge) -> None:
    address = servers.start("taught_upload.py", "--storage", tmp_path)

    blind = judge(address, "--clause", "STORE-1", "--clause", "FRAME-7")

    assert blind.status == 4, blind.printed
    assert blind.clause("STORE-1")["outcome"] == "UNVERIFIED"
    assert "--storage" in blind.printed
