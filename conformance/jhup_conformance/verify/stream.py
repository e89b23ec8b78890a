"""What a client sends on one connection, as a value: its bytes, what they mean, where they are cut, and how they end.

A `Stream` is immutable and equal to any other of the same content. Names are placeholders of `NAME_LENGTH` characters,
filled in anew for each execution by `Stream.bind`; since a name is always as long as its placeholder, offsets stay.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise
from types import MappingProxyType
from typing import Any, Final, TypeGuard

from jhup_conformance.wire.frames import header as header_bytes
from jhup_conformance.wire.frames import prefix as prefix_bytes

__all__ = [
    "NAME_LENGTH",
    "NOTHING",
    "Bound",
    "End",
    "Field",
    "Names",
    "Stream",
    "command",
    "frame",
    "hello",
    "name",
    "ordinal",
    "put",
    "raw",
    "requests",
    "stat",
]

NAME_LENGTH: Final = 18
"""Characters of a name, filled in or not: always the same, so that offsets don't depend on it."""

_LABEL: Final = NAME_LENGTH - len("jc-@")
_PLACEHOLDER: Final = re.compile(rb"jc-@[a-z0-9.~]{%d}" % _LABEL)
_WIDE: Final = ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
_UNNAMED: Final = re.compile(rb"jc-@~[0-9]{%d}" % (_LABEL - 1))


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


class Names:
    """Makes names that no other execution uses, in this run or in one beside it.

    Args:
        run: eight characters that tell this run from others.
    """

    def __init__(self, run: str) -> None:
        self.run = run
        self._count = 0

    def new(self) -> str:
        """Return a name of `NAME_LENGTH` characters."""
        self._count += 1
        return f"jc-{self.run}-{self._count:06x}"


def name(label: str) -> str:
    """Return a placeholder: one name within a stream wherever it stands, another one in each execution.

    Args:
        label: up to 13 characters of a-z, 0-9 and the full stop.

    Raises:
        ValueError: when the label has others, or too many.
    """
    placeholder = f"jc-@{label:~<{_LABEL}}"
    if len(label) >= _LABEL or label.startswith("~") or not _PLACEHOLDER.fullmatch(placeholder.encode()):
        raise ValueError(f"a label has up to {_LABEL - 1} characters of a-z, 0-9 and '.', not {label!r}")
    return placeholder


def _unnamed(number: int) -> bytes:
    return b"jc-@~%0*d" % (_LABEL - 1, number)


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
        return tuple(dict.fromkeys(each.decode() for each in _PLACEHOLDER.findall(text)))

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
            data=_filled_in(self.data, chosen),
            watched=tuple(map(text, self.watched)),
            before=MappingProxyType({text(each): body for each, body in self.before}),
            doubtful=frozenset(map(text, self.doubtful)),
            taken=frozenset(map(text, self.taken)),
        )

    def _renumbered(self, first: int) -> "Stream":
        """Return it with its unnamed placeholders counted from a number."""
        found = list(dict.fromkeys(_UNNAMED.findall(b"\n".join((self.data, *map(_encoded, self.watched))))))
        if not found or found == [_unnamed(first + index) for index in range(len(found))]:
            return self
        numbers = {each: _unnamed(first + index) for index, each in enumerate(found)}

        def text(each: str) -> str:
            return _UNNAMED.sub(lambda match: numbers[match[0]], _encoded(each)).decode("utf-8", "surrogatepass")

        return replace(
            self,
            data=_UNNAMED.sub(lambda match: numbers[match[0]], self.data),
            watched=tuple(map(text, self.watched)),
            before=tuple((text(each), body) for each, body in self.before),
            doubtful=frozenset(map(text, self.doubtful)),
        )

    def _count_unnamed(self) -> int:
        return len(set(_UNNAMED.findall(self.data)))


