"""Memory and disk of a server process: one doesn't grow with the file, the end of the other is no end of the server."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from jhup import Code, Failure, Stored

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc and prlimit")

MIB = 1024 * 1024
LIMIT = 64 * MIB


def pieces(size: int) -> Iterator[bytes]:
    piece = bytes(range(256)) * 4096
    for start in range(0, size, len(piece)):
        yield piece[: size - start]


def peak(pid: int) -> int:
    """The most memory that a process ever had, in bytes."""
    status = Path(f"/proc/{pid}/status").read_text("ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


SIZES = [64 * MIB, pytest.param(1024 * MIB, marks=pytest.mark.slow)]


@pytest.mark.parametrize("size", SIZES, ids=["64MiB", "1GiB"])
@pytest.mark.parametrize("asks", [False, True], ids=["silent", "with-reply"])
@pytest.mark.parametrize("serving", ["threading", "multiplexing"])
def test_peak_memory_of_a_long_upload_stays_below_64_mib(start, connect, storage, size, asks, serving):
    server = start("--serving", serving)
    client = connect(server.address)
    reply = ',"reply":true' if asks else ""
    client.request(f'{{"cmd":"put","filename":"long","filesize":{size}{reply}}}')
    for piece in pieces(size):
        client.send(piece)
    if asks:
        assert isinstance(client.reply(), Stored)
    client.request('{"cmd":"stat","filename":"long","reply":true}')
    found = client.reply()
    assert isinstance(found, Stored)
    assert found.filesize == size
    assert peak(server.process.pid) < LIMIT


def test_prefix_that_claims_much_takes_no_memory(start, connect):
    server = start()
    before = peak(server.process.pid)
    for _ in range(20):
        client = connect(server.address)
        client.send((2**31 - 1).to_bytes(4, "little"))
        assert client.rest() == []
    assert peak(server.process.pid) - before < 16 * MIB


@pytest.mark.parametrize("serving", ["threading", "multiplexing"])
@pytest.mark.parametrize("asks", [False, True], ids=["silent", "with-reply"])
def test_full_disk_is_a_refused_request_and_no_dead_server(start, connect, storage, serving, asks):
    import resource

    server = start("--serving", serving)
    client = connect(server.address)
    client.put("a", b"old")
    # A limit of the file size fails writes the way a full disk does.
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (2 * MIB, 2 * MIB))
    reply = ',"reply":true' if asks else ""
    client.request(f'{{"cmd":"put","filename":"a","filesize":{5 * MIB}{reply}}}', bytes(5 * MIB))
    if asks:
        failure = client.reply()
        assert isinstance(failure, Failure)
        assert (failure.code, failure.closing) == (Code.STORAGE, False)
    assert isinstance(client.put("b", b"abc"), Stored)
    assert {path.name: path.read_bytes() for path in storage.iterdir()} == {"a": b"old", "b": b"abc"}
