"""The judge of clients judged: each client with one fault is blamed for it, and for nothing else."""

import sys
from pathlib import Path

import pytest
from client_fault_table import BROKEN_DOWN, COMPOUND, FAULTS, NO_CLIENTS, ClientFault
from judged_clients import command, judge

from jhup.clauses import Role, clauses
from jhup_conformance.clients.checks import client_clauses
from jhup_conformance.findings import Outcome, Verdict

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the small clients wait for sockets as POSIX has them")

JUDGED_ALWAYS = {next(iter(sorted(fault.blamed))): name for name, fault in reversed(FAULTS.items())}
"""A fault for each clause, which every run of the tests tries; the others are slow."""


def some_are_slow(name: str, fault: ClientFault) -> object:
    marks = () if name in JUDGED_ALWAYS.values() else (pytest.mark.slow,)
    return pytest.param(fault, id=name, marks=marks)


def test_every_clause_has_a_client_that_breaks_it() -> None:
    broken = {clause for fault in FAULTS.values() for clause in fault.blamed}

    assert broken == {clause.id for clause in client_clauses()}


def test_every_fault_is_about_clauses_that_bind_clients() -> None:
    named = {clause for fault in [*FAULTS.values(), *COMPOUND.values()] for clause in fault.blamed | fault.related}

    assert {clauses()[name].role for name in named} == {Role.CLIENT}


@pytest.mark.parametrize("fault", [some_are_slow(name, fault) for name, fault in FAULTS.items()])
def test_a_fault_is_found_at_its_clause(fault: ClientFault, request: pytest.FixtureRequest) -> None:
    name = request.node.callspec.id

    found = judge(command(name), clause=sorted(fault.blamed))

    assert found.blamed == set(fault.blamed), found.told()


@pytest.mark.slow
@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found_nowhere_else(name: str) -> None:
    fault = FAULTS[name]

    found = judge(command(name))

    assert fault.blamed <= found.blamed, found.told()
    assert found.stained <= fault.blamed | fault.related, found.told()


@pytest.mark.slow
@pytest.mark.parametrize("name", COMPOUND)
def test_of_several_faults_each_is_found(name: str) -> None:
    fault = COMPOUND[name]

    found = judge(command(name))

    assert fault.blamed <= found.blamed, found.told()
    assert found.stained <= fault.blamed | fault.related, found.told()


@pytest.mark.parametrize(("name", "told"), [("dies of errors", "SIGTERM"), ("not found", "status 127")])
def test_a_client_that_breaks_down_has_reported_nothing(name: str, told: str) -> None:
    found = judge(command(name), clause=["CLIENT-14"], profile="quick")

    assert found.names(Outcome.ERROR) == {"CLIENT-14"}
    assert told in found.told()
    assert found.results.verdict is Verdict.ERROR


def test_a_client_that_hangs_when_it_fails_has_reported_nothing() -> None:
    found = judge(command("hangs when it fails"), clause=["CLIENT-20"], patience=3.0)

    assert found.names(Outcome.ERROR) == {"CLIENT-20"}
    assert BROKEN_DOWN.keys() == {"dies of errors", "not found", "hangs when it fails"}


@pytest.mark.parametrize("name", NO_CLIENTS)
def test_a_program_that_is_no_client_passes_nothing(name: str) -> None:
    found = judge(command(name), patience=3.0)

    assert found.names(Outcome.PASS) == set()
    assert found.results.class_met is None
    assert found.results.verdict in (Verdict.FAILS, Verdict.UNREACHABLE)
    assert len(found.blamed) <= 1, found.told()


@pytest.mark.parametrize("program", ["", "import sys; sys.exit(1)", "import time; time.sleep(1000)"])
def test_a_program_that_never_connects_is_unreachable(program: str) -> None:
    found = judge((sys.executable, "-c", program), patience=2.0)

    assert found.results.verdict is Verdict.UNREACHABLE
    assert "no connection came" in found.results.problem
    assert found.names(Outcome.PASS) == set()


def test_what_does_not_fail_again_is_flaky(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVERY_SECOND_TIME", str(tmp_path / "mark"))

    found = judge(command("every second time"), clause=["CLIENT-19"], profile="quick")

    assert found.names(Outcome.FLAKY) == {"CLIENT-19"}
    assert "failed 1 of 3 times" in found.told()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
def test_a_right_client_is_never_blamed(seed: int) -> None:
    found = judge(command("none"), seed=seed)

    assert found.results.verdict is Verdict.CONFORMS, found.told()
    assert found.results.class_met == "replies"
