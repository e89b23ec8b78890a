"""Runs of the suite in this process, against echo servers that it starts itself."""

import sys
from pathlib import Path

from jhup_conformance.findings import CheckResult, Outcome
from jhup_conformance.run.launch import launch
from jhup_conformance.run.options import Options
from jhup_conformance.run.session import Run

SERVERS = Path(__file__).parent / "servers"
SHAPES = ("one-shot", "session", "line", "line-one-shot")
WAYS = (*SHAPES, "unix", "udp", "unixgram")
_BLAMED = (Outcome.FAIL, Outcome.WARN, Outcome.FLAKY, Outcome.ERROR)


class Quiet:
    """Wants to know nothing of how a run goes on."""

    def acquainted(self, run: Run) -> None:
        pass

    def checked(self, result: CheckResult, done: int, total: int) -> None:
        pass

    def finished(self, run: Run) -> None:
        pass


def judge(service: str, way: str, *options: str, fault: str = "", seed: int = 0) -> Run:
    """Start the server of `echo_faults.py`, and judge it as it was started.

    Args:
        service: what it serves.
        way: a shape, over TCP, or another transport.
        options: flags and values that are declared besides.
        fault: what is wrong with it; nothing when empty.
        seed: of the random choices.
    """
    shape = way if way in SHAPES else "one-shot"
    command = f"{sys.executable} {SERVERS / 'echo_faults.py'} --service {service} --shape {shape} --bind {{bind}}"
    values: dict[str, object] = {
        "service": service,
        "shape": shape if way in (*SHAPES, "unix") else None,
        "spawn": f"{command} --fault '{fault}'" if fault else command,
        "transport": "tcp" if way in SHAPES else way,
        "profile": "broad",
        "seed": seed,
    }
    values |= {
        flag.removeprefix("--").replace("-", "_"): value
        for flag, value in zip(options[::2], options[1::2], strict=True)
    }
    return launch(Options.read(None, values), Quiet())


def blamed(run: Run) -> dict[str, str]:
    """Return the clauses that something is held against, each with what was seen."""
    assert not run.problem, run.problem
    assert not run.suite_problem, run.suite_problem
    return {
        name: f"{result.outcome}: expected {result.decisive.expected}; actual {result.decisive.actual}"
        for name, result in run.results.items()
        if result.outcome in _BLAMED and result.decisive
    }
