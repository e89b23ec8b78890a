"""How an exchange differs from a right outcome, as data; what people read is made of it last."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from jhup.limits import CLOSE_WITHIN
from jhup.messages import Failure, Greeting, Reply, Stored
from jhup.model import Expected
from jhup_conformance.target.body import Body
from jhup_conformance.wire.transcript import Closed

__all__ = [
    "ClosedEarly",
    "Difference",
    "Gone",
    "NotReplies",
    "Other",
    "StillOpen",
    "Unsolicited",
    "WrongBody",
    "WrongReplies",
    "readable",
    "show_body",
    "show_expected",
    "show_reply",
]

_LONG_NAME: Final = 100
"""Characters of a name that are shown whole."""


@dataclass(frozen=True, slots=True)
class WrongBody:
    """Something else is stored under a name.

    Attributes:
        name: the name.
        wanted: what may be stored under it; None for nothing.
        found: what is.
    """

    name: str
    wanted: tuple[Body | None, ...]
    found: Body | None

    @property
    def expected(self) -> str:
        """What is right, for people."""
        return " or ".join(show_body(self.name, each) for each in self.wanted)

    @property
    def actual(self) -> str:
        """What was seen, for people."""
        return show_body(self.name, self.found)


@dataclass(frozen=True, slots=True)
class WrongReplies:
    """Other replies came than were owed.

    Attributes:
        wanted: the replies owed.
        found: the replies that came.
        rest: how many bytes of an unfinished one came after them.
    """

    wanted: tuple[Expected, ...]
    found: tuple[Reply, ...]
    rest: int = 0

    @property
    def expected(self) -> str:
        """What is right, for people."""
        return "replies: " + (", ".join(map(show_expected, self.wanted)) or "none")

    @property
    def actual(self) -> str:
        """What was seen, for people."""
        return _show_replies(self.found) + (f", and {self.rest} bytes of another" if self.rest else "")


@dataclass(frozen=True, slots=True)
class NotReplies:
    """What came is no sequence of replies.

    Attributes:
        wanted: the replies owed.
        problem: what is wrong with the bytes.
    """

    wanted: tuple[Expected, ...]
    problem: str

    @property
    def expected(self) -> str:
        """What is right, for people."""
        return "replies: " + (", ".join(map(show_expected, self.wanted)) or "none")

    @property
    def actual(self) -> str:
        """What was seen, for people."""
        return f"not a reply: {self.problem}"


@dataclass(frozen=True, slots=True)
class Unsolicited:
    """The server sent unsolicited bytes.

    Attributes:
        count: how many.
        after: what was sent before, in words.
    """

    count: int
    after: str

    @property
    def expected(self) -> str:
        """What is right, for people."""
        return "not a byte from the server"

    @property
    def actual(self) -> str:
        """What was seen, for people."""
        return f"the server sent {self.count} unsolicited bytes after {self.after}"


@dataclass(frozen=True, slots=True)
class StillOpen:
    """The target left a connection open that it has to close."""

    within: float = CLOSE_WITHIN

    @property
    def expected(self) -> str:
        """What is right, for people."""
        return f"the connection closed within {self.within:.0f} s"

    @property
    def actual(self) -> str:
        """What was seen, for people."""
        return "still open"


@dataclass(frozen=True, slots=True)
class ClosedEarly:
    """The target ended a connection that it has to leave open."""

    how: Closed

    @property
    def expected(self) -> str:
        """What is right, for people."""
        return "the connection stays open"

    @property
    def actual(self) -> str:
        """What was seen, for people."""
        return f"closed by the target ({self.how})"


@dataclass(frozen=True, slots=True)
class Gone:
    """The target did not survive the exchange.

    Attributes:
        hung: whether its process still runs, but serves nobody.
        how: exit status or signal, or what it did instead of serving.
    """

    hung: bool
    how: str

    @property
    def expected(self) -> str:
        """What is right, for people."""
        return "a server that goes on serving"

    @property
    def actual(self) -> str:
        """What happened, in one sentence that stands alone."""
        if self.hung:
            return f"The server hung after this exchange: {self.how}."
        if self.how.startswith(("exit status", "signal")):
            return f"The server ended after this exchange with {self.how}."
        return f"The server was gone after this exchange: {self.how}."


@dataclass(frozen=True, slots=True)
class Other:
    """What a check saw by means of its own.

    Attributes:
        expected: what is right, for people.
        actual: what was seen, for people.
    """

    expected: str
    actual: str


Difference: TypeAlias = WrongBody | WrongReplies | NotReplies | Unsolicited | StillOpen | ClosedEarly | Gone | Other


def readable(name: str) -> str:
    """Return a name whatever is in it: nothing that a terminal obeys or UTF-8 can't express, and not endlessly."""
    text = name if name.isprintable() else ascii(name)[1:-1]
    return text if len(text) <= _LONG_NAME else f"{text[:40]}…{text[-20:]} ({len(name)} characters)"


def show_body(name: str, body: Body | None) -> str:
    """Return in words what is stored under a name."""
    name = readable(name)
    return f"{name} not stored" if body is None else f"{name} stored ({body})"


def show_expected(expected: Expected) -> str:
    """Return in words a reply that is owed."""
    text = show_reply(expected.reply)
    if isinstance(expected.reply, Failure):
        codes = sorted({expected.reply.code.value, *(code.value for code in expected.also)})
        closing = "" if expected.any_closing else f", closing {str(expected.reply.closing).lower()}"
        text = f"error {' or '.join(codes) if len(codes) < 5 else 'of any code'}{closing}"
    return f"{text} or nothing" if expected.optional else text


def show_reply(reply: Reply) -> str:
    """Return in words a reply that came."""
    match reply:
        case Stored(filename, filesize, sha256):
            return f"ok {readable(filename)} ({filesize} bytes, sha256 {sha256[:12]}…)"
        case Failure(code, _, closing):
            return f"error {code}, closing {str(closing).lower()}"
        case Greeting():
            return "a greeting"


def _show_replies(replies: Sequence[Reply]) -> str:
    return "replies: " + (", ".join(map(show_reply, replies)) or "none")
