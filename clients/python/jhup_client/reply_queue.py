"""Whose turn it is: requests that wait for replies, and the replies as they come (REPLY-3)."""

from collections import deque
from collections.abc import Iterator
from contextlib import suppress

from jhup import Failure, Malformed, Reply, ReplyReader
from jhup_client.errors import DigestDiffers, ErrorReply, WrongReply
from jhup_client.pending import Pending

__all__ = ["ReplyQueue"]


class ReplyQueue:
    """Returns the replies of one connection to its requests.

    Attributes:
        was_spoken_to: whether the server said something that nobody had asked for. It is ignored.
    """

    def __init__(self) -> None:
        self._owed: deque[Pending] = deque()
        self._reader = ReplyReader()
        self.was_spoken_to = False

    def __iter__(self) -> Iterator[Pending]:
        return iter(self._owed)

    def first(self) -> Pending | None:
        """Return the request whose reply comes next; None when nothing is owed."""
        return self._owed[0] if self._owed else None

    def expect(self, pending: Pending) -> None:
        """Wait for one more reply; from before the first byte of its request, as it may be an early error."""
        self._owed.append(pending)

    def forget(self, pending: Pending) -> None:
        """Don't wait for the reply to a request any more, if there is one to wait for."""
        with suppress(ValueError):
            self._owed.remove(pending)

    def clear(self) -> None:
        """Wait for nothing any more."""
        self._owed.clear()

    def ended_inside(self) -> bool:
        """Return, at the end of the stream, whether it lies inside a reply."""
        return self._reader.receive_eof() is not None

    def take(self, data: memoryview) -> None:
        """Take what the server says.

        Raises:
            ErrorReply: when it says that it is about to end the connection.
            WrongReply: when what follows can't be trusted to be in step any more.
        """
        if not self._owed:
            self.was_spoken_to = True
            return
        try:
            for reply in self._reader.receive(data):
                self._assign(reply)
        except Malformed as error:
            if self._owed:
                reason = error.reason.removeprefix("not a reply: ")
                wrong = WrongReply(f"what the server sent is not a reply: {reason}", clause=error.clause)
                self._owed.popleft().outcome = wrong
                raise wrong from error

    def _assign(self, reply: Reply) -> None:
        if not self._owed:
            self.was_spoken_to = True
            return
        pending = self._owed.popleft()
        pending.accept(reply)
        if isinstance(reply, Failure) and reply.closing:
            assert isinstance(pending.outcome, ErrorReply)  # noqa: S101
            raise pending.outcome
        if isinstance(pending.outcome, WrongReply) and not isinstance(pending.outcome, DigestDiffers):
            raise pending.outcome
