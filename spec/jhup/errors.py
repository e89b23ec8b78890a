"""Errors that say whose fault it was, and which clause was broken."""

__all__ = ["JhupError", "LocalError", "Malformed", "Refused", "RemoteError", "Truncated"]


class JhupError(Exception):
    """Anything that goes against the specification.

    Attributes:
        clause: identifier of the clause, such as ``"FRAME-15"``.
        reason: what was wrong and what was expected, one line for people.
    """

    def __init__(self, clause: str, reason: str) -> None:
        super().__init__(f"{clause}: {reason}")
        self.clause = clause
        self.reason = reason


class LocalError(JhupError, ValueError):
    """Our own program asked for something that the specification forbids; nothing was sent."""


class RemoteError(JhupError):
    """The peer broke a clause."""


class Malformed(RemoteError):
    """The end of the request can't be known; nothing more on its connection is a request (ERR-2).

    Attributes:
        asks_reply: whether the header is a JSON object that asks for a reply, so that one is owed (REPLY-15).
    """

    def __init__(self, clause: str, reason: str, *, asks_reply: bool = False) -> None:
        super().__init__(clause, reason)
        self.asks_reply = asks_reply


class Refused(RemoteError):
    """The request is understood but not allowed (chapter 6); its body, if any, still follows on the stream."""


class Truncated(RemoteError):
    """The stream ended inside a request (ERR-6)."""
