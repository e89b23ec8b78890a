"""What the bytes of one direction of a connection mean, field by field, however malformed they are.

The formats are those that `jhup` declares; where one of them can't read the bytes, the field says why and the rest of
the stream is one last field.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from construct import Construct, ConstructError

from jhup.echo import GREETING, NAME_END, Service, worker_name
from jhup.errors import Malformed
from jhup.formats import Prefix, ReplyHeader, RequestHeader, prefix_fault
from jhup.limits import HEADER_CEILING, PREFIX_SIZE
from jhup.messages import Put

__all__ = ["Field", "answer_fields", "reply_fields", "request_fields"]

_SHOWN: Final = 120
"""Characters of a header that a note shows."""


@dataclass(frozen=True, slots=True)
class Field:
    """A stretch of one direction's bytes.

    Attributes:
        name: "prefix", "header", "body", …
        start: index of its first byte.
        end: index behind its last byte that is there.
        size: how many bytes it has when it is whole.
        note: what it says, in words; of a prefix its number.
        frame: number of the request or reply that it belongs to, from 0.
    """

    name: str
    start: int
    end: int
    size: int
    note: str
    frame: int

    @property
    def is_whole(self) -> bool:
        """Whether all of its bytes are there."""
        return self.end - self.start >= self.size


def request_fields(stream: bytes) -> Iterator[Field]:
    """Return the fields of what a client of the upload protocol sent."""
    return _frames(stream, RequestHeader, "request")


def reply_fields(stream: bytes) -> Iterator[Field]:
    """Return the fields of what an upload server sent."""
    return _frames(stream, ReplyHeader, "reply")


def _frames(stream: bytes, header_format: Construct, frame_name: str) -> Iterator[Field]:
    at = frame = 0
    while at < len(stream):
        length, note = _read_prefix(stream[at : at + PREFIX_SIZE])
        prefix_end = min(at + PREFIX_SIZE, len(stream))
        yield Field("prefix", at, prefix_end, PREFIX_SIZE, note, frame)
        at = prefix_end
        if length is None:
            yield from _rest(stream, at, f"behind a prefix that ends the {frame_name}s", frame)
            return
        end = min(at + length, len(stream))
        if end == at:
            return
        text = stream[at:end]
        filesize, note = _read_header(text, header_format) if end - at == length else (0, _excerpt(text))
        yield Field("header", at, end, length, note, frame)
        at = end
        if filesize is None:
            yield from _rest(stream, at, f"behind a malformed header: no {frame_name}", frame)
            return
        if filesize and at < len(stream):
            end = min(at + filesize, len(stream))
            yield Field("body", at, end, filesize, f"{filesize} byte{'s' * (filesize != 1)}", frame)
            at = end
        frame += 1


def _rest(stream: bytes, at: int, note: str, frame: int) -> Iterator[Field]:
    if at < len(stream):
        yield Field("rest", at, len(stream), len(stream) - at, note, frame)


def _read_prefix(data: bytes) -> tuple[int | None, str]:
    """Return the length that a prefix claims, None where it is none, and what to say of it."""
    if len(data) < PREFIX_SIZE:
        return 0, "incomplete"
    try:
        length: int = Prefix.parse(data)
    except ConstructError:
        number = int.from_bytes(data, "little", signed=True)
        fault = prefix_fault(number, HEADER_CEILING)
        return None, f"{number}: malformed" + (f", {fault.clause}" if fault else "")
    return length, str(length)


def _read_header(data: bytes, header_format: Construct) -> tuple[int | None, str]:
    """Return the length of the body that follows a header, None where that can't be known, and what to say of it."""
    try:
        message = header_format.parse(data)
    except Malformed as error:
        return None, f"{_excerpt(data)}: malformed, {error.clause}"
    except (ConstructError, RecursionError, ValueError) as error:
        return None, f"{_excerpt(data)}: malformed, {error}"
    return (message.filesize if isinstance(message, Put) else 0), _excerpt(data)


def _excerpt(data: bytes) -> str:
    """Show a header as text on one line; nothing in it reaches a terminal as a command."""
    text = data.decode("utf-8", "backslashreplace")
    text = text if text.isprintable() else "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 40]} … {text[-30:]}"


def answer_fields(stream: bytes, service: Service) -> Iterator[Field]:
    """Return the fields of what an echo server sent; of a session only the first reply is told from the rest."""
    if not stream:
        return
    border, names = 0, ("", "answer")
    if service is Service.GREET and stream.startswith(GREETING):
        border, names = len(GREETING), ("greeting", "literal")
    elif service is Service.WORKER:
        name = worker_name(stream, otherwise=b"")
        if name and stream[len(name) :].startswith(NAME_END):
            border, names = len(name) + len(NAME_END), ("name", "message")
    if border:
        yield Field(names[0], 0, border, border, "", 0)
    if border < len(stream):
        yield Field(names[1], border, len(stream), len(stream) - border, f"{len(stream) - border} bytes", 0)
