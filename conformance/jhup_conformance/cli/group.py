"""The command as a group: `run` needs no name, help and completion show the options of `run` and all commands."""

import sys
from collections.abc import Iterator, Mapping, MutableMapping
from importlib import import_module
from typing import Any, Final

import click
from click.shell_completion import CompletionItem

from jhup.clauses import clauses
from jhup_conformance.findings import ExitStatus

__all__ = ["CLAUSE_ID", "EXIT_STATUS", "FOLDER", "DefaultToRun", "LazyCommands", "Run"]

EXIT_STATUS: Final = """
Exit status: 0 conforms; 1 does not conform; 2 usage error; 3 target unreachable, or gone; 4 inconclusive: MUSTs of the
asked class could not be verified (--allow-unverified makes it 0); 5 error of the suite or of a control; 130
interrupted.
"""
_DEFAULT: Final = "run"
_PROGRAM: Final = "jhup-conformance"


class _ClauseId(click.ParamType[str]):
    """The ID of a clause; anything is taken, and the command says what is wrong with it."""

    name = "ID"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG002  # click's signature
        """Offer the clauses that begin so, each with its text."""
        wanted = incomplete.upper()
        return [CompletionItem(each.id, help=each.text) for each in clauses().values() if each.id.startswith(wanted)]


class _Folder(click.ParamType[str]):
    """The name of a folder; the command says what is wrong with it."""

    name = "DIR"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG002  # click's signature
        """Let the shell offer folders."""
        return [CompletionItem(incomplete, type="dir")]


CLAUSE_ID: Final = _ClauseId()
FOLDER: Final = _Folder()


class LazyCommands(MutableMapping[str, click.Command]):
    """Commands by name, each imported when it is asked for.

    Args:
        places: module and attribute of each, with a colon between.
    """

    def __init__(self, places: Mapping[str, str]) -> None:
        self._places = dict(places)
        self._loaded: dict[str, click.Command] = {}

    def __getitem__(self, name: str) -> click.Command:
        if name not in self._loaded:
            module, _, attribute = self._places[name].partition(":")
            self._loaded[name] = getattr(import_module(module), attribute)
        return self._loaded[name]

    def __setitem__(self, name: str, command: click.Command) -> None:
        self._places[name], self._loaded[name] = "", command

    def __delitem__(self, name: str) -> None:
        del self._places[name]
        self._loaded.pop(name, None)

    def __contains__(self, name: object) -> bool:
        return name in self._places  # without an import

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


class DefaultToRun(click.Group):
    """A group whose command `run` needs no name: `jhup-conformance TARGET` is the usual call."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the name of the default command first, where no other is named."""
        if not args and not ctx.resilient_parsing:
            args = ["--help"]
        if args and args[0] not in self.commands and args[0] != "--version":
            args = [_DEFAULT, *args]
        return super().parse_args(ctx, args)

    def main(self, *args: Any, standalone_mode: bool = True, **extra: Any) -> Any:
        """Run the command; a mistake on the command line or an interrupt is one line and an exit status."""
        run: Any = super().main  # its overloads don't fit arguments that are only handed on
        if not standalone_mode:
            return run(*args, standalone_mode=False, **extra)
        try:
            status = run(*args, standalone_mode=False, **extra)
        except click.ClickException as error:
            click.echo(f"{_PROGRAM}: {error.format_message()}", err=True)
            status = error.exit_code
        except (click.Abort, KeyboardInterrupt):
            click.echo(f"{_PROGRAM}: interrupted", err=True)
            status = ExitStatus.INTERRUPTED
        sys.exit(status)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Offer the commands and, where a dash was typed, the options of `run`."""
        offered = [each for each in super().shell_complete(ctx, incomplete) if each.value != _DEFAULT]
        known = {each.value for each in offered}
        return offered + [
            each for each in self.commands[_DEFAULT].shell_complete(ctx, incomplete) if each.value not in known
        ]


class Run(click.Command):
    """The command `run`, whose help lists the other commands too."""

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write how the command is called: without its name."""
        program = ctx.parent.command_path if ctx.parent else ctx.command_path
        formatter.write_usage(program, "[OPTIONS] TARGET")
        formatter.write_usage(program, "[OPTIONS] --spawn COMMAND", prefix="       ")

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, then the commands beside this one."""
        super().format_options(ctx, formatter)
        group = ctx.parent.command if ctx.parent else None
        if not isinstance(group, click.Group):
            return
        rows = [
            (name, command.get_short_help_str(100))
            for name, command in sorted(group.commands.items())
            if command is not self and not command.hidden
        ]
        with formatter.section("Other commands (COMMAND --help says more)"):
            formatter.write_dl(rows)
