"""The steps of a script: what one of its connections sends next, after what it has begun."""

from dataclasses import dataclass, replace
from typing import Self

from jhup_conformance.verify.requests import raw
from jhup_conformance.verify.stream import End, Stream
from jhup_conformance.wire.line import Line

__all__ = ["Peer", "Step"]


@dataclass(frozen=True, slots=True)
class Step:
    """What is sent on one connection in one step.

    Attributes:
        peer: the connection.
        stream: what is sent; its names are filled in already.
        note: what it is, for people.
        under_way: what was sent of a request that is not complete after it.
        rest: what is then left to be sent of it.
    """

    peer: "Peer"
    stream: Stream
    note: str
    under_way: bytes = b""
    rest: bytes = b""

    def __str__(self) -> str:
        end = self.stream.end
        return f"#{self.peer.number} {self.note}" + ("" if end is End.HOLD else f", then {end}")


@dataclass(eq=False, slots=True)
class Peer:
    """One connection of a script; as a context it is let go of in the end.

    Attributes:
        number: what the findings call it.
        line: the connection.
        under_way: what was sent of a request that is not complete.
        rest: what has still to be sent of it.
        used: whether a step has sent something on it.
    """

    number: int
    line: Line
    _present: list["Peer"]
    under_way: bytes = b""
    rest: bytes = b""
    used: bool = False

    def sends(self, stream: Stream, note: str = "") -> Step:
        """Return the step of sending a stream, after what is left of a request that was begun."""
        if stream.placeholders():
            raise ValueError("a script is about names that are known: fill them in from judge.names")
        if self.rest:
            stream = replace(raw(self.rest + stream.data), end=stream.end)
        return Step(self, stream, note or f"sends {stream}")

    def begins(self, stream: Stream, count: int) -> Step:
        """Return the step of sending the first bytes of a stream; all but the last ones where negative."""
        begun = stream.first(count)
        note = f"sends {len(begun)} of {len(stream)} bytes"
        return Step(self, begun, note, begun.data, stream.data[len(begun) :])

    def begins_half(self, stream: Stream) -> Step:
        """Return the step of sending a put up to the middle of its body."""
        return self.begins(stream, -((len(stream) - stream.body().start + 1) // 2))

    def goes_on(self, count: int) -> Step:
        """Return the step of sending more bytes of what was begun, and not all."""
        data, rest = self.rest[:count], self.rest[count:]
        return Step(self, raw(data), f"sends {len(data)} bytes more", self.under_way + data, rest)

    def completes(self) -> Step:
        """Return the step of sending what is left of what was begun."""
        return Step(self, raw(self.rest), "sends the rest")

    def ends(self, end: End) -> Step:
        """Return the step of ending the stream."""
        return Step(self, Stream(end=end), "sends no more")

    def leave(self) -> None:
        """Let go of the connection."""
        self.line.drop()
        if self in self._present:
            self._present.remove(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()
