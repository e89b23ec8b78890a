"""The command `jhup-conformance`."""

import sys
from pathlib import Path
from typing import Any, Final

import click
from rich.console import Console

from jhup.address import Transport, parse_address
from jhup_conformance import SPEC_VERSION, __version__
from jhup_conformance.cli.compare import compare
from jhup_conformance.cli.explain import explain
from jhup_conformance.cli.gallery import gallery
from jhup_conformance.cli.group import CLAUSE_ID, EXIT_STATUS, FOLDER, DefaultToRun, Run
from jhup_conformance.cli.listing import list_clauses
from jhup_conformance.cli.matrix import matrix
from jhup_conformance.cli.replay import load_exchange, replay
from jhup_conformance.cli.statement import statement
from jhup_conformance.cli.watching import judge_on_changes
from jhup_conformance.clients.cli import client, is_of_a_client, replay_client
from jhup_conformance.findings import ExitStatus
from jhup_conformance.language import words_in
from jhup_conformance.learn.command import learn_command
from jhup_conformance.reports.annotated import annotate, step_lines
from jhup_conformance.reports.console import Detail, Rich
from jhup_conformance.reports.printable import printable
from jhup_conformance.run.declarations import DECLARATIONS, Declaration, Names
from jhup_conformance.run.launch import launch
from jhup_conformance.run.options import Options, UsageError
from jhup_conformance.target.services import UPLOAD
from jhup_conformance.wire.channel import Unreachable
from jhup_conformance.wire.dialer import Dialer, tls_context

__all__ = ["main"]


@click.group(cls=DefaultToRun, context_settings={"help_option_names": ["-h", "--help"]}, epilog=EXIT_STATUS)
@click.version_option(__version__, message=f"jhup-conformance %(version)s, specification {SPEC_VERSION}")
def main() -> None:
    """Judge an implementation of the JSON-Header Upload Protocol."""


def _with_declared_options(command: click.Command) -> click.Command:
    for option in DECLARATIONS:
        settings: dict[str, Any] = {"help": option.help, "default": option.default}
        if option.default is False:
            settings["is_flag"] = True
        else:
            settings["type"] = _value_type(option)
            settings["metavar"] = option.metavar
            settings["multiple"] = option.repeated
            settings["show_default"] = option.default is not None
            if option.repeated:
                settings["default"] = ()
        command.params.append(click.Option([option.flag, option.name], **settings))
    return command


def _value_type(option: Declaration) -> click.ParamType[Any] | type:
    if option.choices:
        return click.Choice(option.choices)
    match option.names:
        case Names.CLAUSE:
            return CLAUSE_ID
        case Names.FILE:
            return click.Path()
        case Names.FOLDER:
            return FOLDER
    return option.kind


@_with_declared_options
@main.command(cls=Run, epilog=EXIT_STATUS)
@click.argument("target", required=False)
@click.option("--list", "listing", is_flag=True, help="List clauses and checks; send nothing.")
@click.option("--quiet", "-q", is_flag=True, help="Print one line per finding, and the verdict.")
@click.option(
    "--verbose",
    "-v",
    is_flag=True,
    help="Print one line per check, and each finding in full with a program that reproduces it.",
)
@click.option("-x", "stop_first", is_flag=True, help="Stop at the first clause that fails.")
@click.option("--last-failed", is_flag=True, help="Check the clauses first that failed in the last run.")
@click.option(
    "--watch",
    metavar="PATH",
    type=click.Path(exists=True),
    multiple=True,
    help="With --spawn: judge again when this file or folder changes (repeatable); Ctrl-C ends.",
)
@click.option("--no-color", is_flag=True, help="Plain text, as in a pipe.")
def run(
    target: str | None,
    listing: bool,
    quiet: bool,
    verbose: bool,
    watch: tuple[str, ...],
    no_color: bool,
    **values: Any,
) -> None:
    """Judge the server at TARGET: HOST:PORT, [::1]:PORT, tcp://…, tls://…, unix:PATH, udp://… or unixgram:PATH.

    Most servers of this protocol are silent, so the suite has to see what they store: give it --storage, --witness or
    --spawn.
    """
    console = Console(no_color=no_color or None, highlight=False, soft_wrap=True)
    try:
        if quiet and verbose:
            raise UsageError("--quiet and --verbose exclude each other")
        if watch and not values.get("spawn"):
            raise UsageError("--watch needs --spawn: the suite has to start the changed server anew")
        options = Options.read(target, values, listing=listing)
        if listing:
            list_clauses(console, options)
            return
        detail = _detail(quiet, verbose)
        if watch:
            finished = judge_on_changes(options, watch, console, detail)
        else:
            finished = launch(options, Rich(console, detail, words_in(options.lang)))
    except UsageError as error:
        click.echo(f"jhup-conformance: {error}", err=True)
        sys.exit(ExitStatus.USAGE)
    sys.exit(finished.exit_status)


