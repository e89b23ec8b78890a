"""The three services: what each replies to one message (sections 10.2 to 10.6).

A *message* is what a server takes as one: a segment of a stream, a line of it, or a datagram. Everything about how a
message comes to be is in the modules beside this one.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from jhup.echo.literal import write_literal

__all__ = [
    "DATAGRAM_LIMIT",
    "GREETING",
    "NAME_END",
    "STREAM_LIMIT",
    "WHITE_SPACE",
    "WORKER_NAME",
    "Rules",
    "Service",
    "Shape",
    "first_non_ascii",
    "greet",
    "is_worker_name",
    "trimmed",
    "upper",
    "worker",
]

WHITE_SPACE: Final = b"\x09\x0a\x0b\x0c\x0d\x20"  # ECHO-4, and no byte more: ECHO-5
STREAM_LIMIT: Final = 1024  # ECHO-26, ECHO-31: the size of the taught servers' only receive operation
DATAGRAM_LIMIT: Final = 8192  # ECHO-52: `max_packet_size` of the taught servers
GREETING: Final = b"Hello, "  # ECHO-9
NAME_END: Final = b": "  # ECHO-19

_TO_UPPER: Final = bytes(byte - 0x20 if 0x61 <= byte <= 0x7A else byte for byte in range(256))  # ECHO-1 to ECHO-3
WORKER_NAME: Final = re.compile(rb"[\x20-\x39\x3b-\x7e]+")  # ECHO-20
_NON_ASCII: Final = re.compile(rb"[\x80-\xff]")


class Service(StrEnum):
    """What a server makes of a message."""

    UPPER = "upper"
    GREET = "greet"
    WORKER = "worker"

    @property
    def line(self) -> str:
        """The service in words, for people."""
        return _SERVICE_LINES[self]


_SERVICE_LINES: Final = {
    Service.UPPER: "the message, trimmed, with a-z as A-Z",
    Service.GREET: "a greeting with the message, trimmed, as a Python bytes literal",
    Service.WORKER: "the name of the worker, and the message as it is",
}


class Shape(StrEnum):
    """How a server cuts what it receives into messages."""

    ONE_SHOT = "one-shot"
    SESSION = "session"
    LINE = "line"
    LINE_ONE_SHOT = "line-one-shot"
    DATAGRAM = "datagram"

    @property
    def line(self) -> str:
        """The shape in words, for people."""
        return _SHAPE_LINES[self]

    @property
    def limit(self) -> int:
        """The greatest length of a message in bytes, unless the server's is declared."""
        return DATAGRAM_LIMIT if self is Shape.DATAGRAM else STREAM_LIMIT


_SHAPE_LINES: Final = {
    Shape.ONE_SHOT: "a stream: the first bytes that arrive are answered once",
    Shape.SESSION: "a stream: each segment is answered until end of stream",
    Shape.LINE: "a stream: each line is answered until end of stream",
    Shape.LINE_ONE_SHOT: "a stream: the first line is answered",
    Shape.DATAGRAM: "datagrams: each is answered with one",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What a server is: its service, and what it has declared (section 10.15).

    Attributes:
        service: what it makes of a message.
        trim: whether upper and greet remove white space from the ends of a message; worker never does.
        max_message: the most bytes that it takes as one message; None for the limit of the shape.
        name: the worker's name, when it is known from an earlier reply on the same connection (ECHO-24).

    Raises:
        ValueError: when `max_message` is below 1, or `name` can't be a worker's.
    """

    service: Service
    trim: bool = True
    max_message: int | None = None
    name: bytes | None = None

    def __post_init__(self) -> None:
        if self.max_message is not None and self.max_message < 1:
            raise ValueError(f"max_message is {self.max_message}; a server takes at least 1 byte as a message")
        if self.name is not None and not is_worker_name(self.name):
            raise ValueError(f"{self.name!r} is not a worker's name: one or more bytes 20 to 7E without a colon")

    @property
    def trims(self) -> bool:
        """Whether white space at the ends of a message is removed (ECHO-4, ECHO-8, ECHO-21)."""
        return self.trim and self.service is not Service.WORKER

    def limit(self, shape: Shape) -> int:
        """Return the most bytes that the server takes as one message in a shape."""
        return shape.limit if self.max_message is None else self.max_message

    def reply(self, message: bytes, *, name: bytes = b"worker") -> bytes | None:
        """Return the reply to one message.

        Args:
            message: any bytes, white space at its ends included.
            name: the worker's name; the other services have none.

        Returns:
            The reply; None where a worker owes none (ECHO-22, ECHO-58).
        """
        if self.service is Service.WORKER:
            return worker(message, name=name if self.name is None else self.name)
        content = trimmed(message) if self.trims else message
        return upper(content) if self.service is Service.UPPER else greet(content)


def trimmed(message: bytes) -> bytes:
    """Remove white space from both ends of a message (ECHO-4 to ECHO-6)."""
    return message.strip(WHITE_SPACE)


def upper(content: bytes) -> bytes:
    """Return a content, trimmed already, with a-z as A-Z and all other bytes as they are (ECHO-1 to ECHO-3)."""
    return content.translate(_TO_UPPER)


def greet(content: bytes) -> bytes:
    """Return the greeting for a content that is trimmed already (ECHO-9)."""
    return GREETING + write_literal(content)


def worker(message: bytes, *, name: bytes) -> bytes | None:
    """Return the worker's reply to a message (ECHO-19 to ECHO-22).

    Args:
        message: any bytes; nothing is trimmed.
        name: the worker's name.

    Returns:
        The reply, or None when the message isn't ASCII: it gets none.
    """
    return name + NAME_END + message if message.isascii() else None


def is_worker_name(name: bytes) -> bool:
    """Tell whether a worker may have this name: one or more bytes 20 to 7E, without a colon (ECHO-20)."""
    return WORKER_NAME.fullmatch(name) is not None


def first_non_ascii(data: bytes) -> int:
    """Return the index of the first byte 80 to FF, or the length when there is none."""
    match = _NON_ASCII.search(data)
    return match.start() if match else len(data)
