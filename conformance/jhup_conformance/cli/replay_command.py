"""The command `replay`: sends a recorded exchange again, and tells what came then and what comes now."""

import sys
from pathlib import Path
from typing import Final

import click

from jhup.address import Transport, parse_address
from jhup_conformance.cli.replay import load_exchange, replay
from jhup_conformance.clients.cli import is_of_a_client, replay_client
from jhup_conformance.findings import ExitStatus
from jhup_conformance.reports.annotated import annotate, step_lines
from jhup_conformance.reports.printable import printable
from jhup_conformance.run.options import UsageError
from jhup_conformance.target.services import UPLOAD
from jhup_conformance.wire.channel import Unreachable
from jhup_conformance.wire.dialer import Dialer, tls_context

__all__ = ["replay_command"]

_TELLS: Final = {True: "yes", False: "no", None: "can't be told"}
_JUDGED: Final = {True: ExitStatus.CONFORMS, False: ExitStatus.FAILS, None: ExitStatus.USAGE}


@click.command(
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
