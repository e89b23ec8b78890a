"""Echo servers of datagrams: lengths, addresses, clients that take nothing, and failures (section 10.11)."""

import contextlib
import os
import socket
import sys

import psutil
import pytest
import structlog

from jhup.address import Address, Transport
from jhup.echo import Service
from jhup_reference.echo import running_echo_server
from jhup_reference.echo.service import EchoService
from jhup_reference.settings import Serving

IN_A_THREAD = [Serving.ITERATIVE, Serving.THREADING]

needs_unix = pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="this platform lacks Unix sockets")
TRANSPORTS = [Transport.UDP, pytest.param(Transport.UNIXGRAM, marks=needs_unix)]


@pytest.fixture
def address(tmp_path):
    """Where a server of a transport may be."""
    return lambda transport: Address(
        transport, *(("", 0, str(tmp_path / "s")) if transport.is_local else ("127.0.0.1", 0))
    )


@pytest.mark.parametrize("serving", IN_A_THREAD)
@pytest.mark.parametrize("transport", TRANSPORTS)
class TestEach:
    def test_is_answered_whole_up_to_the_limit_and_left_unanswered_beyond(
        self, address, echo_client, transport, serving
    ):
        with running_echo_server(Service.UPPER, address=address(transport), serving=serving) as bound:
            client = echo_client(bound)
            for length in (1, 512, 1024, 1025, 8191, 8192):
                client.send(b"a" * length)
                assert client.read(length) == b"A" * length
            for length in (8193, 9000, 60_000):
                client.send(b"a" * length)
            client.send(b"b")
            assert client.read(1) == b"B"  # and nothing before it

    def test_may_have_four_times_its_length_as_answer(self, address, echo_client, transport, serving):
        with running_echo_server(Service.GREET, address=address(transport), serving=serving) as bound:
            client = echo_client(bound)
            client.send(b"\xff" * 8192)
            assert client.read(32_778) == b"Hello, b'" + rb"\xff" * 8192 + b"'"

    def test_that_is_not_ascii_gets_none_of_a_worker(self, address, echo_client, transport, serving):
        with running_echo_server(Service.WORKER, address=address(transport), serving=serving) as bound:
            client = echo_client(bound)
            client.send(b"a\x80")
            client.send(b"a")
            assert client.socket.recv(1024).endswith(b": a")

    def test_whose_reply_no_one_foresaw_costs_itself_alone(
        self, address, echo_client, transport, serving, monkeypatch, eventually
    ):
        def fail(*_: object) -> None:
            raise RuntimeError("unforeseen")

        with (
            structlog.testing.capture_logs() as logs,
            running_echo_server(Service.UPPER, address=address(transport), serving=serving) as bound,
        ):
            client = echo_client(bound)
            with monkeypatch.context() as patch:
                patch.setattr(EchoService, "reply", fail)
                client.send(b"a")
                eventually(lambda: [log["event"] for log in logs] == ["internal"])
            client.send(b"b")
            assert client.read(1) == b"B"

    def test_is_answered_to_its_own_sender(self, address, echo_client, transport, serving):
        with running_echo_server(Service.UPPER, address=address(transport), serving=serving) as bound:
            clients = [echo_client(bound) for _ in range(20)]
            for number, client in enumerate(clients):
                client.send(b"c%d" % number)
            for number, client in enumerate(clients):
                assert client.socket.recv(1024) == b"C%d" % number


def test_a_reply_longer_than_the_transport_carries_is_left_away(address, echo_client):
    with running_echo_server(Service.GREET, address=address(Transport.UDP), max_message=65_507) as bound:
        client = echo_client(bound)
        client.send(b"\xff" * 16_375)  # of which the reply would have 65,510 bytes
        client.send(b"\xff" * 2_000)
        assert client.read(8_010) == b"Hello, b'" + rb"\xff" * 2_000 + b"'"


def test_a_limit_may_be_chosen(address, echo_client):
    with running_echo_server(Service.UPPER, address=address(Transport.UDP), max_message=3) as bound:
        client = echo_client(bound)
        for data in (b"abcd", b"abc"):
            client.send(data)
        assert client.read(3) == b"ABC"


