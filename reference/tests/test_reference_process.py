"""The server as a process: what people and programs that start it rely on."""

import contextlib
import os
import signal
import socket
import sys
from importlib.metadata import version
from pathlib import Path

import psutil
import pytest
from click.testing import CliRunner

from jhup import Code, Failure, Stored
from jhup_reference.cli import main

HALF_A_PUT = b'\x2d\0\0\0{"cmd":"put","filename":"a.txt","filesize":3}ab'
BIG = 3 * 1024 * 1024

posix = pytest.mark.skipif(os.name != "posix", reason="this platform lacks signals between processes")
needs_unix = pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="this platform lacks Unix sockets")


def unfinished(storage: Path) -> list[str]:
    return [path.name for path in storage.iterdir() if path.name.startswith("\x7f")]


def is_writing(server, storage: Path) -> bool:
    """Whether a file in the store is open, with a name or without."""
    if not Path("/proc/self/fd").exists():
        return bool(unfinished(storage))
    parent = psutil.Process(server.process.pid)
    with contextlib.suppress(OSError):
        for process in (parent, *parent.children(recursive=True)):
            for descriptor in Path(f"/proc/{process.pid}/fd").iterdir():
                if str(descriptor.readlink()).startswith(f"{storage.resolve()}/"):
                    return True
    return False


class TestReadyLine:
    def test_names_transport_and_address(self, start, connect):
        server = start()
        assert server.line == f"listening tcp 127.0.0.1:{server.address.port}"
        assert server.address.port > 0
        assert isinstance(connect(server.address).put("a", b"abc"), Stored)

    @needs_unix
    def test_names_the_path_of_a_unix_socket_that_is_removed_in_the_end(self, start, connect, tmp_path):
        path = tmp_path / "s"
        server = start("--bind", f"unix:{path}")
        assert server.line == f"listening unix:{path}"
        assert path.stat().st_mode & 0o777 == 0o600
        assert isinstance(connect(server.address).put("a", b"abc"), Stored)
        server.process.terminate()
        assert server.wait() == 0
        assert not path.exists()

    @needs_unix
    def test_comes_although_a_killed_server_left_its_socket(self, start, connect, tmp_path):
        first = start("--bind", f"unix:{tmp_path / 's'}")
        first.process.kill()
        first.wait()
        second = start("--bind", f"unix:{tmp_path / 's'}")
        assert isinstance(connect(second.address).put("a", b"abc"), Stored)

    def test_comes_for_ipv6(self, start, connect):
        try:
            socket.create_server(("::1", 0), family=socket.AF_INET6).close()
        except OSError:
            pytest.skip("this machine has no IPv6 loopback")
        server = start("--bind", "[::1]:0")
        assert server.line == f"listening tcp [::1]:{server.address.port}"
        assert isinstance(connect(server.address).put("a", b"abc"), Stored)


class TestStart:
    def refuse(self, start, *options: str) -> str:
        server = start(*options)
        assert server.line == ""
        assert server.wait() in (1, 2)
        message = server.errors.read_text("utf-8")
        assert "Traceback" not in message
        return message

    def test_refuses_a_folder_that_another_server_has(self, start, storage):
        pytest.importorskip("fcntl", reason="this platform lacks flock")
        start()
        assert "belongs to another server" in self.refuse(start)

    def test_refuses_an_address_in_use(self, start):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            message = self.refuse(start, "--bind", f"127.0.0.1:{taken.getsockname()[1]}")
        assert "can't listen at 127.0.0.1" in message

    @needs_unix
    def test_refuses_a_path_that_is_no_socket(self, start, tmp_path):
        (tmp_path / "file").write_text("precious")
        assert "can't listen" in self.refuse(start, "--bind", f"unix:{tmp_path / 'file'}")
        assert (tmp_path / "file").read_text() == "precious"

    @needs_unix
    def test_refuses_the_path_of_a_living_server(self, start, tmp_path, storage):
        with socket.socket(socket.AF_UNIX) as living:
            living.bind(str(tmp_path / "s"))
            living.listen()
            assert "can't listen" in self.refuse(start, "--bind", f"unix:{tmp_path / 's'}")
            assert (tmp_path / "s").exists()

    def test_refuses_a_store_that_is_no_folder(self, start, storage):
        storage.rmdir()
        storage.write_text("file")
        assert "store" in self.refuse(start)

    def test_makes_the_folder_of_the_store(self, start, storage, connect):
        storage.rmdir()
        assert isinstance(connect(start().address).put("a", b"abc"), Stored)


