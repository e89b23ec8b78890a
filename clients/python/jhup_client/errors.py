"""What can go wrong in a client: whose fault it was, and which clause it has to do with."""

from enum import StrEnum
from typing import ClassVar

from jhup import Code
from jhup.messages import EXPLANATIONS

__all__ = [
    "ClientError",
    "ConnectionFailed",
    "ConnectionLost",
    "DigestDiffers",
    "ErrorReply",
    "Fault",
    "FileFailed",
    "FileShrank",
    "NoAnswer",
    "NoReply",
    "RequestFailed",
    "WrongReply",
]


class Fault(StrEnum):
    """Whose fault an error was, as far as this end can tell."""

    LOCAL = "local"
    """Ours: a file, a name, an argument."""
    SERVER = "server"
    """The server's: it said so, or broke a clause."""
    NETWORK = "network"
    """Somewhere between here and the server's program; this end can't tell a dead server from a dead network."""


class ClientError(Exception):
    """Anything that keeps a request from succeeding.

    Attributes:
        reason: what was wrong and what was expected, one line for people.
        clause: identifier of the clause that was broken or that orders the report; None where there is none.
        fault: whose fault it was.
    """

    default_fault: ClassVar[Fault] = Fault.NETWORK

    def __init__(self, reason: str, *, clause: str | None = None, fault: Fault | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.clause = clause
        self.fault = fault or self.default_fault

    def __str__(self) -> str:
        return f"{self.reason} ({self.clause})" if self.clause else self.reason


class FileFailed(ClientError):
    """A local file can't be sent: it is missing, a folder, unreadable, or has no valid name (CLIENT-8)."""

    default_fault = Fault.LOCAL


class ConnectionFailed(ClientError):
    """No connection could be made: refused, unknown host, no answer in time, or no trust (CLIENT-14)."""


class RequestFailed(ClientError):
    """A request was begun, and did not succeed, or not for all that is known."""


class ConnectionLost(RequestFailed):
    """The connection was reset, closed or stuck before all bytes were handed over (CLIENT-14)."""


class FileShrank(RequestFailed):
    """A file ended before the size that was announced for it; the connection was closed inside the body (CLIENT-5)."""

    default_fault = Fault.LOCAL


class NoReply(RequestFailed):
    """A reply that was asked for didn't come (CLIENT-16). The request may have been carried out all the same."""

    default_fault = Fault.SERVER


class NoAnswer(RequestFailed):
    """An echo server's answer didn't come, or not to its end (ECHO-72, ECHO-76)."""


class WrongReply(RequestFailed):
    """What came instead of the reply is none, or one to something else."""

    default_fault = Fault.SERVER


class DigestDiffers(WrongReply):
    """The server stored other bytes than were sent (CLIENT-16)."""


class ErrorReply(RequestFailed):
    """The server answered with an error (CLIENT-16).

    Attributes:
        code: why, as one of the closed set; an unknown one has become ``Code.INTERNAL`` (EXT-2).
        message: the server's own words.
        closing: whether the server ends the connection.
    """

    default_fault = Fault.SERVER

    def __init__(self, code: Code, message: str, *, closing: bool) -> None:
        words = f": {message}" if message else ""
        super().__init__(f"{EXPLANATIONS[code]} [{code}]{words}")
        self.code = code
        self.message = message
        self.closing = closing
