"""What the judging needs of a failed attempt, whatever service it was made to."""

from typing import Protocol, TypeVar

from jhup_conformance.differences import Difference
from jhup_conformance.wire.transcript import Transcript

__all__ = ["AttemptT", "Failure"]

AttemptT = TypeVar("AttemptT")
_AttemptT_co = TypeVar("_AttemptT_co", covariant=True)


class Failure(Protocol[_AttemptT_co]):
    """An attempt that did not end in a right outcome."""

    @property
    def attempt(self) -> _AttemptT_co:
        """What was tried."""

    @property
    def points(self) -> tuple[Difference, ...]:
        """In which points it differs from what is right."""

    @property
    def timed_out(self) -> bool:
        """Whether nothing was seen at all of what was waited for."""

    @property
    def transcript(self) -> Transcript:
        """The record of it."""
