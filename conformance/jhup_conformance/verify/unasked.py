"""What is said when nobody asks for a reply: the same bytes but for that, so that all cuts stay where they are."""

from dataclasses import dataclass, replace
from typing import Final

from jhup_conformance.verify.exchange import Case
from jhup_conformance.verify.stream import Names, Recipe, Talk

__all__ = ["unasked"]

_ASKS: Final = b'"reply":true'
_ASKS_NOT: Final = b'"reply":null'


@dataclass(frozen=True, slots=True)
class _Unasked:
    """A recipe: what another one says, with no request asking for a reply."""

    recipe: Recipe

    def __call__(self, talk: Talk) -> None:
        self.recipe(talk)
        for field in talk.fields:
            if field.name != "body":
                said = talk.stream[field.start : field.end].replace(_ASKS, _ASKS_NOT)
                talk.stream = talk.stream[: field.start] + said + talk.stream[field.end :]


def unasked(case: Case, names: Names) -> Case | None:
    """Give a case that asks for nothing; None for one in which there is nothing to take back."""
    talk, other = Talk(names), Talk(names)
    case.recipe(talk)
    _Unasked(case.recipe)(other)
    if talk.stream.count(_ASKS) == other.stream.count(_ASKS):
        return None
    return replace(case, recipe=_Unasked(case.recipe), must_close=False, apart=None)
