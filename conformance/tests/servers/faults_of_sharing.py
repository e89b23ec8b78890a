"""Echo servers with one fault each in names, in what they share, and in streams that are empty or half-closed."""

import socket
import threading
from typing import ClassVar

from echo_faults import Connection, Faithful, die
from faults_of_streams import has_ended

_HELD: list[socket.socket] = []


class NamesOfFour(Faithful):
    """Names its workers by the number of the connection, modulo four."""

    def name(self, number: int) -> bytes:
        return b"worker-%d" % (number % 4)


class NamesCutShort(Faithful):
    """Keeps the first eight bytes of a name: the tenth worker is called like the first."""

    def name(self, number: int) -> bytes:
        return super().name(number)[:8]


class NamesByHowManyAreOpen(Faithful):
    """Names a worker by the number of connections that are open: after one has ended, two have one name."""

    def __init__(self, service: str, shape: str) -> None:
        super().__init__(service, shape)
        self.open = 0
        self.lock = threading.Lock()

    def handle(self, sock: socket.socket) -> None:
        with self.lock:
            self.open += 1
            connection = Connection(sock, self.open)
        try:
            self.converse(connection)
        except OSError:
            pass
        finally:
            with self.lock:
                self.open -= 1
        self.close(connection)


class HalfCloseIsTheEnd(Faithful):
    """Takes a half-close for the end, and sends nothing more."""

    def answer(self, connection: Connection, message: bytes) -> bool:
        return not has_ended(connection) and super().answer(connection, message)


class TailOfAnEarlierAnswer(Faithful):
    """Writes each answer over the one before, on whatever connection, and sends as much as the longest."""

    buffer: ClassVar[bytearray] = bytearray()

    def reply(self, message: bytes, number: int) -> bytes | None:
        reply = super().reply(message, number)
        if reply is None:
            return None
        self.buffer[: len(reply)] = reply
        return bytes(self.buffer)


class TailInASession(Faithful):
    """Writes each answer of a connection over the one before, and sends as much as the longest."""

    def __init__(self, service: str, shape: str) -> None:
        super().__init__(service, shape)
        self.buffers: dict[int, bytearray] = {}

    def reply(self, message: bytes, number: int) -> bytes | None:
        reply = super().reply(message, number)
        if reply is None:
            return None
        buffer = self.buffers.setdefault(number, bytearray())
        buffer[: len(reply)] = reply
        return bytes(buffer)


class EmptyKills(Faithful):
    """Ends the process when a stream ends before its first byte."""

    def reply(self, message: bytes, number: int) -> bytes | None:
        if not message:
            die()
        return super().reply(message, number)

    def session(self, connection: Connection) -> None:
        super().session(connection)
        if not connection.replies:
            die()

    line = session


class EmptyStaysOpen(Faithful):
    """Leaves a connection open whose stream ended before its first byte."""

    def __init__(self, service: str, shape: str) -> None:
        super().__init__(service, shape)
        self.heard: set[int] = set()

    def answer(self, connection: Connection, message: bytes) -> bool:
        if message:
            self.heard.add(connection.number)
        return super().answer(connection, message)

    def close(self, connection: Connection) -> None:
        if connection.number in self.heard:
            super().close(connection)
        else:
            _HELD.append(connection.sock)


class ChangesLineEnds(Faithful):
    """Sends a carriage return before each line feed that has none, as a text file does on Windows."""

    def reply(self, message: bytes, number: int) -> bytes | None:
        reply = super().reply(message, number)
        return None if reply is None else reply.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


class EveryFifthWaits(Faithful):
    """Serves every fifth connection when the one before it has ended."""

    def __init__(self, service: str, shape: str) -> None:
        super().__init__(service, shape)
        self.count = 0
        self.last: threading.Thread | None = None

    def accepted(self, sock: socket.socket) -> None:
        self.count += 1
        before = self.last if self.count % 5 == 0 else None

        def serve() -> None:
            if before:
                before.join()
            self.handle(sock)

        self.last = threading.Thread(target=serve, daemon=True)
        self.last.start()


class IdleSessionsEnd(Faithful):
    """Ends a connection on which nothing arrived for 2 seconds."""

    def handle(self, sock: socket.socket) -> None:
        sock.settimeout(2.0)
        super().handle(sock)


class EmptyDatagramKills(Faithful):
    """Ends the process at an empty datagram."""

    def datagram(self, sock: socket.socket, data: bytes, sender: object) -> None:
        if not data:
            die()
        super().datagram(sock, data, sender)
