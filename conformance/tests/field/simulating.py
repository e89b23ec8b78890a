"""Runs the suite against a server of the zoo on the simulated network: seconds of waiting pass in no time.

What only processes show is not judged there. A server is a script whose `main` takes the words of a command line.
"""

import contextlib
import faulthandler
import io
import json
import multiprocessing
import os
import shlex
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from echo_runs import Quiet
from simulated.server import SimulatedServer

from field.judging import Expected, Said
from jhup_conformance.run.launch import launch
from jhup_conformance.run.options import Options
from jhup_conformance.target.process import listens_on

__all__ = ["judge_simulated", "simulate"]

LIMIT = 300.0
"""Seconds after which a run is taken for one that hangs, and the process ended with a traceback."""


def judge_simulated(cases: Sequence[Expected], jobs: int, options: Sequence[str]) -> Iterator[Said]:
    """Judge servers, some at a time, each run in a process that has others before and after it."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context, initializer=_get_ready) as pool:
        yield from pool.map(simulate, cases, [options] * len(cases))


def _get_ready() -> None:
    os.chdir(tempfile.mkdtemp(prefix="jhup-simulated-"))  # the properties of Hypothesis keep there what failed


def simulate(expected: Expected, options: Sequence[str]) -> Said:
    """Judge one server."""
    began = time.monotonic()
    words = [*options, *expected.options]
    values: dict[str, object] = dict(zip((each.removeprefix("--") for each in words[::2]), words[1::2], strict=True))
    values["clause"] = [word for flag, word in zip(words[::2], words[1::2], strict=True) if flag == "--clause"]
    command = shlex.join(expected.words)
    printed = io.StringIO()
    faulthandler.dump_traceback_later(LIMIT, exit=True)
    with tempfile.TemporaryDirectory(prefix="jhup-report-", ignore_cleanup_errors=True) as folder:
        report = Path(folder, "report")
        values |= {"spawn": command, "report": str(report), "seed": int(str(values.get("seed", 0)))}
        server = SimulatedServer(command, transport=listens_on(command))
        with contextlib.closing(server), contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            run = launch(Options.read(None, values), Quiet(), spawned=server)  # type: ignore[arg-type]
        written = report / "report.json"
        told = json.loads(written.read_text("utf-8")) if written.exists() else {}
    faulthandler.cancel_dump_traceback_later()
    return Said(run.exit_status.value, time.monotonic() - began, printed.getvalue(), told)
