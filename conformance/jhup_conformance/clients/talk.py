"""What came of one connection of a client."""

from dataclasses import dataclass, field

from jhup_conformance.clients.inbox import Inbox

__all__ = ["Talk"]


@dataclass(slots=True)
class Talk:
    """What came of one connection.

    Attributes:
        number: from 1, in the order in which they were made.
        inbox: all that came.
        ended: "end of stream" or "reset", by the client; empty as long as neither was seen.
        was_closed: whether the client had closed both directions when the half-close was probed; None if it wasn't.
        deadlocked: whether both sides waited for each other.
        samples: the client's memory at each look, in bytes.
        handshake: why there was no TLS; empty if there was, or need be none.
    """

    number: int
    inbox: Inbox = field(default_factory=Inbox)
    ended: str = ""
    was_closed: bool | None = None
    deadlocked: bool = False
    samples: list[int] = field(default_factory=list)
    handshake: str = ""
