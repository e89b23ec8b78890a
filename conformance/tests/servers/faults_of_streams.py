"""Echo servers with one fault each in how they treat connections."""

import contextlib
import itertools
import socket
import threading
import time

from echo_faults import LIMIT, Connection, Faithful, die, pause

_HELD: list[socket.socket] = []


def has_ended(connection: Connection) -> bool:
    """Tell whether end of stream stands right after what was received."""
    pause()
    with contextlib.suppress(BlockingIOError):
        return not connection.sock.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    return False


class AnswersTwice(Faithful):
    def one_shot(self, connection: Connection) -> None:
        data = connection.receive()
        self.answer(connection, data)
        self.answer(connection, data)


class WaitsForNewline(Faithful):
    def one_shot(self, connection: Connection) -> None:
        data = b""
        while not data.endswith(b"\n") and (more := connection.receive()):
            data += more
        self.answer(connection, data[:LIMIT])


class WaitsForEnd(Faithful):
    def one_shot(self, connection: Connection) -> None:
        data = b""
        while more := connection.receive():
            data += more
        self.answer(connection, data[:LIMIT])

    session = one_shot
    line = one_shot


class StaysOpen(Faithful):
    def close(self, connection: Connection) -> None:
        _HELD.append(connection.sock)


class ClosesBeforeAnswering(Faithful):
    def one_shot(self, connection: Connection) -> None:
        connection.receive()


class TakesTooMuch(Faithful):
    def one_shot(self, connection: Connection) -> None:
        self.answer(connection, connection.receive(4096))


class LosesByteInTheMiddle(Faithful):
    def one_shot(self, connection: Connection) -> None:
        data = connection.receive()
        self.answer(connection, data[:600] + data[601:])


class AnswersEndToo(Faithful):
    def one_shot(self, connection: Connection) -> None:
        super().one_shot(connection)
        if has_ended(connection):
            self.answer(connection, b"")


class IgnoresEmptyStream(Faithful):
    def one_shot(self, connection: Connection) -> None:
        if data := connection.receive():
            self.answer(connection, data)


class GivesUpHalfClosed(Faithful):
    def answer(self, connection: Connection, message: bytes) -> bool:
        return not (message and has_ended(connection)) and super().answer(connection, message)


class Greets(Faithful):
    def converse(self, connection: Connection) -> None:
        connection.send(b"echo server ready\n")
        super().converse(connection)


class OneAtATime(Faithful):
    def accepted(self, sock: socket.socket) -> None:
        self.handle(sock)


class TurnsAwayWhileItServes(Faithful):
    """Returns those that come while it serves a moment, and closes them when the other is not done by then."""

    def __init__(self, service: str, shape: str) -> None:
        super().__init__(service, shape)
        self.busy = threading.Lock()

    def converse(self, connection: Connection) -> None:
        with self.busy:
            super().converse(connection)

    def accepted(self, sock: socket.socket) -> None:
        if self.busy.acquire(timeout=0.005):
            self.busy.release()
            super().accepted(sock)
        else:
            sock.close()


class AnswersTheOther(Faithful):
    last = b""

    def reply(self, message: bytes, number: int) -> bytes | None:
        type(self).last = message
        pause()
        return super().reply(type(self).last, number)


class AtMostEight(Faithful):
    def __init__(self, service: str, shape: str) -> None:
        super().__init__(service, shape)
        self.room = threading.Semaphore(8)

    def accepted(self, sock: socket.socket) -> None:
        self.room.acquire()
        super().accepted(sock)

    def handle(self, sock: socket.socket) -> None:
        super().handle(sock)
        self.room.release()


class DiesOfReset(Faithful):
    def handle(self, sock: socket.socket) -> None:
        try:
            self.converse(connection := Connection(sock, next(self.numbers)))
        except ConnectionResetError:
            die()
        except OSError:
            return
        self.close(connection)


class DiesOfHighBytes(Faithful):
    def reply(self, message: bytes, number: int) -> bytes | None:
        if not message.isascii():
            die()
        return super().reply(message, number)


class DiesOfLongStreams(Faithful):
    def one_shot(self, connection: Connection) -> None:
        if len(data := connection.receive(LIMIT + 1)) > LIMIT:
            die()
        self.answer(connection, data)


