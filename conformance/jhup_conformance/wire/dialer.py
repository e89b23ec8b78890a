"""Connections to the target, and whether it is still there."""

import ssl
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, Protocol

from jhup.address import Address, Transport
from jhup_conformance.wire.channel import connect
from jhup_conformance.wire.line import Cuts, Line
from jhup_conformance.wire.network import Network, SystemNetwork, Unreachable

__all__ = ["Dialer", "TargetGone", "dialer_to", "tls_context"]

_CONNECT_TIMEOUT = 5.0
_RETRIES = 3
_QUEUE_OVERFLOWED = 0.9
"""Seconds for a connection from which on a full queue of the listener is to blame: that is when TCP asks again."""
_LEAST_GAP, _MOST_GAP = 0.001, 0.016
"""Seconds between two connections to a target with a short queue. How long it is, is its own affair."""
_REMEMBERED: Final = 64
"""Connections that are remembered: where the target is found gone, one of them did it."""


class TargetGone(Exception):
    """The target was there and no longer accepts connections."""


def tls_context(*, ca: str | None, cert: str | None, key: str | None, insecure: bool) -> ssl.SSLContext:
    """Make the context for TLS targets.

    Args:
        ca: file of certificates to trust instead of the platform's.
        cert: file of the suite's own certificate, for targets that ask for one.
        key: file of its key, if apart.
        insecure: whether any certificate of the target is taken.

    Raises:
        OSError: when a file can't be read or isn't what it should be (`ssl.SSLError` is one).
    """
    context = ssl.create_default_context(cafile=ca)
    if cert:
        context.load_cert_chain(cert, key)
    if insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


class Dialer:
    """Opens connections.

    Args:
        address: where the target is.
        context: for TLS.
        revive: starts the target again if it has died, and returns its new address; None while it lives.
        has_ended: whether the target's process is known to have ended by itself.
        network: where the target is; the machine's own if None.

    Attributes:
        address: where the target is; changes when it is started anew on another port.
        opened: how many connections were opened so far.
        revived: how often the target was started again so far.
        cuts: how many cuts of all connections were proven to arrive as such, and how many only paced.
        recent: the connections opened last.
        leaves_in_order: whether connections are let go of in order, because a reset ends the target.
        gone: why no connection could be opened, since the target was last seen.
    """

    def __init__(
        self,
        address: Address,
        *,
        context: ssl.SSLContext | None = None,
        revive: Callable[[], Address | None] | None = None,
        has_ended: Callable[[], bool] = lambda: False,
        network: Network | None = None,
    ) -> None:
        self.address = address
        self.network = network or SystemNetwork()
        self._clock = self.network.clock
        self.opened = 0
        self.revived = 0
        self.cuts = Cuts()
        self.recent: deque[Line] = deque(maxlen=_REMEMBERED)
        self.gone = ""
        self.leaves_in_order = False
        self._has_ended = has_ended
        self._timeout = _CONNECT_TIMEOUT
        self._retries = _RETRIES
        self._context = context if address.transport is Transport.TLS else None
        self._revive = revive
        self._gap = 0.0
        self._last = 0.0

    def dial(self, *, no_delay: bool = True, narrow: bool = False) -> Line:
        """Open a connection; a target that does not accept it at once is asked again.

        Args:
            no_delay: whether each send leaves at once.
            narrow: whether little is kept on its way.

        Raises:
            TargetGone: when it doesn't come back, nor can be started again.
        """
        if self.gone:
            raise TargetGone(self.gone)
        try:
            return self._dial(no_delay=no_delay, narrow=narrow)
        except Unreachable as error:
            last = error
        for attempt in range(self._retries):
            if self._revive and (address := self._revive()):  # each time: a process takes a moment to die
                self.turn_to(address)
            if self._has_ended() or last.timed_out:
                break
            try:
                return self._dial(no_delay=no_delay, narrow=narrow)
            except Unreachable as error:
                last = error
                self._clock.sleep(0.2 * (attempt + 1))  # nothing tells when a listener comes back
        self.gone = str(last)
        raise TargetGone(self.gone) from last

    @property
    def has_ended(self) -> bool:
        """Whether the target's process is known to have ended by itself."""
        return self._has_ended()

    def turn_to(self, address: Address) -> None:
        """Take note that the target was started again, where it listens now."""
        self.address, self.gone = address, ""
        self.revived += 1

    @contextmanager
    def looking(self, timeout: float) -> Iterator[None]:
        """Open connections meanwhile that only look how the target is: at once or not at all, left out of `recent`.

        Args:
            timeout: seconds for each of them.
        """
        before = self.recent.copy(), self._timeout, self._retries
        self.gone, self._timeout, self._retries = "", timeout, 0
        try:
            yield
        finally:
            self.recent, self._timeout, self._retries = before

    def first(self) -> Line:
        """Open the first connection of a run.

        Raises:
            Unreachable: when there is nobody.
        """
        return self._dial(no_delay=True, narrow=False)

    def _wait_for_turn(self) -> float:
        """Keep a distance from the last connection where the target's queue needs it; gives the time."""
        now = self._clock.now()
        if now < self._last + self._gap:
            self._clock.sleep(self._last + self._gap - now)
        return self._clock.now()

    def _dial(self, *, no_delay: bool, narrow: bool) -> Line:
        started = self._wait_for_turn()
        channel = connect(
            self.address,
            timeout=self._timeout,
            context=self._context,
            no_delay=no_delay,
            narrow=narrow,
            network=self.network,
        )
        self._last = self._clock.now()
        if self._last - started > _QUEUE_OVERFLOWED:
            self._gap = min(max(2 * self._gap, _LEAST_GAP), _MOST_GAP)
        self.opened += 1
        line = Line(channel, self.network, self.cuts)
        line.leaves_in_order = self.leaves_in_order
        self.recent.append(line)
        return line


class Restartable(Protocol):
    """A server that may be started again."""

    @property
    def ended(self) -> str:
        """How its process ended by itself; empty while it runs."""

    def revive(self) -> Address | None:
        """Start it again if the suite has killed it."""


def dialer_to(
    address: Address,
    server: Restartable | None,
    *,
    context: ssl.SSLContext | None = None,
    network: Network | None = None,
) -> Dialer:
    """Return what opens connections to a target, one that the suite has started or not."""
    if server is None:
        return Dialer(address, context=context, network=network)
    return Dialer(address, context=context, revive=server.revive, has_ended=lambda: bool(server.ended), network=network)
