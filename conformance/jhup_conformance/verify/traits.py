"""What is special about an exchange: all that a plain put hasn't, told from its bytes by the specification's reader.

Two findings whose exchanges have something special in common may have one cause (`jhup_conformance.run.hanging`).
"""

import bisect
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from construct import ConstructError

from jhup.errors import JhupError, Malformed
from jhup.formats import RequestHeader, prefix_fault
from jhup.limits import HEADER_CEILING, MAX_HEADER, MAX_NAME, PREFIX_SIZE
from jhup.messages import Hello, Put, Request, Stat
from jhup.names import name_fault
from jhup.reply_reader import ReplyReader
from jhup_conformance.wire.transcript import Action, Kind, Transcript

__all__ = ["ABOUT", "BROKEN", "IN_REPLIES", "RACING", "SHARED", "SUBJECTS", "WEAK", "races", "traits"]

ABOUT: Final = "what {} is about"
"""The trait of bytes that break a clause, of a request or of a reply."""
BROKEN: Final = frozenset({"a malformed prefix", "a malformed header", "an invalid name"})
"""Traits of bytes that break some clause."""
IN_REPLIES: Final = "wrong in replies alone"
"""Said of a finding, not told from its bytes."""
WEAK: Final = frozenset({"two requests in a segment"})
"""Traits that many exchanges of the suite have, whatever they are about."""
SHARED: Final = "one name on several connections"
"""The trait of puts that meet under a name."""
REPLACED: Final = "a body over another one"
"""The trait of a name that is put again, or was stored before."""
RACING: Final = "the connections race: it may show at another try"
"""Said where nothing shows and chance decides whether it does."""
SUBJECTS: Final = {
    "a name": frozenset({"NAME"}),
    "an invalid name": frozenset({"ERR", "NAME"}),
    "a malformed": frozenset({"ERR"}),
    "unknown command": frozenset({"ERR"}),
    "stat": frozenset({"REPLY"}),
    "hello": frozenset({"REPLY"}),
    "put that asks": frozenset({"REPLY"}),
    REPLACED: frozenset({"STORE"}),
    "a body of": frozenset({"FRAME", "STORE"}),
    "a body without": frozenset({"FRAME", "STORE"}),
    "a cut": frozenset({"FRAME"}),
    "a header": frozenset({"FRAME"}),
}
"""The chapters, by the beginning of their clauses, that a trait with such words at its head is the subject of."""

_MEMBERS: Final = ("cmd", "filename", "filesize", "reply")
_LONG_HEADERS: Final = (512, 4096, 16384, 65535)
"""Header bytes beyond which a header is long, longer, …"""
_LONG_BODIES: Final = (8192, 65535, 1048576, 2**31)
_MANY: Final = (9, 99)
_ENDS: Final = {
    Kind.HALF_CLOSED: "the end of the stream",
    Kind.RESET: "a reset",
    Kind.LEFT: "a client that leaves",
}
_LONG_NAME: Final = 128
_PLAIN_SIGNS: Final = frozenset("-_.")


@dataclass(frozen=True, slots=True)
class _Frame:
    """A request's place in a stream: where its fields begin, and its end; -1 where nobody can know that."""

    start: int
    header: int
    body: int
    end: int
    request: Request | None


def traits(transcript: Transcript) -> frozenset[str]:
    """Return what is special about an exchange, each in a few words."""
    beside = transcript.scene.beside if transcript.scene else ()
    lines = [transcript, *(each.transcript for each in beside)]
    found: set[str] = set()
    puts: list[frozenset[str]] = []
    for line in lines:
        told, names = _of_line(line.actions())
        found |= told
        puts.append(names)
    if len(lines) > 1:
        found.add("several connections")
        if any(count > 1 for count in Counter(name for names in puts for name in names).values()):
            found.add(SHARED)
    if broken := _broken_reply(transcript.received):
        found.add(ABOUT.format(broken))
    if transcript.scene:
        found |= {REPLACED} if transcript.scene.before else set()
        found |= {"one name that the folder has taken"} if transcript.scene.taken else set()
    return frozenset(found)


def races(transcript: Transcript) -> bool:
    """Tell whether connections sent under one name at the same time: which is the faster one chance decides."""
    beside = transcript.scene.beside if transcript.scene else ()
    lines = [(transcript, 0.0), *((each.transcript, each.after) for each in beside)]
    spans = sorted(span for line, opened in lines if (span := _span(line, opened)))
    meet = any(later[0] < earlier[1] for earlier, later in pairwise(spans))
    return meet and SHARED in traits(transcript)


def _span(transcript: Transcript, opened: float) -> tuple[float, float] | None:
    """Return when the first and the last byte of a connection were sent."""
    times = [opened + entry.at for entry in transcript.entries if entry.kind is Kind.SENT]
    return (times[0], times[-1]) if times else None


def _broken_reply(received: bytes) -> str:
    """Return the clause that the first reply breaks that is none; empty where all are replies."""
    try:
        for _ in ReplyReader().receive(received):
            pass
    except JhupError as error:
        return error.clause
    return ""


