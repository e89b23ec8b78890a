"""The set of correct variants: each choice taken alone, a covering array of all pairs of choices, and some by hand."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from allpairspy import AllPairs

from variants.choices import ALTERNATIVES, Choices

__all__ = ["Variant", "variants"]

BY_HAND: Final[dict[str, str]] = {
    "like Node.js": "mark=malformed big=malformed huge=malformed surrogate_name=malformed idle=120",
    "like Go": "integral=malformed rounded=malformed minus_zero=malformed mark=malformed duplicates=malformed"
    " unknown_duplicates=malformed extremes=malformed max_filesize=5000 taken=replace connections=40 excess=close",
    "strictest": "mark=malformed integral=malformed rounded=malformed minus_zero=malformed big=malformed"
    " duplicates=malformed unknown_duplicates=malformed extremes=malformed surrogate_name=malformed idle=30",
    "most lenient": "huge=too-large surrogate_command=unknown taken=replace max_header=1048576 stat_of_others=storage",
    "hardly any room": "max_filesize=1 connections=32 excess=close replies=no",
    "object storage": "names=encoded commit=timer max_filesize=5000 idle=120 connections=40",
    "slow and shy": "pace=slow commit=timer connections=32 excess=wait idle=30",
    "talkative": "truncated_reply=reply loose_reply=reply twice_reply=reply error_timing=before closing=true"
    " stat_of_others=storage",
    "curt": "refused_body=close ending=abrupt closing=true",
}


@dataclass(frozen=True, slots=True)
class Variant:
    """A correct server.

    Attributes:
        name: short, unlike the name of any other.
        choices: what it does where several ways are right.
    """

    name: str
    choices: Choices

    def __str__(self) -> str:
        return self.name


def variants() -> tuple[Variant, ...]:
    """Return all of them, none twice."""
    found: dict[Choices, str] = {}
    for name, choices in (*_by_hand(), *_one_at_a_time(), *_all_pairs()):
        found.setdefault(choices, name)
    return tuple(Variant(name, choices) for choices, name in found.items())


def _by_hand() -> Iterator[tuple[str, Choices]]:
    yield "plain", Choices()
    for name, words in BY_HAND.items():
        yield name, Choices.read(words.split())


def _one_at_a_time() -> Iterator[tuple[str, Choices]]:
    for name, words in ALTERNATIVES.items():
        for word in words[1:]:
            yield f"{name} {word}", Choices.read([f"{name}={word}"])


def _all_pairs() -> Iterator[tuple[str, Choices]]:
    for number, words in enumerate(AllPairs(list(ALTERNATIVES.values())), 1):
        pairs = zip(ALTERNATIVES, words, strict=True)
        yield f"pairs {number}", Choices.read([f"{name}={word}" for name, word in pairs])
