"""What no client, disk, signal or unread log may do to a server, in each serving that it could happen to."""

import contextlib
import os
import signal
import ssl
import sys
import threading
import time
from pathlib import Path

import pytest
import trustme

from jhup import Failure, ReplyReader, Stored
from jhup_reference.serving import running_upload_server
from jhup_reference.settings import Serving

posix = pytest.mark.skipif(os.name != "posix", reason="this platform lacks shells and signals between processes")
linux = pytest.mark.skipif(sys.platform != "linux", reason="needs /dev/full, /proc or prlimit")

CONCURRENT = ["threading", "multiplexing", "forking"]
MALFORMED = b"\xff\xff\xff\xff"


def frame(header: str, body: bytes = b"") -> bytes:
    return len(header).to_bytes(4, "little") + header.encode() + body


@posix
class TestLogThatCannotBeWritten:
    def check(self, server, connect) -> None:
        for _ in range(8):
            client = connect(server.address)
            client.send(MALFORMED)
            assert client.rest() == []
        assert isinstance(connect(server.address).put("a", b"abc"), Stored)
        server.process.terminate()
        assert server.wait() == 0

    @pytest.mark.parametrize("serving", ["threading", "multiplexing"])
    def test_because_it_is_closed_ends_no_server(self, start, connect, storage, serving):
        self.check(start("--serving", serving, shell='exec "$@" 2>&-'), connect)
        assert (storage / "a").read_bytes() == b"abc"

    @linux
    @pytest.mark.parametrize("serving", ["threading", "multiplexing"])
    def test_because_the_disk_is_full_ends_no_server(self, start, connect, serving):
        self.check(start("--serving", serving, shell='exec "$@" 2>/dev/full'), connect)

    @pytest.mark.parametrize("serving", ["threading", "multiplexing"])
    def test_because_its_reader_is_gone_ends_no_server(self, start, connect, serving):
        reader, writer = os.pipe()
        server = start("--serving", serving, stderr=writer)
        os.close(reader)
        os.close(writer)
        self.check(server, connect)

    @pytest.mark.parametrize("serving", CONCURRENT)
    def test_because_nobody_reads_it_holds_up_neither_clients_nor_the_end(self, start, connect, serving):
        reader, writer = os.pipe()
        try:
            os.set_blocking(writer, False)
            with contextlib.suppress(BlockingIOError):
                while True:
                    os.write(writer, bytes(4096))
            os.set_blocking(writer, True)
            self.check(start("--serving", serving, "--grace", "1", stderr=writer), connect)
        finally:
            os.close(reader)
            os.close(writer)


class TestLogOfOneConnection:
    @pytest.mark.parametrize("serving", ["threading", "multiplexing"])
    def test_has_a_line_for_each_kind_and_then_a_count(self, start, connect, serving, eventually):
        server = start("--serving", serving)
        client = connect(server.address)
        client.request('{"cmd":"put","filename":"/","filesize":0}')
        for _ in range(100):
            client.send(frame('{"cmd":"x","reply":true}') * 100)
            for _ in range(100):
                assert isinstance(client.reply(), Failure)
        client.end()
        client.rest()
        eventually(lambda: "count=9999" in server.errors.read_text("utf-8"))
        lines = [line for line in server.errors.read_text("utf-8").splitlines() if "refused" in line]
        assert len(lines) == 3
        assert "kind='bad-filename'" in lines[0]
        assert "kind='unknown-command'" in lines[1]

    def test_names_each_stored_file_and_no_miss_of_stat(self, start, connect, eventually):
        server = start()
        client = connect(server.address)
        client.request('{"cmd":"stat","filename":"missing","reply":true}')
        assert isinstance(client.reply(), Failure)
        client.put("a", b"abc")
        client.put("b", b"")
        eventually(lambda: "filename='b' filesize=0" in server.errors.read_text("utf-8"))
        log = server.errors.read_text("utf-8")
        assert "event='stored'" in log
        assert "filename='a' filesize=3" in log
        assert "missing" not in log


class TestWhatAServerSays:
    def test_at_its_start_names_its_limits(self, start, eventually):
        server = start("--max-connections", "77", "--max-filesize", "1000")
        eventually(lambda: "event='limits'" in server.errors.read_text("utf-8"))
        log = server.errors.read_text("utf-8")
        assert "connections=77" in log
        assert "max_filesize=1000" in log
        assert "descriptors=" in log

    @linux
    def test_at_its_start_warns_of_too_few_descriptors(self, start, eventually):
        server = start("--max-connections", "500", shell='ulimit -n 300; exec "$@"')
        eventually(lambda: "too few descriptors" in server.errors.read_text("utf-8"))
        assert "served_at_most=118" in server.errors.read_text("utf-8")

    @posix
    @pytest.mark.parametrize(
        "options", [[], ["--serving", "threading"], ["--serving", "forking"], ["--processes", "2"]]
    )
    def test_when_asked_tells_what_it_has_done(self, start, connect, eventually, options):
        server = start(*options)
        client = connect(server.address)
        client.put("a", b"abc")
        client.put("b", b"abcd")
        client.put("/", b"")
        client.end()
        client.rest()

        def told() -> bool:
            server.process.send_signal(signal.SIGUSR1)
            lines = [line for line in server.errors.read_text("utf-8").splitlines() if "event='health'" in line]
            return any("puts=2" in line and "bytes=7" in line for line in lines)

        eventually(told)
        assert isinstance(connect(server.address).put("c", b"abc"), Stored)