def _filled_in(data: bytes, chosen: Mapping[str, str]) -> bytes:
    """Return bytes with names in place of placeholders, also where those stand as escapes or in another encoding."""
    data = _PLACEHOLDER.sub(lambda match: chosen[match[0].decode()].encode(), data)
    for digits in ("04x", "04X") if b"\\u00" in data else ():
        for placeholder, name in chosen.items():
            data = data.replace(_escaped(placeholder, digits), _escaped(name, digits))
    for codec in _WIDE if b"\0" in data else ():
        for placeholder, name in chosen.items():
            data = data.replace(placeholder.encode(codec), name.encode(codec))
    return data


def _escaped(text: str, digits: str) -> bytes:
    return "".join(f"\\u{ord(character):{digits}}" for character in text).encode()


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


NOTHING: Final = Stream()
"""A connection on which nothing is sent."""


def frame(head: bytes, body: bytes | Stream = b"", *, claim: int | None = None) -> Stream:
    """Return a frame.

    Args:
        head: the bytes of the header, right or wrong.
        body: the bytes after it; of a stream, those, its names being watched.
        claim: what the prefix says, if not the length of the header.
    """
    inner = body if isinstance(body, Stream) else Stream(body)
    inner = inner._renumbered(len(set(_UNNAMED.findall(head))))  # noqa: SLF001 - of the same class
    parts = (("prefix", prefix_bytes(len(head) if claim is None else claim)), ("header", head), ("body", inner.data))
    fields, data = [], b""
    for kind, part in parts:
        if part:
            fields.append(Field(kind, 0, len(data), len(data) + len(part)))
            data += part
    return Stream(data, tuple(fields), watched=inner.watched)


def raw(data: bytes, kind: str = "bytes") -> Stream:
    """Return bytes that are no frame, as a request of their own."""
    return Stream(data, (Field(kind, 0, 0, len(data)),) if data else ())


def put(body: bytes | Stream = b"", *, name: str | None = None, **members: Any) -> Stream:
    """Return a put (section 1.1 of the suite's words: cmd, filename, filesize, in this order).

    Args:
        body: its body; a stream for one that looks like requests, whose names are watched.
        name: the name to store under; None for one of its own. One with a placeholder in it is watched.
        members: further members, or others in place of those of a put.
    """
    own = _unnamed(0).decode() if name is None else name
    stream = frame(header_bytes(**({"cmd": "put", "filename": own, "filesize": len(body)} | members)), body)
    watched = members.get("filename", own)
    return stream.watching(watched) if _is_watched(watched) else stream


def command(cmd: str, **members: Any) -> Stream:
    """Return a request without a body; a filename with a placeholder in it is watched."""
    stream = frame(header_bytes(cmd=cmd, **members))
    filename = members.get("filename")
    return stream.watching(filename) if _is_watched(filename) else stream


def stat(name: str, **members: Any) -> Stream:
    """Return a stat that asks for a reply, unless the members say otherwise."""
    return command("stat", filename=name, **({"reply": True} | members))


def hello(**members: Any) -> Stream:
    """Return a hello that asks for a reply, unless the members say otherwise."""
    return command("hello", **({"reply": True} | members))


def _is_watched(filename: object) -> TypeGuard[str]:
    return isinstance(filename, str) and bool(_PLACEHOLDER.search(_encoded(filename)))


def requests(*streams: Stream) -> Stream:
    """Return several streams one after the other: unnamed names stay apart, named ones are the same.

    Cuts between and inside them are left out, and so are their ends.
    """
    return _joined(streams)


def _joined(streams: Iterable[Stream]) -> Stream:
    data, fields, count, number = bytearray(), [], 0, 0
    watched: dict[str, None] = {}
    before: dict[str, bytes] = {}
    doubtful: set[str] = set()
    taken: set[str] = set()
    for stream in streams:
        each = stream._renumbered(count)  # noqa: SLF001 - of the same class
        count += each._count_unnamed()  # noqa: SLF001
        start = len(data)
        fields += [
            Field(field.kind, number + field.request, start + field.start, start + field.end) for field in each.fields
        ]
        number += each.requests
        data += each.data
        watched |= dict.fromkeys(each.watched)
        before |= dict(each.before)
        doubtful |= each.doubtful
        taken |= each.taken
    return Stream(
        bytes(data), tuple(fields), tuple(watched), tuple(before.items()), frozenset(doubtful), frozenset(taken)
    )
