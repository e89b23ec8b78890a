"""The clock and the network that the suite runs on: parameters, so that both can be simulated."""

import contextlib
import select
import selectors
import socket
import time
import weakref
from collections.abc import Iterable, Sequence
from typing import Any, Final, Protocol, TypeAlias

from jhup.address import Address, Transport
from jhup_conformance.wire.delivery import Deliveries, Queues

__all__ = ["Clock", "DatagramSocket", "Network", "StreamSocket", "SystemClock", "SystemNetwork", "Unreachable"]

Buffer: TypeAlias = bytes | bytearray | memoryview

_NARROW: Final = 1400
"""Bytes of a segment on a narrow connection: a system keeps as many segments as ever on their way, but small ones."""
_FEW_DESCRIPTORS: Final = 1024
"""What select can be asked about."""


class Unreachable(Exception):
    """No connection to the target can be made; the message says why.

    Attributes:
        timed_out: whether nothing came back at all: the target's queue of connections is full, or packets are dropped.
    """

    def __init__(self, message: str, *, timed_out: bool = False) -> None:
        super().__init__(message)
        self.timed_out = timed_out


class Clock(Protocol):
    """Tells the time, and lets it pass."""

    def now(self) -> float:
        """Return seconds from some moment on, never less than before."""

    def sleep(self, seconds: float) -> None:
        """Return after so many seconds."""


class StreamSocket(Protocol):
    """The suite's end of a connection; `socket.socket` is one."""

    @property
    def family(self) -> int:
        """`socket.AF_UNIX` or another family."""

    def fileno(self) -> int:
        """Return what a selector of the same network knows the socket by."""

    def send(self, data: Buffer, /) -> int:
        """Hand over as many bytes as there is room for, and return how many."""

    def sendall(self, data: Buffer, /) -> None:
        """Hand over all bytes."""

    def recv(self, size: int, /) -> bytes:
        """Return what has arrived; nothing at end of stream."""

    def shutdown(self, how: int, /) -> None:
        """End one direction."""

    def setsockopt(self, level: int, option: int, value: int | bytes, /) -> None:
        """Set an option."""

    def getsockname(self) -> Any:
        """Return the suite's own address."""

    def getpeername(self) -> Any:
        """Return the target's address."""

    def setblocking(self, flag: bool, /) -> None:
        """Wait in `send` and `recv`, or raise BlockingIOError there."""

    def settimeout(self, seconds: float | None, /) -> None:
        """Wait so long."""

    def close(self) -> None:
        """Let go of the socket."""


class DatagramSocket(Protocol):
    """A socket for datagrams; `socket.socket` is one."""

    def bind(self, address: Any, /) -> None:
        """Take an address."""

    def connect(self, address: Any, /) -> None:
        """Send to one address, and hear of errors there."""

    def send(self, data: Buffer, /) -> int:
        """Send a datagram to the address connected to."""

    def sendto(self, data: Buffer, address: Any, /) -> int:
        """Send a datagram."""

    def recv(self, size: int, /) -> bytes:
        """Return a datagram that has arrived."""

    def recvfrom(self, size: int, /) -> tuple[bytes, Any]:
        """Return a datagram that has arrived, and the address of its sender."""

    def fileno(self) -> int:
        """Return what a selector of the same network knows the socket by."""

    def getsockname(self) -> Any:
        """Return the socket's own address."""

    def setblocking(self, flag: bool, /) -> None:
        """Wait in the methods above, or raise BlockingIOError there."""

    def settimeout(self, seconds: float | None, /) -> None:
        """Wait so long."""

    def close(self) -> None:
        """Let go of the socket."""


