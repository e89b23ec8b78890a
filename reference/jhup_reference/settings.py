"""What servers can be told, as values."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from jhup.limits import CONNECTIONS_AT_LEAST, HEADER_CEILING, IDLE_AT_LEAST, MAX_FILESIZE, MAX_HEADER

__all__ = ["Durability", "Limits", "Serving", "Tuning"]

_MIB: Final = 1024 * 1024


class Durability(StrEnum):
    """What is done for a body before its put counts as stored."""

    NONE = "none"
    """It is handed to the operating system: it survives the server, not a loss of power."""
    FSYNC = "fsync"
    """File and folder are synchronized with the disk."""


class Serving(StrEnum):
    """How connections share a process."""

    ITERATIVE = "iterative"
    """One after the other."""
    THREADING = "threading"
    """A thread each."""
    FORKING = "forking"
    """A child process each."""
    MULTIPLEXING = "multiplexing"
    """One loop for all, and a thread for each that has long work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a session accepts.

    Attributes:
        max_header: bytes of the longest header, 65,536 to 1,048,576 (FRAME-12, FRAME-13).
        max_filesize: bytes of the longest body; None when only the store limits it.
        replies: whether the server has the replies of chapter 8.
        max_discard: bytes of the longest refused body that is consumed; a longer one ends the connection (ERR-10).

    Raises:
        ValueError: for a value outside its range.
    """

    max_header: int = MAX_HEADER
    max_filesize: int | None = None
    replies: bool = True
    max_discard: int = 16 * _MIB

    def __post_init__(self) -> None:
        if not MAX_HEADER <= self.max_header <= HEADER_CEILING:
            raise ValueError(f"the header limit is {self.max_header}, not {MAX_HEADER} to {HEADER_CEILING} bytes")
        if self.max_filesize is not None and not 0 <= self.max_filesize <= MAX_FILESIZE:
            raise ValueError(f"the size limit is {self.max_filesize}, not 0 to 2^63-1 bytes")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """How connections are treated.

    Attributes:
        max_connections: how many are served at a time, at least 32 (CONN-2, ECHO-67). More are told that an upload
            server is busy, and wait for an echo server.
        idle_timeout: seconds without a byte after which one is closed, at least 30 (CONN-5, ECHO-50).
        linger: seconds for which input is discarded after a half-close (ERR-13, ECHO-49).
        grace: seconds that requests under way have to complete once the server stops.

    Raises:
        ValueError: for a value outside its range.
    """

    max_connections: int = 512
    idle_timeout: float = 300.0
    linger: float = 2.0
    grace: float = 10.0

    def __post_init__(self) -> None:
        if self.max_connections < CONNECTIONS_AT_LEAST:
            raise ValueError(
                f"the connection limit is {self.max_connections}; a server serves at least {CONNECTIONS_AT_LEAST}"
            )
        if not self.idle_timeout >= IDLE_AT_LEAST:
            raise ValueError(
                f"the idle time-out is {self.idle_timeout} s; a server waits at least {IDLE_AT_LEAST:.0f} s"
            )
        if not self.grace >= 0:
            raise ValueError(f"the grace is {self.grace} s, less than none")
