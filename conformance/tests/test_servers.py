"""The servers that the suite is tried on do what they are there for, shown with bytes written by hand."""

import contextlib
import hashlib
import importlib.util
import json
import os
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

SERVERS = Path(__file__).parent / "servers"
CORRECT = ["asyncio_upload.py", "selectors_upload.py"]

PUT_A = b'\x3a\x00\x00\x00{"cmd":"put","filename":"a.txt","filesize":3,"reply":true}abc'
PUT_B = b'\x3a\x00\x00\x00{"cmd":"put","filename":"b.txt","filesize":2,"reply":true}de'
SILENT_PUT_A = b'\x2d\x00\x00\x00{"cmd":"put","filename":"a.txt","filesize":3}abc'
SILENT_PUT_B = b'\x2d\x00\x00\x00{"cmd":"put","filename":"b.txt","filesize":2}de'
STAT_A = b'\x2f\x00\x00\x00{"cmd":"stat","filename":"a.txt","reply":true} '
HELLO = b'\x1c\x00\x00\x00{"cmd":"hello","reply":true}'

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("resource") is None, reason="these servers need the module resource, which POSIX has"
)

Address = tuple[str, int]
Serving = tuple[Address, Path]


class Started:
    """The processes of one test, each of which is stopped by its own id at the end."""

    def __init__(self) -> None:
        self.last: subprocess.Popen[bytes]
        self._stack = contextlib.ExitStack()

    def start(self, script: str, *options: object, stderr: int = subprocess.DEVNULL) -> Address:
        command = [sys.executable, str(SERVERS / script), "--port", "0", *map(str, options)]
        self.last = self._stack.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr))
        self._stack.callback(self.last.terminate)
        assert self.last.stdout
        ready = self.last.stdout.readline().decode()
        word, transport, address = ready.split()
        assert word == "listening"
        assert transport in {"tcp", "udp"}
        host, port = address.split(":")
        return host, int(port)

    def stop(self) -> None:
        self._stack.close()


@pytest.fixture
def started() -> Iterator[Started]:
    running = Started()
    yield running
    running.stop()


@pytest.fixture(scope="module", params=CORRECT)
def correct_server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    yield from serving(request.param, tmp_path_factory.mktemp("store"))


@pytest.fixture(scope="module", params=CORRECT)
def silent_server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    yield from serving(request.param, tmp_path_factory.mktemp("store"), "--silent")


def serving(script: str, folder: Path, *options: object) -> Iterator[Serving]:
    running = Started()
    yield running.start(script, "--storage", folder, *options), folder
    running.stop()


@pytest.fixture
def correct(correct_server: Serving) -> Address:
    """A correct server that replies."""
    return correct_server[0]


@pytest.fixture
def silent(silent_server: Serving) -> Address:
    """A correct server that has no replies."""
    return silent_server[0]


@pytest.fixture
def store(request: pytest.FixtureRequest) -> Path:
    """The folder of the test's server, which is emptied first: the server outlives the test."""
    folder = request.getfixturevalue("correct_server" if "correct" in request.fixturenames else "silent_server")[1]
    assert isinstance(folder, Path)
    for name in names_in(folder):
        (folder / name).unlink()
    return folder


def dial(address: Address) -> socket.socket:
    sock = socket.create_connection(address, timeout=30)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def receive_all(sock: socket.socket) -> bytes:
    received = bytearray()
    while data := sock.recv(65_536):
        received += data
    return bytes(received)


def receive_exactly(sock: socket.socket, length: int) -> bytes:
    received = bytearray()
    while len(received) < length:
        data = sock.recv(length - len(received))
        assert data, f"the stream ended after {bytes(received)!r}"
        received += data
    return bytes(received)


def reply(sock: socket.socket) -> dict[str, Any]:
    (length,) = struct.unpack("<i", receive_exactly(sock, 4))
    members = json.loads(receive_exactly(sock, length))
    assert isinstance(members, dict)
    return members


def settle(address: Address) -> None:
    """Return when the server has had its turn since: a whole exchange on another connection is over."""
    with dial(address) as sock:
        sock.sendall(HELLO)
        assert reply(sock)["protocol"] == 1


def exchange(address: Address, data: bytes) -> bytes:
    """Send all, half-close, and return all that comes back."""
    with dial(address) as sock:
        sock.sendall(data)
        sock.shutdown(socket.SHUT_WR)
        return receive_all(sock)


def names_in(folder: Path) -> set[str]:
    """The valid names in a folder; others are the server's own affair."""
    return {path.name for path in folder.iterdir() if "\\" not in path.name}


def stored(name: str, body: bytes) -> dict[str, Any]:
    return {"status": "ok", "filename": name, "filesize": len(body), "sha256": hashlib.sha256(body).hexdigest()}


# The correct servers


