"""How much a run tries: the profiles."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

__all__ = ["EFFORTS", "Effort", "Profile"]


class Profile(StrEnum):
    """The profiles by name."""

    QUICK = "quick"
    """A few seconds: something of every clause."""
    BROAD = "broad"
    """All checks with all their parameters, but few examples of each: what the suite itself is judged by."""
    DEFAULT = "default"
    """Every cut of the sweeps."""
    THOROUGH = "thorough"
    """Minutes: many examples, large bodies, and on with a clause that has failed already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """What a profile is worth.

    Attributes:
        examples: of a generated property.
        offsets: cuts tried of one exhaustive sweep; None for all of them.
        largest_body: bytes of the longest body sent.
        aborted: connections broken off in a row.
        steps: of one generated conversation.
        idle: seconds for which connections pause inside of requests.
        silence: seconds for which the connection is silent at least that is opened as early as possible.
        sets: sets of parameters of one check that are tried; None for all of them.
        paces_all: whether each field of each request is sent with a pause before it also where the target was seen to
            take requests that are glued together.
    """

    examples: int
    offsets: int | None
    largest_body: int
    aborted: int
    steps: int
    idle: float
    silence: float
    sets: int | None = None
    paces_all: bool = False


EFFORTS: Final = {
    Profile.QUICK: Effort(
        examples=3, offsets=12, largest_body=256 * 1024, aborted=20, steps=6, idle=0.05, silence=1.0, sets=1,
    ),
    Profile.BROAD: Effort(
        examples=8, offsets=24, largest_body=256 * 1024, aborted=40, steps=8, idle=0.1, silence=3.0,
    ),
    Profile.DEFAULT: Effort(
        examples=10, offsets=None, largest_body=2 * 1024 * 1024, aborted=200, steps=20, idle=0.1, silence=5.0,
    ),
    Profile.THOROUGH: Effort(
        examples=400, offsets=None, largest_body=64 * 1024 * 1024, aborted=1000, steps=100, idle=25.0, silence=25.0,
        paces_all=True,
    ),
}  # fmt: skip
