"""One-shot: the replies to the non-empty prefixes of what was sent (section 10.7)."""

from collections.abc import Iterator
from dataclasses import dataclass

from jhup.echo.answers import FiniteAnswers
from jhup.echo.services import Rules, Shape

__all__ = ["OneShotAnswers"]


@dataclass(frozen=True, slots=True)
class OneShotAnswers(FiniteAnswers):
    """The right answers of a one-shot server: { reply(d[:k]) : 1 <= k <= min(limit, length of d) } (ECHO-26).

    Attributes:
        data: the bytes that were sent, d.
        rules: what the server is.
        ended: whether the client has given end of stream; it matters when d is empty (ECHO-29, ECHO-46).
    """

    data: bytes
    rules: Rules
    ended: bool = True

    @property
    def name(self) -> bytes | None:
        """The worker's name when it is known in advance."""
        return self.rules.name

    def members(self, name: bytes) -> Iterator[bytes]:
        """List the right answers, the one to the longest prefix first; one may come more than once."""
        if not self.data:
            yield (self.rules.reply(b"", name=name) or b"") if self.ended else b""
            return
        for length in range(min(self.rules.limit(Shape.ONE_SHOT), len(self.data)), 0, -1):
            # ECHO-22: where a worker owes no reply the connection ends without one
            yield self.rules.reply(self.data[:length], name=name) or b""
