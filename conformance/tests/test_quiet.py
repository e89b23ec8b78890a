"""Quiet is proven only once everything has come, whoever works; what a timer makes come ends the trust in it."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from jhup.address import Address, Transport
from jhup_conformance.target.process_group import ProcessGroup
from jhup_conformance.target.quiet import Quiet
from jhup_conformance.verify.rest import Rest
from jhup_conformance.wire.channel import Channel, connect
from jhup_conformance.wire.driving import drive
from jhup_conformance.wire.line import Line
from jhup_conformance.wire.network import SystemNetwork
from jhup_conformance.wire.transcript import Action, Kind

TASK = Path("/proc/self/task") / str(os.getpid())
TELLS = all((TASK / name).is_file() for name in ("children", "schedstat")) and hasattr(socket, "AF_NETLINK")
pytestmark = pytest.mark.skipif(not TELLS, reason="only Linux tells, where it counts what threads use")

SERVER = """
import multiprocessing, queue, socket, sys, threading, time

def work(way, byte):
    if way == "computes":
        until = time.perf_counter() + 0.05
        while time.perf_counter() < until:
            pass
    if way == "waits for a timer":
        time.sleep(0.2)
    return byte

def serve(way, ask):
    connection, _ = listener.accept()
    while byte := connection.recv(1):
        connection.sendall(ask(byte))

def by_threads(byte):
    found = byte
    queues = [queue.SimpleQueue() for _ in range(5)]
    for one, other in zip(queues, queues[1:]):
        threading.Thread(target=lambda one=one, other=other: other.put(one.get())).start()
    queues[0].put(byte)
    return queues[-1].get()

def by_child(pipe):
    while True:
        pipe.send_bytes(pipe.recv_bytes())

way = sys.argv[1]
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
if way == "a child does it":
    ours, theirs = multiprocessing.Pipe()
    multiprocessing.get_context("fork").Process(target=by_child, args=(theirs,), daemon=True).start()
    serve(way, lambda byte: ours.send_bytes(byte) or ours.recv_bytes())
elif way == "threads do it":
    serve(way, by_threads)
elif way == "accepts nobody":
    threading.Event().wait()
else:
    serve(way, lambda byte: work(way, byte))
"""


@contextmanager
def talking(tmp_path: Path, way: str) -> Iterator[tuple[Quiet, Channel]]:
    script = tmp_path / "server.py"
    script.write_text(SERVER, "utf-8")
    log = tmp_path / "port"
    group = ProcessGroup([sys.executable, "-u", str(script), way], log)
    try:
        while not (text := log.read_text("ascii")).endswith("\n"):
            assert group.process.poll() is None
        channel = connect(Address(Transport.TCP, "127.0.0.1", int(text)), timeout=5.0, context=None)
        yield Quiet(lambda: group.process.pid), channel
        channel.close()
    finally:
        group.end(kill=True)


def heard_when_quiet(quiet: Quiet, channel: Channel) -> bytes:
    """Send a byte, and return what has come when quiet is proven."""
    assert channel.send(memoryview(b"x")) == 1
    while not quiet.of([channel]):
        pass
    return channel.receive() or b""


@pytest.mark.parametrize("way", ["answers at once", "computes", "threads do it", "a child does it"])
def test_everything_has_come_when_quiet_is_proven(tmp_path: Path, way: str) -> None:
    with talking(tmp_path, way) as (quiet, channel):
        assert [heard_when_quiet(quiet, channel) for _ in range(50)] == [b"x"] * 50


def test_a_target_that_sleeps_until_a_timer_is_quiet_meanwhile_and_then_trusted_no_more(tmp_path: Path) -> None:
    with talking(tmp_path, "waits for a timer") as (quiet, channel):
        line, network = Line(channel), SystemNetwork()
        line.plan([Action(Kind.SENT, b"x")])
        rest = Rest(quiet, is_hurried=False)
        drive([line], until=lambda line: bool(line.received), patience=5.0, at_most=5.0, rest=rest.on_lines)
        rest.review()

        assert bytes(line.received) == b"x"
        assert not quiet.is_trusted
        assert quiet.of([channel]) == []
        assert network.clock.now() > line.last_sent


def test_a_hurried_wait_ends_when_quiet_is_proven(tmp_path: Path) -> None:
    with talking(tmp_path, "answers at once") as (quiet, channel):
        line = Line(channel)
        line.plan([Action(Kind.SENT, b"x")])
        rest = Rest(quiet, is_hurried=True)
        drive([line], until=lambda line: len(line.received) > 1, patience=3600.0, at_most=3600.0, rest=rest.on_lines)

        assert bytes(line.received) == b"x"


def test_what_came_just_before_quiet_was_proven_is_no_sign_against_it(tmp_path: Path) -> None:
    with talking(tmp_path, "answers at once") as (quiet, channel):
        line, rest = Line(channel), Rest(quiet, is_hurried=True)
        assert channel.send(memoryview(b"x")) == 1
        while not quiet.of([channel]):
            pass

        asked = [rest.on_lines([line]), rest.on_lines([line])]
        rest.review()

        assert asked == [[], [line]]
        assert bytes(line.received) == b"x"
        assert quiet.is_trusted


def test_a_connection_that_nobody_has_accepted_is_not_quiet(tmp_path: Path) -> None:
    with talking(tmp_path, "accepts nobody") as (quiet, channel):
        assert [quiet.of([channel]) for _ in range(100)] == [[]] * 100


def test_a_connection_of_another_process_is_not_quiet(tmp_path: Path) -> None:
    with talking(tmp_path, "answers at once") as (_, channel):
        mine = Quiet(os.getpid)

        assert [mine.of([channel]) for _ in range(20)] == [[]] * 20


def test_nothing_is_proven_of_a_process_that_is_gone(tmp_path: Path) -> None:
    with talking(tmp_path, "answers at once") as (_, channel), subprocess.Popen([sys.executable, "-c", ""]) as gone:
        gone.wait()

        assert Quiet(lambda: gone.pid).of([channel]) == []
        assert not Quiet(lambda: gone.pid).sleeps()


def test_nothing_is_proven_where_the_process_is_not_known(tmp_path: Path) -> None:
    with talking(tmp_path, "answers at once") as (_, channel):
        assert Quiet(lambda: None).of([channel]) == []


def test_nothing_is_proven_while_bytes_wait_to_be_read() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        channel = connect(Address(Transport.TCP, *listener.getsockname()), timeout=5.0, context=None)
        accepted, _ = listener.accept()
        channel.send(memoryview(b"unread"))
        queues = channel.queues()
        accepted.close()
        channel.close()

    assert queues is not None
    assert (queues.unread, queues.are_empty) == (6, False)


def test_the_store_is_looked_at_once_more_after_quiet_was_proven(tmp_path: Path) -> None:
    with talking(tmp_path, "answers at once") as (quiet, channel):
        line = Line(channel)
        line.plan([Action(Kind.SENT, b"x")])
        drive([line], until=lambda line: bool(line.received), patience=5.0, at_most=5.0)
        hurried, patient = Rest(quiet, is_hurried=True), Rest(quiet, is_hurried=False)
        heard_when_quiet(quiet, channel)

        assert [hurried.on_store([line]), hurried.on_store([line])] == [False, True]
        assert [patient.on_store([line]), patient.on_store([line])] == [False, False]
        assert quiet.is_trusted

        patient.came(line)

        assert not quiet.is_trusted
