"""Line: the replies to all lines, or to the first (section 10.9)."""

from collections.abc import Iterator
from dataclasses import dataclass

from jhup.echo.answers import FiniteAnswers
from jhup.echo.formats import Lines
from jhup.echo.services import Rules, Shape

__all__ = ["LineAnswers"]


@dataclass(frozen=True, slots=True)
class LineAnswers(FiniteAnswers):
    """The right answers of a line server: one, but for the cases that section 10.9 names.

    Attributes:
        data: the bytes that were sent.
        rules: what the server is.
        one_shot: whether it answers the first line only (ECHO-44).
        ended: whether the client has given end of stream; only then is an unended last line answered (ECHO-40,
            ECHO-42).
    """

    data: bytes
    rules: Rules
    one_shot: bool = False
    ended: bool = True

    @property
    def name(self) -> bytes | None:
        """The worker's name when it is known in advance."""
        return self.rules.name

    def lines(self) -> list[bytes]:
        """Cut the data after each 0A, and leave out a last line that isn't one yet (ECHO-39, ECHO-40)."""
        lines = list[bytes](Lines.parse(self.data))
        if lines and not self.ended and not lines[-1].endswith(b"\n"):
            lines.pop()
        return lines[:1] if self.one_shot else lines

    def members(self, name: bytes) -> Iterator[bytes]:
        """List the right answers, the one to all lines first."""
        stops: list[bytes] = []
        answer = b""
        for line in self.lines():
            if len(line) > self.rules.limit(Shape.LINE):
                stops.append(answer)  # ECHO-45: the connection may be closed here
            reply = self.rules.reply(line, name=name)
            if reply is None:
                break  # ECHO-22, ECHO-36: nothing more; ECHO-37: earlier replies stand
            answer += reply
        yield answer
        yield from reversed(stops)
        if self.one_shot and self.ended and not self.data:
            yield self.rules.reply(b"", name=name) or b""  # either, section 10.9
