"""Asking an echo server: one message, and the whole answer to it (section 10.14)."""

from typing import Final

from jhup.address import Address, Transport
from jhup_client.channel import Channel, Waited
from jhup_client.dial import dial
from jhup_client.echo_datagram import exchange_datagrams
from jhup_client.errors import ConnectionFailed, ConnectionLost, Fault, NoAnswer
from jhup_client.options import Timeouts, TlsOptions

__all__ = ["echo"]

_MOST: Final = 64 * 1024 * 1024
"""Bytes of an answer beyond which it is taken for one without end."""


def echo(data: bytes, address: Address, *, timeout: float = 10.0) -> bytes:
    """Send a message to an echo server, and nothing after it.

    Over a stream the message is followed by a half-close, so that servers of every shape give their whole answer; how
    they cut it into messages is up to them. Over datagrams it is one datagram, which is sent again while no answer
    comes.

    Args:
        data: the message; it may be empty.
        address: of an echo server over TCP, UDP, a Unix stream or a Unix datagram socket.
        timeout: seconds that may pass on a stream without a byte moving, or until a datagram is answered.

    Returns:
        The answer: all that came up to the end of the stream (ECHO-72), or the datagram that came back.

    Raises:
        ConnectionFailed: when nobody is there.
        ConnectionLost: when a stream ended in another way than by its end.
        NoAnswer: when it didn't come in time, or has no end (ECHO-76).
        ValueError: when `timeout` isn't more than 0.
    """
    timeouts = Timeouts(connect=timeout, stall=timeout, reply=timeout)
    if address.transport is Transport.TLS:
        raise ConnectionFailed(f"{address}: echo services are not offered over TLS", fault=Fault.LOCAL)
    if not address.transport.is_stream:
        return exchange_datagrams(data, address, within=timeout)
    answer = _Answer()
    channel = Channel(dial(address, tls=TlsOptions(), within=timeouts.connect), timeouts, answer.take)
    try:
        waited = _exchange(channel, data)
    except ConnectionLost as lost:
        raise ConnectionLost(f"{lost.reason}; {answer.so_far}", clause="ECHO-72", fault=lost.fault) from lost
    finally:
        channel.close()
    if waited is not Waited.ENDED:
        raise NoAnswer(f"the answer did not end within {timeout:g} s; {answer.so_far}", clause="ECHO-72")
    return bytes(answer.data)


def _exchange(channel: Channel, data: bytes) -> Waited:
    """Send all, half-close, and read to the end; all the while what comes is read (ECHO-73)."""
    try:
        channel.write(memoryview(data))
        channel.half_close()
        return channel.read_until(lambda: False)
    except ConnectionLost:
        if channel.ended:  # a one-shot server that has said all before it was told all
            return Waited.ENDED
        raise


class _Answer:
    """What a server has said. Where its segments end means nothing (ECHO-74)."""

    def __init__(self) -> None:
        self.data = bytearray()

    def take(self, piece: memoryview) -> None:
        self.data += piece
        if len(self.data) > _MOST:
            raise NoAnswer(
                f"the answer goes on and on: more than {_MOST:,} bytes", clause="ECHO-72", fault=Fault.SERVER
            )

    @property
    def so_far(self) -> str:
        """What had come, in words."""
        return f"{len(self.data):,} bytes of it had come" if self.data else "none of it had come"
