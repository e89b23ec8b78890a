"""Streams that are requests: puts and other commands, frames right or wrong, bytes that are no frame."""

from collections.abc import Iterable
from typing import Any, Final, TypeGuard

from jhup_conformance.verify.field import Field
from jhup_conformance.verify.names import PLACEHOLDER, UNNAMED, encoded, unnamed
from jhup_conformance.verify.stream import Stream
from jhup_conformance.wire.frames import header as header_bytes
from jhup_conformance.wire.frames import prefix as prefix_bytes

__all__ = ["NOTHING", "command", "frame", "hello", "put", "raw", "requests", "stat"]

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
    inner = inner.renumbered(len(set(UNNAMED.findall(head))))
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
    own = unnamed(0).decode() if name is None else name
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
    return isinstance(filename, str) and bool(PLACEHOLDER.search(encoded(filename)))


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
        each = stream.renumbered(count)
        count += each.count_unnamed()
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
