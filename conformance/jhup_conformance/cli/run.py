"""The command `run`, which needs no name: reads its options, and has a server judged."""

import sys
from collections.abc import Sequence
from typing import Any

import click
from rich.console import Console

from jhup_conformance.cli.group import CLAUSE_ID, EXIT_STATUS, FOLDER, Run
from jhup_conformance.findings import ExitStatus
from jhup_conformance.reports.detail import Detail
from jhup_conformance.run.declarations import DECLARATIONS, Declaration, Names
from jhup_conformance.run.options import Options, UsageError

__all__ = ["run"]


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
@click.command(cls=Run, epilog=EXIT_STATUS)
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
        status = _judge(console, options, listing=listing, watch=watch, detail=_detail(quiet, verbose))
    except UsageError as error:
        click.echo(f"jhup-conformance: {error}", err=True)
        sys.exit(ExitStatus.USAGE)
    sys.exit(status)


def _judge(console: Console, options: Options, *, listing: bool, watch: Sequence[str], detail: Detail) -> ExitStatus:
    """Judge the target, and return how the command ends."""
    # What runs checks takes half a second to load, which a usage error need not wait for.
    from jhup_conformance.cli import judging

    if listing:
        return judging.list_checks(console, options)
    if watch:
        return judging.judge_on_changes(console, options, watch, detail)
    return judging.judge_once(console, options, detail)


def _detail(quiet: bool, verbose: bool) -> Detail:
    if quiet:
        return Detail.QUIET
    return Detail.VERBOSE if verbose else Detail.NORMAL
