"""Mutants: the source of a module with one place changed, as Cosmic Ray changes it."""

import ast
import random
import re
import warnings
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

__all__ = ["Mutant", "mutants"]

Position = tuple[int, int]

_IDENTITY: Final = re.compile(r"core/ReplaceComparisonOperator_(?:Is_Eq|Eq_Is|IsNot_NotEq|NotEq_IsNot)")
"""Changes between identity and equality, which are the same for types, members of enumerations and None."""
_WITH_BOOLEAN: Final = re.compile(r"(?:is not|is|==|!=) (?:True|False)")
_DRAWN: Final = {"ReplaceBinaryOperator": 1, "ReplaceComparisonOperator": 2}
"""How many of an operator's many replacements are tried in one place; of all others each."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """A module changed in one place.

    Attributes:
        line: number of the line that is changed, the first if there are more.
        before: that line as it is, without white space around it.
        after: that line as it is then; empty where it is removed.
        source: the whole text of the changed module.
    """

    line: int
    before: str
    after: str
    source: str

    def __str__(self) -> str:
        return f"{self.before}  →  {self.after or '(removed)'}"


def mutants(source: str, *, seed: int, share: float = 1.0) -> list[Mutant]:
    """Give the mutants of a module in the order of its lines.

    What nothing runs by is left as it is: annotations of types, and what decorators are told; so is the difference of
    identity and equality, but for booleans, which 1 is equal to.

    Args:
        source: the text of the module.
        seed: of the choice where an operator could be replaced by many others, and of the share.
        share: of all mutants, drawn at random.
    """
    chosen = random.Random(seed)
    found: dict[str, Mutant] = {}
    for changes in _places(source).values():
        kind = changes[0][0].partition("/")[2].partition("_")[0]
        count = min(len(changes), _DRAWN.get(kind, len(changes)))
        for operator, occurrence in chosen.sample(changes, count):
            try:
                changed = mutate_code(source, get_operator(operator)(), occurrence)
            except AttributeError:  # Cosmic Ray 8.7 can't replace an exception that is named by its module
                continue
            if changed and changed != source and _compiles(changed):
                found.setdefault(changed, _mutant(source, changed))
    drawn = chosen.sample(list(found.values()), round(share * len(found)))
    return sorted(drawn, key=lambda mutant: mutant.line)


def _places(source: str) -> dict[tuple[str, Position], list[tuple[str, int]]]:
    """Give the changes, as operator and occurrence, by the kind of change and the place in the text."""
    tree = get_ast(source)
    nodes, lines = list(ast_nodes(tree)), source.splitlines()
    passive = list(_passive(source))
    places: dict[tuple[str, Position], list[tuple[str, int]]] = defaultdict(list)
    for name in sorted(operator_names()):
        operator = get_operator(name)
        if operator.arguments():
            continue  # those that replace variables want to be told which
        positions = [start for node in nodes for start, _ in operator().mutation_positions(node)]
        kind = name.partition("/")[2].partition("_")[0]
        for occurrence, (line, column) in enumerate(positions):
            if any(first <= (line, column) < last for first, last in passive):
                continue
            if _IDENTITY.fullmatch(name) and not _WITH_BOOLEAN.match(lines[line - 1], column):
                continue
            places[kind, (line, column)].append((name, occurrence))
    return dict(sorted(places.items()))


def _passive(source: str) -> Iterator[tuple[Position, Position]]:
    """Give where annotations of types and the expressions of decorators begin and end."""
    for node in ast.walk(ast.parse(source)):
        annotations = getattr(node, "annotation", None), getattr(node, "returns", None)
        for part in (*annotations, *getattr(node, "decorator_list", ())):
            if part is not None:
                yield (part.lineno, part.col_offset), (part.end_lineno, part.end_col_offset)


def _compiles(source: str) -> bool:
    """Tell whether a text is Python, with nothing in it that the compiler warns of: identity with a literal."""
    try:
        with warnings.catch_warnings(action="error"):
            compile(source, "mutant", "exec")
    except (SyntaxError, ValueError):
        return False
    return True


def _mutant(source: str, changed: str) -> Mutant:
    before, after = source.splitlines(), changed.splitlines()
    same = next(index for index, (one, other) in enumerate(zip([*before, ""], [*after, ""])) if one != other)  # noqa: B905
    if removed := len(after) < len(before):
        same = next(index for index in range(same, len(before)) if before[index].strip())
    return Mutant(same + 1, before[same].strip(), "" if removed else after[same].strip(), changed)
