"""Servers that no client should have to meet: each ends a client's upload with a failure, in time, in a line."""

import contextlib
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from reference.attack.inputs import frame
from reference.attack.tally import Tally

__all__ = ["meet_hostile_servers"]

_AT_A_TIME = 4
_OK = '{"status":"ok","filename":"f","filesize":%d,"sha256":"%s"}'


def _drain(sock: socket.socket) -> None:
    sock.settimeout(0.3)
    with contextlib.suppress(OSError):
        while sock.recv(65_536):
            pass


def _says(data: bytes, *, reads: bool = True, holds: bool = False) -> Callable[[socket.socket], None]:
    def serve(sock: socket.socket) -> None:
        if reads:
            _drain(sock)
        sock.sendall(data)
        if holds:
            time.sleep(4)

    return serve


def _resets(sock: socket.socket) -> None:
    sock.recv(1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


def _floods(sock: socket.socket) -> None:
    for _ in range(200):
        sock.sendall(bytes(65_536))


def _drips(sock: socket.socket) -> None:
    _drain(sock)
    for byte in frame(_OK % (3, "0" * 64)):
        sock.sendall(bytes([byte]))
        time.sleep(0.001)


SERVERS: dict[str, Callable[[socket.socket], None]] = {
    "closes at once": _says(b"", reads=False),
    "resets": _resets,
    "closes after the body": _drain,
    "says nothing": _says(b"", holds=True),
    "floods with zeros": _floods,
    "says a prefix of 2 GiB": _says(b"\xff\xff\xff\x7f"),
    "says a negative prefix": _says(b"\xff\xff\xff\xff"),
    "says half a reply": _says(frame(_OK % (3, "0" * 64))[:30]),
    "says half a reply and stays": _says(frame(_OK % (3, "0" * 64))[:30], holds=True),
    "says no JSON": _says(frame("nonsense")),
    "says no UTF-8": _says(frame(b"\xff\xfe\xff")),
    "says an array": _says(frame("[]")),
    "says an empty object": _says(frame("{}")),
    "says deep nesting": _says(frame("[" * 60_000)),
    "says 60,000 digits": _says(frame('{"status":' + "9" * 60_000 + "}")),
    "says a wrong digest": _says(frame(_OK % (100_000, "0" * 64))),
    "says a wrong size": _says(frame(_OK % (3, "0" * 64))),
    "says an error": _says(frame('{"status":"error","code":"storage","message":"\\u001b[31mred","closing":true}')),
    "says an error at once": _says(
        frame('{"status":"error","code":"busy","message":"no","closing":true}'), reads=False
    ),
    "speaks HTTP": _says(b"HTTP/1.1 400 Bad Request\r\n\r\n", reads=False),
    "drips": _drips,
}  # fmt: skip


def meet_hostile_servers(folder: Path, seconds: float) -> Tally:
    """Upload to each of them once, and again while there is time.

    Args:
        folder: for the file that is uploaded.
        seconds: how long, but each once at least.
    """
    tally = Tally("hostile servers against the client")
    file = folder / "f"
    file.write_bytes(bytes(100_000))
    until, first = time.monotonic() + seconds, True
    while first or time.monotonic() < until:
        with ThreadPoolExecutor(_AT_A_TIME) as pool:
            for _ in pool.map(lambda title: _meet(title, SERVERS[title], file, tally), SERVERS):
                tally.add("uploads")
        first = False
    return tally.end()


def _meet(title: str, serve: Callable[[socket.socket], None], file: Path, tally: Tally) -> None:
    def accept() -> None:
        sock, _ = listener.accept()
        with sock, contextlib.suppress(OSError):  # the client had enough
            serve(sock)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        place = f"127.0.0.1:{listener.getsockname()[1]}"
        command = [sys.executable, "-m", "jhup_client", "put", "--reply", "--timeout", "2", str(file), place]
        try:
            ended = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
        except subprocess.TimeoutExpired:
            tally.fault("hung", f"the client, with a server that {title}")
            return
        if "Traceback" in ended.stderr:
            tally.fault("crash", f"the client, with a server that {title}: {ended.stderr.strip().splitlines()[-1]}")
        elif ended.returncode == 0:
            tally.fault("lost", f"the client says it went well, with a server that {title}")
        if "\x1b" in ended.stderr or "\x1b" in ended.stdout:
            tally.fault("crash", "the client hands escape sequences of the server to the terminal")
        thread.join(10)
