"""The field servers do what the table says of them, tried with bytes by hand; what the suite says is tried apart."""

import contextlib
import json
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from field.field_table import FIELD, FOLDER, Contact, FieldServer
from jhup.clauses import clauses

ROWS = {each.name: each for each in FIELD}
PATIENCE = 20.0  # seconds in which something has to happen, on a machine that may be busy
MALFORMED = b"\x03\0\0\0{x}"
STORES_NOTHING = (Contact.DIALECT, Contact.BIG_ENDIAN, Contact.WHOLE, Contact.ECHOES, Contact.NEVER_READS)

Start = Callable[[str], "Started"]


class Started:
    """A field server that runs, with its folder."""

    def __init__(self, row: FieldServer, folder: Path) -> None:
        if not row.is_runnable:
            pytest.skip(f"there is no {row.needs}")
        self.folder = folder
        self.process = subprocess.Popen(row.words(0, folder), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        assert self.process.stdout
        self.port = int(self.process.stdout.readline().rpartition(b":")[2])

    def connect(self) -> socket.socket:
        sock = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock

    def stored(self) -> dict[str, bytes]:
        return {each.name: each.read_bytes() for each in self.folder.iterdir() if "\\" not in each.name}

    def cpu(self) -> float:
        with contextlib.suppress(psutil.Error):
            times = psutil.Process(self.process.pid).cpu_times()
            return float(times.user + times.system)
        return 0.0

    def stop(self) -> None:
        for child in psutil.Process(self.process.pid).children(recursive=True) if self.process.poll() is None else []:
            child.kill()
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    running: list[Started] = []

    def begin(name: str) -> Started:
        running.append(Started(ROWS[name], tmp_path))
        return running[-1]

    yield begin
    for each in running:
        each.stop()


def fields(name: str, body: bytes, **members: object) -> list[bytes]:
    text = json.dumps({"cmd": "put", "filename": name, "filesize": len(body), **members}).encode()
    return [len(text).to_bytes(4, "little"), text, body]


def put(sock: socket.socket, name: str, body: bytes, **members: object) -> None:
    """Send a put unhurried: each field is read before the next, as far as a moment can tell."""
    with contextlib.suppress(ConnectionError):
        for each in fields(name, body, **members):
            sock.sendall(each)
            time.sleep(0.05)  # nothing tells a client that a silent server has read


def until(happened: Callable[[], object]) -> bool:
    """Wait until something has happened; return whether it has."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if happened():
            return True
        time.sleep(0.01)
    return False


# The table


def test_no_two_servers_have_a_name_and_every_program_has_one() -> None:
    scripts = [each for each in FOLDER.glob("*.py") if "\nif __name__ ==" in each.read_text("utf-8")]
    here = {each.name for each in [*scripts, *FOLDER.glob("node/*.js")]}

    assert len(ROWS) == len(FIELD)
    assert {each.program for each in FIELD} == here


@pytest.mark.parametrize("row", FIELD, ids=str)
def test_clauses_are_those_of_the_text_and_each_related_one_has_a_reason(row: FieldServer) -> None:
    assert row.blamed | row.related.keys() <= clauses().keys()
    assert not row.blamed & row.related.keys()
    assert all(row.related.values())
    assert bool(row.blamed) == (row.statuses == {1})


# What they do


@pytest.mark.parametrize(
    "row", [each for each in FIELD if each.statuses != {4} and each.program != "short_bodies.py"], ids=str
)
def test_an_unhurried_put_is_stored_where_the_table_says_so(start: Start, row: FieldServer) -> None:
    server = start(row.name)
    takes_it = not row.contact.startswith((*STORES_NOTHING, Contact.NOTHING))

    with server.connect() as sock:
        put(sock, "a", b"abc")
        with contextlib.suppress(OSError):  # it may be closed by now
            sock.shutdown(socket.SHUT_WR)
        if takes_it:
            assert until(lambda: server.stored() == {"a": b"abc"})

    assert takes_it or server.stored().get("a") != b"abc"


@pytest.mark.parametrize("name", ["dies of an exception", "Node.js: dies of an exception"])
def test_a_malformed_header_ends_those_that_die_of_an_exception(start: Start, name: str) -> None:
    server = start(name)

    with server.connect() as sock:
        sock.sendall(MALFORMED)

        assert server.process.wait(PATIENCE) == 1


@pytest.mark.parametrize("name", ["dies of a reset", "Node.js: dies of a reset"])
def test_a_reset_ends_those_that_die_of_one_and_a_malformed_header_does_not(start: Start, name: str) -> None:
    server = start(name)
    with server.connect() as sock:
        sock.sendall(MALFORMED)
        assert sock.recv(1) == b""

    with server.connect() as sock:
        put(sock, "a", b"abc")
        assert until(server.stored)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    assert server.process.wait(PATIENCE) == 1


@pytest.mark.parametrize("name", ["dies of SIGPIPE", "Node.js: dies of EPIPE"])
def test_writing_to_a_client_that_is_gone_ends_those_that_die_of_it(start: Start, name: str) -> None:
    server = start(name)

    def has_died() -> bool:
        with contextlib.suppress(ConnectionError), server.connect() as sock:
            sock.sendall(b"".join(part for _ in range(20) for part in fields("a", b"abc")))
        return server.process.poll() is not None

    assert until(has_died)


def test_the_first_connection_is_the_last_where_the_server_exits(start: Start) -> None:
    server = start("one connection, then exits")

    with server.connect() as sock:
        put(sock, "a", b"abc")

    assert server.process.wait(PATIENCE) == 0


def test_a_connection_ends_after_its_upload_where_it_takes_one(start: Start) -> None:
    server = start("one upload a connection")

    with server.connect() as sock:
        put(sock, "a", b"abc")
        assert sock.recv(1) == b""


@pytest.mark.parametrize("name", ["one at a time", "one at a time, backlog 1", "taught, one at a time"])
def test_a_second_connection_waits_for_the_end_of_the_first(start: Start, name: str) -> None:
    server = start(name)

    with server.connect() as first, server.connect() as second:
        put(first, "a", b"abc")
        put(second, "b", b"abc")
        assert until(lambda: server.stored() == {"a": b"abc"})
        first.shutdown(socket.SHUT_WR)

        assert until(lambda: server.stored() == {"a": b"abc", "b": b"abc"})


@pytest.mark.parametrize("name", ["spins when a client hangs up", "taught"])
def test_a_client_that_hangs_up_in_a_body_leaves_a_core_busy(start: Start, name: str) -> None:
    server = start(name)

    with server.connect() as sock:
        put(sock, "a", b"", filesize=3)

    assert until(lambda: server.cpu() > 1)


@pytest.mark.parametrize(
    ("name", "members"),
    [("hangs at nested objects", {"mode": {"a": []}}), ("Node.js: loops at NaN", {"filesize": "x"})],
)
def test_a_server_that_hangs_uses_a_core_and_serves_nobody(start: Start, name: str, members: dict[str, object]) -> None:
    server = start(name)

    with server.connect() as sock:
        put(sock, "a", b"abc", **members)
        busy = until(lambda: server.cpu() > 1)
        with server.connect() as other:
            put(other, "b", b"abc")

    assert busy
    assert server.stored() == {}


@pytest.mark.parametrize("row", [each for each in FIELD if each.program == "dialects.py"], ids=str)
def test_a_put_in_the_dialect_of_the_server_is_stored(start: Start, row: FieldServer) -> None:
    server = start(row.name)
    command = {"cmd": "put", "command": "put", "mode": "put", "opt": "upload", "operation_type": "upload"}
    name = dict.fromkeys(["filename", "file_name", "fileName"], "a")
    size = dict.fromkeys(["filesize", "file_size", "size", "total_size", "fileSize"], 3)

    with server.connect() as sock:
        put(sock, "a", b"abc", **command, **name, **size)
        assert until(lambda: server.stored() == {"a": b"abc"})


def test_a_second_body_of_a_name_is_appended_where_bodies_are(start: Start) -> None:
    server = start("appends")

    with server.connect() as sock:
        put(sock, "a", b"abc")
        put(sock, "a", b"de")
        assert until(lambda: server.stored() == {"a": b"abcde"})


def test_the_41st_connection_is_closed_where_40_are_served(start: Start) -> None:
    server = start("40 connections")

    with contextlib.ExitStack() as stack:
        socks = [stack.enter_context(server.connect()) for _ in range(40)]
        for number, sock in enumerate(socks):
            sock.sendall(b"".join(fields(f"{number}", b"abc")))
        assert until(lambda: len(server.stored()) == 40)
        with server.connect() as another:
            assert another.recv(1) == b""


@pytest.mark.parametrize("limit", [100, 1000, 8192])
def test_a_header_above_the_limit_of_the_server_ends_the_connection(start: Start, limit: int) -> None:
    server = start({100: "headers of 100 bytes", 1000: "headers of 1,000 bytes", 8192: "headers of 8 KiB"}[limit])

    with server.connect() as sock:
        sock.sendall((limit + 1).to_bytes(4, "little"))
        assert sock.recv(1) == b""


@pytest.mark.parametrize("limit", [0, 1, 1000, 5000])
def test_a_body_above_the_limit_of_the_server_is_refused(start: Start, limit: int) -> None:
    row = next(each for each in FIELD if each.options == (str(limit),) and each.program == "short_bodies.py")
    server = start(row.name)

    with server.connect() as sock:
        put(sock, "a", b"x" * (limit + 1))
        put(sock, "b", b"x" * limit)
        assert until(server.stored)

    assert server.stored() == {"b": b"x" * limit}


@pytest.mark.parametrize(("name", "message"), [("full store", b"No space"), ("read-only store", b"Read-only")])
def test_a_store_that_cannot_be_written_is_told_of(start: Start, name: str, message: bytes) -> None:
    server = start(name)

    with server.connect() as sock:
        put(sock, "a", b"abc", reply=True)
        told = sock.recv(4096)

    assert b'"code": "storage"' in told
    assert message in told


def test_names_are_encoded_where_they_are(start: Start) -> None:
    server = start("encoded names, silent")

    with server.connect() as sock:
        put(sock, "a.txt", b"abc")
        assert until(lambda: server.stored() == {"612e747874": b"abc"})
