"""The client and the reference server, end to end: real files, real processes."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jhup import Code, Stored
from jhup_client import Client, ErrorReply, Sent
from jhup_client.batch import FileToSend, upload_all
from jhup_client.cli import main

PROJECT = Path(__file__).parents[3]
GIB = 1 << 30


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """The folder of the server's store."""
    folder = tmp_path / "store"
    folder.mkdir()
    return folder


@pytest.fixture
def reference(tmp_path: Path, store: Path) -> Iterator[Callable[..., str]]:
    """Start reference servers; each gives its target."""
    pytest.importorskip("jhup_reference.cli", reason="the reference server is not installed")
    processes: list[subprocess.Popen[str]] = []

    def start(*options: str, bind: str = "127.0.0.1:0") -> str:
        command = [sys.executable, "-m", "jhup_reference", "upload", "--storage", str(store), "--bind", bind, *options]
        with (tmp_path / "log").open("ab") as log:
            processes.append(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True))
        assert processes[-1].stdout is not None
        line = processes[-1].stdout.readline()
        assert line.startswith("listening "), (tmp_path / "log").read_text()
        return line.split()[-1]

    yield start
    for process in processes:
        process.terminate()
        with process:
            assert process.wait(30) == 0


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def own_files() -> list[Path]:
    """This project's own files, one of each base name, without what tools left."""
    found = {path.name: path for top in ("spec", "reference", "clients") for path in (PROJECT / top).rglob("*.*")
             if path.is_file() and "__pycache__" not in path.parts}  # fmt: skip
    return list(found.values())


@pytest.mark.parametrize(("reply", "kind"), [(False, Sent), (True, Stored)], ids=["silent", "with replies"])
def test_the_files_of_this_project_arrive_as_they_are(
    reference: Callable[..., str], store: Path, reply: bool, kind: type
) -> None:
    files = own_files()
    client = Client.at(reference())

    outcomes = list(upload_all(client.connect, [FileToSend(str(path)) for path in files], reply=reply))

    assert len(files) > 50
    assert {type(outcome) for _, outcome in outcomes} == {kind}
    assert {path.name: digest(path) for path in files} == {path.name: digest(path) for path in store.iterdir()}


NAMES = ["日本.txt", "e\u0301.txt", "é.txt", " ", "...", "-rf", "a b", "%2e", "x" * 255, "é" * 127, "😀"]


def test_names_of_every_kind_are_stored(reference: Callable[..., str], tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"abc")

    with Client.at(reference()).connect() as connection:
        for name in NAMES:
            stored = connection.put(path, name=name, reply=True)
            assert stored == connection.stat(name)
            assert (stored.filename, stored.filesize) == (name, 3)


def test_an_empty_file_replaces_a_full_one(reference: Callable[..., str], tmp_path: Path, store: Path) -> None:
    path = tmp_path / "f"
    client = Client.at(reference())
    path.write_bytes(b"abc")
    client.put(path, reply=True)
    path.write_bytes(b"")

    client.put(path)

    assert (store / "f").read_bytes() == b""


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no Unix sockets on this platform")
def test_files_arrive_over_a_unix_socket(reference: Callable[..., str], tmp_path: Path, store: Path) -> None:
    target = reference(bind=f"unix:{tmp_path}/socket")

    Client.at(f"unix:{tmp_path}/socket").put(Path(__file__), reply=True)

    assert target.endswith("socket")
    assert digest(store / Path(__file__).name) == digest(Path(__file__))


def test_the_server_tells_its_limits_and_keeps_them(reference: Callable[..., str], tmp_path: Path) -> None:
    small, large = tmp_path / "small", tmp_path / "large"
    small.write_bytes(bytes(1000))
    large.write_bytes(bytes(1001))

    with Client.at(reference("--max-filesize", "1000")).connect() as connection:
        limit = connection.hello().max_filesize
        stored = connection.put(small, reply=True)
        with pytest.raises(ErrorReply) as caught:
            connection.put(large, reply=True)

    assert limit == stored.filesize == 1000
    assert caught.value.code is Code.TOO_LARGE


def test_a_server_without_replies_takes_silent_uploads(
    reference: Callable[..., str], store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = reference("--no-replies")

    assert main(["put", __file__, target]) == 0
    assert main(["put", "--reply", "--timeout", "0.2", __file__, target]) == 1

    assert "no reply within 0.2 s" in capsys.readouterr().err
    assert digest(store / Path(__file__).name) == digest(Path(__file__))


def test_what_is_not_stored_is_told(reference: Callable[..., str]) -> None:
    assert Client.at(reference()).stat("missing") is None


MEASURED = """
import sys, json, jhup_client
outcome = jhup_client.Client.at(sys.argv[1]).put(sys.argv[2], reply=sys.argv[3] == "True")
lines = open("/proc/self/status").read().splitlines()
(peak,) = (int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
print(json.dumps([peak, type(outcome).__name__]))
"""


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from /proc")
@pytest.mark.parametrize("reply", [False, True], ids=["silent", "with reply"])
def test_a_gibibyte_arrives_whole_through_little_memory(
    reference: Callable[..., str], tmp_path: Path, store: Path, reply: bool
) -> None:
    path = tmp_path / "gibibyte"
    with path.open("wb") as file:
        file.truncate(GIB)
        for offset in range(0, GIB, GIB // 8):
            file.seek(offset + 12345)
            file.write(os.urandom(1000))

    command = [sys.executable, "-c", MEASURED, reference(), str(path), str(reply)]
    peak, kind = json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)

    assert kind == ("Stored" if reply else "Sent")
    assert digest(store / "gibibyte") == digest(path)
    assert peak < 64 * 1024


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("reply", [False, True], ids=["by the system", "through the buffer"])
def test_files_beyond_32_bits_arrive_to_the_last_byte(peer: Callable[..., Any], tmp_path: Path, reply: bool) -> None:
    size = 2**32 + 5
    path = tmp_path / "huge"
    with path.open("wb") as file:
        file.truncate(size - 3)
        file.seek(0, os.SEEK_END)
        file.write(b"end")
    buffer = bytearray(1 << 20)

    def script(server: Any) -> tuple[int, bytes]:
        announced = server.read_header()["filesize"]
        left, sha256 = announced - 3, hashlib.sha256()
        while left:
            count = server.socket.recv_into(buffer, min(left, len(buffer)))
            sha256.update(memoryview(buffer)[:count])
            left -= count
        last = server.read(3)
        sha256.update(last)
        if reply:
            server.reply(status="ok", filename="huge", filesize=announced, sha256=sha256.hexdigest())
        assert server.read_to_end() == b""
        return announced, last

    server = peer(script)

    server.client(stall=60, reply=60).put(path, reply=reply)

    assert server.result() == (size, b"end")
