"""Commands that the suite is asked to run, checked before it runs them: quoting, the program, placeholders."""

import re
import shlex
from collections.abc import Collection
from difflib import get_close_matches
from typing import Final

from jhup.address import Transport
from jhup_conformance.target.process import listens_on

__all__ = ["CommandError", "check_spawn", "check_witness"]

_PLACEHOLDER: Final = re.compile(r"(?<!\$)\{([a-z_]+)\}")
"""A word in braces; `${name}` is a variable of a shell, and other braces are the command's own."""
_SPAWN: Final = ("bind", "host", "port", "socket", "storage")
_WITNESS: Final = ("filename",)


class CommandError(Exception):
    """A command that can't be used; the message says why and what was expected."""


def check_spawn(command: str, transport: Transport | None) -> None:
    """Check the command of `--spawn`.

    Args:
        command: as given.
        transport: what the server shall listen on, where that was said.

    Raises:
        CommandError: when it is empty, badly quoted, has an unknown placeholder, or doesn't say where to listen.
    """
    found = _placeholders(command, _SPAWN)
    local = (transport or listens_on(command)).is_local
    wanted = "socket" if local else "port"
    if not {"bind", wanted} & found:
        what = "the path of its socket" if local else "its port"
        raise CommandError(f"the command needs {{{wanted}}} (or {{bind}}) where the server takes {what}")


def check_witness(command: str) -> None:
    """Check the command of `--witness`.

    Raises:
        CommandError: when it is empty, badly quoted, has an unknown placeholder, or no place for the name.
    """
    if "filename" not in _placeholders(command, _WITNESS):
        raise CommandError("the command needs {filename} where the name goes")


def _placeholders(command: str, known: Collection[str]) -> set[str]:
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise CommandError(f"the command can't be read: {error} in {command!r}") from error
    if not words:
        raise CommandError("the command is empty")
    found = {name for word in words for name in _PLACEHOLDER.findall(word)}
    for name in sorted(found - set(known)):
        near = get_close_matches(name, known, n=1)
        hint = f"; did you mean {{{near[0]}}}?" if near else f"; it knows {', '.join(f'{{{each}}}' for each in known)}"
        raise CommandError(f"the suite has no {{{name}}} to put into the command{hint}")
    return found
