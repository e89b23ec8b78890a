"""The loads that a bystander is measured beside: each a process of its own that keeps a server busy until it is ended.

    python -m benchmarks.beside LOAD HOST PORT

It prints one line when it has begun.
"""

import itertools
import os
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["LOADS", "Load", "frame"]

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB
_STALLED = 200


def frame(header: str, body: bytes = b"") -> bytes:
    """Prefix, header and body."""
    return len(header).to_bytes(4, "little") + header.encode() + body


def put(name: str, body: bytes, *, asks: bool = True) -> bytes:
    """A put."""
    reply = ',"reply":true' if asks else ""
    return frame(f'{{"cmd":"put","filename":"{name}","filesize":{len(body)}{reply}}}', body)


def _read(sock: socket.socket) -> None:
    """Take replies and forget them, until the end of the stream."""
    while sock.recv(256 * KIB):
        pass


def _pipelined(requests: Iterator[bytes], connections: int = 1) -> Callable[[str, int], None]:
    """Send requests as fast as the server takes them, on some connections, reading the replies."""

    def load(host: str, port: int) -> None:
        def send() -> None:
            with socket.create_connection((host, port)) as sock:
                threading.Thread(target=_read, args=(sock,), daemon=True).start()
                for data in requests:
                    sock.sendall(data)

        for _ in range(connections):
            threading.Thread(target=send, daemon=True).start()

    return load


def _bursts(request: bytes) -> Iterator[bytes]:
    return itertools.repeat(request * (262_144 // len(request) + 1))


def _stats() -> Iterator[bytes]:
    yield put("four", bytes(4 * KIB))
    yield from _bursts(frame('{"cmd":"stat","filename":"four","reply":true}'))


def _nested() -> Iterator[bytes]:
    nest = "[" * 400 + "]" * 400
    return itertools.repeat(frame('{"cmd":"x","reply":true,"x":[' + ",".join([nest] * 80) + "]}"))


def _long_puts() -> Iterator[bytes]:
    piece = bytes(MIB)
    for number in itertools.count():
        yield frame(f'{{"cmd":"put","filename":"long{number % 2}","filesize":{GIB}}}')
        yield from itertools.repeat(piece, GIB // MIB)


def _hashing(host: str, port: int) -> None:
    """Have a file of 1 GiB hashed again and again; a put in between makes it one that changed."""

    def ask() -> None:
        with socket.create_connection((host, port)) as sock:
            while True:
                Path(sys.argv[4], "long").touch()  # so that no digest is remembered
                sock.sendall(frame('{"cmd":"stat","filename":"long","reply":true}'))
                sock.recv(4 * KIB)

    with socket.create_connection((host, port)) as sock:
        sock.sendall(frame(f'{{"cmd":"put","filename":"long","filesize":{GIB},"reply":true}}'))
        for _ in range(GIB // MIB):
            sock.sendall(bytes(MIB))
        sock.recv(4 * KIB)
    threading.Thread(target=ask, daemon=True).start()


def _slow_puts(host: str, port: int) -> None:
    """Put files that the disk is slow with, on some connections that are new for each."""

    def ask(number: int) -> None:
        for count in itertools.count():
            with socket.create_connection((host, port)) as sock:
                sock.sendall(put(f"slow{number}-{count}", bytes(100)))
                sock.recv(4 * KIB)

    for number in range(8):
        threading.Thread(target=ask, args=(number,), daemon=True).start()


_held: list[socket.socket] = []


def _stall(host: str, port: int) -> None:
    """Begin handshakes and never go on."""
    for number in range(_STALLED):
        _held.append(socket.create_connection((host, port)))
        _held[-1].sendall(b"\x16\x03\x01"[: number % 4])


@dataclass(frozen=True, slots=True)
class Load:
    """What goes on beside a bystander.

    Attributes:
        title: its name for people.
        run: begins it.
        options: what the server needs for it.
        slow_disk: whether the server runs on one.
        tls: whether connections are secured.
    """

    title: str
    run: Callable[[str, int], None] | None
    options: tuple[str, ...] = ()
    slow_disk: bool = False
    tls: bool = False


LOADS = {
    "idle": Load("nothing", None),
    "stats": Load("stats of 4 KiB in bursts of 262 kB", _pipelined(_stats())),
    "empty": Load("empty puts", _pipelined(_bursts(put("empty", b"")))),
    "unknown": Load("unknown commands that ask", _pipelined(_bursts(frame('{"cmd":"x","reply":true}')))),
    "nested": Load("headers of 64 KiB of nested JSON", _pipelined(_nested())),
    "mib": Load("puts of 1 MiB that ask", _pipelined(itertools.repeat(put("mib", bytes(MIB))))),
    "hash": Load("stats of a changing file of 1 GiB", _hashing),
    "splice": Load("silent puts of 1 GiB", _pipelined(_long_puts())),
    "link": Load("8 clients whose files take 200 ms to get a name", _slow_puts, slow_disk=True),
    "fsync": Load(
        "8 clients whose files take 200 ms to reach the disk", _slow_puts, ("--durability", "fsync"), slow_disk=True
    ),
    "tls-idle": Load("nothing, over TLS", None, tls=True),
    "tls": Load(f"{_STALLED} stalled handshakes", _stall, ("--max-connections", "32"), tls=True),
}


def main() -> None:
    """Run until killed."""
    key, host, port = sys.argv[1:4]
    load = LOADS[key]
    assert load.run is not None
    load.run(host, int(port))
    print("begun", flush=True)
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()
