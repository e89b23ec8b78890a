"""The machines of the specification, by name, and the files that show them."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from jhup.limits import PROTOCOL_VERSION
from jhup.machine.client import seen_by_client
from jhup.machine.data import write_dot, write_machine
from jhup.machine.derive import derive_machine
from jhup.machine.drawing import draw_machine
from jhup.machine.states import Machine
from jhup.machine.symbols import ALPHABETS, choose_symbols
from jhup.model import Server

__all__ = ["SPECIFIED", "specified_files", "specified_machine"]

SPECIFIED: Final[Mapping[str, str]] = {
    "server": "a connection of a server with replies",
    "client": "a connection as its client sees it",
    "server-replies": "a connection of a server with replies, cut prefixes and stats among the inputs",
    "server-silent": "a connection of a server without replies, whose store is seen",
}
"""The machines by name. The first two are drawn in chapter 7."""

_TO_A_CLIENT: Final = {"header": ("header", "bad name"), "hello": ("hello",), "end": ("end",)}


@lru_cache
def specified_machine(name: str) -> Machine:
    """Return a machine of the specification by its name.

    Raises:
        KeyError: when there is none of this name.
    """
    match name:
        case "server":
            return derive_machine(choose_symbols(ALPHABETS["chapter"]))
        case "client":
            return seen_by_client(derive_machine(choose_symbols(("header", "hello", "bad name", "end"))), _TO_A_CLIENT)
        case "server-replies":
            return derive_machine(choose_symbols(ALPHABETS["replies"]))
        case "server-silent":
            silent = (Server(replies=False),)
            return derive_machine(choose_symbols(ALPHABETS["silent"]), servers=silent, sees_store=True)
        case _:
            raise KeyError(name)


def specified_files() -> Mapping[str, str]:
    """Return the contents of all files in spec/formats/machines/, by their names."""
    files: dict[str, str] = {}
    for name, about in SPECIFIED.items():
        machine = specified_machine(name)
        files[f"{name}.json"] = write_machine(machine, name=name, about=about, protocol=str(PROTOCOL_VERSION))
        if name in {"server", "client"}:
            title = f"The states of {about}"
            files |= {
                f"{name}.dot": write_dot(machine, title=title),
                f"{name}.svg": draw_machine(machine, title=title),
            }
    return files
