"""An upload server that tells how the bytes reached it: each receive is a line of JSON in a log.

It proves that cuts which a sender paced arrive as separate reads. A line has `connection` (counted from 0), `time`
(seconds of the monotonic clock, which processes of one machine share) and `length` (0 at the end of the stream).
It serves well-formed requests rightly, replies included, and hangs up on others.
"""

import argparse
import asyncio
import contextlib
import hashlib
import itertools
import json
import signal
import socket
import struct
import time
from pathlib import Path
from typing import Any, TextIO, TypeGuard


class Peer:
    """One connection. Reads go to the socket and nowhere else, so that the log misses none."""

    def __init__(self, sock: socket.socket, number: int, log: TextIO, pause: float) -> None:
        self._sock = sock
        self._number = number
        self._log = log
        self._pause = pause
        self._inbox = bytearray()

    async def _receive(self) -> bytes:
        data = await asyncio.get_running_loop().sock_recv(self._sock, 65_536)
        line = {"connection": self._number, "time": time.monotonic(), "length": len(data)}
        self._log.write(json.dumps(line) + "\n")
        if self._pause:
            await asyncio.sleep(self._pause)
        return data

    async def read(self, length: int) -> bytes:
        while len(self._inbox) < length:
            data = await self._receive()
            if not data:
                raise EOFError
            self._inbox += data
        data = bytes(self._inbox[:length])
        del self._inbox[:length]
        return data

    async def reply(self, members: dict[str, object]) -> None:
        text = json.dumps(members).encode()
        await asyncio.get_running_loop().sock_sendall(self._sock, struct.pack("<i", len(text)) + text)


async def serve_peer(peer: Peer, folder: Path) -> None:
    while True:
        (length,) = struct.unpack("<i", await peer.read(4))
        if not 2 <= length <= 65_536:
            return
        header: Any = json.loads((await peer.read(length)).decode())
        members = await carry_out(peer, header, folder)
        if header.get("reply") is True:
            await peer.reply(members)


async def carry_out(peer: Peer, header: dict[str, Any], folder: Path) -> dict[str, object]:
    name = header.get("filename")
    match header["cmd"]:
        case "hello":
            limits = {"max_header": 65_536, "max_filesize": None}
            return {"status": "ok", "protocol": 1, "server": "logging_reader", "features": ["replies"], **limits}
        case "put":
            body = await peer.read(header["filesize"])
            if not is_valid(name):
                return failure("bad-filename")
            unfinished = folder / f"\\unfinished-{id(peer)}"  # no name of a request: it has a backslash
            unfinished.write_bytes(body)
            unfinished.replace(folder / name)
        case "stat":
            if not is_valid(name):
                return failure("bad-filename")
            if not (folder / name).is_file():
                return failure("not-found")
            body = (folder / name).read_bytes()
        case _:
            return failure("unknown-command")
    return {"status": "ok", "filename": name, "filesize": len(body), "sha256": hashlib.sha256(body).hexdigest()}


def is_valid(name: object) -> TypeGuard[str]:
    if not isinstance(name, str) or name in {"", ".", ".."}:
        return False
    plain = all(" " <= character not in "\x7f/\\" for character in name)
    return plain and len(name.encode(errors="surrogatepass")) <= 255


def failure(code: str) -> dict[str, object]:
    return {"status": "error", "code": code, "message": code, "closing": False}


async def serve(listener: socket.socket, folder: Path, log: TextIO, pause: float) -> None:
    loop = asyncio.get_running_loop()
    stop = loop.create_future()
    loop.add_signal_handler(signal.SIGTERM, stop.set_result, None)
    peers: set[asyncio.Task[None]] = set()

    async def be_server(sock: socket.socket, number: int) -> None:
        with sock, contextlib.suppress(OSError, EOFError, ValueError, TypeError, KeyError):
            await serve_peer(Peer(sock, number, log, pause), folder)

    async def accept() -> None:
        for number in itertools.count():
            sock, _ = await loop.sock_accept(listener)
            sock.setblocking(False)
            peer = asyncio.create_task(be_server(sock, number))
            peers.add(peer)
            peer.add_done_callback(peers.discard)

    accepting = asyncio.create_task(accept())
    await stop
    accepting.cancel()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--storage", type=Path, required=True)
    parser.add_argument("--log", type=Path, required=True, help="where the lines go")
    parser.add_argument("--pause-ms", type=float, default=0.0, help="how long to wait after each read")
    arguments = parser.parse_args()
    arguments.storage.mkdir(parents=True, exist_ok=True)
    with (
        socket.create_server(("127.0.0.1", arguments.port), backlog=4096) as listener,
        arguments.log.open("w", buffering=1, encoding="utf-8") as log,
    ):
        listener.setblocking(False)
        print(f"listening tcp 127.0.0.1:{listener.getsockname()[1]}", flush=True)
        asyncio.run(serve(listener, arguments.storage, log, arguments.pause_ms / 1000))


if __name__ == "__main__":
    main()
