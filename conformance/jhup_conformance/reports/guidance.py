"""What a stranger has to know of each clause beside its text: why it matters, how it is checked, the usual bug."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

__all__ = ["Guidance", "guidance"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Guidance:
    """What is known of a clause.

    Attributes:
        why: what goes wrong for people when it does not hold.
        bug: the usual bug behind a failure, and what mends it.
        how: how a check sees it, where the names of the checks don't say enough.
    """

    why: str
    bug: str
    how: str = ""


@cache
def guidance() -> Mapping[str, Guidance]:
    """Return what is known, by clause ID.

    Raises:
        ValueError: when the file holds something that is not known here.
    """
    text = files(__package__).joinpath("guidance.toml").read_text("utf-8")
    found = {}
    for identifier, entry in tomllib.loads(text).items():
        if unknown := entry.keys() - {"why", "bug", "how"}:
            raise ValueError(f"guidance.toml: {identifier} has {', '.join(sorted(unknown))}")
        found[identifier] = Guidance(**{name: " ".join(value.split()) for name, value in entry.items()})
    return MappingProxyType(found)