def _of_line(actions: Sequence[Action]) -> tuple[set[str], frozenset[str]]:
    """Return what is special about one connection, and the names of its puts."""
    stream = b"".join(each.data for each in actions)
    borders, at = [0], 0
    for each in actions:
        at += len(each.data)
        borders.append(at)
    found, names, count, last = set(), Counter[str](), 0, 0
    for frame, told in _frames(stream):
        found |= told
        found |= set(_segmented(frame, borders, stream))
        count, last = count + 1, frame.end
        if isinstance(frame.request, Put):
            names[frame.request.filename] += 1
    found |= {f"more than {many} requests" for many in _MANY if count > many}
    if any(each > 1 for each in names.values()):
        found.add(REPLACED)
    whole = last == len(stream)
    for each in actions:
        if each.kind is not Kind.SENT:
            how = _ENDS[each.kind]
            found.add(f"{how} {'between requests' if whole else 'inside a request'}")
    return found, frozenset(names)


def _frames(stream: bytes) -> Iterator[tuple[_Frame, set[str]]]:
    """Yield the requests of a stream up to what makes the rest unreadable, each with what is special about it."""
    at = 0
    while at < len(stream):
        header = at + PREFIX_SIZE
        length = int.from_bytes(stream[at:header], "little", signed=True)
        if len(stream) < header or prefix_fault(length, HEADER_CEILING):
            fault = prefix_fault(length) if len(stream) >= header else None
            yield (
                _Frame(at, header, header, -1, None),
                {ABOUT.format(fault.clause), "a malformed prefix"} if fault else set(),
            )
            return
        body = header + length
        if len(stream) < body:
            yield _Frame(at, header, body, -1, None), set()
            return
        told = {f"a header of more than {size} bytes" for size in _LONG_HEADERS if length > size}
        if length > MAX_HEADER:
            told |= {ABOUT.format("FRAME-15"), "a malformed prefix"}
        text = stream[header:body]
        try:
            request: Request = RequestHeader.parse(text)
            members: dict[str, Any] = json.loads(text, parse_int=str, parse_float=str)  # of any length
        except Malformed as error:
            yield _Frame(at, header, body, -1, None), {*told, ABOUT.format(error.clause), "a malformed header"}
            return
        except (ConstructError, RecursionError, ValueError):
            yield _Frame(at, header, body, -1, None), {*told, "a malformed header"}
            return
        told |= set(_of_header(text, members, request))
        size = request.filesize if isinstance(request, Put) else 0
        yield _Frame(at, header, body, body + size, request), told
        at = body + size


def _of_header(text: bytes, members: dict[str, Any], request: Request) -> Iterator[str]:
    """Yield what is special about a header that is not malformed."""
    kind = {Put: "put", Stat: "stat", Hello: "hello"}.get(type(request), "unknown command")
    if kind != "put":
        yield kind if not request.reply else f"{kind} that asks"
    elif request.reply:
        yield "put that asks"
    if kind == "unknown command" and "filesize" in members:
        yield "unknown command with a filesize"
    for member in members:
        if member not in _MEMBERS:
            yield f"a member like {member.lower()}" if member.lower() in _MEMBERS else "an unknown member"
    if b"\\" in text:
        yield "an escape"
    if b'": ' in text or b", " in text or not text.startswith(b'{"'):
        yield "white space"
    if len(members) < text.count(b'":'):
        yield "a member twice, or an object inside"
    if isinstance(request, Put):
        yield from _of_body(request.filesize)
    name = members.get("filename")
    if isinstance(name, str) and isinstance(request, Put | Stat):
        yield from _of_name(name)


def _of_body(size: int) -> Iterator[str]:
    if size == 0:
        yield "a body without a byte"
    yield from (f"a body of more than {edge} bytes" for edge in _LONG_BODIES if size > edge)


def _of_name(name: str) -> Iterator[str]:
    if fault := name_fault(name):
        yield from (ABOUT.format(fault.clause), "an invalid name")
        return
    if len(name.encode()) > _LONG_NAME:
        yield "a name that is long"
    if len(name.encode()) == MAX_NAME:
        yield "a name that is the longest"
    if not name.isascii():
        yield "a name beyond ASCII"
    if any(each.isascii() and not _is_plain(each) for each in name):
        yield "a name with signs"
    if name.startswith("."):
        yield "a name that begins with a dot"


def _is_plain(character: str) -> bool:
    return character.isalnum() or character in _PLAIN_SIGNS


def _segmented(frame: _Frame, borders: Sequence[int], stream: bytes) -> Iterator[str]:
    """Yield how a request and its fields lie in segments."""
    end = frame.end if frame.end >= 0 else len(stream)
    if frame.start and frame.start not in borders:
        yield "two requests in a segment"
    for field, start, stop in (
        ("prefix", frame.start, frame.header),
        ("header", frame.header, frame.body),
        ("body", frame.body, end),
    ):
        inside = bisect.bisect_left(borders, min(stop, len(stream))) - bisect.bisect_right(borders, start)
        if inside > 0:
            yield f"a cut in a {field}"
