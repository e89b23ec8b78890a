"""Captures with connections whose segments are cut as a test wishes, and what tshark makes of them."""

import re
import subprocess
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

import dpkt

__all__ = ["DISSECTOR", "Segment", "Shown", "dissect", "write_capture"]

DISSECTOR = Path(__file__).parents[2] / "formats" / "jhup.lua"
LOOPBACK = bytes([127, 0, 0, 1])
CLIENT = 20000
"""The client's port of the first connection; each further one has the next."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Bytes of one segment, and who sends them."""

    data: bytes
    from_server: bool = False


@dataclass(slots=True)
class Shown:
    """What tshark shows of one connection: the values of the dissector's fields as bytes, its findings, its columns."""

    fields: dict[str, list[bytes]] = field(default_factory=lambda: defaultdict(list))
    text: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    experts: list[str] = field(default_factory=list)


def write_capture(path: Path, connections: Iterable[Sequence[Segment]], port: int = 8080) -> None:
    """Write a capture of TCP connections, one after the other."""
    with path.open("wb") as file:
        writer = dpkt.pcap.Writer(file)
        time = 0.0
        for number, segments in enumerate(connections):
            sent = {False: 1, True: 1}
            for segment in segments:
                side = segment.from_server
                ports = (port, CLIENT + number) if side else (CLIENT + number, port)
                tcp = dpkt.tcp.TCP(
                    sport=ports[0], dport=ports[1], seq=sent[side], ack=sent[not side], flags=0x18, data=segment.data
                )
                packet = dpkt.ip.IP(src=LOOPBACK, dst=LOOPBACK, p=dpkt.ip.IP_PROTO_TCP, data=tcp)
                packet.len = len(packet)
                writer.writepkt(bytes(dpkt.ethernet.Ethernet(type=dpkt.ethernet.ETH_TYPE_IP, data=packet)), time)
                sent[side] += len(segment.data)
                time += 0.001


def dissect(capture: Path, *options: str) -> list[Shown]:
    """Let tshark dissect a capture; give what it shows of each connection, in their order."""
    command = ["tshark", "-X", f"lua_script:{DISSECTOR}", "-r", str(capture), "-T", "pdml", "-J", "tcp jhup", *options]
    done = subprocess.run(command, capture_output=True, timeout=100, check=True)
    assert b"Lua" not in done.stderr, done.stderr
    connections: dict[int, Shown] = defaultdict(Shown)
    for packet in ElementTree.fromstring(_as_xml(done.stdout)).iter("packet"):
        stream = next(each.get("show", "") for each in packet.iter("field") if each.get("name") == "tcp.stream")
        shown = connections[int(stream)]
        for tree in (each for each in packet.iter("proto") if each.get("name") == "jhup"):
            _take(tree, shown)
    return [connections[number] for number in sorted(connections)]


def _as_xml(output: bytes) -> bytes:
    """Replace what XML can't hold and tshark writes all the same: control characters, bytes that are not UTF-8."""
    text = output.decode(errors="replace")
    return re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "\ufffd", text).encode()


def _take(tree: ElementTree.Element, shown: Shown) -> None:
    for each in tree.iter("field"):
        name, show = each.get("name", ""), each.get("show", "")
        if name == "_ws.expert.message":
            shown.experts.append(show)
        elif name.startswith("jhup."):
            shown.fields[name].append(bytes.fromhex(each.get("value", "")))
            shown.text[name].append(show)
