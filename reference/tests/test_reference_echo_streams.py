"""Echo servers on streams: the ends of connections, bounds, silence and failures (sections 10.7 to 10.13)."""

import contextlib
import os
import socket
import sys
import threading

import psutil
import pytest
import structlog

from jhup.echo import Service, Shape
from jhup_reference.echo import running_echo_server
from jhup_reference.echo.service import EchoService
from jhup_reference.settings import Serving, Tuning

IN_A_THREAD = [Serving.ITERATIVE, Serving.THREADING]
STREAMS = [shape for shape in Shape if shape is not Shape.DATAGRAM]
MIB = 1024 * 1024

forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform lacks fork")


class TestEnd:
    @pytest.mark.parametrize("shape", [Shape.ONE_SHOT, Shape.LINE_ONE_SHOT])
    def test_comes_after_the_one_reply_although_the_client_does_not_close(self, echo_client, eventually, shape):
        tuning = Tuning(linger=0.2)
        with running_echo_server(Service.UPPER, shape=shape, tuning=tuning) as address:
            before = threading.active_count()
            client = echo_client(address)
            client.send(b"abc\n")
            assert client.rest() == b"ABC"
            eventually(lambda: threading.active_count() == before)  # the connection is closed, and its thread ended

    def test_is_orderly_with_input_left(self, echo_client):
        with running_echo_server(Service.UPPER) as address:
            client = echo_client(address)
            client.send(b"a" * 300_000)
            assert client.rest() in {b"A" * length for length in range(1, 1025)}

    def test_comes_after_an_over_long_line_and_earlier_replies_stand(self, echo_client):
        with running_echo_server(Service.UPPER, shape=Shape.LINE) as address:
            client = echo_client(address)
            client.send(b"abc\n" + b"a" * 1023 + b"\n" + b"a" * 1024 + b"\n" + b"d\n" * 10_000)
            assert client.rest() == b"ABC" + b"A" * 1023

    @pytest.mark.parametrize("shape", STREAMS)
    @pytest.mark.parametrize("serving", IN_A_THREAD)
    def test_of_a_worker_comes_without_a_reply_to_what_is_not_ascii(self, echo_client, shape, serving):
        with running_echo_server(Service.WORKER, shape=shape, serving=serving) as address:
            client = echo_client(address)
            client.send(b"\x80a\nb\n")
            assert client.rest() == b""
            client.socket.close()
            client = echo_client(address)
            client.send(b"a\n")
            client.end()
            assert client.rest().endswith(b": a\n")

    @pytest.mark.parametrize("shape", STREAMS)
    def test_comes_without_an_answer_to_silence_when_the_server_stops(self, echo_client, shape):
        with running_echo_server(Service.GREET, shape=shape) as address:
            client, other = echo_client(address), echo_client(address)
            other.send(b"x\n")
            assert other.socket.recv(1)  # so that the one before it was accepted, too
        assert client.rest() == b""


class TestSession:
    def test_answers_whatever_amount_while_the_client_reads(self, echo_client):
        data = bytes(range(0x41, 0x5B)) * 80_000
        with running_echo_server(Service.UPPER, shape=Shape.SESSION) as address:
            client = echo_client(address)

            def send() -> None:
                client.socket.sendall(data.lower())
                client.end()

            sender = threading.Thread(target=send)
            sender.start()
            answer = client.rest()
            sender.join()
        assert len(answer) == len(data)
        assert answer == data

    @pytest.mark.skipif(sys.platform != "linux", reason="relies on the bounds of this system's socket buffers")
    def test_reads_no_more_while_its_answer_is_not_taken(self, echo_client):
        with running_echo_server(Service.GREET, shape=Shape.SESSION, tuning=Tuning(grace=0.2)) as address:
            deaf = echo_client(address)
            deaf.socket.settimeout(0.5)
            sent = 0
            with contextlib.suppress(TimeoutError):
                while sent < 256 * MIB:
                    sent += deaf.socket.send(b"\xff" * 65536)
            assert sent < 64 * MIB  # all of it in buffers of the system
            other = echo_client(address)
            other.send(b"a")
            assert other.read(11) == b"Hello, b'a'"

    def test_keeps_the_name_of_its_worker(self, echo_client):
        with running_echo_server(Service.WORKER, shape=Shape.SESSION) as address:
            client = echo_client(address)
            client.send(b"a")
            first = client.read(1)
            while not first.endswith(b": a"):
                first += client.read(1)
            client.send(b"b")
            assert client.read(len(first)) == first[:-1] + b"b"