def test_put_is_stored_and_confirmed(correct: Address, store: Path) -> None:
    with dial(correct) as sock:
        sock.sendall(PUT_A)

        assert reply(sock) == stored("a.txt", b"abc")
        assert (store / "a.txt").read_bytes() == b"abc"


def test_request_is_read_the_same_wherever_it_is_cut(correct: Address, store: Path) -> None:
    with contextlib.ExitStack() as stack:
        socks = [stack.enter_context(dial(correct)) for _ in range(1, len(PUT_A))]
        for cut, sock in enumerate(socks, start=1):
            sock.sendall(PUT_A[:cut])
        settle(correct)
        for cut, sock in enumerate(socks, start=1):
            sock.sendall(PUT_A[cut:])
            assert reply(sock) == stored("a.txt", b"abc")

    assert names_in(store) == {"a.txt"}


def test_requests_of_one_segment_are_answered_in_order(correct: Address, store: Path) -> None:
    with dial(correct) as sock:
        sock.sendall(PUT_A + PUT_B + STAT_A + PUT_B)

        names = [reply(sock)["filename"] for _ in range(4)]

    assert names == ["a.txt", "b.txt", "a.txt", "b.txt"]
    assert (store / "b.txt").read_bytes() == b"de"


def test_name_of_many_bytes_is_stored(correct: Address, store: Path) -> None:
    exchange(correct, b'\x2e\x00\x00\x00{"cmd":"put","filename":"\xe6\x97\xa5\xe6\x9c\xac","filesize":3}abc')

    assert (store / "\u65e5\u672c").read_bytes() == b"abc"


def test_body_of_a_refused_put_is_consumed(correct: Address, store: Path) -> None:
    trap = b'\x31\x00\x00\x00{"cmd":"put","filename":"trap.txt","filesize":0} '
    with dial(correct) as sock:
        sock.sendall(b'\x39\x00\x00\x00{"cmd":"put","filename":"a/b","filesize":53,"reply":true}' + trap + PUT_A)

        refusal = reply(sock)
        confirmation = reply(sock)

    assert (refusal["code"], refusal["closing"]) == ("bad-filename", False)
    assert confirmation == stored("a.txt", b"abc")
    assert names_in(store) == {"a.txt"}


def test_refused_body_that_is_too_long_ends_the_connection(correct: Address, store: Path) -> None:
    put = b'\x4b\x00\x00\x00{"cmd":"put","filename":"a/b","filesize":9223372036854775807,"reply":true} '
    with dial(correct) as sock:
        sock.sendall(put + PUT_A)

        assert reply(sock)["closing"] is True
        assert receive_all(sock) == b""

    assert names_in(store) == set()


@pytest.mark.parametrize("cmd", [b"finish", b"handle", b"__init"])
def test_unknown_command_is_answered_and_ignored(correct: Address, cmd: bytes) -> None:
    with dial(correct) as sock:
        sock.sendall(b'\x1d\x00\x00\x00{"cmd":"' + cmd + b'","reply":true}' + PUT_A)

        refusal = reply(sock)
        confirmation = reply(sock)

    assert (refusal["code"], refusal["closing"]) == ("unknown-command", False)
    assert confirmation == stored("a.txt", b"abc")


@pytest.mark.parametrize("left", [1, 2, 3, 30, len(PUT_A) - 1])
def test_truncated_put_leaves_the_old_body(correct: Address, store: Path, left: int) -> None:
    exchange(correct, SILENT_PUT_A)

    answer = exchange(correct, PUT_A.replace(b"abc", b"xyz")[:-left])

    assert answer == b""
    assert (store / "a.txt").read_bytes() == b"abc"
    assert [path.name for path in store.rglob("*") if path.is_file()] == ["a.txt"]


def test_reset_inside_a_body_is_survived(correct: Address, store: Path) -> None:
    with dial(correct) as sock:
        sock.sendall(PUT_A[:-1])
        settle(correct)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    settle(correct)
    assert names_in(store) == set()


@pytest.mark.parametrize("prefix", [b"\x01\x00\x00\x00", b"\xff\xff\xff\xff", b"\x01\x00\x10\x00", b"\x00\x00\x00\x3a"])
def test_connection_ends_after_a_malformed_prefix(correct: Address, store: Path, prefix: bytes) -> None:
    with dial(correct) as sock:
        sock.sendall(PUT_A + prefix + PUT_B)

        assert reply(sock) == stored("a.txt", b"abc")
        assert receive_all(sock) == b""

    assert names_in(store) == {"a.txt"}