@posix
@pytest.mark.parametrize("serving", ["threading", "multiplexing"])
def test_the_end_comes_between_two_requests_of_a_burst(start, connect, serving):
    server = start("--serving", serving, "--grace", "60")
    client = connect(server.address)
    assert isinstance(client.put("long", bytes(2 * 1024 * 1024)), Stored)
    client.send(frame('{"cmd":"stat","filename":"long","reply":true}') * 1000)
    assert isinstance(client.reply(), Stored)
    server.process.terminate()
    replies = client.rest()
    assert len(replies) < 900
    assert all(isinstance(reply, Stored) for reply in replies)
    assert server.wait() == 0


class TestOthers:
    """Neighbours of a client that asks for much: bounds in milliseconds are measured by benchmarks/latency.py."""

    @pytest.mark.parametrize("serving", ["threading", "multiplexing"])
    def test_are_served_before_a_burst_of_requests_is_through(self, start, connect, serving):
        server = start("--serving", serving)
        busy, other = connect(server.address), connect(server.address)
        busy.put("long", bytes(256 * 1024))
        other.put("warm", b"")
        request = frame('{"cmd":"stat","filename":"long","reply":true}')
        total = 262_144 // len(request)
        seen, begun = [0], threading.Event()

        def read() -> None:
            reader = ReplyReader()
            while seen[0] < total:
                seen[0] += len(list(reader.receive(busy.socket.recv(65536))))
                begun.set()

        thread = threading.Thread(target=read)
        thread.start()
        busy.send(request * total)
        assert begun.wait(30)
        assert isinstance(other.put("a", b"x"), Stored)
        assert seen[0] < total * 3 // 4
        thread.join()

    @pytest.mark.parametrize("serving", [Serving.THREADING, Serving.MULTIPLEXING])
    def test_do_not_wait_for_a_disk_that_is_slow_with_somebodys_files(self, storage, connect, monkeypatch, serving):
        link, in_time, released = os.link, [], threading.Event()

        def slow_link(source: bytes, target: bytes, **options: object) -> None:
            if target == b"slow0":
                time.sleep(0.05)
            elif target == b"slow1":
                in_time.append(released.wait(10))
            link(source, target, **options)  # type: ignore[arg-type]

        monkeypatch.setattr(os, "link", slow_link)
        with running_upload_server(storage, serving=serving) as address:
            assert isinstance(connect(address).put("slow0", b"abc"), Stored)
            waiting = connect(address)
            waiting.request('{"cmd":"put","filename":"slow1","filesize":3,"reply":true}', b"abc")
            assert isinstance(connect(address).put("a", b"abc"), Stored)
            released.set()
            assert isinstance(waiting.reply(), Stored)
        assert in_time == [True]

    @linux
    @pytest.mark.parametrize("serving", CONCURRENT)
    def test_that_are_served_go_on_when_descriptors_run_out(self, start, connect, serving):
        import resource

        server = start("--serving", serving)
        connect(server.address).put("warm", b"")
        resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (128, 128))
        clients = [connect(server.address) for _ in range(140)]
        for number, client in enumerate(clients):
            with contextlib.suppress(OSError):  # turned away
                client.request(f'{{"cmd":"put","filename":"f{number}","filesize":3,"reply":true}}', b"ab")
        replies = []
        for client in clients:
            with contextlib.suppress(OSError):
                client.send(b"c")
                client.end()
                replies += client.rest()
        assert len(replies) >= 32
        assert [reply for reply in replies if not isinstance(reply, Stored)] == []
        for client in clients:
            client.socket.close()
        assert isinstance(connect(server.address).put("later", b"abc"), Stored)

    @pytest.fixture
    def secured(self, tmp_path):
        """The options of a server with a certificate, and the context of clients that trust it."""
        authority = trustme.CA()
        authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "server.pem"))
        trusting = ssl.create_default_context()
        authority.configure_trust(trusting)
        return ("--max-connections", "32", "--tls-cert", str(tmp_path / "server.pem")), trusting

    @pytest.mark.parametrize("serving", CONCURRENT)
    def test_are_served_beside_200_stalled_handshakes(self, start, connect, secured, serving):
        options, trusting = secured
        server = start("--serving", serving, *options)
        stalled = [connect(server.address) for _ in range(200)]
        assert isinstance(connect(server.address, trusting).put("a", b"abc"), Stored)
        del stalled

    @linux
    def test_are_no_processes_where_their_handshakes_stall(self, start, connect, secured):
        options, trusting = secured
        server = start("--serving", "forking", *options)
        stalled = [connect(server.address) for _ in range(20)]
        for number, client in enumerate(stalled):
            client.send(b"\x16\x03\x01\x02"[: number % 5])
        served = connect(server.address, trusting)
        assert isinstance(served.put("a", b"abc"), Stored)
        pid = server.process.pid
        assert len(Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()) == 1

    @pytest.mark.parametrize("serving", CONCURRENT)
    def test_are_served_after_a_handshake_that_failed_and_is_logged(self, start, connect, secured, eventually, serving):
        options, trusting = secured
        server = start("--serving", serving, *options)
        stranger = connect(server.address)
        stranger.send(b"no handshake at all")
        stranger.end()
        assert isinstance(connect(server.address, trusting).put("a", b"abc"), Stored)
        eventually(lambda: "event='lost'" in server.errors.read_text("utf-8"))

    @posix
    def test_are_served_beside_300_handshakes_begun_of_which_the_oldest_are_ended(self, start, connect, secured):
        options, trusting = secured
        server = start("--serving", "forking", *options)
        stalled = [connect(server.address) for _ in range(300)]
        assert isinstance(connect(server.address, trusting).put("a", b"abc"), Stored)
        assert stalled[0].socket.recv(1) == b""
        stalled[-1].send(MALFORMED)
        assert isinstance(connect(server.address, trusting).put("b", b"abc"), Stored)
