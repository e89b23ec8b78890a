"""`jhup-conformance learn`: the target's state machine, learnt and drawn beside the specification's."""

import contextlib
import json
import ssl
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click
import psutil

from jhup.address import Address, Transport, parse_address
from jhup.machine import ALPHABETS, specified_files
from jhup_conformance.findings import ExitStatus
from jhup_conformance.learn.answers import Unsteady
from jhup_conformance.learn.learning import NoLearner
from jhup_conformance.learn.page import write_files
from jhup_conformance.learn.study import Study, study
from jhup_conformance.run.usage import UsageError
from jhup_conformance.target.process import CannotStart, Spawned, listens_on, quiet_of
from jhup_conformance.target.quiet import Quiet
from jhup_conformance.wire.channel import Unreachable
from jhup_conformance.wire.dialer import tls_context

__all__ = ["learn_command"]

_TIME_LIMIT: Final = 60.0
_FOLDER: Final = Path("jhup-machine")


@click.command(
    "learn",
    epilog="Exit status: 0 no difference; 1 a difference that showed three times; 2 usage; 3 target unreachable; "
    "4 nothing can be observed, or the target answers in different ways.",
)
@click.argument("target", required=False)
@click.option("--spawn", metavar="COMMAND", help="Start the server: {host}, {port}, {storage} are filled in.")
@click.option(
    "--storage",
    metavar="DIR",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="The server's store is this local folder. For servers without replies, what is stored is observed there.",
)
@click.option(
    "--alphabet",
    metavar="NAME|SYMBOLS",
    help=f"What is sent: {', '.join(ALPHABETS)}, or symbols with commas between. Default: by what the target has.",
)
@click.option(
    "--report",
    metavar="DIR",
    type=click.Path(path_type=Path),
    default=_FOLDER,
    show_default=True,
    help="Write machine.html, machine.svg, machine.dot, machine.json and the records there.",
)
@click.option(
    "--time-limit",
    metavar="S",
    type=click.FloatRange(min=1),
    default=_TIME_LIMIT,
    show_default=True,
    help="Seconds after which no further states are looked for.",
)
@click.option(
    "--pid", metavar="N", type=int, help="The target's process, where it runs here: proves that nothing more comes."
)
@click.option("--beyond", is_flag=True, help="Follow the target also after an answer that is wrong.")
@click.option(
    "--judged",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="A report.json of the same target: say which differences no check of it has found.",
)
@click.option(
    "--specification",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Write the specification's own machines there instead, and connect to nothing.",
)
@click.option("--tls-ca", metavar="FILE", help="For tls:// targets: trust the certificates in this file.")
@click.option("--tls-insecure", is_flag=True, help="For tls:// targets: trust any certificate.")
def learn_command(
    target: str | None,
    spawn: str | None,
    storage: Path | None,
    alphabet: str | None,
    report: Path,
    time_limit: float,
    pid: int | None,
    beyond: bool,
    judged: Path | None,
    specification: Path | None,
    tls_ca: str | None,
    tls_insecure: bool,
) -> None:
    """Learn the state machine of the server at TARGET, and draw it beside the specification's.

    Each difference is tried again twice before it is shown. The files go into --report; no verdict of the suite rests
    on them.
    """
    try:
        if specification:
            _write_specified(specification)
            return
        request = _Request(target, spawn, storage, pid)
        missed = _found_by_checks(judged) if judged else None
        context = _context(target, tls_ca, insecure=tls_insecure)
        with request.started() as (where, store, quiet):
            until = time.monotonic() + time_limit
            learnt = study(where, store, context=context, until=until, quiet=quiet, alphabet=alphabet, beyond=beyond)
        write_files(report, learnt)
        _print(learnt, missed)
        click.echo(f"page: {report / 'machine.html'}")
    except (UsageError, ValueError, OSError) as error:
        click.echo(f"jhup-conformance: {error}", err=True)
        sys.exit(ExitStatus.USAGE)
    except NoLearner as error:
        click.echo(f"jhup-conformance: {error}", err=True)
        sys.exit(ExitStatus.USAGE)
    except (Unreachable, CannotStart) as error:
        click.echo(f"jhup-conformance: {error}", err=True)
        sys.exit(ExitStatus.UNREACHABLE)
    except Unsteady as error:
        click.echo(f"jhup-conformance: {error}", err=True)
        sys.exit(ExitStatus.INCONCLUSIVE)
    sys.exit(ExitStatus.FAILS if learnt.shown else ExitStatus.CONFORMS if learnt.answers else ExitStatus.INCONCLUSIVE)


@dataclass(frozen=True, slots=True)
class _Request:
    target: str | None
    spawn: str | None
    storage: Path | None
    pid: int | None

    @contextlib.contextmanager
    def started(self) -> Iterator[tuple[Callable[[], Address], Path | None, Quiet | None]]:
        """Have the target running meanwhile: where it is, its store where that can be seen, and its quiet.

        Raises:
            UsageError: when there is no target, or two, or one without a stream.
            CannotStart: when the command doesn't serve.
        """
        if bool(self.target) == bool(self.spawn):
            raise UsageError("name one target: HOST:PORT, tls://… or unix:PATH, or start one with --spawn COMMAND")
        if self.pid is not None and self.spawn:
            raise UsageError("--pid is for a TARGET that runs already; a spawned one is known")
        if self.pid is not None and not psutil.pid_exists(self.pid):
            raise UsageError(f"--pid: there is no process {self.pid}")
        if self.target:
            address = parse_address(self.target)
            if not address.transport.is_stream:
                raise UsageError(f"{self.target} has no stream; only upload servers are learnt")
            yield lambda: address, self.storage, quiet_of(None, self.pid)
            return
        server = Spawned(self.spawn or "", storage=self.storage, transport=listens_on(self.spawn or ""))
        try:
            server.start()
            store = server.storage if server.has_storage else self.storage
            yield lambda: server.revive() or server.address, store, server.quiet
        finally:
            server.close()


_SEES_LITTLE: Final = (
    "The target has no replies and its store can't be seen, so that only the end of connections is observed; "
    "--storage DIR or --spawn COMMAND with {storage} shows more."
)


def _context(target: str | None, ca: str | None, *, insecure: bool) -> ssl.SSLContext | None:
    if not target or parse_address(target).transport is not Transport.TLS:
        return None
    return tls_context(ca=ca, cert=None, key=None, insecure=insecure)


def _print(learnt: Study, missed: frozenset[str] | None) -> None:
    if not learnt.answers:
        click.echo(_SEES_LITTLE)
    for label, value in learnt.facts.items():
        click.echo(f"{label}: {value}")
    for number, each in enumerate(learnt.shown, 1):
        click.echo(f"{number}. {each.difference.clause}: {each.difference.sentence}")
        if missed is not None and each.difference.clause not in missed:
            click.echo(
                f"   The report has no finding on {each.difference.clause}: the suite missed this. Please tell us."
            )
    if not learnt.shown:
        click.echo("No difference.")
    for line in learnt.doubts:
        click.echo(f"not certain: {line}")


def _found_by_checks(report: Path) -> frozenset[str]:
    try:
        found = json.loads(report.read_text("utf-8"))["clauses"]
        return frozenset(each["id"] for each in found if each["outcome"] in {"FAIL", "WARN", "FLAKY"})
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{report} is no report.json: {error!r}") from error


def _write_specified(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in specified_files().items():
        (folder / name).write_text(text, "utf-8")
        click.echo(str(folder / name))