class TestSeveral:
    @pytest.mark.parametrize("serving", ["threading", pytest.param("forking", marks=forks)])
    def test_silent_connections_delay_no_other(self, start_echo, echo_client, serving):
        server = start_echo("greet", "--serving", serving)
        silent = [echo_client(server.address) for _ in range(32)]
        client = echo_client(server.address)
        client.send(b"a")
        assert client.rest() == b"Hello, b'a'"
        for number, each in enumerate(silent):
            each.send(b"%d" % number)
            assert each.rest() == b"Hello, b'%d'" % number

    @pytest.mark.parametrize("serving", ["threading", pytest.param("forking", marks=forks)])
    def test_more_than_the_bound_wait_until_one_has_ended(self, start_echo, echo_client, serving):
        server = start_echo("upper", "--shape", "session", "--max-connections", "32", "--serving", serving)
        served = [echo_client(server.address) for _ in range(32)]
        for client in served:
            client.send(b"a")
            assert client.read(1) == b"A"
        waiting = echo_client(server.address)
        waiting.send(b"b")
        parts = psutil.Process(server.process.pid)
        assert (parts.num_threads() if serving == "threading" else len(parts.children()) + 1) <= 33
        served[0].end()
        assert served[0].rest() == b""
        served[0].socket.close()
        assert waiting.read(1) == b"B"
        served[1].send(b"c")
        assert served[1].read(1) == b"C"

    def test_an_iterative_server_serves_one_after_the_other(self, echo_client):
        with running_echo_server(Service.UPPER, serving=Serving.ITERATIVE) as address:
            silent, client = echo_client(address), echo_client(address)
            client.send(b"a")
            silent.socket.close()
            assert client.rest() == b"A"

    def test_threads_have_names_of_their_own(self, echo_client):
        with running_echo_server(Service.WORKER) as address:
            clients = [echo_client(address) for _ in range(8)]
            names = []
            for client in reversed(clients):  # each is answered while those before it are open and accepted
                client.send(b"a")
                names.append(client.rest().removesuffix(b": a"))
        assert len(set(names)) == 8

    def test_odd_names_of_threads_are_made_fit(self, echo_client, monkeypatch):
        monkeypatch.setattr(threading.Thread, "name", property(lambda self: "a:b\n\xe9"))
        with running_echo_server(Service.WORKER) as address:
            client = echo_client(address)
            client.send(b"x")
            assert client.rest() == b"a-b-?: x"


@pytest.mark.parametrize("serving", IN_A_THREAD)
class TestSurvival:
    def test_of_resets_at_any_moment(self, echo_client, serving):
        with running_echo_server(Service.UPPER, shape=Shape.SESSION, serving=serving) as address:
            for data in (b"", b"a", b"a" * 100_000):
                client = echo_client(address)
                if data:
                    client.send(data)
                client.reset()
            client = echo_client(address)
            client.send(b"abc")
            client.end()
            assert client.rest() == b"ABC"

    @pytest.mark.parametrize("where", ["conversation", "limit"])
    def test_of_what_no_one_foresaw(self, echo_client, serving, where, monkeypatch, eventually):
        def fail(*_: object) -> None:
            raise RuntimeError("unforeseen")

        with structlog.testing.capture_logs() as logs, running_echo_server(Service.UPPER, serving=serving) as address:
            with monkeypatch.context() as patch:
                patch.setattr(EchoService, where, fail if where == "conversation" else property(fail))
                client = echo_client(address)
                client.send(b"a")
                with contextlib.suppress(ConnectionResetError):
                    assert client.rest() == b""
            client = echo_client(address)
            client.send(b"a")
            assert client.rest() == b"A"
            eventually(lambda: [log["event"] for log in logs] == ["internal"])


