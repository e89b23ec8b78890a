"""Single datagrams: a socket for each, what came to it, and from where."""

import contextlib
import itertools
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from jhup.address import Address, Transport
from jhup_conformance.wire.network import Clock, DatagramSocket, Network, SystemNetwork, Unreachable
from jhup_conformance.wire.transcript import Kind, Transcript

__all__ = ["Letter", "Sender", "TooLong", "wait_for"]

_LARGEST: Final = 256 * 1024
_FULL: Final = 2.0
"""Seconds to wait until the target's socket takes another datagram."""


class TooLong(Exception):
    """The transport carries no datagram of that length."""


class Letter:
    """One datagram, sent from a socket of its own, and all that came to that socket.

    Attributes:
        arrived: the datagrams that came, each with the address of its sender.
        transcript: the record.
    """

    def __init__(self, sock: DatagramSocket, data: bytes, clock: Clock) -> None:
        self.data = data
        self._clock = clock
        self.socket = sock
        self.arrived: list[tuple[bytes, Any]] = []
        self.transcript = Transcript()
        self.sent_at = clock.now()

    @property
    def answer_time(self) -> float:
        """Seconds until the first datagram came."""
        return next(entry.at for entry in self.transcript.entries if entry.kind is Kind.RECEIVED)

    def take(self, *, expected: Any) -> None:
        """Take what has arrived."""
        while True:
            try:
                data, source = self.socket.recvfrom(_LARGEST)
            except (BlockingIOError, ConnectionError):  # nothing more; or an error report, which is no datagram
                return
            self.arrived.append((data, source))
            how = "" if source == expected else f"from {source}"
            self.transcript.add(self._clock.now() - self.sent_at, Kind.RECEIVED, data, how)

    def close(self) -> None:
        """Let go of the socket."""
        self.socket.close()


class Sender:
    """Sends letters to one target.

    Args:
        target: where it is.
        network: the network that it is on; the machine's own if None.

    Raises:
        Unreachable: when the target has no address, or the platform lacks its kind of socket.
    """

    def __init__(self, target: Address, network: Network | None = None) -> None:
        self.network = network or SystemNetwork()
        self.open: list[Letter] = []
        self._count = itertools.count()
        self._folder = None
        self.turn_to(target)
        if target.transport is Transport.UNIXGRAM:
            self._folder = tempfile.TemporaryDirectory(prefix="jhup-", ignore_cleanup_errors=True)

    def turn_to(self, target: Address) -> None:
        """Send to a target, another one than before where it was started again; over the same transport.

        Raises:
            Unreachable: when the target has no address, or the platform lacks its kind of socket.
        """
        self.target = target
        try:
            self._family, self._where = self.network.resolve(target)
        except OSError as error:
            raise Unreachable(f"can't find {target}: {error.strerror or error}") from error

    @property
    def where(self) -> Any:
        """The address that answers have to come from, as sockets give it."""
        return self._where

    def refuses(self) -> str:
        """Return the reason when nobody has the target's address; empty when it can't be told."""
        with contextlib.closing(self.network.open_datagrams(self._family)) as sock:
            try:
                sock.connect(self._where)
            except OSError as error:
                return f"nobody receives datagrams on {self.target}: {error.strerror}"
            if self.target.transport is Transport.UNIXGRAM:
                return ""
            sock.settimeout(0.05)
            try:
                sock.send(b"anybody")
                sock.recv(_LARGEST)
            except ConnectionError as error:
                return f"nobody receives datagrams on {self.target}: {error.strerror}"
            except OSError:
                return ""
        return ""

    def send(self, data: bytes, *, named: bool = True) -> Letter:
        """Send a datagram from a new socket.

        Args:
            data: the datagram.
            named: whether the socket has an address to answer to; one without it is for Unix sockets.

        Raises:
            TooLong: when no datagram can be so long.
            Unreachable: when nobody has the target's address.
        """
        sock = self.network.open_datagrams(self._family)
        if self._folder and named:
            sock.bind(str(Path(self._folder.name, f"{next(self._count):x}")))
        sock.setblocking(False)
        letter = Letter(sock, data, self.network.clock)
        self.open.append(letter)
        self.again(letter, data)
        return letter

    def again(self, letter: Letter, data: bytes) -> None:
        """Send a datagram from the socket of a letter.

        Raises:
            TooLong: when no datagram can be so long.
            Unreachable: when nobody has the target's address.
        """
        clock = self.network.clock
        until = clock.now() + _FULL
        while True:
            try:
                letter.socket.sendto(data, self._where)
                break
            except BlockingIOError:
                if clock.now() > until:
                    raise Unreachable(f"{self.target} takes no more datagrams: its socket is full") from None
                clock.sleep(0.001)  # a full receiver wakes nobody who isn't connected to it
            except (FileNotFoundError, ConnectionRefusedError) as error:
                raise Unreachable(f"nobody receives datagrams on {self.target}: {error.strerror}") from error
            except OSError as error:
                raise TooLong(error.strerror) from error
        letter.transcript.add(clock.now() - letter.sent_at, Kind.SENT, data)

    def close_old(self, keep: int) -> None:
        """Let go of all but the newest letters."""
        while len(self.open) > keep:
            letter = self.open.pop(0)
            with contextlib.suppress(OSError):
                if self._folder and (path := letter.socket.getsockname()):
                    Path(path).unlink(missing_ok=True)
            letter.close()

    def close(self) -> None:
        """Let go of all letters."""
        self.close_old(0)
        if self._folder:
            self._folder.cleanup()


def wait_for(
    network: Network, letters: Sequence[Letter], *, until: Callable[[], bool], seconds: float, expected: Any
) -> None:
    """Take what comes to some letters until something is the case, or for so many seconds."""
    deadline = network.clock.now() + seconds
    while not until() and (left := deadline - network.clock.now()) > 0:
        ready = network.readable([letter.socket for letter in letters], left)
        for letter in letters:
            if letter.socket in ready:
                letter.take(expected=expected)
    for letter in letters:
        letter.take(expected=expected)
