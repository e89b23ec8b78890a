"""Echo servers that are wrong in one way are blamed for that way and no other; a faithful one for nothing."""

import os
import sys
from collections.abc import Iterator

import hypothesis
import pytest
from echo_runs import SERVERS, WAYS, blamed, judge

sys.path.insert(0, str(SERVERS))
from echo_fault_table import COMMON, FAULTS, Fault  # it stands beside the servers

CONFIGURATIONS = [(service, way) for service in ("upper", "greet", "worker") for way in WAYS]

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="these servers bind Unix sockets and see half-closes")


@pytest.fixture(autouse=True)
def _own_settings() -> Iterator[None]:
    """Return Hypothesis back the settings that it had, since a run has its own."""
    yield
    hypothesis.settings.load_profile("conformance")


def test_there_are_enough_faults_and_each_has_a_clause() -> None:
    assert len(COMMON) >= 30
    assert FAULTS.keys() >= COMMON
    assert all(fault.blamed for fault in FAULTS.values())


EVERY_TIME = sorted(COMMON)[::4]
"""Those that are tried with every run of the tests; `tox -e judge` has all of them."""


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if name in EVERY_TIME else pytest.mark.slow) for name in FAULTS]
)
def test_is_blamed_for_its_fault_and_for_nothing_else(name: str) -> None:
    fault: Fault = FAULTS[name]

    found = blamed(judge(fault.service, fault.way, *fault.options, fault=name))

    missed = fault.blamed - found.keys()
    wrongly = {clause: found[clause] for clause in found.keys() - fault.blamed - fault.related.keys()}
    assert (set(missed), wrongly) == (set(), {})


def expect_no_findings(service: str, way: str, seed: int) -> None:
    run = judge(service, way, seed=seed)

    assert blamed(run) == {}
    assert (run.exit_status, run.class_met) == (0, "full"), run.what_would_help()


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_faithful_server_has_no_findings(seed: int) -> None:
    for service, way in CONFIGURATIONS[seed::3]:
        expect_no_findings(service, way, seed)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", range(20))
def test_nor_has_it_under_twenty_seeds(seed: int) -> None:
    for service, way in CONFIGURATIONS:
        expect_no_findings(service, way, seed)