def test_a_thread_that_cannot_be_started_costs_one_connection_and_no_room(echo_client, monkeypatch):
    tuning = Tuning(max_connections=32)
    with structlog.testing.capture_logs() as logs, running_echo_server(Service.UPPER, tuning=tuning) as address:
        with monkeypatch.context() as patch:
            patch.setattr(
                threading.Thread, "start", lambda self: (_ for _ in ()).throw(RuntimeError("no more threads"))
            )
            for _ in range(40):
                with contextlib.suppress(ConnectionResetError):
                    assert echo_client(address).rest() == b""
        client = echo_client(address)
        client.send(b"a")
        assert client.rest() == b"A"
    assert [log["event"] for log in logs] == ["internal"] * 40


@pytest.mark.skipif(
    sys.platform != "linux", reason="relies on this system's way to count descriptors, threads and children"
)
@pytest.mark.parametrize("serving", ["iterative", "threading", "forking"])
def test_nothing_is_left_of_connections_that_are_closed(start_echo, echo_client, eventually, serving):
    server = start_echo("upper", "--shape", "session", "--serving", serving, "--log-level", "warning")
    process = psutil.Process(server.process.pid)

    def converse() -> None:
        client = echo_client(server.address)
        client.send(b"a")
        assert client.read(1) == b"A"
        client.end()
        assert client.rest() == b""
        client.socket.close()

    def look() -> tuple[int, int, int]:
        return process.num_fds(), process.num_threads(), len(process.children())

    converse()
    eventually(lambda: look()[1:] == (1, 0))
    before = look()
    for number in range(50):
        client = echo_client(server.address)
        if number % 2:
            client.send(b"a")
        client.reset()
    converse()
    eventually(lambda: look() == before)


@forks
def test_children_are_reaped_without_further_requests(start_echo, echo_client, eventually):
    server = start_echo("upper", "--serving", "forking")
    clients = [echo_client(server.address) for _ in range(5)]
    for client in clients:
        client.send(b"a")
        assert client.rest() == b"A"
        client.socket.close()
    eventually(lambda: not psutil.Process(server.process.pid).children())


class TestInAProgram:
    def test_three_clients_are_served_and_nothing_is_left(self, echo_client):
        before = set(threading.enumerate())
        with running_echo_server(Service.UPPER) as address:
            for text, answer in ((b"one", b"ONE"), (b"two", b"TWO"), (b"three", b"THREE")):
                with socket.create_connection((address.host, address.port)) as client:
                    client.sendall(text)
                    assert client.recv(1024) == answer
        assert set(threading.enumerate()) <= before
        with pytest.raises(ConnectionRefusedError):
            echo_client(address)

    def test_ends_within_the_grace_although_a_client_reads_nothing(self, echo_client):
        with running_echo_server(Service.GREET, shape=Shape.SESSION, tuning=Tuning(grace=0.1)) as address:
            deaf = echo_client(address)
            deaf.socket.settimeout(0.3)
            with contextlib.suppress(TimeoutError):
                while True:
                    deaf.send(b"\xff" * 1024)
        assert not [thread for thread in threading.enumerate() if "process_request" in thread.name]

    def test_forking_is_for_processes_of_its_own(self):
        with pytest.raises(ValueError, match="fork"), running_echo_server(Service.UPPER, serving=Serving.FORKING):
            pass

    def test_shapes_that_the_transport_has_not_are_refused(self):
        with (
            pytest.raises(ValueError, match="datagram"),
            running_echo_server(Service.UPPER, shape=Shape.DATAGRAM),
        ):
            pass

    def test_leaves_an_address_in_use_alone(self):
        with (
            running_echo_server(Service.UPPER) as address,
            pytest.raises(OSError, match="in use"),
            running_echo_server(Service.UPPER, address=address),
        ):
            pass
