"""Asking an echo server over datagrams, which may be lost (section 10.14)."""

import contextlib
import errno
import platform
import socket
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from jhup.address import Address, Transport
from jhup_client.dial import why_not
from jhup_client.errors import ConnectionFailed, Fault, NoAnswer, RequestFailed

__all__ = ["FILTERS", "exchange_datagrams", "is_from"]

_TRIES: Final = 5
"""How often a datagram is sent; each time twice as long is waited for an answer as the time before (ECHO-77)."""

FILTERS: Final = platform.system() == "Linux"
"""Whether nobody but the server can send to a Unix datagram socket that is connected to it."""

_LONGEST: Final = 1 << 18
"""Bytes: more than any service makes of the longest datagram that UDP carries."""


def exchange_datagrams(data: bytes, address: Address, *, within: float) -> bytes:
    """Send a datagram, and again while no answer comes.

    Args:
        data: what to send.
        address: of an echo server over UDP or a Unix datagram socket.
        within: seconds, for all tries together.

    Returns:
        The datagram that came back.

    Raises:
        ConnectionFailed: when the system knows that nobody is there.
        NoAnswer: when none came (ECHO-76).
        RequestFailed: when the datagram is too long to be sent.
    """
    began = time.monotonic()
    with _socket_to(address) as sock:
        for attempt in range(1, _TRIES + 1):
            until = began + within * (2**attempt - 1) / (2**_TRIES - 1)
            try:
                answer = _try(sock, data, address, until)
            except OSError as error:
                if error.errno == errno.EMSGSIZE:
                    reason = f"{len(data):,} bytes are too long for a datagram over {address.transport}"
                    raise RequestFailed(reason, fault=Fault.LOCAL) from error
                raise _unreachable(address, error, within) from error
            if answer is not None:
                return answer
    raise NoAnswer(f"no answer within {within:g} s to {_TRIES} tries", clause="ECHO-76")


def _try(sock: socket.socket, data: bytes, address: Address, until: float) -> bytes | None:
    """Send once and wait for an answer; None when none came in time."""
    with contextlib.suppress(TimeoutError):
        sock.settimeout(max(until - time.monotonic(), 0.001))
        sock.send(data)
        while (left := until - time.monotonic()) > 0:
            sock.settimeout(left)
            answer, sender = sock.recvfrom(_LONGEST)
            if is_from(sender, address):
                return answer
    return None


@contextlib.contextmanager
def _socket_to(address: Address) -> Iterator[socket.socket]:
    """Open a socket that is connected, so that the system lets through what comes from the server (ECHO-75)."""
    with contextlib.ExitStack() as stack:
        try:
            if address.transport is Transport.UNIXGRAM:
                sock = _unix_socket(stack)
                sock.connect(address.path)
            else:
                family, *_, place = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_DGRAM)[0]
                sock = stack.enter_context(socket.socket(family, socket.SOCK_DGRAM))
                sock.connect(place)
        except (OSError, ValueError) as error:
            raise _unreachable(address, error, 0) from error
        yield sock


def _unix_socket(stack: contextlib.ExitStack) -> socket.socket:
    """Open a socket with a path of its own, without which it gets no answer; the path goes with the stack."""
    if not hasattr(socket, "AF_UNIX"):
        raise OSError("this platform has no Unix sockets")
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="jhup-")))
    sock = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
    sock.bind(str(folder / "answer"))
    # A server of another user must reach it, too; what others send to it is not taken.
    (folder / "answer").chmod(0o666)
    folder.chmod(0o711)
    return sock


def is_from(sender: object, address: Address) -> bool:
    """Return whether a datagram on a connected socket is the server's."""
    if address.transport is Transport.UDP or FILTERS:
        return True  # the system has seen to it
    if not isinstance(sender, str) or not sender:
        return False
    with contextlib.suppress(OSError):
        return sender == address.path or Path(sender).samefile(address.path)
    return False


def _unreachable(address: Address, error: Exception, within: float) -> ConnectionFailed:
    return ConnectionFailed(f"can't reach {address}: {why_not(error, within)}", clause="ECHO-76")
