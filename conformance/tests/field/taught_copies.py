"""The upload server as it is taught, and six copies as courses vary it: ``taught_copies.py PORT STORAGE COPY``.

WRONG ON PURPOSE: all of them serve one unhurried client, and fall short of most of the rest.
"""

# ruff: noqa: PTH118, PTH119, PTH123 - as taught

import json
import os
import socketserver
import struct
import sys
from pathlib import Path
from typing import Any

from plain import announce

Header = dict[str, Any]


class Taught(socketserver.BaseRequestHandler):
    """The handler of the lesson: a single receive each for prefix and header, and a method for each command."""

    folder = Path()
    piece = 1024

    def handle(self) -> None:
        while True:
            try:
                head = self.request.recv(4)
                header_len = struct.unpack("i", head)[0]
                self.dispatch(json.loads(self.request.recv(header_len).decode("utf-8")))
            except ConnectionResetError:
                break

    def dispatch(self, header: Header) -> None:
        cmd = header["cmd"]
        if hasattr(self, cmd):
            getattr(self, cmd)(header)

    def path(self, header: Header) -> str:
        return os.path.normpath(os.path.join(self.folder, header["filename"]))

    def put(self, header: Header) -> None:
        filesize, received = header["filesize"], 0
        with open(self.path(header), "wb") as file:
            while received < filesize:
                data = self.request.recv(self.piece)
                file.write(data)
                received += len(data)


class WithLeave(Taught):
    """Leaves the loop when the client has hung up between requests, and inside a body, too."""

    def handle(self) -> None:
        while head := self.request.recv(4):
            header_len = struct.unpack("i", head)[0]
            self.dispatch(json.loads(self.request.recv(header_len).decode("utf-8")))

    def put(self, header: Header) -> None:
        left = header["filesize"]
        with open(self.path(header), "wb") as file:
            while left:
                data = self.request.recv(min(left, self.piece))
                if not data:
                    break
                file.write(data)
                left -= len(data)


class WithBaseName(Taught):
    """Keeps to the folder by the base name, and to one command by a comparison."""

    def path(self, header: Header) -> str:
        return os.path.join(self.folder, os.path.basename(header["filename"]))

    def dispatch(self, header: Header) -> None:
        if header["cmd"] == "put":
            self.put(header)


class WithLargePieces(Taught):
    """Receives a body in pieces of 8 KiB, and says how far it is."""

    piece = 8192

    def put(self, header: Header) -> None:
        print(f"receiving {header['filename']}")
        super().put(header)
        print("done 100%")


class InMemory(Taught):
    """Keeps a whole body in memory, and writes it at once."""

    def put(self, header: Header) -> None:
        body = b""
        while len(body) < header["filesize"]:
            body += self.request.recv(self.piece)
        Path(self.path(header)).write_bytes(body)


class SaysDone(Taught):
    """Tells the client when it has the file."""

    def put(self, header: Header) -> None:
        super().put(header)
        self.request.sendall(b"upload finished")


class Iterative(Taught):
    """The same handler under the plain TCPServer: one client after the other."""


COPIES: dict[str, type[Taught]] = {
    "taught": Taught,
    "leave": WithLeave,
    "base-name": WithBaseName,
    "pieces": WithLargePieces,
    "memory": InMemory,
    "done": SaysDone,
    "iterative": Iterative,
}


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


class IterativeServer(socketserver.TCPServer):
    allow_reuse_address = True


if __name__ == "__main__":
    Taught.folder = Path(sys.argv[2])
    handler = COPIES[sys.argv[3]]
    kind = IterativeServer if handler is Iterative else Server
    with kind(("127.0.0.1", int(sys.argv[1])), handler) as server:
        announce(server.socket)
        server.serve_forever()
