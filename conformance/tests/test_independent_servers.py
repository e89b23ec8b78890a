"""Correct servers written apart from this project's code get no finding, speaking or silent.

That the reference gets none and meets every class is for `tox -e conformance` to show.
"""

from pathlib import Path

import pytest
from running import Judge, Judged, Servers

pytestmark = pytest.mark.timeout(600)  # whole runs of the suite, on a machine that may be busy

CORRECT = ("asyncio_upload.py", "selectors_upload.py")
FINDINGS = ("FAIL", "WARN", "FLAKY", "ERROR")


def findings(judged: Judged) -> dict[str, str]:
    return {
        clause["id"]: f"{clause['outcome']}: expected {clause['expected']}; actual: {clause['actual']}"
        for clause in judged.report["clauses"]
        if clause["outcome"] in FINDINGS
    }


@pytest.mark.parametrize("silent", [False, True], ids=["speaking", "silent"])
@pytest.mark.parametrize("script", CORRECT)
def test_a_correct_server_gets_no_finding(
    tmp_path: Path, servers: Servers, judge: Judge, script: str, silent: bool
) -> None:
    address = servers.start(script, "--storage", tmp_path, *(["--silent"] if silent else []))

    judged = judge(address, "--storage", tmp_path, "--seed", 1, "--profile", "quick")

    assert findings(judged) == {}


def test_a_correct_server_gets_no_finding_when_only_its_replies_are_seen(
    tmp_path: Path, servers: Servers, judge: Judge
) -> None:
    judged = judge(servers.start("asyncio_upload.py", "--storage", tmp_path), "--seed", 2, "--profile", "quick")

    assert findings(judged) == {}


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("silent", [False, True], ids=["speaking", "silent"])
@pytest.mark.parametrize("script", CORRECT)
def test_a_correct_server_gets_no_finding_over_twenty_seeds(
    tmp_path: Path, servers: Servers, judge: Judge, script: str, silent: bool
) -> None:
    address = servers.start(script, "--storage", tmp_path, *(["--silent"] if silent else []))

    found = {seed: findings(judge(address, "--storage", tmp_path, "--seed", seed)) for seed in range(20)}

    assert {seed: each for seed, each in found.items() if each} == {}
