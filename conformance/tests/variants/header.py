"""What a header means to a variant: a request, or malformed (chapters 3 and 8.5)."""

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, TypeGuard

from variants.choices import Choices
from variants.json_text import Nested, NotAnObject, NotJson, Number, Object, Value, read_object

__all__ = ["Malformed", "Request", "is_valid_name", "read_request"]

_FOUR: Final = ("cmd", "filename", "filesize", "reply")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_EXACT_UP_TO: Final = 2**53
_END: Final = 2**63
_MOST_EXPONENT: Final = 400  # of a number that may be an integer below 2^63 or round to one


class Malformed(Exception):
    """The end of the request can't be known.

    Attributes:
        asks: whether it asks for a reply, and gets one.
    """

    def __init__(self, message: str, *, asks: bool = False) -> None:
        super().__init__(message)
        self.asks = asks


@dataclass(frozen=True, slots=True)
class Request:
    """A request that can be understood.

    Attributes:
        command: the cmd.
        name: the filename; None where it is no text.
        size: the length of the body, 2^63 for all that is longer; 0 where there is none.
        asks: whether it asks for a reply, and gets one.
        too_large: whether the size is beyond every limit.
    """

    command: str
    name: str | None
    size: int
    asks: bool
    too_large: bool = False


def is_valid_name(name: str | None) -> bool:
    """Tell whether a name is valid (section 4.1)."""
    if name is None or name in {"", ".", ".."} or re.search("[\x00-\x1f\x7f/\\\\\ud800-\udfff]", name):
        return False
    return len(name.encode()) <= 255


def read_request(raw: bytes, choices: Choices) -> Request:
    """Read a header.

    Raises:
        Malformed: as the choices have it where the specification leaves one.
    """
    try:
        text = raw.decode("utf-8")
        if text.startswith("\ufeff") and choices.mark == "ignore":
            text = text[1:]
        found = read_object(text)
    except (UnicodeDecodeError, NotAnObject, NotJson) as error:
        raise Malformed(str(error)) from None
    asks = found.last("reply") is True
    if found.has_constant or found.has_more:
        raise Malformed("NaN, or bytes after the object", asks=asks and choices.loose_reply == "reply")
    if asks and found.count("reply") > 1 and choices.twice_reply == "silence":
        asks = False
    return _Meaning(found, choices, asks).request()


class _Meaning:
    def __init__(self, found: Object, choices: Choices, asks: bool) -> None:
        self.found = found
        self.choices = choices
        self.asks = asks

    def request(self) -> Request:
        self.look_at_duplicates()
        command = self.found.last("cmd")
        if not _is_text(command):
            raise self.malformed("cmd is no text")
        self.look_at_extremes(command)
        if _SURROGATE.search(command) and self.choices.surrogate_command == "malformed":
            raise self.malformed("cmd has a lone surrogate")
        name = self.found.last("filename")
        if command != "put":
            if command == "stat" and _is_text(name):
                self.look_at_name(name)
            return Request(command, name if _is_text(name) else None, 0, self.asks)
        if not _is_text(name):
            raise self.malformed("filename is no text")
        size, too_large = self.size(self.found.last("filesize"))
        self.look_at_name(name)
        return Request(command, name, size, self.asks, too_large)

    def malformed(self, message: str, *, loose: bool = False) -> Malformed:
        """Make an error; loose, where it may be answered or not."""
        return Malformed(message, asks=self.asks and (not loose or self.choices.loose_reply == "reply"))

    def look_at_duplicates(self) -> None:
        names = [name for name, _ in self.found.members]
        known = [name for name in names if name in _FOUR]
        unknown = [name for name in names if name not in _FOUR]
        if self.choices.duplicates == "malformed" and len(known) > len(set(known)):
            raise self.malformed("a member stands twice")
        inside = self.found.repeats - set(_FOUR)
        if self.choices.unknown_duplicates == "malformed" and (inside or len(unknown) > len(set(unknown))):
            raise self.malformed("a name stands twice in what is ignored")

    def look_at_extremes(self, command: str) -> None:
        used = {"put": set(_FOUR), "stat": {"cmd", "filename", "reply"}}.get(command, {"cmd", "reply"})
        if self.choices.extremes == "malformed" and self.found.extreme - used:
            raise self.malformed("an ignored member holds an extreme", loose=True)

    def look_at_name(self, name: str) -> None:
        if _SURROGATE.search(name) and self.choices.surrogate_name == "malformed":
            raise self.malformed("the name has a lone surrogate")

    def size(self, value: Value) -> tuple[int, bool]:
        """Return the length of the body, and whether it is beyond every limit."""
        if not isinstance(value, Number):
            raise self.malformed("filesize is no number")
        size = self.integer(value)
        if size < 0:
            raise self.malformed("filesize is negative")
        if size >= _END:
            if self.choices.huge == "malformed":
                raise self.malformed("filesize is 2^63 or more")
            return _END, True
        if size >= _EXACT_UP_TO and self.choices.big != "exact":
            if self.choices.big == "malformed":
                raise self.malformed("filesize is 2^53 or more")
            return size, True
        return size, False

    def integer(self, written: str) -> int:
        """Return the value of a number, 2^63 for all that is more."""
        if written.lstrip("-").isdigit():
            if written == "-0" and self.choices.minus_zero == "malformed":
                raise self.malformed("filesize is -0")
            return min(int(written[:30]), _END)
        return self.written_as_fraction(written)

    def written_as_fraction(self, written: str) -> int:
        digits, _, exponent = written.lower().partition("e")
        if len(exponent) > 6 or abs(int(exponent or 0)) > _MOST_EXPONENT or len(digits) > _MOST_EXPONENT:
            raise self.malformed("filesize is written at too great a length")
        value = Fraction(written)
        if written.startswith("-") and (value or self.choices.minus_zero == "malformed"):
            raise self.malformed("filesize is negative")
        if value.denominator == 1:
            if self.choices.integral == "malformed":
                raise self.malformed("filesize is written with a fraction or an exponent")
            return min(int(value), _END)
        nearest = float(value)
        rounds = nearest.is_integer() and 0 < nearest < _EXACT_UP_TO
        if not rounds or "malformed" in (self.choices.rounded, self.choices.integral):
            raise self.malformed("filesize is no integer")
        return int(nearest)


def _is_text(value: Value) -> TypeGuard[str]:
    return isinstance(value, str) and not isinstance(value, Number | Nested)
