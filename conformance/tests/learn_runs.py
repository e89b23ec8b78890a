"""What learning says of right and wrong servers: `python conformance/tests/learn_runs.py [NAME…]`.

Each server is started as a process and learnt as `jhup-conformance learn` does it: states, connections, symbols,
seconds, how many differences were shown, and the first sentence. NAME is a fault, or one of the servers listed.
"""

import shlex
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import click

TESTS = Path(__file__).parent
SERVERS = TESTS / "servers"
sys.path[:0] = [str(SERVERS)]

from upload_fault_table import FAULTS  # noqa: E402
from variants.generate import variants  # noqa: E402

from jhup_conformance.learn.answers import Unsteady  # noqa: E402
from jhup_conformance.learn.study import Study, study  # noqa: E402
from jhup_conformance.target.process import Spawned  # noqa: E402
from jhup_conformance.target.quiet import Quiet  # noqa: E402

RIGHT = {
    "the reference": "{python} -m jhup_reference upload --bind {{host}}:{{port}} --storage {{storage}}",
    "the reference, multiplexing": "{python} -m jhup_reference upload --serving multiplexing --bind {{host}}:{{port}} "
    "--storage {{storage}}",
    "asyncio": "{python} {servers}/asyncio_upload.py --port {{port}} --storage {{storage}}",
    "selectors": "{python} {servers}/selectors_upload.py --port {{port}} --storage {{storage}}",
    "correct, silent": "{python} {servers}/upload_faults.py --port {{port}} --storage {{storage}} --silent",
}
TAUGHT = {"the taught server": "{python} {servers}/taught_upload.py --port {{port}} --storage {{storage}}"}
TEN = (
    "a refused body is requests",
    "closes at unknown commands",
    "silently malformed",
    "prefix in one read",
    "unknown commands have bodies",
    "stays open after a bad prefix",
    "a stat always answers",
    "closes at not-found",
    "closing as text",
    "malformed is not closing",
)
"""Faults of several chapters."""


def commands(names: tuple[str, ...]) -> Iterator[tuple[str, str, frozenset[str]]]:
    """Yield servers: name, command, the clauses that each breaks."""
    known = RIGHT | TAUGHT
    faults = [name for name in (names or TEN) if name in FAULTS]
    for name in names or known:
        if name in known:
            text = known[name].format(python=shlex.quote(sys.executable), servers=shlex.quote(str(SERVERS)))
            yield name, text, frozenset()
    for name in faults:
        words = [sys.executable, str(SERVERS / "upload_faults.py"), "--port", "{port}", "--storage", "{storage}"]
        yield name, shlex.join([*words, "--fault", name]), frozenset(FAULTS[name].blamed)


def correct_variants() -> Iterator[tuple[str, str, frozenset[str]]]:
    """Yield the correct variants in the same form."""
    for each in variants():
        words = [sys.executable, str(TESTS / "variant_server.py"), "--port", "{port}", "--storage", "{storage}"]
        yield each.name, shlex.join([*words, *each.choices.words()]), frozenset()


def learn(command: str, seconds: float) -> tuple[Study | str, float]:
    """Start a server and learn it; what came, and the seconds that took."""
    with tempfile.TemporaryDirectory() as folder:
        server = Spawned(command, storage=Path(folder))
        try:
            server.start()
            began = time.monotonic()
            try:
                learnt: Study | str = study(
                    lambda: server.revive() or server.address,
                    Path(folder),
                    context=None,
                    until=began + seconds,
                    quiet=Quiet(lambda: server.pid),
                )
            except Unsteady as error:
                learnt = str(error)
            return learnt, time.monotonic() - began
        finally:
            server.close()


@click.command(help=__doc__)
@click.argument("names", nargs=-1)
@click.option("--variants", "of_variants", is_flag=True, help="All correct variants in place of these.")
@click.option("--time-limit", default=60.0, show_default=True, help="Seconds for states of one server.")
def main(names: tuple[str, ...], of_variants: bool, time_limit: float) -> None:
    print("| server | states | effort | seconds | differences | the first |\n|---|---|---|---|---|---|")
    wrong = 0
    for name, command, blamed in correct_variants() if of_variants else commands(names):
        learnt, seconds = learn(command, time_limit)
        if isinstance(learnt, str):
            print(f"| {name} | | | {seconds:.1f} | | not learnt: {learnt} |", flush=True)
            continue
        states = len(learnt.target.states) if learnt.target else "none"
        first = learnt.shown[0].difference if learnt.shown else None
        told = f"{first.clause}: {first.sentence}" if first else ""
        if first and blamed:
            told += " (as declared)" if first.clause in blamed else f" (declared: {', '.join(sorted(blamed))})"
        wrong += bool(learnt.shown) and (of_variants or name in RIGHT)
        effort = learnt.facts["effort"].rpartition(",")[0]
        print(f"| {name} | {states} | {effort} | {seconds:.1f} | {len(learnt.shown)} | {told} |", flush=True)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
