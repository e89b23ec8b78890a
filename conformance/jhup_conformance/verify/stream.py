"""What a client sends on one connection, as a value: its bytes, what they mean, where they are cut, and how they end.

A `Stream` is immutable and equal to any other of the same content. Names are placeholders (`names`), filled in anew for
each execution by `Stream.bind`; since a name is always as long as its placeholder, offsets stay.
"""

import re
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise
from types import MappingProxyType

from jhup_conformance.verify.field import Field, ordinal
from jhup_conformance.verify.names import PLACEHOLDER, UNNAMED, Names, encoded, fill_in, unnamed

__all__ = ["Bound", "End", "Stream"]


class End(StrEnum):
    """What the suite does after the last byte."""

    HOLD = "hold"
    """Keep the connection open until the outcome was seen."""
    FINISH = "finish"
    """Half-close in a segment of its own."""
    FINISH_AT_ONCE = "finish-at-once"
    """Half-close right after the last byte."""
    RESET = "reset"
    LEAVE = "leave"
    """Close in both directions right after the last byte, and hear nothing of what comes then."""

    @property
    def is_deaf(self) -> bool:
        """Whether nothing is heard of what the target sends afterwards."""
        return self in (End.RESET, End.LEAVE)


@dataclass(frozen=True, slots=True)
class Bound:
    """A stream with its names filled in, for one execution.

    Attributes:
        stream: what it was made of.
        data: the bytes.
        watched: names whose place in the store is looked at in the end.
        before: what has to be stored before, by name.
        doubtful: valid names that the store may be unable to hold, so that refusing them is right as well (NAME-10).
        taken: valid names under which the store's folder has something else: a put of one is refused or replaces it
            (NAME-11).
    """

    stream: "Stream"
    data: bytes
    watched: tuple[str, ...]
    before: Mapping[str, bytes]
    doubtful: frozenset[str]
    taken: frozenset[str]


