"""One thread and `select`, and nothing caught: ``select_loop.py PORT STORAGE exception|reset|nothing``.

The word says what ends the process, and all connections with it: an exception of its own reading, a connection that
is reset, or nothing, where it is right.
"""

import contextlib
import json
import selectors
import socket
import struct
import sys
import time
from pathlib import Path

from plain import LINGER, MAX_HEADER, Header, Refused, name_of, open_listener, size_of, store_folder, text_of


class Connection:
    """What has come on a connection and was not used yet."""

    def __init__(self, sock: socket.socket, folder: Path) -> None:
        self.sock = sock
        self.folder = folder
        self.buffer = bytearray()
        self.header: Header | None = None
        self.left_to_skip = 0
        self.ends_at = 0.0

    def receive(self) -> bool:
        """Take what has come; return whether the connection goes on."""
        data = self.sock.recv(65_536)
        self.buffer += data
        if self.ends_at:
            self.buffer.clear()
        while self.step():
            pass
        return bool(data)

    def step(self) -> bool:
        """Carry out the next step, where all of it has come.

        Raises:
            ValueError: when the request is malformed.
        """
        skipped = min(self.left_to_skip, len(self.buffer))
        del self.buffer[:skipped]
        self.left_to_skip -= skipped
        return bool(self.buffer or self.header) and (self.store_body() if self.header else self.read_header())

    def read_header(self) -> bool:
        if len(self.buffer) < 4:
            return False
        (length,) = struct.unpack_from("<i", self.buffer)
        if not 2 <= length <= MAX_HEADER:
            raise ValueError("the prefix is out of bounds")
        if len(self.buffer) < 4 + length:
            return False
        header = json.loads(self.buffer[4 : 4 + length].decode("utf-8"), parse_constant=refuse)
        del self.buffer[: 4 + length]
        if not isinstance(header, dict):
            raise ValueError("no object")
        if text_of(header, "cmd") == "put":
            self.begin_put(header)
        return True

    def begin_put(self, header: Header) -> None:
        size_of(header)
        try:
            name_of(header, self.folder)
        except Refused:
            self.left_to_skip = header["filesize"]
        else:
            self.header = header

    def store_body(self) -> bool:
        if self.header is None or len(self.buffer) < (size := size_of(self.header)):
            return False
        place = self.folder / "\\part-1"
        place.write_bytes(self.buffer[:size])
        place.replace(self.folder / name_of(self.header, self.folder))
        del self.buffer[:size]
        self.header = None
        return True

    def end(self) -> None:
        """Half-close, and throw away what still comes."""
        with contextlib.suppress(OSError):  # the client may have reset it
            self.sock.shutdown(socket.SHUT_WR)
        self.buffer.clear()
        self.header, self.left_to_skip = None, 0
        self.ends_at = time.monotonic() + LINGER


def refuse(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def serve(listener: socket.socket, folder: Path, caught: tuple[type[Exception], ...]) -> None:
    selector = selectors.DefaultSelector()
    selector.register(listener, selectors.EVENT_READ)

    def drop(sock: socket.socket) -> None:
        selector.unregister(sock)
        sock.close()

    while True:
        for key, _ in selector.select(0.5):
            if key.fileobj is listener:
                sock, _ = listener.accept()
                selector.register(sock, selectors.EVENT_READ, Connection(sock, folder))
                continue
            try:
                if not key.data.receive():
                    drop(key.data.sock)
            except caught as error:
                if isinstance(error, OSError):
                    drop(key.data.sock)
                else:
                    key.data.end()
        for key in list(selector.get_map().values()):
            if key.data and 0 < key.data.ends_at < time.monotonic():
                drop(key.data.sock)


if __name__ == "__main__":
    caught = {
        "exception": (OSError,),
        "reset": (ValueError, RecursionError),
        "nothing": (ValueError, RecursionError, OSError),
    }
    serve(open_listener(int(sys.argv[1])), store_folder(sys.argv[2]), caught[sys.argv[3]])
