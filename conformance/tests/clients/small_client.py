"""A small client that is right, in steps that a fault may override; it shares no line with the clients in `clients/`.

`python client_faults.py FAULT [--reply] ADDRESS FILE...` starts one that is wrong in one way; "none" starts this one.
"""

import contextlib
import hashlib
import json
import os
import select
import socket
import struct
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

CHUNK = 64 * 1024
STALL = 20.0
SETTLE = 0.4


class Failed(Exception):
    """The upload failed; the message says why."""


class Faithful:
    """One run of a client that does what chapters 9 and 11 say."""

    reply_seconds = 8.0

    def __init__(self, address: str, *, asks: bool) -> None:
        self.address = address
        self.asks = asks
        self.incoming = bytearray()
        self.ended = False
        self.closing = False
        self.digest = hashlib.sha256()

    # The run

    def main(self, paths: list[str]) -> int:
        status = 0
        for path in paths:
            try:
                self.upload(path)
            except Exception as error:  # noqa: BLE001  # one line and a status, whatever it was
                self.report(path, error)
                status = self.failed_status()
        return status

    def report(self, path: str, error: Exception) -> None:
        print(f"{path!r}: {error}", file=sys.stderr)

    def failed_status(self) -> int:
        return 1

    def upload(self, path: str) -> None:
        """Send one file over a connection of its own."""
        name = self.name_of(path)
        self.check_name(name)
        with self.open(path) as file:
            size = self.size_of(file)
            self.connect()
            try:
                self.begin(name, size, file)
                self.finish(name, size)
            finally:
                self.socket.close()

    def open(self, path: str) -> BinaryIO:
        return Path(path).open("rb")

    def size_of(self, file: BinaryIO) -> int:
        return os.fstat(file.fileno()).st_size

    def name_of(self, path: str) -> str:
        return Path(path).name

    def check_name(self, name: str) -> None:
        bad = any(each < " " or each == "\x7f" or each in "/\\" for each in name)
        if bad or not 1 <= len(name.encode()) <= 255:  # a surrogate raises here
            raise Failed("not a valid name")

    def connect(self) -> None:
        host, _, port = self.address.removeprefix("tls://").rpartition(":")
        self.incoming.clear()
        self.ended = self.closing = False
        self.digest = hashlib.sha256()
        self.socket = socket.create_connection((host, int(port)), timeout=10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)

    # The request

    def members(self, name: str, size: int) -> dict[str, Any]:
        asked = {"reply": True} if self.asks else {}
        return {"cmd": "put", "filename": name, "filesize": size, **asked}

    def encode(self, members: dict[str, Any]) -> bytes:
        return json.dumps(members, ensure_ascii=False).encode()

    def prefix(self, header: bytes) -> bytes:
        return struct.pack("<i", len(header))

    def begin(self, name: str, size: int, file: BinaryIO) -> None:
        header = self.encode(self.members(name, size))
        self.send(self.prefix(header) + header)
        self.send_body(file, size)

    def send_body(self, file: BinaryIO, size: int) -> None:
        left = size
        for piece in self.pieces(file, size):
            self.send(piece)
            self.digest.update(piece)
            left -= len(piece)
        if left > 0:
            self.shrank(left)

    def pieces(self, file: BinaryIO, size: int) -> Iterator[bytes]:
        while size and (piece := file.read(min(CHUNK, size))):
            yield piece
            size -= len(piece)

    def shrank(self, left: int) -> None:
        raise Failed(f"the file shrank: {left} bytes are missing")

    def send(self, data: bytes) -> None:
        """Send all of the bytes, and hear what the server says meanwhile."""
        view = memoryview(data)
        while view:
            readable, writable, _ = select.select([self.socket], [self.socket], [], STALL)
            if not readable and not writable:
                raise Failed("the server takes nothing")
            if readable:
                self.hear()
            if writable:
                view = view[self.socket.send(view) :]

    def hear(self) -> None:
        """Take what the server says, while there is still something to send."""
        self.receive()
        if self.ended:
            raise Failed("the server closed the connection")
        self.notice()

    def receive(self) -> None:
        with contextlib.suppress(BlockingIOError):
            data = self.socket.recv(CHUNK)
            self.ended = not data
            self.incoming += data if self.asks else b""

    def notice(self) -> None:
        """Stop for an error that says closing."""
        reply = self.reply()
        if reply is not None and reply.get("status") == "error" and reply.get("closing"):
            raise Failed(f"error {reply.get('code')}")

    # The end

    def finish(self, name: str, size: int) -> None:
        if self.asks:
            self.judge(self.wait_for_reply(), name, size)
        else:
            self.hand_over()

    def hand_over(self) -> None:
        """Half-close, and wait a moment for a reset."""
        self.socket.shutdown(socket.SHUT_WR)
        deadline = time.monotonic() + SETTLE
        while not self.ended and (left := deadline - time.monotonic()) > 0:
            if select.select([self.socket], [], [], left)[0]:
                self.receive()

    def reply(self) -> dict[str, Any] | None:
        """Return the first reply, if it is whole."""
        if len(self.incoming) < 4:
            return None
        (length,) = struct.unpack("<i", self.incoming[:4])
        if len(self.incoming) < 4 + length:
            return None
        members = json.loads(self.incoming[4 : 4 + length])
        return members if isinstance(members, dict) else {}

    def wait_for_reply(self) -> dict[str, Any]:
        deadline = time.monotonic() + self.reply_seconds
        while (found := self.reply()) is None:
            left = deadline - time.monotonic()
            if self.ended:
                return self.no_reply("the server closed the connection without a reply")
            if left <= 0 or not select.select([self.socket], [], [], left)[0]:
                return self.no_reply("no reply came in time")
            self.receive()
        return found

    def no_reply(self, why: str) -> dict[str, Any]:
        raise Failed(why)

    def judge(self, reply: dict[str, Any], name: str, size: int) -> None:
        if reply.get("status") != "ok":
            self.refused(reply)
        else:
            self.compare(reply, name, size)

    def refused(self, reply: dict[str, Any]) -> None:
        raise Failed(f"error {reply.get('code')}")

    def compare(self, reply: dict[str, Any], name: str, size: int) -> None:
        if reply.get("sha256") != self.digest.hexdigest():
            raise Failed("the server stored other bytes")
