"""What the suite says: requests as bytes of its own making, with every field known by name and place.

Nothing here uses the writer of `jhup`: a suite that speaks through the code it judges would share its faults.
"""

import json
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final, TypeAlias

__all__ = ["NAME_LENGTH", "Field", "Names", "Recipe", "Talk", "header", "ordinal", "prefix"]

NAME_LENGTH: Final = 18
"""Characters of a name made by `Names`: always the same, so that offsets stay the same when an exchange is repeated."""


class Names:
    """Makes names that no other execution uses, in this run or in one beside it.

    Args:
        run: eight characters that tell this run from others.
    """

    def __init__(self, run: str) -> None:
        self._run = run
        self._count = 0

    def new(self) -> str:
        """Give a name of `NAME_LENGTH` characters."""
        self._count += 1
        return f"jc-{self._run}-{self._count:06x}"


def prefix(length: int) -> bytes:
    """Give the four bytes that announce a header (FRAME-1)."""
    return length.to_bytes(4, "little", signed=True)


def header(**members: Any) -> bytes:
    """Give members as a compact JSON object, characters raw."""
    return json.dumps(members, ensure_ascii=False, separators=(",", ":")).encode()


def ordinal(number: int) -> str:
    """Give "first", "second", …; beyond the tenth in digits."""
    words = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
    return words[number] if number < len(words) else f"{number + 1}th"


@dataclass(frozen=True, slots=True)
class Field:
    """A stretch of the stream: `name` of it ("prefix", "header", "body"), which `request` it belongs to, its place."""

    name: str
    request: int
    start: int
    end: int


class Talk:
    """The bytes that a client sends on one connection.

    Attributes:
        stream: the bytes.
        fields: what they mean, in order, without gaps.
        watched: names whose place in the store is looked at in the end.
        before: what is to be stored before, by name.
        doubtful: valid names that the store may be unable to hold, so that refusing them is right as well (NAME-10).
        taken: valid names under which the store's folder has something else: a put of one is refused or replaces it
            (NAME-11).
    """

    def __init__(self, names: Names) -> None:
        self._names = names
        self.stream = b""
        self.fields: list[Field] = []
        self.watched: list[str] = []
        self.before: dict[str, bytes] = {}
        self.doubtful: set[str] = set()
        self.taken: set[str] = set()
        self._request = -1

    def new_name(self, suffix: str = "") -> str:
        """Make a name of its own for this execution, and watch it."""
        name = self._names.new() + suffix
        self.watched.append(name)
        return name

    def had(self, body: bytes, name: str | None = None) -> str:
        """Have a body stored before the exchange begins; returns its name."""
        name = name or self.new_name()
        self.before[name] = body
        return name

    def put(self, body: bytes, *, name: str | None = None, **members: Any) -> str:
        """Say a put.

        Args:
            body: its body.
            name: a name of the caller's; a new one if absent.
            members: further members, or others in place of those of a put.

        Returns:
            The name.
        """
        if name is None:
            name = self.new_name()
        fields = {"cmd": "put", "filename": name, "filesize": len(body)} | members
        self.frame(header(**fields), body)
        return name

    def say(self, **members: Any) -> None:
        """Say a request without a body."""
        self.frame(header(**members))

    def frame(self, head: bytes, body: bytes = b"", *, claim: int | None = None) -> None:
        """Say a frame.

        Args:
            head: the bytes of the header, right or wrong.
            body: the bytes behind it.
            claim: what the prefix says, if not the length of the header.
        """
        self._request += 1
        self._add("prefix", prefix(len(head) if claim is None else claim))
        self._add("header", head)
        self._add("body", body)

    def raw(self, data: bytes, name: str) -> None:
        """Say bytes that are no frame, as a request of their own."""
        self._request += 1
        self._add(name, data)

    def _add(self, name: str, data: bytes) -> None:
        if data:
            start = len(self.stream)
            self.stream += data
            self.fields.append(Field(name, self._request, start, len(self.stream)))

    def borders(self) -> list[int]:
        """Give the positions between two fields: where an unhurried client ends its segments."""
        return [field.start for field in self.fields[1:]]

    def requests(self) -> list[int]:
        """Give the positions between two requests: each in a segment of its own."""
        return [field.start for before, field in pairwise(self.fields) if field.request != before.request]

    def offsets(self, name: str, request: int | None = None) -> Iterator[int]:
        """Give every position inside the fields of a name, those at their borders left out."""
        for field in self.fields:
            if field.name == name and request in (None, field.request):
                yield from range(field.start + 1, field.end)

    def where(self, offset: int) -> str:
        """Say in words where a cut before byte `offset` of the stream falls."""
        index = max(0, bisect_right([field.start for field in self.fields], offset) - 1)
        field = self.fields[index]
        whose = f"the {ordinal(field.request)} request's {field.name}"
        if offset == field.start and index:
            before = self.fields[index - 1]
            return f"between the {ordinal(before.request)} request's {before.name} and {whose}"
        if offset >= field.end:
            return f"behind {whose}"
        inside = offset - field.start
        if field.name == "prefix":
            return f"between byte {inside} and {inside + 1} of {whose}"
        within = self._character_at(offset)
        return f"{inside} bytes into {whose}" + (f", inside {within}" if within else "")

    def splits_character(self, offset: int) -> bool:
        """Tell whether a cut at `offset` falls inside a character of several bytes."""
        return self.stream[offset] & 0xC0 == 0x80

    def _character_at(self, offset: int) -> str:
        """Give the character that a cut at `offset` falls inside, if it falls inside one."""
        if not self.splits_character(offset):
            return ""
        start = offset
        while start > 0 and self.splits_character(start):
            start -= 1
        return self.stream[start : start + 4].decode(errors="ignore")[:1]


Recipe: TypeAlias = Callable[[Talk], object]
"""Says something to a `Talk`; the same each time but for the names it makes."""
