"""What the frames say, as values: requests (chapter 3) and replies (chapter 8)."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

from jhup.limits import PROTOCOL_VERSION

__all__ = [
    "EXPLANATIONS",
    "Code",
    "Command",
    "Failure",
    "Greeting",
    "Hello",
    "Put",
    "Reply",
    "Request",
    "Stat",
    "Status",
    "Stored",
    "Unknown",
]


class Command(StrEnum):
    """The closed set of commands of version 1 (ERR-12)."""

    PUT = "put"
    STAT = "stat"
    HELLO = "hello"


class Status(StrEnum):
    """How a request ended (sections 8.2 and 8.5)."""

    OK = "ok"
    ERROR = "error"


class Code(StrEnum):
    """Why a request failed (section 8.5)."""

    MALFORMED = "malformed"
    BAD_FILENAME = "bad-filename"
    TOO_LARGE = "too-large"
    STORAGE = "storage"
    NOT_FOUND = "not-found"
    UNKNOWN_COMMAND = "unknown-command"
    BUSY = "busy"
    INTERNAL = "internal"


EXPLANATIONS: Final[dict[Code, str]] = {
    Code.MALFORMED: "the header can't be understood, nor where the request ends",
    Code.BAD_FILENAME: "the name is not valid: one path component of 1 to 255 bytes",
    Code.TOO_LARGE: "the file is larger than the server accepts",
    Code.STORAGE: "the server can't store under this name, or can't write",
    Code.NOT_FOUND: "nothing is stored under this name",
    Code.UNKNOWN_COMMAND: "the server has no such command",
    Code.BUSY: "the server has too many connections",
    Code.INTERNAL: "something unforeseen happened in the server",
}
"""One line for people about each code, for logs and messages."""


@dataclass(frozen=True, slots=True)
class Put:
    """Store the ``filesize`` bytes that follow under ``filename`` (chapter 5). The name may be invalid (chapter 4)."""

    filename: str
    filesize: int
    reply: bool = False


@dataclass(frozen=True, slots=True)
class Stat:
    """Ask what is stored under a name (section 8.3). ``filename`` is None where it is missing or not a string."""

    filename: str | None
    reply: bool = False


@dataclass(frozen=True, slots=True)
class Hello:
    """Ask what the server is (section 8.4)."""

    reply: bool = False


@dataclass(frozen=True, slots=True)
class Unknown:
    """A command that version 1 doesn't have (ERR-11)."""

    cmd: str
    reply: bool = False


Request: TypeAlias = Put | Stat | Hello | Unknown


@dataclass(frozen=True, slots=True)
class Stored:
    """The reply to a put that was stored, or to a stat (REPLY-6, REPLY-9). ``sha256``: 64 lower-case hex digits."""

    filename: str
    filesize: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Greeting:
    """The reply to a hello (REPLY-12). ``max_filesize`` is None when only the store limits it."""

    server: str
    features: tuple[str, ...]
    max_header: int
    max_filesize: int | None
    protocol: int = PROTOCOL_VERSION


@dataclass(frozen=True, slots=True)
class Failure:
    """An error reply (REPLY-14)."""

    code: Code
    message: str
    closing: bool


Reply: TypeAlias = Stored | Greeting | Failure
