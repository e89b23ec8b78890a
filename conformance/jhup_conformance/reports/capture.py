"""A finding's exchange as a packet capture, made up around its bytes: what Wireshark would have seen on loopback."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Final

import dpkt

from jhup.address import Address
from jhup_conformance.wire.transcript import OWN, Closed, Entry, Kind, Transcript

__all__ = ["capture"]

_CLIENT: Final = (b"\x7f\x00\x00\x01", b"\x02\x00\x00\x00\x00\x01")
_SERVER: Final = (b"\x7f\x00\x00\x01", b"\x02\x00\x00\x00\x00\x02")
_CLIENT_PORT: Final = 50000
_UPLOAD_PORT: Final = 8080
_LARGEST: Final = 16 * 1024
"""Bytes of a packet; longer segments are several packets."""
_DATAGRAM: Final = 65507
_WINDOW: Final = 65535


def capture(transcript: Transcript, target: Address | None, started: datetime) -> bytes:
    """Return the content of a .pcap file.

    Args:
        transcript: the exchange; connections beside it get client ports of their own.
        target: tells the port, and whether datagrams were sent; addresses are always those of loopback.
        started: when the run began.
    """
    port = target.port if target and target.port else _UPLOAD_PORT
    beside = transcript.scene.beside if transcript.scene else ()
    is_stream = target is None or target.transport.is_stream
    frames: list[tuple[float, int, bytes]] = []
    for number, (opened, each) in enumerate(
        [(0.0, transcript), *((other.after, other.transcript) for other in beside)]
    ):
        peers = _Tcp(_CLIENT_PORT + number, port) if is_stream else _Udp(_CLIENT_PORT + number, port)
        for at, frame in peers.frames(each):
            frames.append((opened + at, len(frames), frame))
    frames.sort()
    first = min([0.0, *(at for at, _, _ in frames)])
    out = BytesIO()
    writer = dpkt.pcap.Writer(out, snaplen=256 * 1024)
    begin = started.timestamp()
    for at, _, frame in frames:
        writer.writepkt(frame, ts=begin + at - first)
    return out.getvalue()


def _frame(ip_payload: dpkt.Packet, protocol: int, *, from_client: bool) -> bytes:
    source, destination = (_CLIENT, _SERVER) if from_client else (_SERVER, _CLIENT)
    packet = dpkt.ip.IP(src=source[0], dst=destination[0], p=protocol, ttl=64, data=ip_payload)
    packet.len = len(packet)
    return bytes(dpkt.ethernet.Ethernet(src=source[1], dst=destination[1], type=dpkt.ethernet.ETH_TYPE_IP, data=packet))


@dataclass(slots=True)
class _Udp:
    client: int
    server: int

    def frames(self, transcript: Transcript) -> Iterator[tuple[float, bytes]]:
        """Return a frame for each datagram, with its time."""
        for entry in transcript.entries:
            if entry.kind in (Kind.SENT, Kind.RECEIVED):
                from_client = entry.kind is Kind.SENT
                ports = (self.client, self.server) if from_client else (self.server, self.client)
                datagram = dpkt.udp.UDP(sport=ports[0], dport=ports[1], data=entry.data[:_DATAGRAM])
                datagram.ulen = len(datagram)
                yield entry.at, _frame(datagram, dpkt.ip.IP_PROTO_UDP, from_client=from_client)


class _Tcp:
    """Both ends of one connection and what they have sent."""

    def __init__(self, client: int, server: int) -> None:
        self._ports = {True: client, False: server}
        self._next = {True: 1000, False: 5000}  # sequence numbers, by whether it is the client's

    def frames(self, transcript: Transcript) -> Iterator[tuple[float, bytes]]:
        """Return the frames of a connection with their times, its opening included."""
        yield 0.0, self._segment(dpkt.tcp.TH_SYN, from_client=True, acknowledges=False)
        yield 0.0, self._segment(dpkt.tcp.TH_SYN, from_client=False)
        yield 0.0, self._segment(0, from_client=True)
        for entry in transcript.entries:
            yield from ((entry.at, frame) for frame in self._entry(entry))

    def _entry(self, entry: Entry) -> Iterator[bytes]:
        from_client = entry.kind in OWN
        match entry.kind:
            case Kind.SENT | Kind.RECEIVED:
                for start in range(0, len(entry.data), _LARGEST):
                    part = entry.data[start : start + _LARGEST]
                    yield self._segment(dpkt.tcp.TH_PUSH, part, from_client=from_client)
                    yield self._segment(0, from_client=not from_client)
            case Kind.RESET:
                yield self._segment(dpkt.tcp.TH_RST, from_client=True)
            case _ if entry.how == Closed.RESET:
                yield self._segment(dpkt.tcp.TH_RST, from_client=False)
            case _:
                yield self._segment(dpkt.tcp.TH_FIN, from_client=from_client)
                yield self._segment(0, from_client=not from_client)

    def _segment(self, flags: int, data: bytes = b"", *, from_client: bool, acknowledges: bool = True) -> bytes:
        segment = dpkt.tcp.TCP(
            sport=self._ports[from_client],
            dport=self._ports[not from_client],
            seq=self._next[from_client],
            ack=self._next[not from_client] if acknowledges else 0,
            flags=flags | (dpkt.tcp.TH_ACK if acknowledges else 0),
            win=_WINDOW,
            data=data,
        )
        self._next[from_client] += len(data) + bool(flags & (dpkt.tcp.TH_SYN | dpkt.tcp.TH_FIN))
        return _frame(segment, dpkt.ip.IP_PROTO_TCP, from_client=from_client)