@dataclass(frozen=True, slots=True)
class Stream:
    """The bytes that a client sends on one connection, and how.

    Attributes:
        data: the bytes, names as placeholders.
        fields: what they mean, in order, without gaps.
        watched, before, doubtful, taken: as in `Bound`, names as placeholders.
        cuts: offsets before which a new segment begins, in order.
        end: what follows the last byte.
        pause: seconds between segments; None for as long as it takes until each was read.
        no_delay: whether each send leaves at once (Nagle's algorithm is off).
    """

    data: bytes = b""
    fields: tuple[Field, ...] = ()
    watched: tuple[str, ...] = ()
    before: tuple[tuple[str, bytes], ...] = ()
    doubtful: frozenset[str] = frozenset()
    taken: frozenset[str] = frozenset()
    cuts: tuple[int, ...] = ()
    end: End = End.HOLD
    pause: float | None = None
    no_delay: bool = True

    def __len__(self) -> int:
        return len(self.data)

    def __str__(self) -> str:
        count = self.requests
        said = f"{count} requests" if count > 1 else "a request" if count else "nothing"
        return f"{said} in {len(self)} bytes, {len(self.cuts)} cuts, then {self.end}"

    # Where things are

    @property
    def requests(self) -> int:
        """How many requests it holds, whole or not."""
        return self.fields[-1].request + 1 if self.fields else 0

    def field(self, kind: str, request: int = 0) -> Field:
        """Return the field of a kind in a request.

        Raises:
            LookupError: when there is none.
        """
        for each in self.fields:
            if (each.kind, each.request) == (kind, request):
                return each
        raise LookupError(f"the {ordinal(request)} request has no {kind}")

    def prefix(self, request: int = 0) -> Field:
        """Return the prefix of a request, counted from 0."""
        return self.field("prefix", request)

    def header(self, request: int = 0) -> Field:
        """Return the header of a request, counted from 0."""
        return self.field("header", request)

    def body(self, request: int = 0) -> Field:
        """Return the body of a request, counted from 0; one of no bytes has no field."""
        return self.field("body", request)

    def inside(self, kind: str) -> list[int]:
        """Return every offset inside the fields of a kind."""
        return [offset for each in self.fields if each.kind == kind for offset in each.inside]

    def splits_character(self, offset: int) -> bool:
        """Tell whether a cut at `offset` falls inside a character of several bytes."""
        return self.data[offset] & 0xC0 == 0x80

    def where(self, offset: int) -> str:
        """Return in words where a cut before byte `offset` falls."""
        index = max(0, bisect_right([field.start for field in self.fields], offset) - 1)
        field = self.fields[index]
        whose = f"the {ordinal(field.request)} request's {field.kind}"
        if offset == field.start and index:
            before = self.fields[index - 1]
            return f"between the {ordinal(before.request)} request's {before.kind} and {whose}"
        if offset >= field.end:
            return f"after {whose}"
        inside = offset - field.start
        if field.kind == "prefix":
            return f"between byte {inside} and {inside + 1} of {whose}"
        within = self._character_at(offset)
        return f"{inside} bytes into {whose}" + (f", inside {within}" if within else "")

    def _character_at(self, offset: int) -> str:
        if not self.splits_character(offset):
            return ""
        start = offset
        while start > 0 and self.splits_character(start):
            start -= 1
        return self.data[start : start + 4].decode(errors="ignore")[:1]

    # How it is sent

    def cut(self, *offsets: int) -> "Stream":
        """Return it with a new segment at each offset inside it, and at no other."""
        return replace(self, cuts=tuple(sorted({each for each in offsets if 0 < each < len(self)})))

    def whole(self) -> "Stream":
        """Return it in one segment."""
        return self.cut()

    def paced(self) -> "Stream":
        """Return it as an unhurried client sends it: each field in a segment of its own (section 1.4)."""
        return self.cut(*(field.start for field in self.fields))

    def by_request(self) -> "Stream":
        """Return it with each request in a segment of its own."""
        borders = [field.start for before, field in pairwise(self.fields) if field.request != before.request]
        return self.cut(*borders)

    def ending(self, end: End) -> "Stream":
        """Return it with another end."""
        return replace(self, end=end)

    def sent(self, *, pause: float | None = None, no_delay: bool = True) -> "Stream":
        """Return it with other pauses, or with Nagle's algorithm."""
        return replace(self, pause=pause, no_delay=no_delay)

    @property
    def is_paced(self) -> bool:
        """Whether each field begins a segment."""
        return {field.start for field in self.fields[1:]} <= set(self.cuts)

    @property
    def is_glued(self) -> bool:
        """Whether some segment holds the end of a request and the beginning of the next."""
        return not {field.start for a, field in pairwise(self.fields) if field.request != a.request} <= set(self.cuts)

    # What belongs to it

    def first(self, count: int) -> "Stream":
        """Return its first `count` bytes; all but the last ones where negative."""
        count = count if count >= 0 else len(self) + count
        fields = tuple(replace(each, end=min(each.end, count)) for each in self.fields if each.start < count)
        return replace(self, data=self.data[:count], fields=fields, cuts=tuple(x for x in self.cuts if x < count))

    def watching(self, *names: str) -> "Stream":
        """Return it with more names that are looked at in the end."""
        return replace(self, watched=tuple(dict.fromkeys((*self.watched, *names))))

    def unwatched(self) -> "Stream":
        """Return it with no name looked at in the end."""
        return replace(self, watched=())

    def having(self, stored: Mapping[str, bytes]) -> "Stream":
        """Return it with bodies that have to be stored before, by name; they are looked at in the end, too."""
        return replace(self, before=(*self.before, *stored.items())).watching(*stored)

    def doubting(self, *names: str) -> "Stream":
        """Return it with valid names that the store may be unable to hold (NAME-10)."""
        return replace(self, doubtful=self.doubtful.union(names))

    def occupied(self, *names: str) -> "Stream":
        """Return it with valid names under which the store's folder has something else (NAME-11)."""
        return replace(self, taken=self.taken.union(names))

    def with_data(self, data: bytes) -> "Stream":
        """Return it with other bytes, as many as before."""
        if len(data) != len(self.data):
            raise ValueError(f"{len(data)} bytes in place of {len(self.data)}")
        return replace(self, data=data)

    # Filling in

    def placeholders(self) -> tuple[str, ...]:
        """Return all placeholders in it, in the order in which they first stand."""
        text = b"\n".join(
            (self.data, *(each.encode("utf-8", "surrogatepass") for each in (*self.watched, *dict(self.before)))),
        )
        return tuple(dict.fromkeys(each.decode() for each in PLACEHOLDER.findall(text)))

    def bind(self, names: Names) -> Bound:
        """Return it with a new name in place of each placeholder."""
        chosen = {placeholder: names.new() for placeholder in self.placeholders()}
        if not chosen:
            return Bound(self, self.data, self.watched, MappingProxyType(dict(self.before)), self.doubtful, self.taken)
        pattern = re.compile("|".join(map(re.escape, chosen)))

        def text(each: str) -> str:
            return pattern.sub(lambda match: chosen[match[0]], each)

        return Bound(
            stream=self,
            data=fill_in(self.data, chosen),
            watched=tuple(map(text, self.watched)),
            before=MappingProxyType({text(each): body for each, body in self.before}),
            doubtful=frozenset(map(text, self.doubtful)),
            taken=frozenset(map(text, self.taken)),
        )

    def renumbered(self, first: int) -> "Stream":
        """Return it with its unnamed placeholders counted from a number."""
        found = list(dict.fromkeys(UNNAMED.findall(b"\n".join((self.data, *map(encoded, self.watched))))))
        if not found or found == [unnamed(first + index) for index in range(len(found))]:
            return self
        numbers = {each: unnamed(first + index) for index, each in enumerate(found)}

        def text(each: str) -> str:
            return UNNAMED.sub(lambda match: numbers[match[0]], encoded(each)).decode("utf-8", "surrogatepass")

        return replace(
            self,
            data=UNNAMED.sub(lambda match: numbers[match[0]], self.data),
            watched=tuple(map(text, self.watched)),
            before=tuple((text(each), body) for each, body in self.before),
            doubtful=frozenset(map(text, self.doubtful)),
        )

    def count_unnamed(self) -> int:
        """Return how many names without a label it has."""
        return len(set(UNNAMED.findall(self.data)))
