"""The commands `jhup-conformance client` and the replaying of a finding about a client."""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import click
from rich.console import Console

from jhup_conformance.clients.case import Case
from jhup_conformance.clients.checks import case_named
from jhup_conformance.clients.console import ClientConsole, list_cases
from jhup_conformance.clients.engine import Engine, judged
from jhup_conformance.clients.options import EFFORTS, PATIENCE, ClientOptions
from jhup_conformance.clients.report import FORMAT, write_report
from jhup_conformance.clients.running import CannotPlace, Known, run_case
from jhup_conformance.clients.timeline import Event, Side, lines
from jhup_conformance.findings import UPLOAD_CLASSES, ExitStatus, Outcome
from jhup_conformance.profiles import Profile
from jhup_conformance.run.usage import UsageError

__all__ = ["client", "is_of_a_client", "replay_client"]

_EPILOG = r"""
Placeholders in COMMAND, --stdin and --trigger: {host} {port} {address} {file} {files} {name} {folder}, and
{reply:--reply}, which stands for --reply where a reply is wanted and for nothing elsewhere. A COMMAND without any gets
ADDRESS FILE... appended. Its environment has JHUP_ADDRESS, JHUP_HOST, JHUP_PORT, JHUP_FILE, JHUP_CASE and JHUP_ASK
(1 or 0).

Exit status: 0 conforms; 1 does not; 2 usage; 3 no connection came; 4 inconclusive, because MUSTs of the asked class
could not be verified (--allow-unverified makes it 0); 5 error of the suite, or a client that was ended by a signal.
"""
_CLASSES = [each.value for each in UPLOAD_CLASSES]
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command(epilog=_EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
@click.option("--stdin", metavar="TEXT", help=r"Standard input of the client, such as 'put {file}\nexit\n'.")
@click.option("--listen", metavar="ADDRESS", help="One address for all cases, one by one: HOST:PORT, unix:PATH.")
@click.option("--trigger", metavar="COMMAND", help="Makes a client elsewhere send; with --listen. Only bytes are seen.")
@click.option("--wait", is_flag=True, help="Wait for whoever connects, and say what to send; with --listen.")
@click.option("--many", is_flag=True, help="The client can send several files in one run ({files} says so too).")
@click.option("--ask", is_flag=True, help="The client can ask for replies ({reply:...} says so too).")
@click.option("--patience", type=float, metavar="S", help=f"A client that runs longer hangs. Default: {PATIENCE:g}.")
@click.option(
    "--class", "class_", type=click.Choice([each.value for each in UPLOAD_CLASSES]), help="Judge up to this class."
)
@click.option("--clause", multiple=True, metavar="ID", help="Judge this clause only; may be repeated.")
@click.option("--section", multiple=True, metavar="NAME", help="Judge a section only: 9.1, waiting, EXT.")
@click.option("--profile", type=click.Choice(list(EFFORTS)), default=Profile.DEFAULT.value, show_default=True,
              help="How much is tried.")  # fmt: skip
@click.option("--seed", type=int, metavar="N", help="Of the content of files. Default: drawn, and printed.")
@click.option("--time-limit", type=float, metavar="S", help="Begin no case after so many seconds.")
@click.option("--strict", is_flag=True, help="A SHOULD counts as a MUST.")
@click.option("--known-failing", metavar="FILE", help="Clauses known to fail: an ID and a reason on each line.")
@click.option("--allow-unverified", is_flag=True, help="Exit with 0 when nothing fails, although MUSTs are unverified.")
@click.option("--report", metavar="DIR", type=click.Path(file_okay=False, path_type=Path), help="Write reports there.")
@click.option("--tls-cert", metavar="FILE", type=_FILE, help="Speak TLS, with this certificate (PEM).")
@click.option("--tls-key", metavar="FILE", type=_FILE, help="Its private key (PEM), if in another file.")
@click.option("--list", "listing", is_flag=True, help="List clauses and cases; start nothing.")
@click.option("--quiet", "-q", is_flag=True, help="Print one line per finding, and the verdict.")
@click.option("--verbose", "-v", is_flag=True, help="Print every case.")
@click.option("--no-color", is_flag=True, help="Plain text, as in a pipe.")
def client(command: tuple[str, ...], listing: bool, quiet: bool, verbose: bool, no_color: bool, **values: Any) -> None:
    """Judge an upload client: COMMAND is run once for each case, against a scripted server.

    Such as: jhup-conformance client -- jhup-client put {reply:--reply} {file} {address}
    """
    console = Console(no_color=no_color or None, highlight=False, soft_wrap=True)
    values["class"] = values.pop("class_")
    try:
        if quiet and verbose:
            raise UsageError("--quiet and --verbose exclude each other")
        options = ClientOptions.read((sys.executable,) if listing else command, values)
        if listing:
            list_cases(console, options)
            return
        printer = ClientConsole(console, quiet=quiet, verbose=verbose)
        with printer.judging(options):
            results = Engine(options, progress=printer.progress, tell=printer.tell).run()
        if options.report:
            write_report(results, options.report)
        printer.finish(results)
    except UsageError as error:
        _end(str(error), ExitStatus.USAGE)
    except OSError as error:
        _end(f"--report: {error}", ExitStatus.USAGE)
    sys.exit(results.exit_status)


def _end(message: str, status: ExitStatus) -> NoReturn:
    click.echo(f"jhup-conformance: {message}", err=True)
    sys.exit(status)


def is_of_a_client(file: Path) -> bool:
    """Return whether a record is that of a finding about a client."""
    try:
        record = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(record, dict) and record.get("role") == "client"


def replay_client(file: Path, command: Sequence[str], values: Mapping[str, Any], *, judge: bool) -> NoReturn:
    """Run the case of a record once more, print both runs, and end the process.

    Args:
        file: the record.
        command: starts the client.
        values: further options of `client`: stdin, listen, patience, tls_cert, tls_key.
        judge: whether the exit status says whether the clause holds now.
    """
    try:
        record, case, events = _load(file)
        options = ClientOptions.read(command, {**values, "seed": record.get("seed"), "ask": True, "many": True})
        seen = run_case(case, options, Known(), patience=options.patience)
    except (UsageError, CannotPlace) as error:
        _end(str(error), ExitStatus.USAGE)
    click.echo(f"clause:   {record.get('clause', '')}")
    click.echo(f"case:     {case.name}")
    click.echo(f"expected: {record.get('expected', '')}")
    click.echo(f"recorded: {record.get('actual', '')}")
    for label, each in (("recorded", events), ("now", seen.events)):
        click.echo(f"{label}:")
        for line in lines(each):
            click.echo(f"  {line}")
    found = next((each for each in judged(case, seen) if each.clause == record.get("clause")), None)
    outcome = found.outcome if found else Outcome.UNVERIFIED
    click.echo(f"now:      {outcome}{': ' + found.actual if found and found.actual else ''}")
    bad = outcome in (Outcome.FAIL, Outcome.WARN)
    status = ExitStatus.CONFORMS if outcome is Outcome.PASS else ExitStatus.INCONCLUSIVE
    sys.exit((ExitStatus.FAILS if bad else status) if judge else ExitStatus.CONFORMS)


def _load(file: Path) -> tuple[dict[str, Any], Case, tuple[Event, ...]]:
    try:
        record = json.loads(file.read_text("utf-8"))
        if record.get("format") != FORMAT:
            raise ValueError(f"no record of format {FORMAT}")
        case = Case.from_json(record["case"])
        events = tuple(
            Event(float(each["at"]), Side(each["side"]), str(each["what"]), int(each["connection"]))
            for each in record["timeline"]
        )
    except OSError as error:
        raise UsageError(f"can't read {file}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"{file} is not the record of a finding about a client: {error}") from error
    known = case_named(case.name)
    checks = known.checks if known else {}
    return record, Case(**{**_fields(case), "checks": checks}), events


def _fields(case: Case) -> dict[str, Any]:
    return {name: getattr(case, name) for name in ("name", "script", "file", "more", "asks", "refuses")}
