"""Every service, over every transport, in every serving, in every shape: bytes written by hand."""

import contextlib
import os
import re
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jhup.address import Address, Transport
from jhup.echo import Service, Shape
from jhup_reference.echo import running_echo_server, server_class
from jhup_reference.settings import Serving

SERVINGS = [Serving.ITERATIVE, Serving.THREADING, Serving.FORKING]
PAIRS = [
    (service, serving)
    for service in Service
    for serving in SERVINGS
    if serving is not Serving.FORKING or service is Service.WORKER  # a process each, of which only worker tells
]
STREAMS = [Transport.TCP, Transport.UNIX]
DATAGRAMS = [Transport.UDP, Transport.UNIXGRAM]

WORKER = {
    Serving.ITERATIVE: rb"echo server",
    Serving.THREADING: rb"Thread-[0-9]+ \(process_request_thread\)",
    Serving.FORKING: rb"Process-[0-9]+",
}

REPLIES = {
    Service.UPPER: {b"": b"", b" \t a\0{\xe9z\r\n": b"A\0{\xe9Z", b"b": b"B", b"\n": b""},
    Service.GREET: {
        b"": b"Hello, b''",
        b" \t a\0{\xe9z\r\n": rb"Hello, b'a\x00{\xe9z'",
        b"b": b"Hello, b'b'",
        b"\n": b"Hello, b''",
        b"it's\n": b'Hello, b"it\'s"',
    },
    Service.WORKER: {b"": b"w: ", b" a: b \n": b"w:  a: b \n", b"b": b"w: b", b"\n": b"w: \n"},
}
"""What each service replies to some messages; a worker's name is put in where the w is."""

Serve = Callable[..., contextlib.AbstractContextManager[Address]]


@pytest.fixture
def serve(start_echo, tmp_path: Path) -> Serve:
    """Run an echo server of any kind: in a thread, or where it forks as a process."""

    @contextlib.contextmanager
    def serve(service: Service, transport: Transport, serving: Serving, shape: Shape | None) -> Iterator[Address]:
        if transport.is_local:
            if not hasattr(socket, "AF_UNIX"):
                pytest.skip("this platform lacks Unix sockets")
            address = Address(transport, path=str(tmp_path / "s"))
        else:
            address = Address(transport, "127.0.0.1", 0)
        if serving is not Serving.FORKING:
            with running_echo_server(service, address=address, serving=serving, shape=shape) as bound:
                yield bound
        elif not hasattr(os, "fork"):
            pytest.skip("this platform lacks fork")
        else:
            shapes = () if shape is None else ("--shape", shape)
            options = ("--bind", str(address), "--serving", "forking", "--log-level", "warning")
            server = start_echo(service, *options, *shapes)
            yield server.address
            server.process.terminate()
            assert server.wait() == 0
            assert server.errors.read_text("utf-8") == ""

    return serve


class Judge:
    """Puts the name of a worker, learnt from its first reply, into the replies that are expected."""

    def __init__(self, service: Service, serving: Serving) -> None:
        self.service = service
        self.serving = serving

    def expect(self, message: bytes, *, name: bytes = b"w") -> bytes:
        reply = REPLIES[self.service][message]
        return name + reply[1:] if self.service is Service.WORKER else reply

    def check(self, message: bytes, answer: bytes) -> bytes:
        """Check one whole reply, and return the name of its worker."""
        name = b"w"
        if self.service is Service.WORKER:
            name = answer.partition(b":")[0]
            assert re.fullmatch(WORKER[self.serving], name)
        assert answer == self.expect(message, name=name)
        return name


@pytest.mark.parametrize(("service", "serving"), PAIRS)
@pytest.mark.parametrize("transport", STREAMS)
class TestStreams:
    def test_one_shot_answers_once_and_closes(self, serve, echo_client, service, transport, serving):
        judge = Judge(service, serving)
        with serve(service, transport, serving, None) as address:
            for message in REPLIES[service]:
                client = echo_client(address)
                if message:
                    client.send(message)
                else:
                    client.end()
                judge.check(message, client.rest())
                client.socket.close()

    def test_session_answers_what_arrives_until_the_end(self, serve, echo_client, service, transport, serving):
        judge = Judge(service, serving)
        with serve(service, transport, serving, Shape.SESSION) as address:
            client = echo_client(address)
            client.send(b"b")
            if service is Service.WORKER:
                name = client.read(1)
                while not name.endswith(b":"):
                    name += client.read(1)
                judge.check(b"b", name + client.read(2))
                name = name[:-1]
            else:
                name = judge.check(b"b", client.read(len(judge.expect(b"b"))))
            for message in REPLIES[service]:
                if message:
                    client.send(message)
                    expected = judge.expect(message, name=name)
                    assert client.read(len(expected)) == expected  # before the next is sent
            client.end()
            assert client.rest() == b""

    def test_line_answers_lines(self, serve, echo_client, service, transport, serving):
        judge = Judge(service, serving)
        lines = [message for message in REPLIES[service] if message.endswith(b"\n")] + [b"b"]
        with serve(service, transport, serving, Shape.LINE) as address:
            client = echo_client(address)
            client.send(b"".join(lines))
            client.end()
            answer = client.rest()
            name = answer.partition(b":")[0]
            if service is Service.WORKER:
                assert re.fullmatch(WORKER[serving], name)
            assert answer == b"".join(judge.expect(line, name=name) for line in lines)

    def test_line_one_shot_answers_the_first_line(self, serve, echo_client, service, transport, serving):
        judge = Judge(service, serving)
        first = next(message for message in REPLIES[service] if message.endswith(b"\n"))
        with serve(service, transport, serving, Shape.LINE_ONE_SHOT) as address:
            client = echo_client(address)
            client.send(first + b"b\nb")
            judge.check(first, client.rest())


@pytest.mark.parametrize(("service", "serving"), PAIRS)
@pytest.mark.parametrize("transport", DATAGRAMS)
def test_each_datagram_gets_one(serve, echo_client, service, transport, serving):
    judge = Judge(service, serving)
    with serve(service, transport, serving, None) as address:
        client = echo_client(address)
        for message in REPLIES[service]:
            client.send(message)
            judge.check(message, client.socket.recv(1 << 16))


@pytest.mark.parametrize("serving", SERVINGS)
@pytest.mark.parametrize("transport", [*STREAMS, *DATAGRAMS])
def test_each_class_is_composed_once(transport, serving):
    if transport.is_local and not hasattr(socket, "AF_UNIX"):
        pytest.skip("this platform lacks Unix sockets")
    if serving is Serving.FORKING and not hasattr(os, "fork"):
        pytest.skip("this platform lacks fork")
    names = [each.__name__ for each in server_class(transport, serving).__mro__]
    base = {"tcp": "TCPServer", "udp": "UDPServer", "unix": "UnixStreamServer", "unixgram": "UnixDatagramServer"}
    mixed = {Serving.ITERATIVE: None, Serving.THREADING: "ThreadingMixIn", Serving.FORKING: "ForkingMixIn"}
    assert base[transport] in names
    assert [name for name in names if name.endswith("MixIn")] == [each for each in [mixed[serving]] if each]
    assert server_class(transport, serving) is server_class(transport, serving)


def test_there_is_no_other_class():
    with pytest.raises(ValueError, match="transport tls"):
        server_class(Transport.TLS, Serving.THREADING)
    with pytest.raises(ValueError, match="multiplexing"):
        server_class(Transport.TCP, Serving.MULTIPLEXING)
