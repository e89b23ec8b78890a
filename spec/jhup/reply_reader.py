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

    __slots__ = ("_error", "_pending")

    def __init__(self) -> None:
        self._pending = bytearray()
        self._error: Malformed | None = None

    def receive(self, data: bytes | bytearray | memoryview) -> Iterator[Reply]:
        """Take the bytes of a segment and give the replies that they complete, in order.

        Raises:
            Malformed: when the bytes are no frame of a reply (REPLY-4) or its members are wrong (REPLY-6, REPLY-12,
                REPLY-14); and again at every later call, because the stream can't be read any further.
        """
        if self._error:
            raise self._error
        self._pending += data
        try:
            while (header := self._next_header()) is not None:
                yield read_reply(_members(header))
        except Malformed as error:
            self._error = error
            self._pending.clear()
            raise

    def _next_header(self) -> bytes | None:
        if len(self._pending) < PREFIX_SIZE:
            return None
        length = int.from_bytes(self._pending[:PREFIX_SIZE], "little", signed=True)
        if fault := prefix_fault(length, HEADER_CEILING):
            raise _no_reply(fault)
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


def _members(header: bytes) -> dict[str, object]:
    try:
        return load_object(header)
    except Malformed as fault:
        raise _no_reply(fault) from None


def _no_reply(fault: Malformed) -> Malformed:
    """Say that a server broke REPLY-4: the clauses on headers and prefixes tell servers how to read requests."""
    return Malformed("REPLY-4", f"not a reply: {fault.reason}")
