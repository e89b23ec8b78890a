"""The simulated world: what a kernel does with connections, and a time that jumps when everybody waits."""

import socket

import pytest
from simulated.sockets import Addresses, Socket
from simulated.streams import CAPACITY, LATENCY
from simulated.world import Deadlock, Process, World

WHERE = ("127.0.0.1", 4000)


class Pair:
    """A connection, with a server's end and a client's."""

    def __init__(self, family: int = socket.AF_INET) -> None:
        self.world, self.addresses = World(), Addresses()
        listener = self.socket(family)
        listener.bind(WHERE if family == socket.AF_INET else "/simulated")
        listener.listen(0)
        self.client = self.socket(family)
        self.client.connect(WHERE if family == socket.AF_INET else "/simulated")
        self.server = listener.accept()[0]
        self.listener = listener

    def socket(self, family: int = socket.AF_INET) -> Socket:
        return Socket(self.world, self.addresses, None, family, socket.SOCK_STREAM)


@pytest.fixture(params=[socket.AF_INET, socket.AF_UNIX], ids=["tcp", "unix"])
def pair(request: pytest.FixtureRequest) -> Pair:
    return Pair(request.param)


def test_hours_pass_at_once_when_everybody_waits() -> None:
    world = World()
    began = world.now

    world.sleep(7200.0)

    assert world.now - began == 7200.0


def test_everybody_waiting_for_ever_is_said() -> None:
    pair = Pair()

    with pytest.raises(Deadlock):
        pair.client.recv(1)


def test_a_receive_brings_what_has_arrived_and_no_more_than_asked_for(pair: Pair) -> None:
    pair.client.sendall(b"abc")
    pair.client.sendall(b"def")
    pair.world.sleep(2 * LATENCY)

    assert (pair.server.recv(4), pair.server.recv(100)) == (b"abcd", b"ef")


def test_after_a_half_close_the_other_direction_goes_on(pair: Pair) -> None:
    pair.client.shutdown(socket.SHUT_WR)

    assert pair.server.recv(1) == b""
    pair.server.sendall(b"still here")
    assert pair.client.recv(100) == b"still here"


def test_closing_with_unread_bytes_resets_the_peer(pair: Pair) -> None:
    pair.client.sendall(b"unread")
    pair.world.sleep(2 * LATENCY)
    pair.server.close()

    with pytest.raises(ConnectionResetError):
        pair.client.recv(1)
    assert pair.client.recv(1) == b""


def test_what_had_arrived_can_be_read_after_a_reset(pair: Pair) -> None:
    pair.server.sendall(b"reply")
    pair.client.sendall(b"unread")
    pair.world.sleep(2 * LATENCY)
    pair.server.close()
    pair.world.sleep(2 * LATENCY)

    assert pair.client.recv(100) == b"reply"
    with pytest.raises(ConnectionResetError):
        pair.client.recv(1)


def test_sending_to_a_closed_end_is_answered_with_a_reset() -> None:
    pair = Pair()
    pair.server.close()
    pair.client.sendall(b"a")
    pair.world.sleep(3 * LATENCY)

    with pytest.raises(BrokenPipeError):
        pair.client.sendall(b"b")


def test_a_full_buffer_holds_the_sender_back_until_it_is_read(pair: Pair) -> None:
    pair.client.setblocking(False)
    taken = pair.client.send(bytes(10_000_000))
    pair.world.sleep(2 * LATENCY)

    with pytest.raises(BlockingIOError):
        pair.client.send(b"more")
    assert len(pair.server.recv(10_000_000)) == taken
    pair.world.sleep(2 * LATENCY)
    assert pair.client.send(b"more") == 4


def test_smaller_buffers_hold_the_sender_back_sooner_and_larger_ones_let_it_go_on(pair: Pair) -> None:
    pair.server.settimeout(0.1)
    pair.client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 * 1024)

    sent = pair.server.send(bytes(1024 * 1024))
    with pytest.raises(TimeoutError):
        pair.server.send(b"more")
    pair.client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 * 1024)

    assert sent == CAPACITY + 8 * 1024
    assert pair.server.send(bytes(1024 * 1024)) == 8 * 1024


def test_a_receive_with_a_time_limit_ends_with_it(pair: Pair) -> None:
    began = pair.world.now
    pair.client.settimeout(1.5)

    with pytest.raises(TimeoutError):
        pair.client.recv(1)

    assert pair.world.now - began == pytest.approx(1.5)


def test_a_full_queue_of_the_listener_lets_a_client_wait() -> None:
    pair = Pair()
    pair.socket().connect(WHERE)  # the one that a backlog of 0 has room for
    late = pair.socket()
    late.settimeout(2.5)
    began = pair.world.now

    with pytest.raises(TimeoutError):
        late.connect(WHERE)

    assert pair.world.now - began == pytest.approx(2.5)


def test_nobody_listening_refuses() -> None:
    pair = Pair()
    pair.listener.close()

    with pytest.raises(ConnectionRefusedError):
        pair.socket().connect(WHERE)


def test_a_process_that_ends_resets_what_it_has_not_read() -> None:
    world, addresses = World(), Addresses()
    process = Process(world)

    def serve() -> None:
        listener = Socket(world, addresses, process, socket.AF_INET, socket.SOCK_STREAM)
        listener.bind(WHERE)
        listener.listen()
        listener.accept()
        world.sleep(1.0)
        process.end(3)

    process.start(serve)
    world.sleep(0.0)
    client = Socket(world, addresses, None, socket.AF_INET, socket.SOCK_STREAM)
    client.connect(WHERE)
    client.sendall(b"unread")

    with pytest.raises(ConnectionResetError):
        client.recv(1)
    assert (process.alive, process.status) == (False, 3)
    world.close()
