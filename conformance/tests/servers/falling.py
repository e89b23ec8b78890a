"""An upload server without replies that is right for well-behaved clients, and falls over in one way.

`python falling.py --port 0 --storage DIR --kind "dies of JSON"` serves until it is ended, or falls.
"""

import argparse
import json
import os
import socket
import threading
import time
from pathlib import Path


class Server:
    """A thread for each connection; what a kind does differently is a method."""

    backlog = 64

    def __init__(self, listener: socket.socket, folder: Path) -> None:
        self.listener, self.folder = listener, folder

    def serve(self) -> None:
        while True:
            sock, _ = self.listener.accept()
            threading.Thread(target=self.handle, args=(sock,), daemon=True).start()

    def handle(self, sock: socket.socket) -> None:
        with sock:
            try:
                while self.one_request(sock):
                    pass
            except ConnectionError:
                self.was_reset()
            except ValueError as error:
                self.malformed(error)

    def one_request(self, sock: socket.socket) -> bool:
        prefix = self.read(sock, 4)
        if len(prefix) < 4:
            return False
        length = int.from_bytes(prefix, "little", signed=True)
        if not 2 <= length <= 65_536:
            raise ValueError(f"a header of {length} bytes")
        header = json.loads(self.read(sock, length).decode())
        if not isinstance(header, dict):
            raise ValueError("not an object")
        return self.carry_out(sock, header)

    def carry_out(self, sock: socket.socket, header: dict[str, object]) -> bool:
        if header.get("cmd") != "put":
            return True
        name, size = header.get("filename"), header.get("filesize")
        if not isinstance(name, str) or type(size) is not int or size < 0:
            raise ValueError("no put")
        body = self.read(sock, size)
        if len(body) < size:
            return False
        if "/" in name or "\\" in name or name in ("", ".", "..") or len(name.encode()) > 255 or min(name) < " ":
            return True
        temporary = self.folder.parent / f"{self.folder.name}-{threading.get_ident()}.part"
        temporary.write_bytes(body)
        temporary.replace(self.folder / name)
        return True

    def read(self, sock: socket.socket, count: int) -> bytes:
        data = b""
        while len(data) < count and (piece := sock.recv(min(65_536, count - len(data)))):
            data += piece
        return data

    def was_reset(self) -> None:
        """Nothing: the connection ends."""

    def malformed(self, error: ValueError) -> None:
        """Nothing: the connection ends."""


class DiesOfJson(Server):
    def malformed(self, error: ValueError) -> None:
        print(f"fatal: {error}", flush=True)
        os._exit(3)


class DiesOfResets(Server):
    def was_reset(self) -> None:
        print("fatal: connection reset by peer", flush=True)
        os._exit(1)


class DiesOfMany(Server):
    """Keeps something of every connection, and ends when there is no room for more."""

    room = 100

    def handle(self, sock: socket.socket) -> None:
        self.room -= 1
        if self.room < 0:
            print("fatal: too many open files", flush=True)
            os._exit(4)
        super().handle(sock)


class Alone(Server):
    """One connection at a time, in one thread."""

    backlog = 1

    def serve(self) -> None:
        while True:
            sock, _ = self.listener.accept()
            self.handle(sock)


class HangsOnMalformed(Alone):
    def malformed(self, error: ValueError) -> None:
        while True:
            time.sleep(1)


class SpinsOnMalformed(Alone):
    def malformed(self, error: ValueError) -> None:
        while True:
            pass


class OneConnection(Alone):
    def serve(self) -> None:
        sock, _ = self.listener.accept()
        self.handle(sock)


class OneUpload(Server):
    """Closes after each upload."""

    def carry_out(self, sock: socket.socket, header: dict[str, object]) -> bool:
        super().carry_out(sock, header)
        return False


class Whole(Server):
    """Takes what one receive gives for a whole request."""

    def one_request(self, sock: socket.socket) -> bool:
        data = sock.recv(1 << 20)
        if not data:
            return False
        end = 4 + int.from_bytes(data[:4], "little")
        header = json.loads(data[4:end].decode())
        (self.folder / header["filename"]).write_bytes(data[end : end + header["filesize"]])
        return True


class BigEndian(Server):
    def read(self, sock: socket.socket, count: int) -> bytes:
        data = super().read(sock, count)
        return data[::-1] if count == 4 else data


class Dialect(Server):
    """Has members of its own: `mode`, `file_name`, `file_size`."""

    def carry_out(self, sock: socket.socket, header: dict[str, object]) -> bool:
        if header.get("mode") != "put":
            return False
        return super().carry_out(sock, {"cmd": "put", "filename": header["file_name"], "filesize": header["file_size"]})


class NeverReads(Server):
    def handle(self, sock: socket.socket) -> None:
        while True:
            time.sleep(1)


class Echoes(Server):
    def handle(self, sock: socket.socket) -> None:
        with sock:
            while data := sock.recv(65_536):
                sock.sendall(data)


class Greets(Server):
    def handle(self, sock: socket.socket) -> None:
        sock.sendall(b"220 welcome\r\n")
        super().handle(sock)


class AtMostEight(Server):
    """Closes what goes beyond eight connections at once."""

    def __init__(self, listener: socket.socket, folder: Path) -> None:
        super().__init__(listener, folder)
        self.free = threading.BoundedSemaphore(8)

    def handle(self, sock: socket.socket) -> None:
        if not self.free.acquire(blocking=False):
            sock.close()
            return
        try:
            super().handle(sock)
        finally:
            time.sleep(0.02)  # notices late that a connection has ended
            self.free.release()


class Encodes(Server):
    """Stores under names of its own."""

    def carry_out(self, sock: socket.socket, header: dict[str, object]) -> bool:
        name = header.get("filename")
        return super().carry_out(sock, header | {"filename": name.encode().hex() if isinstance(name, str) else name})


class Elsewhere(Server):
    """Stores in another folder than it was told."""

    def __init__(self, listener: socket.socket, folder: Path) -> None:
        super().__init__(listener, folder.parent / f"{folder.name}-elsewhere")
        self.folder.mkdir(exist_ok=True)


KINDS: dict[str, type[Server]] = {
    "right": Server,
    "right alone": Alone,
    "dies of JSON": DiesOfJson,
    "dies of resets": DiesOfResets,
    "dies of many": DiesOfMany,
    "hangs": HangsOnMalformed,
    "spins": SpinsOnMalformed,
    "one connection": OneConnection,
    "one upload": OneUpload,
    "whole requests": Whole,
    "big-endian": BigEndian,
    "dialect": Dialect,
    "never reads": NeverReads,
    "echoes": Echoes,
    "greets": Greets,
    "at most eight": AtMostEight,
    "encodes": Encodes,
    "elsewhere": Elsewhere,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--storage", type=Path, required=True)
    parser.add_argument("--kind", choices=list(KINDS), default="right")
    args = parser.parse_args()
    kind = KINDS[args.kind]
    with socket.create_server(("127.0.0.1", args.port), backlog=kind.backlog) as listener:
        print(f"listening tcp 127.0.0.1:{listener.getsockname()[1]}", flush=True)
        kind(listener, args.storage).serve()


if __name__ == "__main__":
    main()
