"""Peers that are no servers: each does one thing whatever it is sent, and stores nothing.

A suite that asks only for what a server must not do finds nothing wrong with some of them; none may pass a clause that
says a server does something.
"""

import argparse
import contextlib
import hashlib
import json
import random
import socket
import struct
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

CHUNK = 65_536
Read = Callable[[int], bytes]
CHANCE = random.Random()


def throw_away(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while sock.recv(CHUNK):
            pass


def silent(sock: socket.socket) -> None:
    """Accepts, and never reads or answers."""
    threading.Event().wait()


def closing(sock: socket.socket) -> None:
    """Closes at once: in an orderly way where nothing has arrived yet."""


def resetting(sock: socket.socket) -> None:
    """Resets at once."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def flooding(sock: socket.socket) -> None:
    """Sends without end, as fast as it is taken, and throws away what it is sent."""
    send_again_and_again(sock, b"\xa5" * CHUNK, pause=0.0)


def dripping(sock: socket.socket) -> None:
    """Sends a byte a second, and throws away what it is sent."""
    send_again_and_again(sock, b"{", pause=1.0)


def echoing(sock: socket.socket) -> None:
    """Sends back what it is sent, up to the end of the stream."""
    while data := sock.recv(CHUNK):
        sock.sendall(data)


def answering_at_random(sock: socket.socket) -> None:
    """Answers whatever arrives with up to 199 random bytes, up to the end of the stream."""
    while sock.recv(CHUNK):
        sock.sendall(CHANCE.randbytes(CHANCE.randrange(1, 200)))


def ok(sock: socket.socket) -> None:
    """Answers each request that it can read with "ok", asked to or not, and with the right digest of a body.

    After one that it can't read, it throws away what it is sent.
    """
    inbox = bytearray()

    def read(length: int) -> bytes:
        while len(inbox) < length:
            data = sock.recv(CHUNK)
            if not data:
                raise EOFError
            inbox.extend(data)
        data = bytes(inbox[:length])
        del inbox[:length]
        return data

    with contextlib.suppress(EOFError):
        while (reply := answer(read)) is not None:
            sock.sendall(struct.pack("<i", len(reply)) + reply)
        throw_away(sock)


def answer(read: Read) -> bytes | None:
    """Read one request and make an answer of it; None for what is no request."""
    (length,) = struct.unpack("<i", read(4))
    if not 2 <= length <= 1_048_576:
        return None
    try:
        header: Any = json.loads(read(length))
    except (ValueError, RecursionError):
        return None
    if not isinstance(header, dict):
        return None
    size = header.get("filesize")
    left = size if header.get("cmd") == "put" and isinstance(size, int) else 0
    digest = hashlib.sha256()
    while left > 0:
        data = read(min(left, CHUNK))
        digest.update(data)
        left -= len(data)
    name = header.get("filename")
    return json.dumps({"status": "ok", "filename": name, "filesize": size, "sha256": digest.hexdigest()}).encode()


def send_again_and_again(sock: socket.socket, data: bytes, *, pause: float) -> None:
    """Send until the client is gone. What it sends is read meanwhile, and its half-close ends nothing."""
    threading.Thread(target=throw_away, args=(sock,), daemon=True).start()
    while True:
        sock.sendall(data)
        time.sleep(pause)


KINDS: dict[str, Callable[[socket.socket], None]] = {
    "silent": silent,
    "closing": closing,
    "resetting": resetting,
    "flooding": flooding,
    "dripping": dripping,
    "echoing": echoing,
    "random": answering_at_random,
    "ok": ok,
}


def be_peer(kind: Callable[[socket.socket], None], sock: socket.socket) -> None:
    with contextlib.suppress(OSError), sock:
        kind(sock)


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kind", choices=KINDS, required=True)
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--storage", type=Path, help="taken for likeness with the servers, and not used")
    parser.add_argument("--seed", type=int, default=0, help="of the random bytes")
    arguments = parser.parse_args(words)
    CHANCE.seed(arguments.seed)
    with socket.create_server(("127.0.0.1", arguments.port), backlog=512) as listener:
        print(f"listening tcp 127.0.0.1:{listener.getsockname()[1]}", flush=True)
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:  # out of descriptors
                time.sleep(0.1)
                continue
            threading.Thread(target=be_peer, args=(KINDS[arguments.kind], sock), daemon=True).start()


if __name__ == "__main__":
    main()
