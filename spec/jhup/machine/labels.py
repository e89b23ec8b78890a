"""What stands at the edges of a drawing: symbols that are answered alike and lead to one state go together."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from jhup.machine.states import Machine, Output, Word

__all__ = ["EdgeKey", "Group", "group_edges"]

EdgeKey = tuple[int, str]
"""A state, and the key of a symbol."""

_SOME: Final = 3
_MANY: Final = 5
"""From so many codes on an edge says "any error"."""


@dataclass(frozen=True, slots=True)
class Group:
    """Edges that are drawn as one.

    Attributes:
        keys: the symbols.
        inputs: the same as a text; where they are most of all, the others are named.
        answer: what is observed.
        target: the state after it.
        marked: whether they are among those to be shown in colour; such an edge stands alone.
    """

    keys: tuple[str, ...]
    inputs: str
    answer: str
    target: int
    marked: bool

    @property
    def text(self) -> str:
        """Symbols and answer on one line."""
        return f"{self.inputs} / {self.answer}"


def group_edges(machine: Machine, state: int, marked: Collection[EdgeKey] = ()) -> list[Group]:
    """Return all that leads out of a state, put together where it can be."""
    together: dict[tuple[str, int], list[str]] = {}
    alone: list[Group] = []
    for key in machine.keys:
        outputs: dict[int, list[Output]] = {}
        for output, target in machine.edges[state][key].items():
            outputs.setdefault(target, []).append(output)
        for target, same in outputs.items():
            answer = _answer(same)
            if (state, key) in marked:
                alone.append(Group((key,), key, answer, target, marked=True))
            else:
                together.setdefault((answer, target), []).append(key)
    return alone + [
        Group(tuple(keys), _inputs(keys, machine.keys), answer, target, marked=False)
        for (answer, target), keys in together.items()
    ]


def _inputs(keys: list[str], every: Word) -> str:
    others = [key for key in every if key not in keys]
    if len(others) < 2 * len(keys) and len(keys) > _SOME:
        return f"any but {', '.join(others)}" if others else "any"
    return ", ".join(keys)


def _answer(outputs: list[Output]) -> str:
    if len(outputs) < _MANY:
        return " | ".join(map(str, outputs))
    rest = [each for each in outputs if not each.replies]
    closes = ", closes" if all(each.closes for each in outputs) else ""
    return " | ".join([*map(str, rest), f"any error{closes}"])