class Network(Protocol):
    """Opens sockets, and waits for them."""

    @property
    def clock(self) -> Clock:
        """The clock that waiting goes by."""

    def open_stream(self, address: Address, timeout: float, *, narrow: bool = False) -> StreamSocket:
        """Connect to a stream address within some seconds.

        Args:
            address: where.
            timeout: the seconds.
            narrow: whether little is to be kept on its way between the systems.

        Raises:
            OSError: when it can't be reached.
            Unreachable: when the platform lacks its kind of socket.
        """

    def resolve(self, address: Address) -> tuple[int, Any]:
        """Return the family of a datagram address, and the address as sockets take it.

        Raises:
            OSError: when the host has no address.
            Unreachable: when the platform lacks its kind of socket.
        """

    def open_datagrams(self, family: int) -> DatagramSocket:
        """Return a socket for datagrams that has no address yet."""

    def selector(self, descriptors: Iterable[int]) -> selectors.BaseSelector:
        """Return a selector for sockets with some descriptors."""

    def readable(self, sockets: Sequence[DatagramSocket], seconds: float) -> list[DatagramSocket]:
        """Return the sockets on which something has arrived, after so many seconds at most."""

    def unread(self, sock: StreamSocket, sent: int) -> int | None:
        """Return how many bytes of those sent the target has not read; None where that can't be told."""

    def queues(self, sock: StreamSocket, sent: int) -> Queues | None:
        """Return what waits at the target's end of a connection; None where that can't be told."""


class SystemClock:
    """The clock of the machine."""

    def now(self) -> float:
        """Return monotonic seconds."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Return after so many seconds."""
        time.sleep(seconds)


class SystemNetwork:
    """The sockets of the machine."""

    def __init__(self) -> None:
        self.clock = SystemClock()
        self._deliveries: Deliveries | None = None

    def open_stream(self, address: Address, timeout: float, *, narrow: bool = False) -> socket.socket:
        """Connect; see `Network`."""
        place: Any
        if address.transport is Transport.UNIX:
            family, place = _unix_family(), address.path
        elif narrow:
            family, _, _, _, place = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)[0]
        else:
            return socket.create_connection((address.host, address.port), timeout)
        with contextlib.ExitStack() as stack:
            sock = stack.enter_context(socket.socket(family, socket.SOCK_STREAM))
            if narrow:
                with contextlib.suppress(OSError, AttributeError):  # Unix sockets and Windows have no such option
                    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, _NARROW)
            sock.settimeout(timeout)
            sock.connect(place)
            stack.pop_all()
            return sock

    def resolve(self, address: Address) -> tuple[int, Any]:
        """Look an address up; see `Network`."""
        if address.transport is Transport.UNIXGRAM:
            return _unix_family(), address.path
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_DGRAM)[0]
        return found[0], found[4]

    def open_datagrams(self, family: int) -> socket.socket:
        """Return a socket for datagrams that has no address yet."""
        return socket.socket(family, socket.SOCK_DGRAM)

    def selector(self, descriptors: Iterable[int]) -> selectors.BaseSelector:
        """Return the selector that waits most exactly: epoll and poll round up to milliseconds, select doesn't."""
        if all(each < _FEW_DESCRIPTORS for each in descriptors):
            return selectors.SelectSelector()
        return selectors.DefaultSelector()

    def readable(self, sockets: Sequence[DatagramSocket], seconds: float) -> list[DatagramSocket]:
        """Return the sockets on which something has arrived, after so many seconds at most."""
        ready, _, _ = select.select(sockets, [], [], seconds)
        return ready

    def unread(self, sock: StreamSocket, sent: int) -> int | None:
        """Return how many bytes of those sent the target has not read; None where the kernel doesn't tell."""
        return self._asked.unread(sock, sent)

    def queues(self, sock: StreamSocket, sent: int) -> Queues | None:
        """Return what waits at the target's end; None where the kernel doesn't tell."""
        return self._asked.queues(sock, sent)

    @property
    def _asked(self) -> Deliveries:
        if self._deliveries is None:
            self._deliveries = Deliveries()
            weakref.finalize(self, self._deliveries.close)
        return self._deliveries


def _unix_family() -> int:
    if not hasattr(socket, "AF_UNIX"):
        raise Unreachable("this platform has no Unix sockets")
    return int(socket.AF_UNIX)
