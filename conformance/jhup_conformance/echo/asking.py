"""What is said to an echo server, and how what comes back differs from every right answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from jhup.echo import Answers, FiniteAnswers, Rules, Shape, worker_name
from jhup_conformance.differences import Difference, Other
from jhup_conformance.verify.stream import End
from jhup_conformance.wire.dump import show_bytes
from jhup_conformance.wire.network import Clock
from jhup_conformance.wire.transcript import Transcript

__all__ = ["CONTENT", "Ask", "Breach", "Mismatch", "Tried", "Wire", "compare", "is_whole"]


class Breach(StrEnum):
    """In which way something is no right answer."""

    NOTHING = "nothing came"
    SHORT = "the beginning of a right answer, and no more"
    WRONG = "no right answer, nor the beginning of one"
    EXTRA = "a right answer, and something after it"
    OPEN = "the connection is still open"
    TWICE = "more than one datagram came back"
    ELSEWHERE = "the answer came from another address"
    ASTRAY = "the answer went to somebody else"


CONTENT: Final = frozenset({Breach.NOTHING, Breach.SHORT, Breach.WRONG, Breach.EXTRA})
"""The breaches that the bytes of an answer show."""


@dataclass(frozen=True, slots=True)
class Ask:
    """Bytes to be said: all of one connection, or one datagram.

    Attributes:
        data: the bytes.
        cuts: positions before which a new segment begins; a datagram has none.
        end: what follows the last byte on a stream.
        must_close: whether the target has to close the connection, and is waited for.
        pause: seconds between segments; None for as long as the target's pace asks.
    """

    data: bytes
    cuts: tuple[int, ...] = ()
    end: End = End.HOLD
    must_close: bool = False
    pause: float | None = None

    @property
    def ended(self) -> bool:
        """Whether the target is given end of stream."""
        return self.end is not End.HOLD


@dataclass(frozen=True, slots=True)
class Mismatch:
    """How something differs from every right answer.

    Attributes:
        breach: in which way.
        expected: the set that it should have been in, with its nearest member.
        actual: what came.
        timed_out: whether more may still have come.
    """

    breach: Breach
    expected: str
    actual: str
    timed_out: bool = False


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of an ask.

    Attributes:
        ask: what was said.
        answer: the bytes that came back.
        mismatch: what is wrong with it, if anything is.
        transcript: the record.
        lost: whether a reset may have taken the answer, or a part of it, which is nobody's fault.
    """

    ask: Ask
    answer: bytes
    mismatch: Mismatch | None
    transcript: Transcript
    lost: bool = False

    @property
    def attempt(self) -> Ask:
        """What was tried."""
        return self.ask

    @property
    def points(self) -> tuple[Difference, ...]:
        """In which point the answer differs from every right one."""
        return (Other(self.mismatch.expected, self.mismatch.actual),) if self.mismatch else ()

    @property
    def timed_out(self) -> bool:
        """Whether more may still have come."""
        return self.mismatch is not None and self.mismatch.timed_out


class Wire(Protocol):
    """Says things to the target; streams and datagrams are the two ways."""

    executions: int

    @property
    def clock(self) -> Clock:
        """The clock that all waiting goes by."""

    @property
    def shape(self) -> Shape:
        """How the server cuts what it receives into messages."""

    @property
    def rules(self) -> Rules:
        """By which it answers."""

    def run(self, asks: Sequence[Ask], *, patience: float) -> list[Tried]:
        """Try some asks at the same time, each with an own connection or socket."""

    def right(self, ask: Ask) -> Answers:
        """Return the right answers to an ask."""


def is_whole(answers: Answers, received: bytes) -> bool:
    """Tell whether nothing is left to wait for: a right answer, to all that was said."""
    if isinstance(answers, FiniteAnswers):
        name = answers.name or worker_name(received)
        return next(iter(answers.members(name)), None) == received
    return answers.contains(received)


def compare(ask: Ask, answers: Answers, received: bytes, shape: Shape, *, timed_out: bool) -> Mismatch | None:
    """Compare what was received with the right answers; None where it is one."""
    if answers.contains(received):
        return None
    nearest = answers.nearest(received)
    return Mismatch(
        _breach(answers, received),
        f"{_SETS[shape]} {show_bytes(ask.data)}{' and end of stream' if ask.ended else ''}; "
        f"the nearest is {show_bytes(nearest.member) or 'the empty answer'}",
        (show_bytes(received) or "nothing") + (f", which differs in {_place(nearest.at)}" if received else ""),
        timed_out=timed_out,
    )


def _breach(answers: Answers, received: bytes) -> Breach:
    if not received:
        return Breach.NOTHING
    if answers.is_prefix_of_member(received):
        return Breach.SHORT
    member = answers.closest(received)
    return Breach.EXTRA if member and received.startswith(member) else Breach.WRONG


def _place(index: int | None) -> str:
    return f"byte {index}"


_SETS: Final = {
    Shape.ONE_SHOT: "the reply to one of the non-empty prefixes (up to the limit) of",
    Shape.SESSION: "the replies to all segments of some cutting of",
    Shape.LINE: "the replies to all lines of",
    Shape.LINE_ONE_SHOT: "the reply to the first line of",
    Shape.DATAGRAM: "the reply to the whole of",
}
