"""The suite's side of the simulated world: the clock and the network that it is given."""

import socket
from collections.abc import Iterable, Sequence
from typing import Any

from jhup.address import Address, Transport
from jhup_conformance.wire.delivery import Queues
from jhup_conformance.wire.network import DatagramSocket, StreamSocket
from simulated.sockets import Addresses, Socket
from simulated.streams import End
from simulated.watching import Selector, select
from simulated.world import World

__all__ = ["SimulatedClock", "SimulatedNetwork"]


class SimulatedClock:
    """The time of a world."""

    def __init__(self, world: World) -> None:
        self._world = world

    def now(self) -> float:
        """Return the world's seconds."""
        return self._world.now

    def sleep(self, seconds: float) -> None:
        """Let the world go on for so many seconds."""
        self._world.sleep(seconds)


class SimulatedNetwork:
    """Opens sockets in a world."""

    def __init__(self, world: World, addresses: Addresses) -> None:
        self.clock = SimulatedClock(world)
        self._world, self._addresses = world, addresses

    def open_stream(self, address: Address, timeout: float, *, narrow: bool = False) -> Socket:
        """Connect; see `jhup_conformance.wire.network.Network`."""
        local = address.transport is Transport.UNIX
        sock = self._open(socket.AF_UNIX if local else socket.AF_INET, socket.SOCK_STREAM)
        sock.settimeout(timeout)
        try:
            sock.connect(address.path if local else (address.host, address.port))
        except OSError:
            sock.close()
            raise
        return sock

    def resolve(self, address: Address) -> tuple[int, Any]:
        """Return family and address of a datagram target."""
        if address.transport is Transport.UNIXGRAM:
            return socket.AF_UNIX, address.path
        return socket.AF_INET, (address.host, address.port)

    def open_datagrams(self, family: int) -> Socket:
        """Return a socket for datagrams that has no address yet."""
        return self._open(family, socket.SOCK_DGRAM)

    def selector(self, descriptors: Iterable[int]) -> Selector:
        """Return a selector of the world."""
        return Selector(self._world, self._addresses)

    def readable(self, sockets: Sequence[DatagramSocket], seconds: float) -> Sequence[Any]:
        """Return the sockets on which something has arrived."""
        return select(self._world, self._addresses, sockets, (), seconds)[0]  # type: ignore[arg-type]

    def unread(self, sock: StreamSocket, sent: int) -> int | None:
        """Return how many bytes of those sent the other end has not read."""
        return sock.under.unread if isinstance(sock, Socket) and isinstance(sock.under, End) else None

    def queues(self, sock: StreamSocket, sent: int) -> Queues | None:
        """Return what waits at the other end, as Linux tells it."""
        if not isinstance(sock, Socket) or not isinstance(end := sock.under, End):
            return None
        return Queues(end.unread, end.on_the_way, 0 if end.peer.closed else id(end.peer))

    def _open(self, family: int, kind: int) -> Socket:
        return Socket(self._world, self._addresses, None, family, kind)
