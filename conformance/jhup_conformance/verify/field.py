"""A stretch of a stream: which field of which request it is."""

from dataclasses import dataclass

__all__ = ["Field", "ordinal"]


def ordinal(number: int) -> str:
    """Return "first", "second", …; beyond the tenth in digits."""
    words = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
    return words[number] if number < len(words) else f"{number + 1}th"


@dataclass(frozen=True, slots=True)
class Field:
    """A stretch of a stream.

    Attributes:
        kind: "prefix", "header", "body", or what `raw` was told.
        request: which request it belongs to, from 0.
        start: the offset of its first byte.
        end: the offset after its last byte.
    """

    kind: str
    request: int
    start: int
    end: int

    @property
    def inside(self) -> range:
        """Every offset at which a cut falls inside the field."""
        return range(self.start + 1, self.end)
