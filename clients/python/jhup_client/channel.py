"""Moving bytes both ways at once, with bounded waits (section 9.2)."""

import os
import selectors
import socket
import ssl
import time
from collections.abc import Callable
from enum import Enum, auto
from functools import partial
from typing import Final, TypeVar

from jhup_client.errors import ConnectionLost, Fault
from jhup_client.options import Timeouts
from jhup_client.transport import Transport, unacknowledged

__all__ = ["Channel", "Waited"]

_RECEIVE: Final = 64 * 1024
"""Bytes received at a time. Replies are small; a server that says more than that without being asked is discarded."""

_READS: Final = 16
"""Receive operations in a row, so that a server that never stops talking does not keep us from anything else."""

_GLANCE: Final = 0.02
"""Seconds between two looks at what no event announces: how much is still on its way."""

_NAP: Final = 0.5
"""Seconds that one wait of the operating system may take. An interrupt that arrives between the interpreter's last look
at signals and the wait doesn't end the wait; so it is heard after it."""

_REPLY_BOUND: Final = 10
"""How many times its time-out a reply may take although something moves all the while."""


_Result = TypeVar("_Result")


class Waited(Enum):
    """How a wait for the server's words ended."""

    DONE = auto()
    ENDED = auto()
    TIMED_OUT = auto()


