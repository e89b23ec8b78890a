"""An echo server that is right, and many that are wrong in one way each: what they do differently is a small override.

`python echo_faults.py --service upper --bind 127.0.0.1:0 [--shape session] [--fault no-trim]` serves until it is ended.
The overrides stand in `faults_of_*.py` beside this file; each says which clauses it has to be blamed for.
"""

import argparse
import contextlib
import itertools
import os
import socket
import threading
import time
from collections.abc import Sequence

WHITE = b"\t\n\v\f\r "
LIMIT = 1024
DATAGRAM_LIMIT = 8192


class Connection:
    """A stream and what is known of it."""

    def __init__(self, sock: socket.socket, number: int) -> None:
        self.sock = sock
        self.number = number
        self.replies = 0

    def receive(self, size: int = LIMIT) -> bytes:
        return self.sock.recv(size)

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)


class Faithful:
    """Does what chapter 10 says. Everything that a fault may change is a method of its own."""

    def __init__(self, service: str, shape: str) -> None:
        self.service = service
        self.shape = shape
        self.numbers = itertools.count(1)

    # What is replied

    def content(self, message: bytes) -> bytes:
        return message.strip(WHITE)

    def upper(self, content: bytes) -> bytes:
        return content.upper()  # of bytes, which changes a-z alone

    def literal(self, content: bytes) -> bytes:
        return repr(content).encode()

    def greet(self, content: bytes) -> bytes:
        return b"Hello, " + self.literal(content)

    def name(self, number: int) -> bytes:
        return b"worker-%d" % number

    def worker(self, message: bytes, number: int) -> bytes | None:
        if not message.isascii():
            return None
        return self.name(number) + b": " + message

    def reply(self, message: bytes, number: int) -> bytes | None:
        if self.service == "worker":
            return self.worker(message, number)
        content = self.content(message)
        return self.upper(content) if self.service == "upper" else self.greet(content)

    # Streams

    def converse(self, connection: Connection) -> None:
        {"one-shot": self.one_shot, "session": self.session, "line": self.line, "line-one-shot": self.line}[self.shape](
            connection
        )

    def answer(self, connection: Connection, message: bytes) -> bool:
        """Send the reply to a message; tells whether the conversation goes on."""
        reply = self.reply(message, connection.number)
        if reply is None:
            return False
        connection.send(reply)
        connection.replies += 1
        return True

    def one_shot(self, connection: Connection) -> None:
        self.answer(connection, connection.receive())

    def session(self, connection: Connection) -> None:
        while data := connection.receive():
            if not self.answer(connection, data):
                return

    def lines_of(self, buffer: bytes) -> tuple[list[bytes], bytes]:
        """Cut what has arrived into lines, and what is no line yet."""
        *lines, rest = buffer.split(b"\n")
        return [line + b"\n" for line in lines], rest

    def line(self, connection: Connection) -> None:
        buffer = b""
        while data := connection.receive():
            lines, buffer = self.lines_of(buffer + data)
            for line in lines:
                if len(line) > LIMIT or not self.answer(connection, line) or self.shape == "line-one-shot":
                    return
            if len(buffer) > LIMIT:
                return
        self.end_of_lines(connection, buffer)

    def end_of_lines(self, connection: Connection, rest: bytes) -> None:
        if rest:
            self.answer(connection, rest)

    def close(self, connection: Connection) -> None:
        """Half-close first, and discard what comes for a while, so that no reset takes the reply (ECHO-49)."""
        with contextlib.suppress(OSError):
            connection.sock.shutdown(socket.SHUT_WR)
            connection.sock.settimeout(1.0)
            while connection.sock.recv(65_536):
                pass
        connection.sock.close()

    def handle(self, sock: socket.socket) -> None:
        connection = Connection(sock, next(self.numbers))
        with contextlib.suppress(OSError):
            self.converse(connection)
        self.close(connection)

    def accepted(self, sock: socket.socket) -> None:
        threading.Thread(target=self.handle, args=(sock,), daemon=True).start()

    def serve_streams(self, listener: socket.socket) -> None:
        listener.listen(64)
        while True:
            self.accepted(listener.accept()[0])

    # Datagrams

    def datagram(self, sock: socket.socket, data: bytes, sender: object) -> None:
        reply = self.reply(data, next(self.numbers))
        if reply is not None:
            self.post(sock, reply, sender)

    def post(self, sock: socket.socket, reply: bytes, sender: object) -> None:
        if sender:  # a Unix socket without a path has no address to answer to
            with contextlib.suppress(OSError):
                sock.sendto(reply, sender)  # type: ignore[arg-type]

    def serve_datagrams(self, sock: socket.socket) -> None:
        while True:
            data, sender = sock.recvfrom(65_536)
            self.datagram(sock, data[:DATAGRAM_LIMIT], sender)


def open_socket(bind: str) -> socket.socket:
    """Return the socket for an address: HOST:PORT, udp://HOST:PORT, unix:PATH or unixgram:PATH."""
    if bind.startswith("unix"):
        scheme, _, path = bind.partition(":")
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM if scheme == "unix" else socket.SOCK_DGRAM)
        sock.bind(path)
        return sock
    datagrams = bind.startswith("udp://")
    host, _, port = bind.removeprefix("udp://").rpartition(":")
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM if datagrams else socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((host, int(port)))
    return sock


def serve(server: Faithful, bind: str) -> None:
    sock = open_socket(bind)
    if sock.type == socket.SOCK_STREAM:
        server.serve_streams(sock)
    else:
        server.serve_datagrams(sock)


def die() -> None:
    """End the process at once, as an error in the loop of a server would."""
    os._exit(1)


def pause() -> None:
    """Let others run for a moment: what a fault in order or in sharing needs to show."""
    time.sleep(0.01)


def main(words: Sequence[str] | None = None) -> None:
    from echo_fault_table import FAULTS
    from later_faults import ECHO

    faults = FAULTS | ECHO
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--service", choices=["upper", "greet", "worker"], default="upper")
    parser.add_argument("--shape", choices=["one-shot", "session", "line", "line-one-shot"], default="one-shot")
    parser.add_argument("--bind", default="127.0.0.1:9999")
    parser.add_argument("--fault", choices=sorted(faults))
    args = parser.parse_args(words)
    kind = faults[args.fault].server if args.fault else Faithful
    serve(kind(args.service, args.shape), args.bind)


if __name__ == "__main__":
    main()
