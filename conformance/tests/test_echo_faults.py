"""Echo servers that are wrong in one way are blamed for that way and no other; a faithful one for nothing."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from jhup_conformance.launch import launch
from jhup_conformance.options import Options
from jhup_conformance.outcome import CheckResult, Outcome
from jhup_conformance.run import Run

SERVERS = Path(__file__).parent / "servers"
sys.path.insert(0, str(SERVERS))
from echo_fault_table import FAULTS, Fault  # noqa: E402  # it stands beside the servers

BLAMED = (Outcome.FAIL, Outcome.WARN, Outcome.FLAKY, Outcome.ERROR)
SHAPES = ("one-shot", "session", "line", "line-one-shot")
WAYS = (*SHAPES, "unix", "udp", "unixgram")
CONFIGURATIONS = [(service, way) for service in ("upper", "greet", "worker") for way in WAYS]

pytestmark = [
    pytest.mark.slow,  # a run of the suite for each fault
    pytest.mark.skipif(not hasattr(os, "fork"), reason="these servers bind Unix sockets and see half-closes"),
]


class Quiet:
    """Wants to know nothing of how a run goes on."""

    def acquainted(self, run: Run) -> None:
        pass

    def checked(self, result: CheckResult, done: int, total: int) -> None:
        pass

    def finished(self, run: Run) -> None:
        pass


@pytest.fixture(autouse=True)
def _own_settings() -> Iterator[None]:
    """Give Hypothesis back the settings that it had, since a run has its own."""
    yield
    hypothesis.settings.load_profile("default")


def judge(service: str, way: str, *options: str, fault: str = "", seed: int = 0) -> Run:
    """Start the server, and judge it as it was started."""
    shape = way if way in SHAPES else "one-shot"
    command = f"{sys.executable} {SERVERS / 'echo_faults.py'} --service {service} --shape {shape} --bind {{bind}}"
    values: dict[str, object] = {
        "service": service,
        "shape": shape if way in (*SHAPES, "unix") else None,
        "spawn": f"{command} --fault '{fault}'" if fault else command,
        "transport": "tcp" if way in SHAPES else way,
        "profile": "quick",
        "seed": seed,
    }
    values |= {
        flag.removeprefix("--").replace("-", "_"): value for flag, value in zip(*[iter(options)] * 2, strict=True)
    }
    return launch(Options.read(None, values), Quiet())


def blamed(run: Run) -> dict[str, str]:
    """Give the clauses that something is held against, each with what was seen."""
    assert not run.problem, run.problem
    return {
        name: f"{result.outcome}: expected {result.decisive.expected}; actual {result.decisive.actual}"
        for name, result in run.results.items()
        if result.outcome in BLAMED and result.decisive
    }


@pytest.mark.parametrize("name", FAULTS)
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


@pytest.mark.parametrize(("service", "way"), CONFIGURATIONS)
def test_the_faithful_server_has_no_findings(service: str, way: str) -> None:
    expect_no_findings(service, way, 0)


@pytest.mark.parametrize("seed", [1, 2])
def test_nor_under_other_seeds(seed: int) -> None:
    for service, way in CONFIGURATIONS[seed::7]:
        expect_no_findings(service, way, seed)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(3, 23))
def test_nor_under_twenty_seeds(seed: int) -> None:
    for service, way in CONFIGURATIONS:
        expect_no_findings(service, way, seed)