class Channel:
    """One connection. While it waits for anything it reads, so that neither side waits for the other (CLIENT-12).

    Attributes:
        ended: whether the server's end of stream was seen.
    """

    def __init__(self, transport: Transport, timeouts: Timeouts, take: Callable[[memoryview], None]) -> None:
        """Use a connected transport.

        Args:
            transport: from `jhup_client.dial`.
            timeouts: the bounds of the waits.
            take: is given what the server says, as it comes. It may raise to end what is under way.
        """
        self._transport = transport
        self._timeouts = timeouts
        self._take = take
        self._incoming = memoryview(bytearray(_RECEIVE))
        self._received = 0
        self._may_have_more = False
        self._is_half_closed = False
        self._selector = selectors.DefaultSelector()
        self._selector.register(transport.socket, selectors.EVENT_READ)
        self.ended = False

    @property
    def can_send_files(self) -> bool:
        """Whether `write_file` may be tried."""
        return self._transport.can_send_files

    def write(self, data: memoryview) -> None:
        """Write all of the bytes.

        Raises:
            ConnectionLost: reset, closed, or nothing taken for ``timeouts.stall`` seconds (CLIENT-13, CLIENT-14).
        """
        patience = _Patience(self._transport.socket, self._timeouts.stall)
        written = 0
        while written < len(data):
            count = self._guarded(partial(self._transport.send, data[written:]))
            if count:
                written += count
                patience.renew()
            else:
                self._wait_to_send(patience)

    def write_file(self, descriptor: int, offset: int, count: int) -> int:
        """Write some bytes of a file without reading them here.

        Returns:
            How many, at least 1; or 0 at the end of the file.

        Raises:
            ConnectionLost: as `write`.
            SendfileUnavailable: when that isn't possible; nothing was written.
        """
        patience = _Patience(self._transport.socket, self._timeouts.stall)
        send = partial(self._transport.send_file, descriptor, offset, count)
        while (sent := self._guarded(send)) is None:
            self._wait_to_send(patience)
        return sent

    def look(self) -> None:
        """Take what has come, without waiting.

        Raises:
            ConnectionLost: when the server has closed or reset the connection.
        """
        self._read()
        if self.ended:
            raise self._closed_early()

    def read_until(self, done: Callable[[], bool]) -> Waited:
        """Take what comes until it is enough, within ``timeouts.reply`` seconds, renewed by progress (CLIENT-11).

        Raises:
            ConnectionLost: when the connection is reset.
        """
        patience = _Patience(self._transport.socket, self._timeouts.reply)
        latest = time.monotonic() + _REPLY_BOUND * self._timeouts.reply
        while not done():
            if self.ended:
                return Waited.ENDED
            received = self._received
            in_time = self._wait(patience.remaining())
            if self._received != received:
                patience.renew()
            elif not in_time and not patience.has_moved():
                return Waited.TIMED_OUT
            if time.monotonic() > latest:
                return Waited.TIMED_OUT
        return Waited.DONE

    def half_close(self) -> None:
        """End our direction; the server's stays readable.

        Raises:
            ConnectionLost: as `write`.
        """
        if self._is_half_closed:
            return
        patience = _Patience(self._transport.socket, self._timeouts.stall)
        if not self.ended:
            self._read()
        while not self._guarded(self._transport.half_close):
            self._wait_to_send(patience)
        self._is_half_closed = True

    def settle(self) -> None:
        """Wait, half-closed, a bounded time for a reset or for the server's own end of stream (CLIENT-15).

        What the other host has not acknowledged yet is waited for first, as long as it gets less.

        Raises:
            ConnectionLost: for a reset, or when the rest is not taken.
        """
        patience = _Patience(self._transport.socket, self._timeouts.stall)
        while self._is_unacknowledged():
            self._fail_if_reset()
            self._doze(_GLANCE)
            if patience.remaining() <= 0 and not patience.has_moved():
                raise self._stuck()
        deadline = time.monotonic() + self._timeouts.settle
        while not self.ended and (remaining := deadline - time.monotonic()) > 0:
            self._wait(remaining)
        self._fail_if_reset()

    def close(self) -> None:
        """Abandon the connection, without waiting. What was written still goes out."""
        self._selector.close()
        self._transport.close()

    def _wait_to_send(self, patience: "_Patience") -> None:
        self._wait(patience.remaining(), sending=True)
        if self.ended:
            raise self._closed_early()
        if patience.remaining() <= 0 and not patience.has_moved():
            raise self._stuck()

    def _doze(self, seconds: float) -> None:
        if self.ended:  # readable for ever
            time.sleep(seconds)
        else:
            self._wait(seconds)

    def _wait(self, seconds: float, *, sending: bool = False) -> bool:
        """Wait for an event, and read if there is something to read. Return whether there was an event."""
        self._selector.modify(self._transport.socket, self._transport.interest(sending))
        more = self._may_have_more  # of which no event tells: it is already here
        events = self._select(0 if more else seconds)
        for _, mask in events:
            if mask & selectors.EVENT_WRITE:
                self._guarded(self._transport.flush)
            more = more or bool(mask & selectors.EVENT_READ)
        if more:
            self._read()
        return more or bool(events)

    def _select(self, seconds: float) -> list[tuple[selectors.SelectorKey, int]]:
        deadline = time.monotonic() + seconds
        while not (events := self._selector.select(max(min(seconds, _NAP), 0))):
            seconds = deadline - time.monotonic()
            if seconds <= 0:
                break
        return events

    def _read(self) -> None:
        for _ in range(_READS):
            count = self._receive()
            self._may_have_more = bool(count)
            if not count:
                self.ended = count == 0
                return
            self._received += count
            self._take(self._incoming[:count])

    def _receive(self) -> int | None:
        try:
            return self._transport.receive(self._incoming)
        except OSError as error:
            raise self._lost(error) from error

    def _guarded(self, operation: Callable[[], _Result]) -> _Result:
        """Run an operation that sends. When it fails, first hear what the server said before it closed."""
        try:
            return operation()
        except OSError as error:
            lost = self._lost(error)
            self._read()
            raise lost from error

    def _is_unacknowledged(self) -> bool:
        sock = self._transport.socket
        # Over a Unix socket there is but one host, and the number would be what the program has not read.
        return sock.family in (socket.AF_INET, socket.AF_INET6) and bool(unacknowledged(sock))

    def _fail_if_reset(self) -> None:
        if code := self._transport.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            raise self._lost(OSError(code, os.strerror(code)))

    def _lost(self, error: OSError) -> ConnectionLost:
        match error:
            case ConnectionResetError() | BrokenPipeError():
                reason = "the server reset the connection"
            case ssl.SSLError():
                reason = f"TLS: {(error.reason or str(error)).replace('_', ' ').lower()}"
            case _:
                reason = f"the connection broke: {(error.strerror or str(error)).lower()}"
        return ConnectionLost(reason, clause="CLIENT-14")

    def _closed_early(self) -> ConnectionLost:
        return ConnectionLost("the server closed the connection before all bytes were handed over", clause="CLIENT-14")

    def _stuck(self) -> ConnectionLost:
        reason = f"the server took no bytes for {self._timeouts.stall:g} s"
        return ConnectionLost(reason, clause="CLIENT-13", fault=Fault.SERVER)


class _Patience:
    """How long to wait for something to move; every move renews it. The time runs from the first look at it."""

    def __init__(self, sock: socket.socket, seconds: float) -> None:
        self._socket = sock
        self._seconds = seconds
        self._deadline: float | None = None
        self._on_its_way: int | None = None

    def renew(self) -> None:
        """Begin anew."""
        self._deadline = None

    def remaining(self) -> float:
        """Seconds left; 0 or less when the time is over."""
        if self._deadline is None:
            self._deadline = time.monotonic() + self._seconds
            self._on_its_way = unacknowledged(self._socket)
        return self._deadline - time.monotonic()

    def has_moved(self) -> bool:
        """Return whether bytes that were on their way have arrived meanwhile; if so, begin anew."""
        before, now = self._on_its_way, unacknowledged(self._socket)
        if before is None or now is None or now >= before:
            return False
        self.renew()
        return True
