"""The command `jhup-client`."""

from collections.abc import Callable, Sequence
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

import click

from jhup.address import Address
from jhup_client import actions
from jhup_client.batch import FileToSend
from jhup_client.body import shown
from jhup_client.client import Client
from jhup_client.echo_command import echo_command
from jhup_client.errors import FileFailed
from jhup_client.exits import EPILOG, Exit
from jhup_client.options import Timeouts, TlsOptions
from jhup_client.sources import STANDARD_INPUT, files_below, standard_input
from jhup_client.targets import UPLOAD_TARGET
from jhup_client.terminal import PROGRAM, say_error

__all__ = ["cli", "main"]

_Command = Callable[..., Exit]
_DEFAULT: Final = Timeouts()


_EXISTING: Final = click.Path(exists=True, dir_okay=False, path_type=Path)


def _takes_target(command: Callable[..., Exit]) -> _Command:
    """Add to a command the argument TARGET and the options of a connection, and hand it a `Client` made of them."""

    def with_client(
        *,
        target: Address,
        timeout: float | None,
        tls_ca: Path | None,
        tls_cert: Path | None,
        tls_key: Path | None,
        tls_name: str | None,
        tls_insecure: bool,
        **rest: Any,  # the command's own
    ) -> Exit:
        if tls_key is not None and tls_cert is None:
            raise click.UsageError("--tls-key without --tls-cert")
        tls = TlsOptions(ca_file=tls_ca, certificate=tls_cert, key=tls_key, server_name=tls_name, insecure=tls_insecure)
        timeouts = _DEFAULT
        if timeout is not None:
            timeouts = Timeouts(connect=min(timeout, _DEFAULT.connect), stall=timeout, reply=timeout)
        return command(Client(target, timeouts=timeouts, tls=tls), **rest)

    with_client.__name__ = command.__name__
    with_client.__doc__ = command.__doc__
    decorators = [
        click.argument("target", type=UPLOAD_TARGET, metavar="TARGET"),
        click.option(
            "--timeout",
            type=click.FloatRange(min=0, min_open=True),
            metavar="SECONDS",
            help=f"How long to wait for a reply ({_DEFAULT.reply:g}) or while nothing moves ({_DEFAULT.stall:g}).",
        ),
        click.option(
            "--tls-ca", type=_EXISTING, metavar="FILE", help="Trust these certificates (PEM), not the system's."
        ),
        click.option("--tls-cert", type=_EXISTING, metavar="FILE", help="Our own certificate (PEM)."),
        click.option("--tls-key", type=_EXISTING, metavar="FILE", help="Its private key (PEM), if in another file."),
        click.option("--tls-name", metavar="NAME", help="Name that the server's certificate must carry."),
        click.option(
            "--tls-insecure", is_flag=True, help="Trust any certificate. Anyone may then read and change files."
        ),
    ]
    decorated: _Command = with_client
    for decorator in reversed(decorators):
        decorated = decorator(decorated)
    return decorated


def _version() -> str:
    try:
        return version("jhup")
    except PackageNotFoundError:
        return "unknown"


@click.group(epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(_version(), "-V", "--version", prog_name=PROGRAM)
def cli() -> None:
    """Upload files to a JHUP server, or ask an echo server.

    TARGET, always the last argument, is HOST:PORT, [::1]:PORT, tls://HOST:PORT or unix:PATH. Echo servers are also at
    udp://HOST:PORT and unixgram:PATH.
    """


cli.add_command(echo_command)


@cli.command(epilog=EPILOG)
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path())
@click.option("--reply", is_flag=True, help="Ask the server to confirm each file, and compare digests.")
@click.option("--name", help="Store the file under this name; for a single FILE.")
@click.option("-r", "--recursive", is_flag=True, help="Upload the files in folders too, each under its base name.")
@click.option(
    "--size",
    type=click.IntRange(min=0),
    metavar="BYTES",
    help="Length of standard input, if FILE is -: exactly so much is sent, and nothing is stored up before.",
)
@click.option("--separately", is_flag=True, help="Use a connection for each file: servers of class basic need it.")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing for files that went well.")
@_takes_target
def put(
    client: Client,
    *,
    files: tuple[str, ...],
    reply: bool,
    name: str | None,
    recursive: bool,
    size: int | None,
    separately: bool,
    quiet: bool,
) -> Exit:
    """Upload each FILE to TARGET under its base name; standard input if FILE is - (with --name).

    Without --reply a file counts as handed over when all its bytes are written and the server did not reset the
    connection; only --reply tells whether it was stored, and only of servers that offer replies.
    """
    if name is not None and len(files) > 1:
        raise click.UsageError(f"--name is for a single FILE, not for {len(files)}")
    upload = partial(actions.put, client.connect, reply=reply, separately=separately, quiet=quiet)
    if STANDARD_INPUT in files:
        if name is None:
            raise click.UsageError("- has no name of its own: add --name, and upload nothing else with it")
        with standard_input(name, size) as file:
            return upload([file])
    if size is not None:
        raise click.UsageError("--size is for standard input: FILE is not -")
    try:
        paths = list(files_below(files)) if recursive else files
    except FileFailed as error:
        return actions.failed(error)
    if not paths:
        say_error(f"no files in {', '.join(map(shown, files))}")
        return Exit.FAILED
    return upload([FileToSend(path, name) for path in paths])


@cli.command(epilog=EPILOG)
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@_takes_target
def stat(client: Client, *, names: tuple[str, ...]) -> Exit:
    """Ask what is stored under each NAME: length and SHA-256 digest."""
    return actions.stat(client.connect, names)


@cli.command(epilog=EPILOG)
@_takes_target
def hello(client: Client) -> Exit:
    """Ask what the server is: its name, features and limits."""
    return actions.hello(client.connect)


@cli.command(epilog=EPILOG)
@click.option("--reply", is_flag=True, help="Ask for confirmation from the start; `reply on` does so later.")
@click.option("--history", type=click.Path(dir_okay=False, path_type=Path), help="Where to keep the history of lines.")
@_takes_target
def shell(client: Client, *, reply: bool, history: Path | None) -> Exit:
    """Upload interactively: `>>: put FILE`. Lines come from standard input when it is no terminal."""
    from jhup_client.shell import run_shell  # only here: what it needs takes long to import

    return run_shell(client, reply=reply, history=history)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        arguments: of the command line, without the program's name; those of the process by default.

    Returns:
        The exit status.
    """
    try:
        return int(cli.main(arguments, PROGRAM, standalone_mode=False) or Exit.OK)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        say_error("interrupted")
        return Exit.INTERRUPTED