@pytest.mark.parametrize(
    "header",
    [
        b"{}",
        b"[]",
        b'{"cmd":"x"}}',
        b'{"cmd":"x","y":NaN}',
        b'{"cmd":"x","y":-Infinity}',
        b'\xef\xbb\xbf{"cmd":"x"}',
        b'{"cmd":"\xff"}',
        b'{"cmd":"\xed\xa0\x80"}',
        b'{"cmd":"\\ud800"}',
        b'{"cmd":"x\n"}',
        b'{"cmd":1}',
        '{"cmd":"x"}'.encode("utf-16"),
        b'{"cmd":"put","filename":"n"}',
        b'{"cmd":"put","filename":5,"filesize":0}',
        b'{"cmd":"put","filename":"n","filesize":true}',
        b'{"cmd":"put","filename":"n","filesize":-1}',
        b'{"cmd":"put","filename":"n","filesize":"3"}',
        b'{"cmd":"put","filename":"n","filesize":3.5}',
        b'{"cmd":"put","filename":"n","filesize":3.0000000000000000001}',
        b'{"cmd":"put","filename":"n","filesize":-1e999999999}',
        b'{"cmd":"put","filename":"n","filesize":9223372036854775808}',
        b'{"cmd":"put","filename":"n","filesize":1e1000000000}',
    ],
)
def test_nothing_is_read_behind_a_malformed_header(silent: Address, store: Path, header: bytes) -> None:
    with dial(silent) as sock:
        sock.sendall(SILENT_PUT_A + struct.pack("<i", len(header)) + header + SILENT_PUT_B)

        assert receive_all(sock) == b""

    assert names_in(store) == {"a.txt"}


@pytest.mark.parametrize(
    "extreme", [b"[" * 60_000, b"[" * 30_000 + b"]" * 30_000, b"9" * 60_000, b"1e1000000000", b'"\\ud800"']
)
def test_extremes_neither_end_nor_stall_the_server(correct: Address, extreme: bytes) -> None:
    header = b'{"cmd":"x","y":' + extreme + b"}"

    exchange(correct, struct.pack("<i", len(header)) + header)

    settle(correct)


def test_stat_tells_what_is_stored_now(correct: Address, store: Path) -> None:
    body = bytes(range(256)) * 5_000
    (store / "a.txt").write_bytes(body)

    with dial(correct) as sock:
        sock.sendall(STAT_A)

        assert reply(sock) == stored("a.txt", body)


def test_what_is_not_a_file_is_refused_and_not_waited_for(correct: Address, store: Path) -> None:
    kinds: dict[str, Callable[[Path], object]] = {
        "folder": Path.mkdir,
        "fifo": os.mkfifo,
        "link": lambda path: path.symlink_to(store / "elsewhere"),
    }
    for make in kinds.values():
        make(store / "a.txt")
        with dial(correct) as sock:
            sock.sendall(STAT_A + PUT_A + STAT_A)
            codes = [reply(sock)["code"] for _ in range(3)]

        assert codes == ["not-found", "storage", "not-found"]
        (store / "a.txt").rmdir() if (store / "a.txt").is_dir() else (store / "a.txt").unlink()

    assert names_in(store) == set()


def test_stalled_connections_delay_nobody(correct: Address) -> None:
    with contextlib.ExitStack() as stack:
        for index in range(128):
            sock = stack.enter_context(dial(correct))
            sock.sendall(PUT_A[: index % len(PUT_A)])

        settle(correct)


def test_client_that_reads_no_replies_delays_only_itself(correct: Address) -> None:
    with dial(correct) as deaf:
        deaf.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                deaf.send(HELLO * 1_000)

        settle(correct)


def test_silent_server_says_nothing(silent: Address, store: Path) -> None:
    answer = exchange(silent, HELLO + PUT_A + STAT_A + PUT_B)

    assert answer == b""
    assert names_in(store) == {"a.txt", "b.txt"}


def test_size_limit_is_told_and_kept(started: Started, tmp_path: Path) -> None:
    address = started.start("selectors_upload.py", "--max-filesize", 2, "--storage", tmp_path)
    with dial(address) as sock:
        sock.sendall(HELLO + PUT_A + PUT_B)

        assert reply(sock)["max_filesize"] == 2
        assert reply(sock)["code"] == "too-large"
        assert reply(sock) == stored("b.txt", b"de")


@pytest.mark.parametrize("script", CORRECT)
def test_debris_of_a_killed_server_is_removed(started: Started, tmp_path: Path, script: str) -> None:
    address = started.start(script, "--storage", tmp_path)
    exchange(address, SILENT_PUT_A)
    with dial(address) as sock:
        sock.sendall(b'\x32\x00\x00\x00{"cmd":"put","filename":"a.txt","filesize":900000}' + b"x" * 800_000)
        settle(address)
        started.last.kill()
        started.last.wait()

    assert (tmp_path / "a.txt").read_bytes() == b"abc"
    settle(started.start(script, "--storage", tmp_path))
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["a.txt"]


