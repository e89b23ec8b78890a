"""Requests under way and what came of them (section 9.3)."""

from typing import TypeAlias, TypeVar

from jhup import Failure, Greeting, Hello, Put, Reply, Stat, Stored
from jhup_client.errors import ClientError, DigestDiffers, ErrorReply, WrongReply
from jhup_client.results import Sent

__all__ = ["Answer", "Outcome", "Pending", "Upload"]

Outcome: TypeAlias = Sent | Stored | Greeting | ClientError
"""What came of a request."""

Answer = TypeVar("Answer", Stored, Greeting)


class Pending:
    """A request that was begun.

    Attributes:
        request: what was asked.
        outcome: what came of it; None as long as that isn't known.
    """

    __slots__ = ("outcome", "request")

    def __init__(self, request: Put | Stat | Hello) -> None:
        self.request = request
        self.outcome: Outcome | None = None

    def accept(self, reply: Reply) -> None:
        """Take the reply to it."""
        self.outcome = self._judge(reply)

    def _judge(self, reply: Reply) -> Outcome:
        match self.request, reply:
            case _, Failure(code, message, closing):
                return ErrorReply(code, message, closing=closing)
            case Hello(), Greeting():
                return reply
            case Stat(filename), Stored() if reply.filename == filename:
                return reply
        return WrongReply(f"the server answered something else: {_shown(reply)}", clause="REPLY-3")


class Upload(Pending):
    """A put that was begun.

    Attributes:
        sha256: digest of the bytes sent, 64 lower-case hexadecimal digits; None before the last byte, and where no
            reply was asked for.
    """

    __slots__ = ("sha256",)

    def __init__(self, request: Put) -> None:
        super().__init__(request)
        self.sha256: str | None = None

    @property
    def filename(self) -> str:
        """The name to store under."""
        return self._put.filename

    @property
    def filesize(self) -> int:
        """Bytes of the body."""
        return self._put.filesize

    @property
    def _put(self) -> Put:
        assert isinstance(self.request, Put)  # noqa: S101
        return self.request

    def _judge(self, reply: Reply) -> Outcome:
        if not isinstance(reply, Stored):
            return super()._judge(reply)
        if self.sha256 is None:
            return WrongReply("the server answered that it stored the file before it had all of it", clause="REPLY-7")
        if (reply.filename, reply.filesize) != (self.filename, self.filesize):
            return WrongReply(f"the server answered something else: {_shown(reply)}", clause="REPLY-6")
        if reply.sha256 != self.sha256:
            reason = f"the server stored other bytes: SHA-256 {reply.sha256}, sent were {self.sha256}"
            return DigestDiffers(reason, clause="CLIENT-16")
        return reply


def _shown(reply: Reply) -> str:
    if isinstance(reply, Stored):
        return f"{reply.filesize} bytes stored as {reply.filename!r}"
    return "a greeting"
