"""One run of the suite against one suspect, and whether it said what it had to say."""

import faulthandler
import gc
import os
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.util import Finalize
from typing import cast

from echo_runs import Quiet
from kill_cases import Group, Suspect
from simulated.server import SimulatedServer

from jhup_conformance.findings import Outcome
from jhup_conformance.run.launch import launch
from jhup_conformance.run.options import Options
from jhup_conformance.run.session import Run
from jhup_conformance.target.process import Spawned, listens_on

__all__ = ["Record", "complaint", "get_ready", "line", "try_suspect"]

BLAMING = (Outcome.FAIL, Outcome.WARN, Outcome.FLAKY, Outcome.ERROR)
_PROCESS = "server's process"
"""What the suite asks for where a server is none."""
LIMIT = 150.0
"""Seconds for a run; what it has not seen by then is missed."""


_TIDY = 100_000
"""New objects after which cyclic garbage is looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What the suite said of a suspect.

    Attributes:
        group, name: of the suspect.
        found: the clauses that something was held against, each with the outcome.
        why: the same clauses, each with what was seen.
        counts: how many clauses had which outcome, by class.
        met: the class met; empty for none.
        status: how the command would have ended.
        seconds: that the run took.
        missed: clauses that had to be blamed and were not.
        accused: clauses that were blamed and must not be.
        problem: what else is wrong; empty for nothing.
    """

    group: str
    name: str
    found: dict[str, str]
    why: dict[str, str]
    counts: dict[str, dict[str, int]]
    met: str
    status: int
    seconds: float
    missed: list[str] = field(default_factory=list)
    accused: list[str] = field(default_factory=list)
    problem: str = ""

    @property
    def is_right(self) -> bool:
        """Whether the suite said what it had to say, and nothing else."""
        return not (self.missed or self.accused or self.problem)


def get_ready() -> None:
    """Prepare a process for runs: a folder of its own, where the properties keep what failed, and little tidying.

    Cyclic garbage of a run is a few megabytes; looking for it time and again among all that is loaded took a tenth of
    the whole.
    """
    gc.freeze()
    gc.set_threshold(_TIDY)
    folder = tempfile.mkdtemp(prefix="jhup-judge-")
    os.chdir(folder)
    Finalize(None, shutil.rmtree, (folder,), {"ignore_errors": True}, exitpriority=0)  # atexit isn't heard in here


def try_suspect(suspect: Suspect, seed: int, *, broad: bool = False, simulated: bool = False) -> Record:
    """Judge a suspect with the suite, and the suite by what it says.

    Args:
        suspect: who is judged.
        seed: of the random choices.
        broad: whether every check is tried with all its parameters. Otherwise those of the clauses that have to be
            blamed are, and of all others something, as in a quick run; a correct server is always judged broadly.
        simulated: whether it runs in a simulated world, where it can; else it is a process.
    """
    began = time.monotonic()
    faulthandler.dump_traceback_later(2 * LIMIT, exit=True)
    whole = "broad" if broad or suspect.group is Group.CORRECT else "quick"
    simulated = simulated and not suspect.process
    runs = [_run(suspect, seed, whole, simulated=simulated)]
    if whole == "quick" and suspect.blamed:
        runs.append(_run(suspect, seed, "broad", sorted(suspect.blamed), simulated=simulated))
    faulthandler.cancel_dump_traceback_later()
    return _record(suspect, runs, time.monotonic() - began, simulated=simulated)


def _run(suspect: Suspect, seed: int, profile: str, clauses: Sequence[str] = (), *, simulated: bool = False) -> Run:
    values = {
        "profile": profile,
        "seed": seed,
        "time_limit": None if simulated else LIMIT,
        "clause": clauses,
        **suspect.options,
    }
    options = Options.read(None, values)
    spawned = None
    if simulated and options.spawn:
        transport = options.transport or listens_on(options.spawn)
        spawned = cast(Spawned, SimulatedServer(options.spawn, transport=transport))
    return launch(options, Quiet(), spawned=spawned)


def _record(suspect: Suspect, runs: Sequence[Run], seconds: float, *, simulated: bool) -> Record:
    """Put together what came of a run of all clauses, and of one of some of them that looked closer."""
    run = runs[0]
    found: dict[str, str] = {}
    why: dict[str, str] = {}
    for each in runs:
        for name, result in each.results.items():
            if (outcome := each.outcome(result)) in BLAMING and result.decisive:
                found[name] = outcome.value
                why[name] = f"expected {result.decisive.expected}; actual {result.decisive.actual}"
    counts: dict[str, Counter[str]] = {}
    for result in run.results.values():
        counts.setdefault(result.clause.conformance_class.value, Counter())[run.outcome(result).value] += 1
    forgiven = {name for name, outcome in found.items() if suspect.wavers and outcome == Outcome.FLAKY}
    is_null = suspect.group is Group.NULL_PEER
    problems = [each.problem or each.suite_problem for each in runs]
    return Record(
        group=suspect.group.value,
        name=suspect.name,
        found=dict(sorted(found.items())),
        why=why,
        counts={name: dict(sorted(each.items())) for name, each in counts.items()},
        met=run.class_met or "",
        status=run.exit_status.value,
        seconds=round(seconds, 1),
        missed=sorted(suspect.blamed - found.keys()),
        accused=[] if is_null else sorted(found.keys() - suspect.blamed - suspect.related.keys() - forgiven),
        problem=next(filter(None, problems), "") or _other_problem(suspect, run, counts, simulated=simulated),
    )


def _other_problem(suspect: Suspect, run: Run, counts: dict[str, Counter[str]], *, simulated: bool) -> str:
    if suspect.meets and simulated:
        return "; ".join(reason for reason in run.what_would_help() if _PROCESS not in reason)
    if suspect.meets and run.class_met != suspect.meets:
        return f"meets {run.class_met or 'no class'} and not {suspect.meets}: {'; '.join(run.what_would_help())}"
    if suspect.group is Group.NULL_PEER:
        if any(each["PASS"] for each in counts.values()):
            return "clauses passed that say what a server does"
        if run.exit_status != 1:
            return f"ended with {run.exit_status} and not with 1"
    return ""


def line(record: Record) -> str:
    """Say in a line what was found."""
    said = " ".join(record.found) if record.group != Group.NULL_PEER else show_counts(record)
    wrong = [f"MISSED {' '.join(record.missed)}"] if record.missed else []
    wrong += [f"ACCUSED {' '.join(record.accused)}"] if record.accused else []
    wrong += [f"WRONG: {record.problem}"] if record.problem else []
    return f"{record.group}: {record.name}  {'; '.join([said or 'nothing', *wrong])}"


def show_counts(record: Record) -> str:
    """Return how many clauses had which outcome."""
    totals: dict[str, int] = {}
    for each in record.counts.values():
        for outcome, count in each.items():
            totals[outcome] = totals.get(outcome, 0) + count
    return ", ".join(f"{count} {outcome}" for outcome, count in totals.items())


def complaint(record: Record) -> Iterator[str]:
    """Say what is wrong about a record, with what the suite saw."""
    yield f"\n{line(record)}"
    for clause in record.accused:
        yield f"    {clause} {record.found[clause]}: {record.why[clause]}"
