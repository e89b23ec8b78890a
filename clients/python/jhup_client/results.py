"""What comes of requests that did not fail."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias, TypedDict

__all__ = ["Progress", "ProgressCallback", "PutOptions", "Sent"]


@dataclass(frozen=True, slots=True)
class Sent:
    """A put without a reply, all of whose bytes were written. Nobody confirmed that they were stored.

    As the outcome of a connection that has finished it means *handed over* (CLIENT-15): written, half-closed, and no
    reset seen within a bounded wait.
    """

    filename: str
    filesize: int


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a body has come: ``sent`` of ``filesize`` bytes were taken by the connection."""

    filename: str
    sent: int
    filesize: int


ProgressCallback: TypeAlias = Callable[[Progress], object]
"""Called before the first byte of a body is read and whenever some were taken. What it raises ends the connection."""


class PutOptions(TypedDict, total=False):
    """What may be said of a put beside its file.

    Attributes:
        name: the name to store under, if not the base name of the file.
        size: length of the body in bytes, for file objects that can't tell it.
        progress: is called with a `Progress` before the first byte is read and whenever some were taken.
    """

    name: str | None
    size: int | None
    progress: ProgressCallback | None
