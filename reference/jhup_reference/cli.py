"""The command `jhup-server`: one subcommand for each kind of server."""

import click

from jhup_reference.commands.echo import echo
from jhup_reference.commands.upload import upload
from jhup_reference.runtime.signals import hold_standard_streams

__all__ = ["main"]


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="jhup", prog_name="jhup-server")
def main() -> None:
    """Reference servers of the JSON-Header Upload Protocol and the echo services."""
    hold_standard_streams()


main.add_command(echo)
main.add_command(upload)
