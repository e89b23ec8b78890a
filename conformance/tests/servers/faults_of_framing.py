"""Upload servers with one fault each in how they read frames: chapter 2."""

import contextlib
import mmap
import socket
import struct

from upload_faults import Faithful, pause
from upload_reading import CHUNK, MAX_HEADER, Header, Malformed, Truncated
from upload_storing import Upload

# What a frame is


class BigEndian(Faithful):
    """Reads prefixes in network byte order, like everybody's first guess."""

    def unpack(self, prefix: bytes) -> int:
        return int(struct.unpack(">i", prefix)[0])


class GuessesByteOrder(Faithful):
    """Takes a prefix for big-endian wherever that, too, gives a length within the limits: of 256 bytes, say."""

    def unpack(self, prefix: bytes) -> int:
        big = int(struct.unpack(">i", prefix)[0])
        return big if 2 <= big <= MAX_HEADER else super().unpack(prefix)


class LineEndsOfText(Faithful):
    """Converts the line ends of what looks like text: two bytes become one."""

    def write(self, upload: Upload, data: bytes) -> None:
        super().write(upload, data.replace(b"\r\n", b"\n") if data.isascii() else data)


class OneByteFewerOf512(Faithful):
    """Takes one byte too few for a body of exactly 512 bytes, and reads the last one as a prefix."""

    def take_body(self, upload: Upload) -> None:
        if upload.size == 512:
            upload.size = 511
        super().take_body(upload)


# Segments


class PrefixInOneRead(Faithful):
    """Reads the prefix with a single receive, and gives up when that brings fewer than four bytes."""

    def read_prefix(self) -> int | None:
        if self.buffer or self.more():
            if len(self.buffer) < 4:
                raise Malformed("no prefix")
            return super().read_prefix()
        return None


class PrefixCutBehindTheThird(Faithful):
    """Loses the last byte of a prefix that arrives in a segment of its own: fit for one cut of three."""

    def read_prefix(self) -> int | None:
        if not self.buffer and not self.more():
            return None
        if len(self.buffer) == 3:
            self.more()
            del self.buffer[3]
        return super().read_prefix()


class HeaderInOneRead(Faithful):
    """Takes for the header what has arrived of it, after one receive at most."""

    def take(self, count: int) -> bytes:
        if count == 4:
            return super().take(count)
        if self.buffer or self.more():
            return self.cut(count)
        raise Truncated


class DecodesPieces(Faithful):
    """Decodes each piece of a header for itself: only a cut inside a character does harm."""

    def take(self, count: int) -> bytes:
        if count == 4:
            return super().take(count)
        pieces = []
        while count:
            if not self.buffer and not self.more():
                raise Truncated
            pieces.append(self.cut(count))
            count -= len(pieces[-1])
        if len(pieces) == 1:
            return pieces[0]
        return "".join(piece.decode("utf-8", "replace") for piece in pieces).encode()


class LosesAPieceOfOneByte(Faithful):
    """Loses a piece of a body that is a single byte, unless it is the last."""

    def write(self, upload: Upload, data: bytes) -> None:
        before = upload.file.tell()
        super().write(upload, data[:0] if len(data) == 1 and before + 1 < upload.size else data)


class MistakesABodyForARequest(Faithful):
    """Takes a body that came with its header for the next request, if it begins like one."""

    def take_body(self, upload: Upload) -> None:
        looks_like_one = len(self.buffer) > 4 and self.buffer[4:5] == b"{" and 2 <= self.unpack(self.buffer[:4]) < 256
        if upload.size and looks_like_one:
            upload.size = 0
        super().take_body(upload)


class ReadsTooFar(Faithful):
    """Stores all that the last receive brought, the beginning of the next request with it."""

    def body_part(self, left: int) -> bytes:
        if not self.buffer and not self.more():
            raise Truncated
        return self.cut(CHUNK)

    def take_body(self, upload: Upload) -> None:
        left = upload.size
        while left > 0:
            data = self.body_part(left)
            self.write(upload, data)
            left -= len(data)


class LosesPartOfAPrefix(Faithful):
    """Stores a body rightly, and throws away the one to three bytes of the next prefix that came with its end."""

    def take_body(self, upload: Upload) -> None:
        super().take_body(upload)
        if upload.size and len(self.buffer) < 4:
            self.buffer.clear()


class LastFirst(Faithful):
    """Returns the bodies of a segment their names when it is used up, the last one first."""

    def __init__(self, sock: socket.socket) -> None:
        super().__init__(sock)
        self.waiting: list[Upload] = []

    def commit(self, upload: Upload) -> None:
        self.waiting.append(upload)

    def settle(self) -> None:
        while self.waiting:
            super().commit(self.waiting.pop())

    def receive(self, most: int = CHUNK) -> bytes:
        self.settle()
        return super().receive(most)

    def converse(self) -> None:
        try:
            super().converse()
        finally:
            self.settle()

    def discard(self, upload: Upload) -> None:
        if upload not in self.waiting:
            super().discard(upload)


