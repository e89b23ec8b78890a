"""Datagram: one reply to the whole of it, and the cases where silence is right (section 10.11)."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from jhup.echo.answers import FiniteAnswers
from jhup.echo.services import Rules, Shape

__all__ = ["UDP_CARRIES", "DatagramAnswers", "Silence"]

UDP_CARRIES: Final = 65_507  # bytes that UDP over IPv4 carries at most: 65,535 less two headers of 20 and 8


class Silence(StrEnum):
    """Whether a datagram may stay unanswered, losses by the transport apart."""

    WRONG = "wrong"
    ALLOWED = "allowed"
    REQUIRED = "required"

    @property
    def line(self) -> str:
        """What it means, for people."""
        return _SILENCE_LINES[self]


_SILENCE_LINES: Final = {
    Silence.WRONG: "an answer is owed",
    Silence.ALLOWED: "an answer and no answer are both right",
    Silence.REQUIRED: "no answer is right",
}


@dataclass(frozen=True, slots=True)
class DatagramAnswers(FiniteAnswers):
    """The right answers to one datagram.

    `members` is empty where `silence` is REQUIRED; then `contains` is False for every answer, and there is no nearest.

    Attributes:
        data: the datagram that was sent.
        rules: what the server is.
        carries: the most bytes that the transport carries in one datagram (ECHO-62).
    """

    data: bytes
    rules: Rules
    carries: int = UDP_CARRIES

    @property
    def name(self) -> bytes | None:
        """The worker's name when it is known in advance; elsewhere each datagram may have another."""
        return self.rules.name

    @property
    def over_long(self) -> bool:
        """Whether the datagram is longer than the limit (ECHO-59)."""
        return len(self.data) > self.rules.limit(Shape.DATAGRAM)

    @property
    def silence(self) -> Silence:
        """Whether the server may, or must, leave it unanswered (ECHO-52, ECHO-58, ECHO-59, ECHO-62)."""
        lengths = [len(member) for member in self.members(self.name or b"-")]
        if not lengths:
            return Silence.REQUIRED
        return Silence.ALLOWED if self.over_long or max(lengths) > self.carries else Silence.WRONG

    def members(self, name: bytes) -> Iterator[bytes]:
        """List the right answers, the one to the whole first."""
        messages = [self.data, self.data[: self.rules.limit(Shape.DATAGRAM)]] if self.over_long else [self.data]
        for message in messages:
            reply = self.rules.reply(message, name=name)
            if reply is not None:
                yield reply

    def closest(self, answer: bytes) -> bytes:
        """Return the answer itself when it is a member, else a member that agrees with it longest.

        Raises:
            ValueError: when there is no right answer, because silence is required.
        """
        if self.silence is Silence.REQUIRED:
            raise ValueError("no answer is right: the datagram is not ASCII, and a worker leaves it unanswered")
        return super(DatagramAnswers, self).closest(answer)

    def is_prefix_of_member(self, answer: bytes) -> bool:
        """Tell whether an answer is right: a datagram is never cut short by the transport."""
        return self.contains(answer)
