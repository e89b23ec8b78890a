"""What an echo server serves, whatever carries it and however requests share the process."""

from dataclasses import dataclass, field
from functools import partial

from jhup.echo import Rules, Shape
from jhup_reference.echo.conversation import Conversation, begin_conversation
from jhup_reference.settings import Tuning

__all__ = ["EchoService"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EchoService:
    """A service and how it is offered.

    Attributes:
        rules: what it makes of a message, and how long one may be.
        shape: what a message is.
        tuning: how connections are treated.
    """

    rules: Rules
    shape: Shape
    tuning: Tuning = field(default_factory=Tuning)

    @property
    def limit(self) -> int:
        """The most bytes that are taken as one message."""
        return self.rules.limit(self.shape)

    def conversation(self, worker: bytes) -> Conversation:
        """Begin the conversation of one connection, all by the same worker (ECHO-24)."""
        return begin_conversation(self.shape, partial(self.rules.reply, name=worker), self.limit)

    def reply(self, datagram: bytes, worker: bytes) -> bytes | None:
        """Return the reply to one datagram; None when it gets none (ECHO-58)."""
        return self.rules.reply(datagram, name=worker)
