"""The command `jhup-conformance`: its parts, each loaded when it is called."""

import click

from jhup_conformance import SPEC_VERSION, __version__
from jhup_conformance.cli.group import EXIT_STATUS, DefaultToRun, LazyCommands

__all__ = ["main"]

_COMMANDS = LazyCommands(
    {
        "client": "jhup_conformance.clients.cli:client",
        "compare": "jhup_conformance.cli.compare:compare",
        "explain": "jhup_conformance.cli.explain:explain",
        "gallery": "jhup_conformance.cli.gallery:gallery",
        "learn": "jhup_conformance.learn.command:learn_command",
        "matrix": "jhup_conformance.cli.matrix:matrix",
        "replay": "jhup_conformance.cli.replay_command:replay_command",
        "run": "jhup_conformance.cli.run:run",
        "statement": "jhup_conformance.cli.statement:statement",
    }
)


@click.group(
    cls=DefaultToRun,
    commands=_COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=EXIT_STATUS,
)
@click.version_option(__version__, message=f"jhup-conformance %(version)s, specification {SPEC_VERSION}")
def main() -> None:
    """Judge an implementation of the JSON-Header Upload Protocol."""
