"""Peers that are no servers: each does one thing whatever it is sent, and stores nothing.

A suite that asks only for what a server must not do finds nothing wrong with some of them; none may pass a clause that
says a server does something.
"""

import argparse
import asyncio
import contextlib
import hashlib
import json
import random
import signal
import socket
import struct
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

CHUNK = 65_536
Read = Callable[[int], Awaitable[bytes]]


async def _receive(sock: socket.socket) -> bytes:
    return await asyncio.get_running_loop().sock_recv(sock, CHUNK)


async def _send(sock: socket.socket, data: bytes) -> None:
    await asyncio.get_running_loop().sock_sendall(sock, data)
    await asyncio.sleep(0)  # a send that finds room at once would leave the others no turn


async def _throw_away(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while await _receive(sock):
            pass


async def silent(sock: socket.socket) -> None:
    """Accepts, and never reads or answers."""
    await asyncio.Event().wait()


async def closing(sock: socket.socket) -> None:
    """Closes at once: in an orderly way where nothing has arrived yet."""


async def resetting(sock: socket.socket) -> None:
    """Resets at once."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


async def flooding(sock: socket.socket) -> None:
    """Sends without end, as fast as it is taken, and throws away what it is sent."""
    await _send_again_and_again(sock, b"\xa5" * CHUNK, pause=0.0)


async def dripping(sock: socket.socket) -> None:
    """Sends a byte a second, and throws away what it is sent."""
    await _send_again_and_again(sock, b"{", pause=1.0)


async def echoing(sock: socket.socket) -> None:
    """Sends back what it is sent, up to the end of the stream."""
    while data := await _receive(sock):
        await _send(sock, data)


async def answering_at_random(sock: socket.socket) -> None:
    """Answers whatever arrives with up to 199 random bytes, up to the end of the stream."""
    while await _receive(sock):
        await _send(sock, random.randbytes(random.randrange(1, 200)))


async def ok(sock: socket.socket) -> None:
    """Answers each request that it can read with "ok", asked to or not, and with the right digest of a body.

    Behind one that it can't read, it throws away what it is sent.
    """
    inbox = bytearray()

    async def read(length: int) -> bytes:
        while len(inbox) < length:
            data = await _receive(sock)
            if not data:
                raise EOFError
            inbox.extend(data)
        data = bytes(inbox[:length])
        del inbox[:length]
        return data

    with contextlib.suppress(EOFError):
        while (answer := await _answer(read)) is not None:
            await _send(sock, struct.pack("<i", len(answer)) + answer)
        await _throw_away(sock)


async def _answer(read: Read) -> bytes | None:
    """Read one request and make an answer of it; None for what is no request."""
    (length,) = struct.unpack("<i", await read(4))
    if not 2 <= length <= 1_048_576:
        return None
    try:
        header: Any = json.loads(await read(length))
    except (ValueError, RecursionError):
        return None
    if not isinstance(header, dict):
        return None
    size = header.get("filesize")
    left = size if header.get("cmd") == "put" and isinstance(size, int) else 0
    digest = hashlib.sha256()
    while left > 0:
        data = await read(min(left, CHUNK))
        digest.update(data)
        left -= len(data)
    name = header.get("filename")
    return json.dumps({"status": "ok", "filename": name, "filesize": size, "sha256": digest.hexdigest()}).encode()


async def _send_again_and_again(sock: socket.socket, data: bytes, *, pause: float) -> None:
    """Send until the client is gone. What it sends is read meanwhile, and its half-close ends nothing."""
    reading = asyncio.create_task(_throw_away(sock))
    try:
        while True:
            await _send(sock, data)
            await asyncio.sleep(pause)
    finally:
        reading.cancel()


KINDS: dict[str, Callable[[socket.socket], Awaitable[None]]] = {
    "silent": silent,
    "closing": closing,
    "resetting": resetting,
    "flooding": flooding,
    "dripping": dripping,
    "echoing": echoing,
    "random": answering_at_random,
    "ok": ok,
}


async def serve(kind: Callable[[socket.socket], Awaitable[None]], listener: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    stop = loop.create_future()
    loop.add_signal_handler(signal.SIGTERM, stop.set_result, None)
    peers: set[asyncio.Task[None]] = set()

    async def be_peer(sock: socket.socket) -> None:
        with contextlib.suppress(OSError), sock:
            await kind(sock)

    async def accept() -> None:
        while True:
            try:
                sock, _ = await loop.sock_accept(listener)
            except OSError:  # out of descriptors
                await asyncio.sleep(0.1)
                continue
            sock.setblocking(False)
            peer = asyncio.create_task(be_peer(sock))
            peers.add(peer)
            peer.add_done_callback(peers.discard)

    accepting = asyncio.create_task(accept())
    await stop
    accepting.cancel()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kind", choices=KINDS, required=True)
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--storage", type=Path, help="taken for likeness with the servers, and not used")
    parser.add_argument("--seed", type=int, default=0, help="of the random bytes")
    arguments = parser.parse_args()
    random.seed(arguments.seed)
    with socket.create_server(("127.0.0.1", arguments.port), backlog=512) as listener:
        listener.setblocking(False)
        print(f"listening tcp 127.0.0.1:{listener.getsockname()[1]}", flush=True)
        asyncio.run(serve(KINDS[arguments.kind], listener))


if __name__ == "__main__":
    main()