@needs_unix
class TestUnixSenders:
    @pytest.mark.parametrize("serving", IN_A_THREAD)
    def test_without_an_address_get_nothing_and_cost_nothing(self, address, echo_client, serving):
        with running_echo_server(Service.UPPER, address=address(Transport.UNIXGRAM), serving=serving) as bound:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as nameless:
                for _ in range(50):
                    nameless.sendto(b"a", bound.path)
            client = echo_client(bound)
            client.send(b"b")
            assert client.read(1) == b"B"

    def test_that_are_gone_cost_nothing(self, address, echo_client):
        with running_echo_server(
            Service.UPPER, address=address(Transport.UNIXGRAM), serving=Serving.ITERATIVE
        ) as bound:
            gone = echo_client(bound)
            gone.send(b"a")
            gone.socket.close()
            client = echo_client(bound)
            client.send(b"b")
            assert client.read(1) == b"B"

    def test_that_take_no_answers_hold_up_only_those_who_wait_for_them(self, address, echo_client):
        with running_echo_server(Service.UPPER, address=address(Transport.UNIXGRAM)) as bound:
            deaf = echo_client(bound)
            for _ in range(40):  # more than the system queues for a receiver
                deaf.send(b"a")
            client = echo_client(bound)
            client.send(b"b")
            assert client.read(1) == b"B"
            assert deaf.read(1) == b"A"

    def test_that_have_no_path_but_a_name_are_answered(self, address):
        if sys.platform != "linux":
            pytest.skip("this platform lacks names of Unix sockets without a path")
        with (
            running_echo_server(Service.UPPER, address=address(Transport.UNIXGRAM)) as bound,
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as client,
        ):
            client.bind("")
            client.settimeout(30)
            client.sendto(b"a", bound.path)
            assert client.recvfrom(1024) == (b"A", bound.path)


class TestWhereAnAnswerComesFrom:
    @pytest.mark.skipif(sys.platform != "linux", reason="needs the whole of 127.0.0.0/8 on this machine")
    def test_is_where_the_datagram_was_sent_to_when_the_server_has_all_addresses(self):
        with (
            running_echo_server(Service.UPPER, address=Address(Transport.UDP, "0.0.0.0", 0)) as bound,
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client,
        ):
            client.settimeout(30)
            for place in (("127.0.0.1", bound.port), ("127.0.0.2", bound.port), ("127.1.2.3", bound.port)):
                client.sendto(b"a", place)
                assert client.recvfrom(1024) == (b"A", place)

    @pytest.mark.parametrize("host", ["::1", "::"])
    def test_may_be_of_ipv6(self, echo_client, host):
        try:
            socket.create_server(("::1", 0), family=socket.AF_INET6).close()
        except OSError:
            pytest.skip("this machine has no IPv6 loopback")
        with running_echo_server(Service.UPPER, address=Address(Transport.UDP, host, 0)) as bound:
            client = echo_client(Address(Transport.UDP, "::1", bound.port))
            client.send(b"a")
            assert client.read(1) == b"A"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform lacks fork")
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_children_are_bounded_and_reaped(start_echo, address, echo_client, eventually, transport):
    server = start_echo("upper", "--bind", str(address(transport)), "--serving", "forking", "--max-connections", "32")
    process = psutil.Process(server.process.pid)
    client = echo_client(server.address)
    for number in range(60):
        client.send(b"a%d" % number)
        assert client.socket.recv(1024) == b"A%d" % number
    assert len(process.children()) <= 32
    eventually(lambda: not process.children())
    client.send(b"b")
    assert client.read(1) == b"B"
    server.process.terminate()
    assert server.wait() == 0


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_the_address_is_free_again_after_the_block(address, transport):
    with running_echo_server(Service.UPPER, address=address(transport)) as bound:
        pass
    with contextlib.ExitStack() as stack:
        assert stack.enter_context(running_echo_server(Service.UPPER, address=bound)) == bound
