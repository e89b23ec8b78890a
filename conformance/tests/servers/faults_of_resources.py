"""Upload servers with one fault each in deadlines, in ends of connections, and in what runs out: room, descriptors."""

import contextlib
import itertools
import os
import resource
import socket
import struct
import threading
import time
from typing import ClassVar

from upload_faults import Faithful
from upload_storing import Upload

# Deadlines


class ClosesAfter3s(Faithful):
    """Closes each connection 3 seconds after it was opened, whatever comes on it."""

    after = 3.0

    def converse(self) -> None:
        timer = threading.Timer(self.after, self.give_up)
        timer.daemon = True
        timer.start()
        try:
            super().converse()
        finally:
            timer.cancel()

    def give_up(self) -> None:
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)


class ClosesAfter20s(ClosesAfter3s):
    """Closes each connection 20 seconds after it was opened, whatever comes on it."""

    after = 20.0


class OneDeadlineForAHeader(Faithful):
    """Wants a whole header within 2 seconds, however steadily its bytes come."""

    def take(self, count: int) -> bytes:
        began = time.monotonic()
        while len(self.buffer) < count:
            if not self.more():
                return super().take(count)
            if time.monotonic() - began > 2:
                raise ConnectionError("too slow")
        return self.cut(count)


class IdleFor10s(Faithful):
    """Closes a connection on which nothing arrived for 10 seconds."""

    after = 10.0

    def receive(self, most: int = 65_536) -> bytes:
        self.sock.settimeout(self.after)
        try:
            return super().receive(most)
        except TimeoutError:
            raise ConnectionError("silent") from None
        finally:
            self.sock.settimeout(None)


class IdleFor25s(IdleFor10s):
    """Closes a connection on which nothing arrived for 25 seconds."""

    after = 25.0


class GivesUpOnReaders(Faithful):
    """Closes a connection whose client takes no replies for 3 seconds."""

    def send(self, data: bytes) -> None:
        self.sock.settimeout(3.0)
        try:
            super().send(data)
        finally:
            self.sock.settimeout(None)


# Ends


class EveryEndAReset(Faithful):
    """Ends every connection with a reset, the normal end too."""

    def serve(self) -> None:
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        super().serve()

    def close_gently(self) -> None:
        pass


class EndsWithoutLinger(Faithful):
    """Half-closes at an error and closes at once, with input unread."""

    def close_gently(self) -> None:
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_WR)


class LingersForAMoment(Faithful):
    """Throws input away for a tenth of a second at an error, then closes."""

    def close_gently(self) -> None:
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_WR)
            self.sock.settimeout(0.1)
            while self.sock.recv(65_536):
                pass


class EveryFifthWaits(Faithful):
    """Serves every fifth connection when the one before it has ended."""

    numbers_of_connections: ClassVar["itertools.count[int]"] = itertools.count(1)
    last: ClassVar[list[threading.Thread]] = []

    @classmethod
    def accepted(cls, sock: socket.socket) -> None:
        before = cls.last[-1:] if next(cls.numbers_of_connections) % 5 == 0 else []

        def serve() -> None:
            for each in before:
                each.join()
            cls.handle(sock)

        cls.last[:] = [threading.Thread(target=serve, daemon=True)]
        cls.last[0].start()


# What runs out


class IgnoresWriteErrors(Faithful):
    """Goes on when a body can't be written, and says that it is stored."""

    def write(self, upload: Upload, data: bytes) -> None:
        with contextlib.suppress(OSError):
            super().write(upload, data)


class EndsAtWriteErrors(Faithful):
    """Ends the process when a body can't be written."""

    def write(self, upload: Upload, data: bytes) -> None:
        try:
            super().write(upload, data)
        except OSError:
            os._exit(1)


class GivesUpWithoutDescriptors(Faithful):
    """Accepts no more once there was no descriptor for a connection; it has 96."""

    @classmethod
    def listen(cls, listener: socket.socket) -> None:
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (96, most))
        with contextlib.suppress(OSError):
            super().listen(listener)
        threading.Event().wait()


class LeaksADescriptor(Faithful):
    """Keeps a descriptor of each connection."""

    kept: ClassVar[list[int]] = []

    def converse(self) -> None:
        self.kept.append(os.open(os.devnull, os.O_RDONLY))
        super().converse()


class LeaksAThread(Faithful):
    """Keeps a thread for each connection."""

    def converse(self) -> None:
        threading.Thread(target=threading.Event().wait, daemon=True).start()
        super().converse()


class LeaksMemory(Faithful):
    """Keeps a mebibyte for each connection."""

    kept: ClassVar[list[bytearray]] = []

    def converse(self) -> None:
        self.kept.append(bytearray(os.urandom(1024) * 1024))
        super().converse()