class TestOptions:
    @pytest.mark.parametrize(
        ("options", "named"),
        [
            (["--idle-timeout", "29"], "idle time-out"),
            (["--idle-timeout", "nan"], "idle time-out"),
            (["--max-connections", "31"], "at least 32"),
            (["--max-header", "65535"], "65535"),
            (["--max-filesize", "-1"], "-1"),
            (["--grace", "-1"], "grace"),
            (["--bind", "nowhere"], "HOST:PORT"),
            (["--bind", "udp://127.0.0.1:0"], "byte stream"),
            (["--bind", "tls://127.0.0.1:0"], "--tls-cert"),
            (["--tls-cert", __file__], "certificates"),
            (["--bind", "unix:s", "--tls-cert", __file__], "not for Unix sockets"),
            (["--tls-key", __file__], "--tls-cert"),
            (["--bogus"], "--bogus"),
        ],
    )
    def test_are_refused_in_one_line_where_no_server_may_have_them(self, tmp_path, options, named):
        result = CliRunner().invoke(main, ["upload", "--storage", str(tmp_path), *options])
        assert result.exit_code in (1, 2)
        assert named in result.output.splitlines()[-1]
        assert isinstance(result.exception, SystemExit)

    def test_version_is_that_of_the_package(self):
        result = CliRunner().invoke(main, ["--version"])
        assert result.output == f"jhup-server, version {version('jhup')}\n"


class TestEnd:
    @posix
    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_comes_at_once_when_nothing_is_under_way(self, start, connect, number):
        server = start("--grace", "60", "--log-level", "warning")
        idle = connect(server.address)
        idle.put("a", b"abc")
        server.process.send_signal(number)
        assert server.wait() == 0
        assert idle.rest() == []
        assert server.errors.read_text("utf-8") == ""

    @posix
    @pytest.mark.parametrize(
        "options", [["--serving", "threading"], ["--serving", "multiplexing"], ["--serving", "forking"]], ids=str
    )
    def test_waits_for_what_is_under_way(self, start, connect, storage, eventually, options):
        server = start("--grace", "60", *options)
        busy, idle = connect(server.address), connect(server.address)
        idle.put("b", b"abc")
        busy.send(b'\x3a\0\0\0{"cmd":"put","filename":"a.txt","filesize":3,"reply":true}ab')
        eventually(lambda: is_writing(server, storage))
        server.process.terminate()
        assert idle.rest() == []  # closed, so that the server is ending
        busy.send(b"c")
        assert isinstance(busy.reply(), Stored)
        assert busy.rest() == []
        assert server.wait() == 0
        assert (storage / "a.txt").read_bytes() == b"abc"

    @posix
    @pytest.mark.parametrize("serving", ["threading", "multiplexing", "forking", "iterative"])
    def test_does_not_wait_for_ever(self, start, connect, storage, eventually, serving):
        server = start("--grace", "0.2", "--serving", serving)
        client = connect(server.address)
        client.send(HALF_A_PUT)
        eventually(lambda: is_writing(server, storage))
        server.process.terminate()
        assert server.wait() == 0
        assert not (storage / "a.txt").exists()

    @posix
    @pytest.mark.parametrize("serving", ["threading", "multiplexing", "forking"])
    def test_a_second_signal_allows_no_grace(self, start, connect, storage, eventually, serving):
        server = start("--grace", "3600", "--serving", serving)
        client, idle = connect(server.address), connect(server.address)
        idle.put("b", b"abc")
        client.send(HALF_A_PUT)
        eventually(lambda: is_writing(server, storage))
        server.process.terminate()
        idle.rest()
        server.process.terminate()
        assert server.wait() == 0


