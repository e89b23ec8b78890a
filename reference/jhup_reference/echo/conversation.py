"""What an echo server says to the bytes of one connection, for each shape of a stream (sections 10.7 to 10.9).

No socket, clock or thread: the owner of the connection hands bytes in and sends what comes out. None of the shapes
keeps more than its limit and the reply that is on its way.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from types import MappingProxyType
from typing import Final, TypeAlias

from jhup.echo import Shape

__all__ = ["Conversation", "Reply", "begin_conversation"]

Reply: TypeAlias = Callable[[bytes], bytes | None]
"""Returns the reply to a message; None where there is none, and the conversation is over (ECHO-22, ECHO-23)."""


class Conversation(ABC):
    """One connection.

    Args:
        reply: what the service makes of a message.
        limit: the most bytes that are taken as one message, and wanted at a time.
    """

    def __init__(self, reply: Reply, limit: int) -> None:
        self._reply = reply
        self.limit = limit
        self._closing = False

    @property
    def closing(self) -> bool:
        """Whether all is said, so that the connection shall be closed."""
        return self._closing

    @abstractmethod
    def receive(self, data: bytes) -> Iterator[bytes]:
        """Take what arrived and say what is to be sent for it, piece by piece (ECHO-46).

        Args:
            data: one byte at least; what follows the end of the conversation is left alone.
        """

    def receive_eof(self) -> Iterator[bytes]:
        """Take the end of the stream and say what is to be sent for it."""
        yield from ()

    def _answer(self, message: bytes) -> Iterator[bytes]:
        reply = self._reply(message)
        if reply is None:
            self._closing = True
        else:
            yield reply


class _OneShot(Conversation):
    """Answers the first bytes that arrive."""

    def receive(self, data: bytes) -> Iterator[bytes]:
        yield from self._answer(data[: self.limit])  # ECHO-25, ECHO-26
        self._closing = True  # ECHO-27, ECHO-28

    def receive_eof(self) -> Iterator[bytes]:
        if not self._closing:
            yield from self.receive(b"")  # ECHO-29


class _Session(Conversation):
    """Answers each segment; its end is answered by nothing (ECHO-34)."""

    def receive(self, data: bytes) -> Iterator[bytes]:
        for start in range(0, len(data), self.limit):
            yield from self._answer(data[start : start + self.limit])  # ECHO-30, ECHO-31
            if self._closing:  # ECHO-36
                return


class _Line(Conversation):
    """Answers each line, or the first."""

    def __init__(self, reply: Reply, limit: int, *, one_shot: bool = False) -> None:
        super().__init__(reply, limit)
        self._one_shot = one_shot
        self._line = bytearray()

    def receive(self, data: bytes) -> Iterator[bytes]:
        start = 0
        while not self._closing and (end := data.find(b"\n", start) + 1):  # ECHO-39
            self._line += data[start:end]
            start = end
            yield from self._end_line()
        if not self._closing:
            self._line += data[start:]
            self._closing = self._is_over_long()

    def receive_eof(self) -> Iterator[bytes]:
        if self._line and not self._closing:  # ECHO-40, ECHO-43; a one-shot server without a line says nothing either
            yield from self._end_line()

    def _end_line(self) -> Iterator[bytes]:
        if self._is_over_long():
            self._closing = True  # ECHO-45: nobody shall take the reply to a part for the reply to the whole
            return
        line = bytes(self._line)
        self._line.clear()
        yield from self._answer(line)  # ECHO-38, ECHO-41
        self._closing = self._closing or self._one_shot  # ECHO-44

    def _is_over_long(self) -> bool:
        return len(self._line) > self.limit


_SHAPES: Final[Mapping[Shape, Callable[[Reply, int], Conversation]]] = MappingProxyType(
    {
        Shape.ONE_SHOT: _OneShot,
        Shape.SESSION: _Session,
        Shape.LINE: _Line,
        Shape.LINE_ONE_SHOT: partial(_Line, one_shot=True),
    }
)


def begin_conversation(shape: Shape, reply: Reply, limit: int) -> Conversation:
    """Begin the conversation of one connection.

    Args:
        shape: of a stream.
        reply: what the service makes of a message.
        limit: the most bytes that are taken as one message, at least 1.

    Raises:
        ValueError: when the shape isn't one of a stream.
    """
    if shape not in _SHAPES:
        raise ValueError(f"no connection has the shape {shape}")
    return _SHAPES[shape](reply, limit)
