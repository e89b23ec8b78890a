"""An incremental reader of replies: the client's side of `jhup.reader` (section 8.1)."""

from collections.abc import Iterator

from jhup.errors import Malformed, Truncated
from jhup.formats import prefix_fault
from jhup.limits import HEADER_CEILING, PREFIX_SIZE
from jhup.messages import Reply
from jhup.objects import load_object
from jhup.replies import read_reply

__all__ = ["ReplyReader"]


class ReplyReader:
    """Reads the replies of one connection. Keeps no more than one incomplete reply."""

    __slots__ = ("_pending",)

    def __init__(self) -> None:
        self._pending = bytearray()

    def receive(self, data: bytes | bytearray | memoryview) -> Iterator[Reply]:
        """Take the bytes of a segment and give the replies that they complete, in order.

        Raises:
            Malformed: when the bytes are no reply (REPLY-4, REPLY-6, REPLY-12, REPLY-14, or the clause that a header
                breaks); the stream can't be read any further.
        """
        self._pending += data
        while (header := self._next_header()) is not None:
            yield read_reply(load_object(header))

    def _next_header(self) -> bytes | None:
        if len(self._pending) < PREFIX_SIZE:
            return None
        length = int.from_bytes(self._pending[:PREFIX_SIZE], "little", signed=True)
        if fault := prefix_fault(length, HEADER_CEILING):
            raise Malformed(fault.clause, f"not a reply: {fault.reason}")
        end = PREFIX_SIZE + length
        if len(self._pending) < end:
            return None
        header = bytes(self._pending[PREFIX_SIZE:end])
        del self._pending[:end]
        return header

    def receive_eof(self) -> Truncated | None:
        """Take the end of the stream: an error when it lies inside a reply."""
        if not self._pending:
            return None
        return Truncated("REPLY-4", f"the stream ended {len(self._pending)} bytes into a reply")
