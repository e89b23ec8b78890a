"""The command `jhup-conformance`."""

import sys
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from jhup.address import Transport, parse_address
from jhup_conformance import SPEC_VERSION, __version__
from jhup_conformance.channel import Unreachable
from jhup_conformance.console import Rich
from jhup_conformance.declarations import DECLARATIONS
from jhup_conformance.dialer import Dialer, tls_context
from jhup_conformance.dump import dump_lines
from jhup_conformance.launch import launch
from jhup_conformance.listing import list_clauses
from jhup_conformance.matrix import matrix
from jhup_conformance.options import Options, UsageError
from jhup_conformance.outcome import ExitStatus
from jhup_conformance.replay import load_exchange, replay

__all__ = ["main"]

_EPILOG = """
Exit status: 0 conforms; 1 does not; 2 usage; 3 target unreachable or gone; 4 inconclusive, because MUSTs of the asked
class could not be verified (--allow-unverified makes it 0); 5 error of the suite or of a control.
"""


class _DefaultToRun(click.Group):
    """A group whose command `run` needs no name: `jhup-conformance TARGET` is the usual call."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args:
            args = ["run", "--help"]
        elif args[0] not in self.commands and args[0] != "--version":
            args = ["run", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_DefaultToRun, context_settings={"help_option_names": ["-h", "--help"]}, epilog=_EPILOG)
@click.version_option(__version__, message=f"jhup-conformance %(version)s, specification {SPEC_VERSION}")
def main() -> None:
    """Judge an implementation of the JSON-Header Upload Protocol."""


def _with_declared_options(command: click.Command) -> click.Command:
    for option in DECLARATIONS:
        settings: dict[str, Any] = {"help": option.help, "default": option.default}
        if option.default is False:
            settings["is_flag"] = True
        else:
            settings["type"] = click.Choice(option.choices) if option.choices else option.kind
            settings["metavar"] = option.metavar
            settings["multiple"] = option.repeated
            settings["show_default"] = option.default is not None
            if option.repeated:
                settings["default"] = ()
        command.params.append(click.Option([option.flag, option.name], **settings))
    return command


@_with_declared_options
@main.command(epilog=_EPILOG)
@click.argument("target", required=False)
@click.option("--list", "listing", is_flag=True, help="List clauses and checks; send nothing.")
@click.option("--no-color", is_flag=True, help="Plain text, as in a pipe.")
def run(target: str | None, listing: bool, no_color: bool, **values: Any) -> None:
    """Judge the server at TARGET: HOST:PORT, [::1]:PORT, tcp://…, tls://…, unix:PATH, udp://… or unixgram:PATH.

    Most servers of this protocol are silent, so the suite has to see what they store: give it --storage, --witness or
    --spawn. A recorded exchange is sent again by `jhup-conformance replay FILE TARGET`.
    """
    console = Console(no_color=no_color or None, highlight=False, soft_wrap=True)
    try:
        options = Options.read(target, values, listing=listing)
        if listing:
            list_clauses(console, options)
            return
        finished = launch(options, Rich(console))
    except UsageError as error:
        click.echo(f"jhup-conformance: {error}", err=True)
        sys.exit(ExitStatus.USAGE)
    sys.exit(finished.exit_status)


@main.command("replay", epilog="Exit status: 0 when the exchange was sent; 2 usage; 3 target unreachable.")
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("target")
@click.option("--tls-ca", metavar="FILE", help="For tls:// targets: trust the certificates in this file.")
@click.option("--tls-insecure", is_flag=True, help="For tls:// targets: trust any certificate.")
def replay_command(file: Path, target: str, tls_ca: str | None, tls_insecure: bool) -> None:
    """Send a recorded exchange again, byte for byte and cut for cut, and show what TARGET does now.

    FILE is one that a run wrote into its --report folder, such as FRAME-3.json.
    """
    try:
        record, transcript = load_exchange(file)
        address = parse_address(target)
        context = None
        if address.transport is Transport.TLS:
            context = tls_context(ca=tls_ca, cert=None, key=None, insecure=tls_insecure)
        now = replay(transcript, Dialer(address, context=context))
    except (UsageError, ValueError) as error:
        click.echo(f"jhup-conformance: {error}", err=True)
        sys.exit(ExitStatus.USAGE)
    except Unreachable as error:
        click.echo(f"jhup-conformance: {error}", err=True)
        sys.exit(ExitStatus.UNREACHABLE)
    for label, each in (("recorded", transcript), ("now", now)):
        click.echo(f"{label}:")
        for line in dump_lines(each):
            click.echo(f"  {line}")
    click.echo(f"clause:   {record.get('clause', '')}")
    click.echo(f"expected: {record.get('expected', '')}")
    click.echo(f"recorded: {record.get('actual', '')}")


main.add_command(matrix)
