"""An incremental reader of requests: bytes in as they come, events out (chapters 2, 3 and 6).

It does no input or output and keeps no more than one incomplete prefix and header. Bodies pass through as views of
the caller's own buffer. Whatever the segmentation, the same stream gives the same requests and the same bodies.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from struct import Struct
from typing import Final, TypeAlias

from jhup.errors import LocalError, Malformed, Truncated
from jhup.formats import prefix_fault
from jhup.limits import HEADER_CEILING, MAX_HEADER, MIN_HEADER, PREFIX_SIZE
from jhup.messages import Put, Request
from jhup.objects import load_object
from jhup.requests import read_request

__all__ = [
    "TRANSITIONS",
    "BodyRead",
    "Broken",
    "Event",
    "HeaderRead",
    "Input",
    "PutRead",
    "Reader",
    "State",
    "StreamEnded",
]


@dataclass(frozen=True, slots=True)
class HeaderRead:
    """A whole header was read. For a `Put`, its body follows; any other request is complete."""

    request: Request


@dataclass(frozen=True, slots=True)
class BodyRead:
    """The next bytes of the body: a view of the caller's buffer, valid until the next call of the reader."""

    data: memoryview


@dataclass(frozen=True, slots=True)
class PutRead:
    """The body of the last put is complete (STORE-1)."""


@dataclass(frozen=True, slots=True)
class Broken:
    """The stream can't be read any further; all later bytes are dropped (ERR-2)."""

    error: Malformed


@dataclass(frozen=True, slots=True)
class StreamEnded:
    """End of stream or reset: between requests (`error` is None), or inside one (ERR-6)."""

    error: Truncated | None


Event: TypeAlias = HeaderRead | BodyRead | PutRead | Broken | StreamEnded


class State(Enum):
    """What the reader waits for."""

    PREFIX = auto()
    HEADER = auto()
    BODY = auto()
    BROKEN = auto()
    CLOSED = auto()


class Input(Enum):
    """What may happen to a stream, as far as the reader's state is concerned."""

    PREFIX = auto()
    HEADER = auto()
    PUT_HEADER = auto()
    BODY_END = auto()
    FAULT = auto()
    END = auto()


TRANSITIONS: Final[dict[State, dict[Input, State]]] = {
    State.PREFIX: {Input.PREFIX: State.HEADER, Input.FAULT: State.BROKEN, Input.END: State.CLOSED},
    State.HEADER: {
        Input.HEADER: State.PREFIX,
        Input.PUT_HEADER: State.BODY,
        Input.FAULT: State.BROKEN,
        Input.END: State.CLOSED,
    },
    State.BODY: {Input.BODY_END: State.PREFIX, Input.END: State.CLOSED},
    State.BROKEN: {Input.END: State.CLOSED},
    State.CLOSED: {},
}
"""The whole state machine; a missing cell can't happen to a stream that `receive_eof` ends once."""

_PUT_READ: Final = PutRead()
_INT32: Final = Struct("<i").unpack_from  # what jhup.formats.Prefix declares

# The table's cells by name: looking them up for each of thousands of small requests would cost more than reading them.
_PREFIX, _BODY, _BROKEN, _CLOSED = State.PREFIX, State.BODY, State.BROKEN, State.CLOSED
_AFTER_PREFIX: Final = TRANSITIONS[State.PREFIX][Input.PREFIX]
_AFTER_HEADER: Final = TRANSITIONS[State.HEADER][Input.HEADER]
_AFTER_PUT_HEADER: Final = TRANSITIONS[State.HEADER][Input.PUT_HEADER]
_AFTER_BODY: Final = TRANSITIONS[State.BODY][Input.BODY_END]