def _detail(quiet: bool, verbose: bool) -> Detail:
    if quiet:
        return Detail.QUIET
    return Detail.VERBOSE if verbose else Detail.NORMAL


@main.command(
    "replay",
    epilog="Exit status: 0 when the exchange was sent, whatever came; 2 usage; 3 target unreachable. "
    "With --judge: 1 when the expectation does not hold, 2 when that can't be told, with the reason.",
)
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("target", nargs=-1, required=True, type=click.UNPROCESSED, metavar="TARGET | -- COMMAND...")
@click.option("--stdin", metavar="TEXT", help="Of a client: what it reads from standard input, as for `client`.")
@click.option("--listen", metavar="ADDRESS", help="Of a client: where the scripted server listens.")
@click.option(
    "--storage",
    metavar="DIR",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="The server's store is this local folder: what is stored is looked at.",
)
@click.option("--judge", is_flag=True, help="Let the exit status say whether the expectation holds now.")
@click.option("--tls-ca", metavar="FILE", help="For tls:// targets: trust the certificates in this file.")
@click.option("--tls-insecure", is_flag=True, help="For tls:// targets: trust any certificate.")
def replay_command(
    file: Path,
    target: tuple[str, ...],
    stdin: str | None,
    listen: str | None,
    storage: Path | None,
    judge: bool,
    tls_ca: str | None,
    tls_insecure: bool,
) -> None:
    """Send a recorded exchange again and tell whether the fault still shows.

    The bytes, their segments and the pauses are as they were. FILE is one that a run wrote into its --report folder,
    such as FRAME-3.json.
    A record about a client, such as CLIENT-4.json, runs COMMAND against the scripted server once more.
    """
    if is_of_a_client(file):
        replay_client(file, target, {"stdin": stdin, "listen": listen}, judge=judge)
    try:
        if len(target) != 1:
            raise UsageError(f"expected one TARGET, not {len(target)}: {file} is not about a client")
        record, transcript = load_exchange(file)
        address = parse_address(target[0])
        context = None
        if address.transport is Transport.TLS:
            context = tls_context(ca=tls_ca, cert=None, key=None, insecure=tls_insecure)
        now = replay(record, transcript, Dialer(address, context=context), storage=storage)
    except (UsageError, ValueError) as error:
        click.echo(f"jhup-conformance: {error}", err=True)
        sys.exit(ExitStatus.USAGE)
    except Unreachable as error:
        click.echo(f"jhup-conformance: {error}", err=True)
        sys.exit(ExitStatus.UNREACHABLE)
    service = record.get("service", UPLOAD)
    click.echo(f"clause:   {printable(record.get('clause', ''))}")
    click.echo(f"expected: {printable(record.get('expected', ''))}")
    click.echo(f"recorded: {printable(record.get('actual', ''))}")
    for label, each in (("recorded", transcript), ("now", now.transcript)):
        click.echo(f"{label}:")
        for line in step_lines(annotate(each, service)):
            click.echo(f"  {printable(line)}")
    click.echo(f"holds now: {_TELLS[now.holds]}: {printable(now.words)}")
    if judge:
        sys.exit(_JUDGED[now.holds])


_TELLS: Final = {True: "yes", False: "no", None: "can't be told"}
_JUDGED: Final = {True: ExitStatus.CONFORMS, False: ExitStatus.FAILS, None: ExitStatus.USAGE}

main.add_command(client)
main.add_command(compare)
main.add_command(explain)
main.add_command(gallery)
main.add_command(learn_command)
main.add_command(matrix)
main.add_command(statement)
