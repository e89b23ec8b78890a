"""Whether a target has read what was sent: proven where the kernel tells, paced where it doesn't."""

import contextlib
import socket
import sys
import threading
from collections.abc import Iterator

import pytest

from jhup.address import Address, Transport
from jhup_conformance.wire import delivery
from jhup_conformance.wire.dialer import Dialer
from jhup_conformance.wire.driving import drive
from jhup_conformance.wire.transcript import Action, Kind

ON_LINUX = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="only Linux tells what a local peer has read"
)
STEPS = [Action(Kind.SENT, b"x", 0.001 if number else 0.0, prompt=True) for number in range(20)]


@contextlib.contextmanager
def reading(family: socket.AddressFamily, where: str) -> Iterator[tuple[Address, list[bytes]]]:
    """Serve one connection, and keep what each read brought."""
    reads: list[bytes] = []
    with socket.create_server((where, 0), family=family) as listener:

        def serve() -> None:
            with listener.accept()[0] as sock:
                while data := sock.recv(100):
                    reads.append(data)

        thread = threading.Thread(target=serve)
        thread.start()
        yield Address(Transport.TCP, where, listener.getsockname()[1]), reads
        thread.join()


def send(address: Address) -> tuple[int, int]:
    """Send the steps and end the stream; return how many cuts were proven, and how many paced."""
    dialer = Dialer(address)
    line = dialer.first()
    line.plan([*STEPS, Action(Kind.HALF_CLOSED)])
    drive([line], until=lambda line: line.closed is not None, patience=30.0, at_most=30.0)
    line.drop()
    return dialer.cuts.proven, dialer.cuts.paced


@ON_LINUX
@pytest.mark.parametrize(
    ("family", "where"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")], ids=["IPv4", "IPv6"]
)
def test_each_segment_is_read_alone_where_the_kernel_tells(family: socket.AddressFamily, where: str) -> None:
    with reading(family, where) as (address, reads):
        assert send(address) == (19, 0)

    assert reads == [b"x"] * 20


def test_segments_are_paced_where_the_kernel_may_not_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "open_netlink", lambda: None)

    with reading(socket.AF_INET, "127.0.0.1") as (address, reads):
        assert send(address) == (0, 19)

    assert b"".join(reads) == b"x" * 20