class LeaksDescriptors(Faithful):
    def close(self, connection: Connection) -> None:
        _HELD.append(connection.sock.dup())
        super().close(connection)

    def handle(self, sock: socket.socket) -> None:
        _HELD.append(socket.socket())
        super().handle(sock)


class LeavesOpenAfterHighBytes(Faithful):
    def one_shot(self, connection: Connection) -> None:
        if not self.answer(connection, connection.receive()):
            time.sleep(60)


# Session


class LosesByteBetweenReads(Faithful):
    def session(self, connection: Connection) -> None:
        while data := connection.receive():
            if not self.answer(connection, data[:-1] if len(data) == LIMIT else data):
                return


class Reorders(Faithful):
    def session(self, connection: Connection) -> None:
        delays = itertools.chain([0.08, 0.04], itertools.repeat(0.0))
        threads = []
        while data := connection.receive():
            late = threading.Timer(next(delays), self.answer, (connection, data))
            late.start()
            threads.append(late)
        for thread in threads:
            thread.join()


class BeginsEarly(Faithful):
    def answer(self, connection: Connection, message: bytes) -> bool:
        reply = self.reply(message, connection.number) or b""
        connection.send(reply[9 if connection.replies else 0 :] + b"Hello, b'")
        connection.replies += 1
        return True


class AnswersEndOfSession(Faithful):
    def session(self, connection: Connection) -> None:
        super().session(connection)
        self.answer(connection, b"")


class AnswersFirstOnly(Faithful):
    def session(self, connection: Connection) -> None:
        self.answer(connection, connection.receive())
        while connection.receive():
            pass

    line = session


class LosesPatience(Faithful):
    """Closes a session on which nothing arrived for a tenth of a second."""

    def session(self, connection: Connection) -> None:
        connection.sock.settimeout(0.1)
        super().session(connection)


class NameChanges(Faithful):
    def answer(self, connection: Connection, message: bytes) -> bool:
        connection.number = next(self.numbers)
        return super().answer(connection, message)


class GoesOnAfterHighBytes(Faithful):
    def answer(self, connection: Connection, message: bytes) -> bool:
        super().answer(connection, message)
        return True


# Line


class CutsAtReturn(Faithful):
    def lines_of(self, buffer: bytes) -> tuple[list[bytes], bytes]:
        *lines, rest = buffer.replace(b"\r", b"\n").split(b"\n")
        return [line + b"\n" for line in lines], rest


class ForgetsUnfinishedLines(Faithful):
    def lines_of(self, buffer: bytes) -> tuple[list[bytes], bytes]:
        lines, rest = super().lines_of(buffer)
        return lines, rest if not lines else b""


class DropsLastLine(Faithful):
    def end_of_lines(self, connection: Connection, rest: bytes) -> None:
        pass


class DropsEmptyLines(Faithful):
    def lines_of(self, buffer: bytes) -> tuple[list[bytes], bytes]:
        lines, rest = super().lines_of(buffer)
        return [line for line in lines if line != b"\n"], rest


class AnswersBeforeTheLineEnds(Faithful):
    def line(self, connection: Connection) -> None:
        while data := connection.receive():
            lines, rest = self.lines_of(data)
            for line in [*lines, *([rest] if rest else [])]:
                if not self.answer(connection, line):
                    return


class AnswersEndOfLines(Faithful):
    def end_of_lines(self, connection: Connection, rest: bytes) -> None:
        self.answer(connection, rest)


class AnswersTwoLines(Faithful):
    def __init__(self, service: str, shape: str) -> None:
        super().__init__(service, "line")


class CutsLongLines(Faithful):
    def lines_of(self, buffer: bytes) -> tuple[list[bytes], bytes]:
        pieces, rest = super().lines_of(buffer)
        lines = [line[start : start + 1000] for line in pieces for start in range(0, len(line), 1000)]
        while len(rest) > LIMIT:
            lines, rest = [*lines, rest[:1000]], rest[1000:]
        return lines, rest


class ForgetsRepliesBeforeHighBytes(Faithful):
    """Looks at a whole segment before it cuts it into lines."""

    def lines_of(self, buffer: bytes) -> tuple[list[bytes], bytes]:
        lines, rest = super().lines_of(buffer)
        bad = [line for line in lines if not line.isascii()]
        return bad or lines, rest


class StripsLineEnds(Faithful):
    def worker(self, message: bytes, number: int) -> bytes | None:
        return super().worker(message.removesuffix(b"\n"), number)
