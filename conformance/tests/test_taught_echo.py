"""The echo servers as they are taught are judged as they deserve; the one that never answers fails, with no hang."""

import importlib.util
import os
import sys
from itertools import product

import pytest
from echo_runs import Quiet, blamed
from running import SERVERS

from jhup_conformance.findings import Outcome
from jhup_conformance.run.launch import launch
from jhup_conformance.run.options import Options

SERVINGS = ["iterative", "threading", *(["forking"] if hasattr(os, "fork") else [])]
TAUGHT = list(product(("upper", "greet", "worker"), ("tcp", "udp"), SERVINGS))

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("resource") is None, reason="watching the processes of servers takes what POSIX has"
)


def options_for(service: str, transport: str, serving: str, *more: str) -> Options:
    words = [sys.executable, str(SERVERS / "taught_echo.py"), "--service", service, "--port", "{port}", *more]
    spawn = " ".join([*words, "--transport", transport, "--serving", serving])
    values = {"service": service, "transport": transport, "serving": serving, "spawn": spawn, "profile": "broad"}
    return Options.read(None, values | {"seed": 0})


@pytest.mark.parametrize(("service", "transport", "serving"), TAUGHT)
def test_meets_basic_and_full(service: str, transport: str, serving: str) -> None:
    run = launch(options_for(service, transport, serving), Quiet())

    assert blamed(run) == {}
    assert (run.class_met, run.exit_status) == ("full", 0), run.what_would_help()


@pytest.mark.timeout(60)  # three tries, twice, with seconds of patience, and no hang
def test_the_datagram_server_that_reads_a_request_as_a_socket_fails_at_once() -> None:
    run = launch(options_for("upper", "udp", "iterative", "--wrong-udp"), Quiet())

    held = {name: result.outcome for name, result in run.results.items() if result.checks and not result.holds()}
    assert held.pop("ECHO-51") is Outcome.FAIL
    assert set(held.values()) == {Outcome.UNVERIFIED}
    assert (run.class_met, run.exit_status) == (None, 1)