@pytest.mark.parametrize("script", CORRECT)
def test_termination_ends_the_server_in_an_orderly_way(started: Started, tmp_path: Path, script: str) -> None:
    address = started.start(script, "--storage", tmp_path)
    with dial(address) as sock:
        sock.sendall(PUT_A[:-1])
        settle(address)

        started.last.send_signal(signal.SIGTERM)

        assert started.last.wait(30) == 0
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


# The taught upload server


def test_taught_server_serves_an_unhurried_client(started: Started, tmp_path: Path) -> None:
    address = started.start("taught_upload.py", "--storage", tmp_path)

    assert exchange(address, SILENT_PUT_A) == b""
    assert (tmp_path / "a.txt").read_bytes() == b"abc"


def test_taught_server_writes_the_next_request_into_the_file(started: Started, tmp_path: Path) -> None:
    address = started.start("taught_upload.py", "--storage", tmp_path)

    exchange(address, SILENT_PUT_A + SILENT_PUT_B)

    assert (tmp_path / "a.txt").read_bytes() == b"abc" + SILENT_PUT_B
    assert not (tmp_path / "b.txt").exists()


def test_taught_server_stores_outside_its_folder(started: Started, tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    address = started.start("taught_upload.py", "--storage", tmp_path / "store")

    exchange(address, b'\x30\x00\x00\x00{"cmd":"put","filename":"../a.txt","filesize":3}abc')

    assert (tmp_path / "a.txt").read_bytes() == b"abc"


# Null peers


@pytest.mark.parametrize("kind", ["silent", "closing", "resetting", "flooding", "echoing", "dripping", "random", "ok"])
def test_null_peer_does_its_one_thing(started: Started, tmp_path: Path, kind: str) -> None:
    address = started.start("null_peers.py", "--kind", kind, "--storage", tmp_path)
    for _ in range(2):
        if kind == "resetting":
            with pytest.raises(ConnectionResetError), dial(address) as sock:  # it may come before we have it
                sock.recv(1)
            continue
        with dial(address) as sock:
            if kind == "closing":
                assert sock.recv(1) == b""
            else:
                sock.sendall(PUT_A)
            if kind == "echoing":
                assert receive_exactly(sock, len(PUT_A)) == PUT_A
            elif kind in {"dripping", "random"}:
                assert sock.recv(1)
            elif kind == "flooding":
                receive_exactly(sock, 10_000_000)
            elif kind == "ok":
                assert reply(sock) == stored("a.txt", b"abc")
    assert not any(tmp_path.iterdir())


# The logging reader


def test_logging_reader_tells_each_read(started: Started, tmp_path: Path) -> None:
    log = tmp_path / "log"
    address = started.start("logging_reader.py", "--storage", tmp_path / "store", "--log", log, "--pause-ms", 1)
    with dial(address) as sock:
        for request in (PUT_A, STAT_A, HELLO):
            sock.sendall(request)
            assert reply(sock)["status"] == "ok"
        sock.shutdown(socket.SHUT_WR)
        assert receive_all(sock) == b""

    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [line["length"] for line in lines] == [len(PUT_A), len(STAT_A), len(HELLO), 0]
    assert {line["connection"] for line in lines} == {0}
    assert (tmp_path / "store" / "a.txt").read_bytes() == b"abc"


# The taught echo servers

SERVINGS = [
    "iterative",
    "threading",
    pytest.param("forking", marks=pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")),
]


@pytest.mark.parametrize("serving", SERVINGS)
@pytest.mark.parametrize(("service", "answer"), [("upper", b"ABC"), ("greet", b"Hello, b'abc'"), ("worker", b": abc")])
def test_taught_echo_server_answers_a_stream(started: Started, service: str, serving: str, answer: bytes) -> None:
    address = started.start("taught_echo.py", "--service", service, "--serving", serving)
    for _ in range(2):
        with dial(address) as sock:
            sock.sendall(b"abc")
            received = receive_all(sock)

        assert received.endswith(answer)
        assert received == answer or service == "worker"


@pytest.mark.parametrize("serving", SERVINGS)
@pytest.mark.parametrize(("service", "answer"), [("upper", b"ABC"), ("greet", b"Hello, b'abc'"), ("worker", b": abc")])
def test_taught_echo_server_answers_a_datagram(started: Started, service: str, serving: str, answer: bytes) -> None:
    address = started.start("taught_echo.py", "--service", service, "--serving", serving, "--transport", "udp")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(30)
        sock.connect(address)
        sock.send(b"abc")
        received = sock.recv(1024)

    assert received.endswith(answer)
    assert received == answer or service == "worker"


def test_wrong_datagram_server_fails_instead_of_answering(started: Started) -> None:
    address = started.start("taught_echo.py", "--wrong-udp", stderr=subprocess.PIPE)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.sendto(b"abc", address)

    assert started.last.stderr
    assert any(b"has no attribute 'recv'" in line for line in started.last.stderr)
