"""How a check says which clause it judges."""

from collections.abc import Callable
from typing import Any, TypeVar

import pytest

__all__ = ["checks", "clause_mark"]

_F = TypeVar("_F", bound=Callable[..., Any])


def clause_mark(clause: str, *, blind: bool = False, late: bool = False, last: bool = False) -> pytest.MarkDecorator:
    """Give the mark of a check of one clause, for a parameter set of a test that checks several; see `checks`."""
    return pytest.mark.clause(clause, blind=blind, late=late, last=last)


def checks(clause: str, *, blind: bool = False, late: bool = False, last: bool = False) -> Callable[[_F], _F]:
    """Mark a test as a check of one clause.

    Args:
        clause: its identifier.
        blind: whether it needs no view of the store, and no plain put that works.
        late: whether it runs after all others, because it is hard on the target.
        last: whether it runs after those, because it ends the target's process.
    """

    def mark(function: _F) -> _F:
        marked: _F = clause_mark(clause, blind=blind, late=late, last=last)(function)
        return marked

    return mark
