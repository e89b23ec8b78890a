"""Upload servers with one fault each in how they treat connections: chapter 7."""

import os
import socket
import struct
import threading
from typing import ClassVar

from upload_faults import Faithful
from upload_reading import CHUNK, Header, Malformed
from upload_storing import Refused, Upload

# Silence


class Greets(Faithful):
    """Greets a new client, as FTP servers do."""

    def converse(self) -> None:
        self.sock.sendall(b"220 ready\r\n")
        super().converse()


class SaysDone(Faithful):
    """Says that a body was stored to those who did not ask."""

    def finish(self, header: Header, upload: Upload) -> None:
        super().finish(header, upload)
        if not self.wants_reply(header):
            self.sock.sendall(b"done\n")


class TellsErrorsUnasked(Faithful):
    """Answers a request only when it is asked to, but errors always."""

    def tell_error(self, header: Header, refusal: Refused, *, closing: bool = False) -> None:
        super().tell_error({**header, "reply": True}, refusal, closing=closing)


class TellsMalformedUnasked(Faithful):
    """Tells whoever sends a malformed header of it, asked or not."""

    def malformed(self, error: Malformed) -> None:
        super().malformed(Malformed(str(error), {"reply": True}) if error.header else error)


class SaysGoodbye(Faithful):
    """Says goodbye when the stream ends."""

    def ended(self) -> None:
        self.sock.sendall(b"\n")


# Concurrency


class OneAtATime(Faithful):
    """Serves a connection when the one before it has ended."""

    @classmethod
    def accepted(cls, sock: socket.socket) -> None:
        cls.handle(sock)


class AtMost(Faithful):
    """Serves so many connections at a time, and lets others wait for their turn."""

    room: ClassVar[threading.Semaphore]

    @classmethod
    def accepted(cls, sock: socket.socket) -> None:
        cls.room.acquire()
        super().accepted(sock)

    @classmethod
    def handle(cls, sock: socket.socket) -> None:
        try:
            super().handle(sock)
        finally:
            cls.room.release()


class AtMost16(AtMost):
    """Serves 16 connections at a time, and lets others wait for their turn."""

    room = threading.Semaphore(16)


class AtMost31(AtMost):
    """Serves 31 connections at a time, and lets others wait for their turn."""

    room = threading.Semaphore(31)


class TurnsAwayThe32nd(Faithful):
    """Closes a new connection while 31 are open."""

    count = 0
    lock = threading.Lock()

    @classmethod
    def handle(cls, sock: socket.socket) -> None:
        with cls.lock:
            cls.count += 1
        try:
            if cls.count < 32:
                super().handle(sock)
            sock.close()
        finally:
            with cls.lock:
                cls.count -= 1


class OneBodyAtATime(Faithful):
    """Holds a lock while it takes a body, so that whoever stalls there keeps all others waiting."""

    storing = threading.Lock()

    def take_body(self, upload: Upload) -> None:
        with self.storing:
            super().take_body(upload)


class OneHeaderAtATime(Faithful):
    """Holds a lock while it reads a header, so that whoever stalls there keeps all others waiting."""

    reading = threading.Lock()

    def read_header(self, length: int) -> Header:
        with self.reading:
            return super().read_header(length)


class OneRefusalAtATime(Faithful):
    """Holds a lock while it consumes a refused body, and one that begins a put has to have it for a moment."""

    refusing = threading.Lock()

    def consume(self, size: int) -> None:
        with self.refusing:
            super().consume(size)

    def accept(self, name: str, size: int) -> Upload:
        with self.refusing:
            return super().accept(name, size)


class SharesABuffer(Faithful):
    """Receives all bodies into one buffer: while two connections are at it, one gets what the other sent."""

    shared: ClassVar[bytearray] = bytearray(CHUNK)

    def body_part(self, left: int) -> bytes:
        data = super().body_part(left)
        self.shared[: len(data)] = data
        if len(self.open_bodies) > 1:
            threading.Event().wait(0.002)
        return bytes(self.shared[: len(data)])

    open_bodies: ClassVar[set[int]] = set()

    def take_body(self, upload: Upload) -> None:
        self.open_bodies.add(id(self))
        try:
            super().take_body(upload)
        finally:
            self.open_bodies.discard(id(self))


# Idle connections


class ClosesTheSilent(Faithful):
    """Closes a connection on which nothing has arrived for two seconds."""

    def receive(self, most: int = CHUNK) -> bytes:
        self.sock.settimeout(2.0)
        try:
            return super().receive(most)
        finally:
            self.sock.settimeout(None)

    def serve(self) -> None:
        try:
            super().serve()
        except TimeoutError:
            self.sock.close()


class HurriesBodies(Faithful):
    """Closes a connection that pauses for a twentieth of a second within a body."""

    def take_body(self, upload: Upload) -> None:
        self.sock.settimeout(0.05)
        try:
            super().take_body(upload)
        except TimeoutError:
            raise ConnectionError("too slow") from None
        finally:
            self.sock.settimeout(None)


class LosesExcess(Faithful):
    """Serves 40 connections at a time, and forgets those beyond them: they stay open and are never served."""

    served = 0
    forgotten: ClassVar[list[socket.socket]] = []
    lock = threading.Lock()

    @classmethod
    def accepted(cls, sock: socket.socket) -> None:
        with cls.lock:
            if cls.served == 40:
                cls.forgotten.append(sock)
                return
            cls.served += 1
        super().accepted(sock)

    @classmethod
    def handle(cls, sock: socket.socket) -> None:
        try:
            super().handle(sock)
        finally:
            with cls.lock:
                cls.served -= 1


class TurnsExcessAway(LosesExcess):
    """Serves 40 connections at a time, and closes those beyond them, as CONN-10 permits."""

    @classmethod
    def accepted(cls, sock: socket.socket) -> None:
        super().accepted(sock)
        while cls.forgotten:
            cls.forgotten.pop().close()


class GivesUpSending(Faithful):
    """Closes a connection whose client takes no replies for a tenth of a second."""

    def send(self, data: bytes) -> None:
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", 0, 100_000))
        try:
            super().send(data)
        except BlockingIOError:
            raise ConnectionError("the client takes nothing") from None


class KeepsDescriptors(Faithful):
    """Keeps a second descriptor of each connection, and never closes it."""

    kept: ClassVar[list[int]] = []

    def ended(self) -> None:
        self.kept.append(os.dup(self.sock.fileno()))
        super().ended()
