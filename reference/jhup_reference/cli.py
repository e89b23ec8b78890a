"""The command `jhup-server`: one subcommand for each kind of server."""

import click

from jhup_reference.echo.command import echo
from jhup_reference.upload import upload

__all__ = ["main"]


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Reference servers of the JSON-Header Upload Protocol and the echo services."""


main.add_command(echo)
main.add_command(upload)