class Reader:
    """Reads one direction of one connection.

    Args:
        max_header: limit of a header in bytes, 65,536 to 1,048,576 (FRAME-12, FRAME-13).

    Raises:
        LocalError: when ``max_header`` is outside that range.
    """

    __slots__ = ("_body_due", "_max_header", "_pending", "_state", "_wanted")

    def __init__(self, *, max_header: int = MAX_HEADER) -> None:
        if not MAX_HEADER <= max_header <= HEADER_CEILING:
            raise LocalError("FRAME-13", f"max_header is {max_header}, not {MAX_HEADER} to {HEADER_CEILING}")
        self._max_header = max_header
        self._state = _PREFIX
        self._pending = bytearray()
        """The bytes of an incomplete prefix, or of an incomplete header."""
        self._wanted = PREFIX_SIZE
        """How many bytes the prefix or header has that is being read."""
        self._body_due = 0

    @property
    def state(self) -> State:
        """What the reader waits for."""
        return self._state

    @property
    def body_due(self) -> int:
        """How many bytes of the body under way are still to come; 0 outside bodies."""
        return self._body_due

    def receive(self, data: bytes | bytearray | memoryview) -> Iterator[Event]:
        """Take the bytes of a segment and give what they complete, in order.

        The iterator has to be exhausted before the next call and before the buffer is used again.

        Args:
            data: the bytes received; one byte or a megabyte. Not empty: the end of a stream is `receive_eof`.

        Raises:
            LocalError: after `receive_eof`.
        """
        if self._state is _CLOSED:
            raise LocalError("FRAME-1", "bytes after the end of the stream")
        view = memoryview(data)
        at, end = 0, len(view)
        while at < end:
            if self._state is _BODY:
                count = min(self._body_due, end - at)
                self._body_due -= count
                yield BodyRead(view[at : at + count])
                at += count
                if not self._body_due:
                    self._state, self._wanted = _AFTER_BODY, PREFIX_SIZE
                    yield _PUT_READ
                continue
            if self._state is _BROKEN:
                return
            if header_end := self._whole_header(view, at):
                whole = bytes(view[at + PREFIX_SIZE : header_end])
                at = header_end
            else:
                count = min(self._wanted - len(self._pending), end - at)
                self._pending += view[at : at + count]
                at += count
                if len(self._pending) < self._wanted:
                    return
                whole = bytes(self._pending)
                self._pending.clear()
                if self._state is _PREFIX:
                    if fault := self._read_prefix(whole):
                        yield fault
                        return
                    continue
            event = self._read_header(whole)
            yield event
            if type(event) is HeaderRead and type(event.request) is Put and not event.request.filesize:
                yield _PUT_READ

    def body_moved(self, count: int) -> PutRead | None:
        """Say that bytes of the body went from the stream to their place without passing through `receive`.

        Args:
            count: how many, at most `body_due`.

        Returns:
            The event that the body is complete, if it is.

        Raises:
            LocalError: when that is more than what is due, or no body is under way.
        """
        if self._state is not _BODY or not 0 <= count <= self._body_due:
            raise LocalError("FRAME-7", f"{count} bytes moved of a body of which {self._body_due} are due")
        self._body_due -= count
        if self._body_due:
            return None
        self._state, self._wanted = _AFTER_BODY, PREFIX_SIZE
        return _PUT_READ

    def receive_eof(self) -> StreamEnded:
        """Take the end of the stream, or its reset.

        Raises:
            LocalError: when it was called before.
        """
        if self._state is _CLOSED:
            raise LocalError("FRAME-1", "the stream ended twice")
        error = self._truncation()
        self._enter(Input.END)
        return StreamEnded(error)

    def _truncation(self) -> Truncated | None:
        if self._state is _BODY:
            return Truncated("ERR-6", f"the stream ended {self._body_due} bytes before the end of a body")
        if self._state is State.HEADER:
            missing = self._wanted - len(self._pending)
            return Truncated("ERR-6", f"the stream ended {missing} bytes before the end of a header")
        if self._state is _PREFIX and self._pending:
            return Truncated("ERR-6", f"the stream ended after {len(self._pending)} of the 4 bytes of a prefix")
        return None

    def _enter(self, happened: Input) -> None:
        self._state = TRANSITIONS[self._state][happened]

    def _whole_header(self, view: memoryview, at: int) -> int:
        """Tell where the header ends whose prefix begins here, if the segment holds both whole; 0 if not.

        This is the usual case, and is read in one step; all others, bad prefixes among them, take two.
        """
        if self._pending or self._state is not _PREFIX or len(view) - at < PREFIX_SIZE:
            return 0
        (length,) = _INT32(view, at)
        header_end = at + PREFIX_SIZE + length
        return header_end if MIN_HEADER <= length <= self._max_header and header_end <= len(view) else 0

    def _read_prefix(self, prefix: bytes) -> Broken | None:
        length = int.from_bytes(prefix, "little", signed=True)  # FRAME-1
        if fault := prefix_fault(length, self._max_header):
            self._enter(Input.FAULT)
            return Broken(fault)
        self._state, self._wanted = _AFTER_PREFIX, length
        return None

    def _read_header(self, header: bytes) -> HeaderRead | Broken:
        try:
            # The declared format is jhup.formats.RequestHeader; this is what it calls, without its overhead.
            request = read_request(load_object(header))
        except Malformed as error:
            self._enter(Input.FAULT)
            return Broken(error)
        if type(request) is not Put:
            self._state, self._wanted = _AFTER_HEADER, PREFIX_SIZE
        elif request.filesize:
            self._state, self._body_due = _AFTER_PUT_HEADER, request.filesize
        else:  # an empty body ends where it begins
            self._state, self._wanted = _AFTER_BODY, PREFIX_SIZE
        return HeaderRead(request)