class TestKill:
    @posix
    def test_in_mid_upload_leaves_the_old_file_whole_and_a_restart_no_debris(self, start, connect, storage, eventually):
        (storage / "a.txt").write_bytes(b"old")
        server = start()
        client = connect(server.address)
        header = b'\x33\0\0\0{"cmd":"put","filename":"a.txt","filesize":3145728}'
        client.send(header + bytes(BIG - 1))
        eventually(lambda: is_writing(server, storage))
        server.process.kill()
        server.wait()
        assert (storage / "a.txt").read_bytes() == b"old"

        start()
        assert [path.name for path in storage.iterdir()] == ["a.txt"]
        assert (storage / "a.txt").read_bytes() == b"old"

    @posix
    def test_keeps_what_was_answered_with_ok(self, start, connect, storage):
        server = start()
        assert isinstance(connect(server.address).put("a", b"abc"), Stored)
        server.process.kill()
        server.wait()
        assert (storage / "a").read_bytes() == b"abc"


class TestConcurrency:
    @pytest.mark.parametrize(
        "options",
        [["--serving", "threading"], ["--serving", "multiplexing"], ["--serving", "forking"], ["--processes", "2"]],
        ids=str,
    )
    def test_stalled_connections_delay_no_other(self, start, connect, storage, options):
        if "forking" in options or "--processes" in options:
            pytest.importorskip("fcntl", reason="this platform lacks fork")
        server = start(*options)
        stalls = [b"", HALF_A_PUT[:2], HALF_A_PUT[:20], HALF_A_PUT]
        stalled = [connect(server.address) for _ in range(32)]
        for number, client in enumerate(stalled):
            client.send(stalls[number % len(stalls)])
        assert isinstance(connect(server.address).put("b", b"abc"), Stored)
        stalled[3].send(b"c")
        stalled[3].end()
        assert stalled[3].rest() == []
        assert (storage / "a.txt").read_bytes() == b"abc"

    def test_more_connections_than_the_limit_are_told_that_the_server_is_busy(self, start, connect):
        server = start("--max-connections", "32")
        served = [connect(server.address) for _ in range(32)]
        for number, client in enumerate(served):
            assert isinstance(client.put(f"f{number}", b"abc"), Stored)
        refused = connect(server.address).put("a", b"abc")
        assert isinstance(refused, Failure)
        assert (refused.code, refused.closing) == (Code.BUSY, True)
        assert isinstance(served[0].put("a", b"abc"), Stored)

    def test_far_more_connections_than_the_limit_are_closed_and_the_served_ones_go_on(self, start, connect):
        server = start("--max-connections", "32")
        served = [connect(server.address) for _ in range(32)]
        for number, client in enumerate(served):
            assert isinstance(client.put(f"f{number}", b"abc"), Stored)
        waiting = [connect(server.address) for _ in range(32)]
        assert connect(server.address).rest() == []
        assert isinstance(served[0].put("a", b"abc"), Stored)
        del waiting


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc to see descriptors and threads")
@pytest.mark.parametrize("serving", ["threading", "multiplexing", "forking"])
def test_nothing_is_left_of_aborted_connections(start, connect, storage, eventually, serving):
    server = start("--serving", serving)
    process = Path(f"/proc/{server.process.pid}")

    def settle() -> tuple[int, int]:
        """Descriptors and threads once all that came before is through."""
        client = connect(server.address)
        client.put("settled", b"abc")
        client.end()
        client.rest()
        return len(list((process / "fd").iterdir())), len(list((process / "task").iterdir()))

    settle()
    before = settle()
    for number in range(50):
        client = connect(server.address)
        client.send(HALF_A_PUT[: 1 + number % len(HALF_A_PUT)])
        client.reset()
    eventually(lambda: settle() <= before)
    assert unfinished(storage) == []