class AtMost40Reads(Faithful):
    """Returns up a request that takes more than 40 receives, since no honest client needs them."""

    reads = 0

    def receive(self, most: int = CHUNK) -> bytes:
        self.reads += 1
        return super().receive(most)

    def read_prefix(self) -> int | None:
        self.reads = 0
        return super().read_prefix()

    def read_header(self, length: int) -> Header:
        header = super().read_header(length)
        if self.reads > 40:
            raise Malformed("too many pieces")
        self.reads = 0
        return header


class HeaderInThreePieces(Faithful):
    """Reads a header that arrives in two pieces, but not one in three."""

    def take(self, count: int) -> bytes:
        if count == 4:
            return super().take(count)
        for _ in range(2):
            if len(self.buffer) < count and not self.more():
                raise Truncated
        return self.cut(count)


# Requests in a row


class HundredRequests(Faithful):
    """Closes a connection after its hundredth request, as web servers do."""

    served = 0

    def carry_out(self, header: Header) -> None:
        super().carry_out(header)
        self.served += 1
        if self.served == 100:
            raise ConnectionError("enough")


class KeepsTheNinthName(Faithful):
    """Stores the tenth body of a connection under the name of the ninth."""

    names: tuple[str, ...] = ()

    def name_of(self, header: Header) -> str:
        self.names = (*self.names, super().name_of(header))
        return self.names[8] if len(self.names) == 10 else self.names[-1]


class WaitsForTheNext(Faithful):
    """Carries out nine puts of a connection at once, and each other one when the next request begins."""

    puts = 0

    def finish(self, header: Header, upload: Upload) -> None:
        self.puts += 1
        if self.puts > 9 and not self.buffer:
            self.more()
        super().finish(header, upload)


class EmptyWaitsForTheNext(Faithful):
    """Receives before it asks whether anything is left, so that only an empty body waits for what follows."""

    def take_body(self, upload: Upload) -> None:
        if not upload.size and not self.buffer:
            self.more()
        super().take_body(upload)


class GivesUpAtTheEnd(Faithful):
    """Looks whether the client is still there before it stores a body, and drops it when the stream has ended."""

    def finish(self, header: Header, upload: Upload) -> None:
        pause(0.005)
        with contextlib.suppress(BlockingIOError):
            if not self.buffer and not self.sock.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT):
                raise Truncated
        super().finish(header, upload)


# Limits


class NoMoreThan8KiB(Faithful):
    """Takes no header of more than 8 KiB, the limit of many web servers."""

    def check_length(self, length: int) -> None:
        super().check_length(length)
        if length > 8192:
            raise Malformed("the header is too long")


class OffByOneLimit(Faithful):
    """Takes no header of exactly 65,536 bytes."""

    def check_length(self, length: int) -> None:
        super().check_length(length)
        if length == MAX_HEADER:
            raise Malformed("the header is too long")


class SkipsEmptyHeaders(Faithful):
    """Takes a prefix of 0 for a sign of life, and reads on."""

    def read_prefix(self) -> int | None:
        while True:
            length = super().read_prefix()
            if length != 0:
                return length

    def check_length(self, length: int) -> None:
        if length:
            super().check_length(length)


class IgnoresTheSign(Faithful):
    """Takes a negative length for the positive one."""

    def unpack(self, prefix: bytes) -> int:
        return abs(super().unpack(prefix))


class ThreeBytesOfPrefix(Faithful):
    """Ignores the highest byte of a prefix."""

    def unpack(self, prefix: bytes) -> int:
        return super().unpack(prefix[:3] + b"\0")


class NoLimit(Faithful):
    """Waits for headers of any length that a prefix claims."""

    def check_length(self, length: int) -> None:
        if length < 2:
            super().check_length(length)


class LimitAfterReading(Faithful):
    """Compares the length of a header with its limit when it has read all of it."""

    def check_length(self, length: int) -> None:
        if length > MAX_HEADER:
            while length:
                length -= len(self.body_part(length))
            raise Malformed("the header was too long")
        super().check_length(length)


class StaysOpenAfterABadPrefix(Faithful):
    """Reads nothing after a bad prefix, and never closes."""

    def check_length(self, length: int) -> None:
        try:
            super().check_length(length)
        except Malformed:
            while self.receive():
                pass
            raise


class AllocatesAtOnce(Faithful):
    """Makes room for a header as long as its prefix claims, and compares with the limit then."""

    def check_length(self, length: int) -> None:
        with mmap.mmap(-1, max(1, length)):  # room that nobody writes into, to be kind to the machine
            super().check_length(length)
