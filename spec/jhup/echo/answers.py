"""Sets of right answers: what they have in common, and the ones that can be listed.

A server may often give one of many right answers, because a stream may be cut anywhere. A set of them is a pure
function of the bytes that were sent and of what the server is (`jhup.echo.services.Rules`). It can be asked three
things: whether an answer is in it; whether an answer could have been in it before a reset cut it short (section
10.10); and which member comes nearest to a wrong answer, for the report about it.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass

from jhup.echo.services import WORKER_NAME

__all__ = ["Answers", "FiniteAnswers", "Nearest", "agreement", "worker_name"]

_SHOWN = 24  # bytes of a long answer that a report shows around the first difference


@dataclass(frozen=True, slots=True, kw_only=True)
class Nearest:
    """The right answer that agrees longest with an answer, and where they part.

    Attributes:
        answer: what was asked about.
        member: a right answer; the answer itself, when that is one.
        at: index of the first byte that differs, or that only one of them has; None when they are equal.
    """

    answer: bytes
    member: bytes
    at: int | None

    @property
    def expected(self) -> int | None:
        """The byte that the member has at the first difference; None when it has ended there."""
        return None if self.at is None or self.at >= len(self.member) else self.member[self.at]

    @property
    def actual(self) -> int | None:
        """The byte that the answer has at the first difference; None when it has ended there."""
        return None if self.at is None or self.at >= len(self.answer) else self.answer[self.at]

    def __str__(self) -> str:
        if self.at is None:
            return f"a right answer of {len(self.answer)} bytes"
        return (
            f"byte {self.at}: expected {_show(self.expected)}, got {_show(self.actual)}; "
            f"nearest right answer, {len(self.member)} bytes: {self._around(self.member)}; "
            f"answer, {len(self.answer)} bytes: {self._around(self.answer)}"
        )

    def _around(self, text: bytes) -> str:
        """Show the bytes of a text around the first difference."""
        start = max(0, (self.at or 0) - _SHOWN)
        stop = (self.at or 0) + _SHOWN
        return f"{'…' if start else ''}{text[start:stop]!r}{'…' if stop < len(text) else ''}"


class Answers(ABC):
    """A set of right answers. It has at least one member."""

    @abstractmethod
    def closest(self, answer: bytes) -> bytes:
        """Return the answer itself when it is a member, else a member that agrees with it longest from the start."""

    def contains(self, answer: bytes) -> bool:
        """Tell exactly whether an answer is right."""
        return self.closest(answer) == answer

    def is_prefix_of_member(self, answer: bytes) -> bool:
        """Tell exactly whether an answer is the beginning of a right one, the whole of it included.

        That is how a reset may leave it (section 10.10), and how it must look at any time while it is being received:
        an answer that is no such beginning for the bytes sent so far came too early (ECHO-33) or is wrong.
        """
        return self.closest(answer).startswith(answer)

    def nearest(self, answer: bytes) -> Nearest:
        """Return the member that agrees longest with an answer, and the first difference."""
        member = self.closest(answer)
        return Nearest(answer=answer, member=member, at=None if member == answer else agreement(member, answer))


class FiniteAnswers(Answers):
    """A set that can be listed once the worker's name is known, which the answer itself tells."""

    @abstractmethod
    def members(self, name: bytes) -> Iterable[bytes]:
        """List the members, the likeliest first.

        Args:
            name: the worker's name; of no account for the other services.
        """

    @property
    def name(self) -> bytes | None:
        """The worker's name when it is known in advance."""
        return None

    def contains(self, answer: bytes) -> bool:
        """Tell exactly whether an answer is right."""
        return any(member == answer for member in self.members(self.name or worker_name(answer)))

    def closest(self, answer: bytes) -> bytes:
        """Return the answer itself when it is a member, else a member that agrees with it longest.

        Of several the one whose length differs least from the answer's is chosen.
        """
        members = self.members(self.name or worker_name(answer))
        return max(members, key=lambda member: (agreement(member, answer), -abs(len(member) - len(answer))))


def agreement(one: bytes, other: bytes) -> int:
    """Count the bytes from the beginning in which two byte strings agree."""
    low, high = 0, min(len(one), len(other))
    if one[:high] == other[:high]:
        return high
    while low + 1 < high:  # one[:low] agrees, one[:high] does not
        middle = (low + high) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle
    return low


def worker_name(answer: bytes, *, otherwise: bytes = b"worker") -> bytes:
    """Read the worker's name off an answer (ECHO-19, ECHO-20): it ends at the first colon, for it can't hold one.

    The answers with any other name part from this one earlier. The answer needn't be a right one, or whole: what can
    be a name at its beginning is taken for the name.

    Args:
        answer: what a worker sent, or the beginning of it.
        otherwise: the name to use when the answer begins with nothing that can be one.
    """
    found = WORKER_NAME.match(answer)
    return found[0] if found else otherwise


def _show(byte: int | None) -> str:
    """Show a byte for people; None is the end."""
    if byte is None:
        return "the end"
    return f"{byte:02X} ({chr(byte)})" if 0x21 <= byte <= 0x7E else f"{byte:02X}"
