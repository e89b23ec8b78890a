"""The echo server as a process: its ready line, its options, its end, and the paths of its sockets."""

import contextlib
import os
import signal
import socket

import pytest
from click.testing import CliRunner

from jhup.address import Address, Transport
from jhup_reference.cli import main
from jhup_reference.runtime.listening import listen

posix = pytest.mark.skipif(os.name != "posix", reason="this platform lacks signals between processes")
needs_unix = pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="this platform lacks Unix sockets")

KINDS = {Transport.UNIX: "SOCK_STREAM", Transport.UNIXGRAM: "SOCK_DGRAM"}


class TestReadyLine:
    @pytest.mark.parametrize(("bind", "begin"), [("127.0.0.1:0", "tcp"), ("udp://127.0.0.1:0", "udp")])
    def test_names_transport_and_address(self, start_echo, echo_client, bind, begin):
        server = start_echo("greet", "--bind", bind)
        assert server.line == f"listening {begin} 127.0.0.1:{server.address.port}"
        assert server.address.port > 0
        client = echo_client(server.address)
        client.send(b"a")
        assert client.read(11) == b"Hello, b'a'"

    @needs_unix
    @posix
    @pytest.mark.parametrize(("transport", "serving"), [(Transport.UNIX, "forking"), (Transport.UNIXGRAM, "threading")])
    def test_names_the_path_of_a_unix_socket_that_is_removed_in_the_end(
        self, start_echo, echo_client, tmp_path, transport, serving
    ):
        path = tmp_path / "s"
        server = start_echo("upper", "--bind", f"{transport}:{path}", "--serving", serving)
        assert server.line == f"listening {transport}:{path}"
        assert path.stat().st_mode & 0o777 == 0o600
        client = echo_client(server.address)
        client.send(b"a")
        assert client.read(1) == b"A"
        server.process.terminate()
        assert server.wait() == 0
        assert not path.exists()


@needs_unix
class TestPaths:
    @posix
    @pytest.mark.parametrize("transport", KINDS)
    def test_of_a_killed_server_is_taken_over(self, start_echo, echo_client, tmp_path, transport):
        bind = f"{transport}:{tmp_path / 's'}"
        first = start_echo("upper", "--bind", bind)
        first.process.kill()
        first.wait()
        assert (tmp_path / "s").exists()
        client = echo_client(start_echo("upper", "--bind", bind).address)
        client.send(b"a")
        assert client.read(1) == b"A"

    @pytest.mark.parametrize("living", KINDS)
    @pytest.mark.parametrize("transport", KINDS)
    def test_of_a_living_server_is_left_alone(self, tmp_path, transport, living):
        path = tmp_path / "s"
        with socket.socket(socket.AF_UNIX, getattr(socket, KINDS[living])) as sock:
            sock.bind(str(path))
            if living is Transport.UNIX:
                sock.listen()
            with pytest.raises(OSError, match="in use"):
                listen(Address(transport, path=str(path)))
            assert path.exists()

    @posix
    @pytest.mark.parametrize("transport", KINDS)
    def test_that_another_server_has_taken_meanwhile_is_not_removed(self, start_echo, tmp_path, transport):
        path = tmp_path / "s"
        server = start_echo("upper", "--bind", f"{transport}:{path}")
        path.unlink()
        other = start_echo("upper", "--bind", f"{transport}:{path}")
        assert other.line == server.line
        server.process.terminate()
        assert server.wait() == 0
        assert path.exists()
        other.process.terminate()
        assert other.wait() == 0
        assert not path.exists()


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--max-message", "0"], "max-message"),
        (["--max-connections", "31"], "at least 32"),
        (["--idle-timeout", "29"], "idle time-out"),
        (["--bind", "nowhere"], "HOST:PORT"),
        (["--bind", "tls://127.0.0.1:0"], "TLS"),
        (["--bind", "udp://127.0.0.1:0", "--shape", "line"], "datagrams, which udp carries"),
        (["--shape", "datagram"], "one-shot"),
        (["--serving", "multiplexing"], "iterative"),
    ],
)
def test_options_that_no_server_may_have_are_refused_in_one_line(options, named):
    result = CliRunner().invoke(main, ["echo", "--service", "upper", *options])
    assert result.exit_code in (1, 2)
    assert named in result.output.splitlines()[-1]
    assert isinstance(result.exception, SystemExit)


def test_white_space_may_be_kept_and_the_limit_chosen(start_echo, echo_client):
    server = start_echo("upper", "--no-trim", "--max-message", "4", "--shape", "line")
    client = echo_client(server.address)
    client.send(b" ab\nabcd\nef\n")
    assert client.rest() == b" AB\n"


@posix
class TestEnd:
    @pytest.mark.parametrize(
        ("serving", "number"),
        [("iterative", signal.SIGTERM), ("threading", signal.SIGINT), ("forking", signal.SIGTERM)],
    )
    def test_comes_at_once_although_clients_are_connected(self, start_echo, echo_client, serving, number):
        options = ("--shape", "session", "--serving", serving, "--grace", "60", "--log-level", "warning")
        server = start_echo("greet", *options)
        client, silent = echo_client(server.address), echo_client(server.address)
        client.send(b"a")
        assert client.read(11) == b"Hello, b'a'"
        server.process.send_signal(number)
        assert server.wait() == 0
        assert client.rest() == b""
        assert server.errors.read_text("utf-8") == ""
        del silent

    @pytest.mark.parametrize("serving", ["threading", "forking"])
    def test_waits_no_longer_than_the_grace_for_answers_to_be_taken(self, start_echo, echo_client, serving):
        server = start_echo("greet", "--shape", "session", "--serving", serving, "--grace", "0.1")
        deaf = echo_client(server.address)
        deaf.socket.settimeout(0.5)
        with contextlib.suppress(TimeoutError):
            while True:
                deaf.socket.send(b"\xff" * 65536)
        server.process.terminate()
        assert server.wait() == 0

    @pytest.mark.parametrize("serving", ["threading", "forking"])
    def test_comes_although_all_room_is_taken(self, start_echo, echo_client, serving):
        options = ("--shape", "session", "--max-connections", "32", "--serving", serving)
        server = start_echo("upper", *options)
        served = [echo_client(server.address) for _ in range(32)]
        for client in served:
            client.send(b"a")
            assert client.read(1) == b"A"
        waiting = echo_client(server.address)
        server.process.terminate()
        assert server.wait() == 0
        del waiting


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform lacks fork")
def test_children_do_not_outlive_a_killed_server(start_echo, echo_client):
    server = start_echo("upper", "--shape", "session", "--serving", "forking")
    client = echo_client(server.address)
    client.send(b"a")
    assert client.read(1) == b"A"
    server.process.kill()
    server.wait()
    with contextlib.suppress(ConnectionResetError):
        assert client.rest() == b""
