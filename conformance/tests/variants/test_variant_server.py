"""The variants serve from a process of their own, and their habits of serving are what their words say."""

import contextlib
import hashlib
import json
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "variant_server.py"
PATIENCE = 20.0  # seconds in which something has to happen, on a machine that may be busy

Connect = Callable[[], socket.socket]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Connect]]:
    """Starts a variant over the folder `tmp_path`, and returns what connects to it."""
    with contextlib.ExitStack() as stack:

        def begin(*words: str) -> Connect:
            command = [sys.executable, str(SCRIPT), "--port", "0", "--storage", str(tmp_path), *words]
            process = stack.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE))
            stack.callback(process.kill)
            assert process.stdout
            port = int(process.stdout.readline().rpartition(b":")[2])
            return lambda: stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=PATIENCE))

        yield begin


def frame(**members: object) -> bytes:
    text = json.dumps(members).encode()
    return len(text).to_bytes(4, "little") + text


def put(name: str, body: bytes, **members: object) -> bytes:
    return frame(cmd="put", filename=name, filesize=len(body), **members) + body


def told(sock: socket.socket) -> dict[str, object]:
    """Read one reply."""
    length = int.from_bytes(sock.recv(4, socket.MSG_WAITALL), "little")
    reply = json.loads(sock.recv(length, socket.MSG_WAITALL))
    assert isinstance(reply, dict)
    return reply


def test_a_body_is_stored_and_told(tmp_path: Path, start: Callable[..., Connect]) -> None:
    sock = start()()

    sock.sendall(put("a", b"abc", reply=True))

    sha256 = hashlib.sha256(b"abc").hexdigest()
    assert told(sock) == {"status": "ok", "filename": "a", "filesize": 3, "sha256": sha256}
    assert (tmp_path / "a").read_bytes() == b"abc"


def test_names_are_encoded_on_disk_and_plain_in_replies(tmp_path: Path, start: Callable[..., Connect]) -> None:
    sock = start("names=encoded")()

    sock.sendall(put("a", b"abc", reply=True) + put("é" * 100, b"", reply=True))

    assert [told(sock)["filename"], told(sock)["filename"]] == ["a", "é" * 100]
    hashed = "h-" + hashlib.sha256(("é" * 100).encode()).hexdigest()
    assert {each.name for each in tmp_path.iterdir()} == {"n-61", hashed}


@pytest.mark.parametrize(("word", "left"), [("refuse", "old"), ("replace", "abc")])
def test_a_link_under_a_name_is_kept_or_replaced(
    tmp_path: Path, start: Callable[..., Connect], word: str, left: str
) -> None:
    outside = tmp_path.with_name("outside")
    outside.write_text("old")
    (tmp_path / "a").symlink_to(outside)
    sock = start(f"taken={word}")()

    sock.sendall(put("a", b"abc", reply=True))

    assert told(sock)["status"] == {"refuse": "error", "replace": "ok"}[word]
    assert ((tmp_path / "a").read_text(), outside.read_text()) == (left, "old")


def test_a_timer_commits_the_bodies_of_all_connections(tmp_path: Path, start: Callable[..., Connect]) -> None:
    connect = start("commit=timer")
    socks = [connect() for _ in range(5)]

    for number, sock in enumerate(socks):
        sock.sendall(put(f"{number}", b"abc", reply=True))

    assert [told(sock)["status"] for sock in socks] == ["ok"] * 5
    assert len(list(tmp_path.iterdir())) == 5


@pytest.mark.parametrize("excess", ["close", "wait"])
def test_connections_beyond_the_number_served_are_closed_or_wait(start: Callable[..., Connect], excess: str) -> None:
    connect = start("connections=32", f"excess={excess}")
    served = [connect() for _ in range(32)]
    for sock in served:
        sock.sendall(frame(cmd="hello", reply=True))
        told(sock)

    another = connect()
    if excess == "close":
        assert another.recv(1) == b""
    else:
        another.sendall(put("a", b"abc", reply=True))
        served[0].shutdown(socket.SHUT_WR)
        assert told(another)["status"] == "ok"


@pytest.mark.parametrize("ending", ["linger", "abrupt"])
def test_an_error_ends_a_connection_with_or_without_linger(start: Callable[..., Connect], ending: str) -> None:
    sock = start(f"ending={ending}")()

    sock.sendall(frame(cmd=1, reply=True))

    assert told(sock)["closing"] is True
    assert sock.recv(1) == b""


def test_a_word_that_does_not_exist_is_told_in_one_line(tmp_path: Path) -> None:
    command = [sys.executable, str(SCRIPT), "--storage", str(tmp_path), "mark=keep"]

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].endswith("mark=keep: expected one of ignore, malformed")


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="there are no Unix sockets here")
def test_a_unix_socket_is_served_as_well(tmp_path: Path) -> None:
    store, path = tmp_path / "store", tmp_path / "socket"
    store.mkdir()
    command = [sys.executable, str(SCRIPT), "--unix", str(path), "--storage", str(store)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process, socket.socket(socket.AF_UNIX) as sock:
        try:
            assert process.stdout
            process.stdout.readline()
            sock.connect(str(path))
            sock.sendall(put("a", b"abc", reply=True))
            assert told(sock)["status"] == "ok"
        finally:
            process.kill()
