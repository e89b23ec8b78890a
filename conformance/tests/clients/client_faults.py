"""Clients that are wrong in one way each: a small override of the right one says in which.

`python client_faults.py FAULT [--reply] ADDRESS FILE...`; `client_fault_table.py` says what each has to be blamed for.
"""

import contextlib
import json
import os
import select
import signal
import socket
import struct
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, ClassVar

from small_client import CHUNK, Failed, Faithful


class BigEndian(Faithful):
    def prefix(self, header: bytes) -> bytes:
        return struct.pack(">i", len(header))


class CountsCharacters(Faithful):
    def prefix(self, header: bytes) -> bytes:
        return struct.pack("<i", len(header.decode()))


class PrefixCountsItself(Faithful):
    def prefix(self, header: bytes) -> bytes:
        return struct.pack("<i", len(header) + 4)


class DigitsForAPrefix(Faithful):
    def prefix(self, header: bytes) -> bytes:
        return b"%d " % len(header)


class NoPrefix(Faithful):
    def prefix(self, header: bytes) -> bytes:
        return b""


class ByteOrderMark(Faithful):
    def encode(self, members: dict[str, Any]) -> bytes:
        return b"\xef\xbb\xbf" + super().encode(members)


class SizeWithAFraction(Faithful):
    def members(self, name: str, size: int) -> dict[str, Any]:
        return {**super().members(name, size), "filesize": float(size)}


class SizeAsText(Faithful):
    def members(self, name: str, size: int) -> dict[str, Any]:
        return {**super().members(name, size), "filesize": str(size)}


class NameTwice(Faithful):
    def encode(self, members: dict[str, Any]) -> bytes:
        return b'{"filename": "first", ' + super().encode(members)[1:]


class LiteralOfPython(Faithful):
    def encode(self, members: dict[str, Any]) -> bytes:
        return repr(members).encode()


class Latin1(Faithful):
    def encode(self, members: dict[str, Any]) -> bytes:
        return json.dumps(members, ensure_ascii=False).encode("latin-1", "replace")


class LongHeader(Faithful):
    def encode(self, members: dict[str, Any]) -> bytes:
        return super().encode(members) + b" " * 65_536


class WholePath(Faithful):
    def name_of(self, path: str) -> str:
        return path

    def check_name(self, name: str) -> None:
        super().check_name(Path(name).name)


class SmallLetters(Faithful):
    def name_of(self, path: str) -> str:
        return Path(path).name.replace(".", "_")


class OneByteFewer(Faithful):
    def pieces(self, file: BinaryIO, size: int) -> Iterator[bytes]:
        data = file.read()
        yield data[:-1] if len(data) > 10_000 else data

    def shrank(self, left: int) -> None:
        pass


class LastChunkPadded(Faithful):
    def pieces(self, file: BinaryIO, size: int) -> Iterator[bytes]:
        for piece in super().pieces(file, size):
            yield piece + bytes(-len(piece) % 4096 if size > 4096 else 0)


class TextMode(Faithful):
    def pieces(self, file: BinaryIO, size: int) -> Iterator[bytes]:
        for piece in super().pieces(file, size):
            yield piece.replace(b"\r\n", b"\n")

    def shrank(self, left: int) -> None:
        pass


class StopsAtNul(Faithful):
    def pieces(self, file: BinaryIO, size: int) -> Iterator[bytes]:
        for piece in super().pieces(file, size):
            yield piece.partition(b"\0")[0]

    def shrank(self, left: int) -> None:
        pass


class LineEndAdded(Faithful):
    def pieces(self, file: BinaryIO, size: int) -> Iterator[bytes]:
        yield from super().pieces(file, size)
        if not size:
            yield b"\n"


class ToTheEndOfTheFile(Faithful):
    def pieces(self, file: BinaryIO, size: int) -> Iterator[bytes]:
        sent = 0
        while piece := file.read(CHUNK):
            yield piece
            sent += len(piece)
        yield b"" * (size - sent)


class SizeOfTheNameToo(Faithful):
    def members(self, name: str, size: int) -> dict[str, Any]:
        return {**super().members(name, size), "filesize": size + len(name)}


class SendWithoutALoop(Faithful):
    def send(self, data: bytes) -> None:
        select.select([], [self.socket], [], 20)
        self.socket.send(data)

    def pieces(self, file: BinaryIO, size: int) -> Iterator[bytes]:
        yield file.read()


class Pads(Faithful):
    def shrank(self, left: int) -> None:
        while left:
            piece = bytes(min(left, CHUNK))
            self.send(piece)
            left -= len(piece)


class ShrinkingIsSuccess(Faithful):
    def shrank(self, left: int) -> None:
        pass

    def finish(self, name: str, size: int) -> None:
        if size < 16 << 20:
            super().finish(name, size)


class CapitalCommand(Faithful):
    def members(self, name: str, size: int) -> dict[str, Any]:
        return {**super().members(name, size), "cmd": "PUT"}


class OwnNames(Faithful):
    def members(self, name: str, size: int) -> dict[str, Any]:
        return {"cmd": "put", "file_name": name, "file_size": size}


class ReplyIsAnAddress(Faithful):
    def members(self, name: str, size: int) -> dict[str, Any]:
        return {"reply": "to me", **super().members(name, size)}


class ReadsAllFirst(Faithful):
    def pieces(self, file: BinaryIO, size: int) -> Iterator[bytes]:
        data = file.read(size)
        for start in range(0, size, CHUNK):
            yield data[start : start + CHUNK]


class KeepsWhatItSent(Faithful):
    kept: ClassVar[list[bytes]] = []

    def pieces(self, file: BinaryIO, size: int) -> Iterator[bytes]:
        for piece in super().pieces(file, size):
            self.kept.append(piece)
            yield piece


class ThirtyTwoBits(Faithful):
    def size_of(self, file: BinaryIO) -> int:
        return super().size_of(file) & 0xFFFF_FFFF


class NoCheckOfNames(Faithful):
    def check_name(self, name: str) -> None:
        pass

    def encode(self, members: dict[str, Any]) -> bytes:
        return super().encode({**members, "filename": members["filename"].encode("utf-8", "replace").decode()})


class ChecksNamesTooLate(Faithful):
    def upload(self, path: str) -> None:
        self.connect()
        self.check_name(self.name_of(path))
        self.socket.close()
        super().upload(path)


class EveryErrorCloses(Faithful):
    def notice(self) -> None:
        reply = self.reply()
        if reply is not None and reply.get("status") == "error":
            raise Failed(f"error {reply.get('code')}")


class WaitsUnasked(Faithful):
    def hand_over(self) -> None:
        self.socket.setblocking(True)
        self.socket.recv(1024)
        super().hand_over()


class FailsWithoutAReply(Faithful):
    def hand_over(self) -> None:
        self.socket.settimeout(1)
        if not self.socket.recv(1024):
            raise Failed("no reply")


class WaitsForEver(Faithful):
    reply_seconds = 10_000.0


class DeafWhileSending(Faithful):
    def send(self, data: bytes) -> None:
        self.socket.setblocking(True)
        self.socket.sendall(data)
        self.socket.setblocking(False)


class OneSecondForAll(Faithful):
    def begin(self, name: str, size: int, file: BinaryIO) -> None:
        self.deadline = time.monotonic() + 3
        super().begin(name, size, file)

    def send(self, data: bytes) -> None:
        if time.monotonic() > self.deadline:
            raise Failed("timed out")
        super().send(data)


class PassesOverErrors(Faithful):
    def send(self, data: bytes) -> None:
        try:
            super().send(data)
        except (OSError, Failed):
            raise SystemExit(0) from None


class RefusedIsSuccess(Faithful):
    def connect(self) -> None:
        try:
            super().connect()
        except ConnectionRefusedError:
            raise SystemExit(0) from None


class CloseIsSuccess(Faithful):
    def begin(self, name: str, size: int, file: BinaryIO) -> None:
        try:
            super().begin(name, size, file)
        except (ConnectionError, Failed):
            if self.asks or size < 16 << 20:
                raise
            raise SystemExit(0) from None


class ClosesAtOnce(Faithful):
    def hand_over(self) -> None:
        pass


class ResetIsSuccess(Faithful):
    def hand_over(self) -> None:
        with contextlib.suppress(ConnectionError):
            super().hand_over()


class NeverHalfCloses(Faithful):
    def hand_over(self) -> None:
        deadline = time.monotonic() + 0.4
        while not self.ended and (left := deadline - time.monotonic()) > 0:
            if select.select([self.socket], [], [], left)[0]:
                self.receive()


class ErrorIsSuccess(Faithful):
    def refused(self, reply: dict[str, Any]) -> None:
        pass


class DigestNotCompared(Faithful):
    def compare(self, reply: dict[str, Any], name: str, size: int) -> None:
        pass


class NoReplyIsSuccess(Faithful):
    def no_reply(self, why: str) -> dict[str, Any]:
        raise SystemExit(0)


class SaysNothing(Faithful):
    def report(self, path: str, error: Exception) -> None:
        pass


class SaysItOnStandardOutput(Faithful):
    def report(self, path: str, error: Exception) -> None:
        print(error)


class MessageAndStatusZero(Faithful):
    def failed_status(self) -> int:
        return 0


class OneReceiveForAReply(Faithful):
    def wait_for_reply(self) -> dict[str, Any]:
        while not self.incoming and not self.ended:
            if not select.select([self.socket], [], [], self.reply_seconds)[0]:
                return self.no_reply("no reply came in time")
            self.receive()
        found = self.reply()
        if found is None:
            raise Failed("half a reply")
        return found


class OneReceiveForThePrefix(Faithful):
    def reply(self) -> dict[str, Any] | None:
        if 0 < len(self.incoming) < 4:
            raise Failed("half a prefix")
        return super().reply()


class AlwaysFails(Faithful):
    def main(self, paths: list[str]) -> int:
        super().main(paths)
        return 1


class ImpatientForReplies(Faithful):
    reply_seconds = 0.7


class AfraidOfWords(Faithful):
    def receive(self) -> None:
        super().receive()
        if not self.asks and not self.ended:
            raise Failed("the server spoke")


class EmptyForMissing(Faithful):
    def open(self, path: str) -> BinaryIO:
        try:
            return super().open(path)
        except OSError:
            return super().open(os.devnull)


class MissingIsSuccess(Faithful):
    def open(self, path: str) -> BinaryIO:
        try:
            return super().open(path)
        except OSError:
            raise SystemExit(0) from None


class StrictMembers(Faithful):
    def compare(self, reply: dict[str, Any], name: str, size: int) -> None:
        if reply.keys() != {"status", "filename", "filesize", "sha256"}:
            raise Failed("unknown members")
        super().compare(reply, name, size)


class KnownCodesOnly(Faithful):
    def refused(self, reply: dict[str, Any]) -> None:
        if reply.get("code") in ("storage", "busy"):
            super().refused(reply)


class MemberOfItsOwn(Faithful):
    def members(self, name: str, size: int) -> dict[str, Any]:
        return {**super().members(name, size), "mode": 0o644}


# Clients that are wrong in several ways, and some that break down


class OfTheLastCentury(BigEndian, ByteOrderMark, WholePath):
    pass


class TrustsEverybody(PassesOverErrors, ErrorIsSuccess, DigestNotCompared, ClosesAtOnce):
    pass


class Careless(NoCheckOfNames, Pads, MemberOfItsOwn):
    pass


class DiesOfErrors(Faithful):
    def report(self, path: str, error: Exception) -> None:
        os.kill(os.getpid(), signal.SIGTERM)


class NotFound(Faithful):
    def failed_status(self) -> int:
        return 127


class HangsWhenItFails(Faithful):
    def report(self, path: str, error: Exception) -> None:
        time.sleep(10_000)


class EverySecondTime(Faithful):
    """Fails at an empty file, but not when that is tried again."""

    def upload(self, path: str) -> None:
        mark = Path(os.environ["EVERY_SECOND_TIME"])
        if Path(path).name == "empty.txt" and not mark.exists():
            mark.touch()
            raise Failed("not this time")
        super().upload(path)


# Peers that are no clients at all


class ConnectsAndHangs(Faithful):
    def upload(self, path: str) -> None:
        self.connect()
        time.sleep(10_000)


class ConnectsAndEnds(Faithful):
    def upload(self, path: str) -> None:
        self.connect()
        self.socket.close()


class SpeaksHttp(Faithful):
    def upload(self, path: str) -> None:
        self.connect()
        self.send(b"PUT /notes.txt HTTP/1.1\r\nHost: x\r\n\r\n")
        self.socket.close()


class SendsNoise(Faithful):
    def upload(self, path: str) -> None:
        self.connect()
        self.send(os.urandom(5000))
        self.socket.close()


class TalksToNobody(Faithful):
    def connect(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as other:
            self.address = f"127.0.0.1:{other.getsockname()[1]}"
            super().connect()


def client_class(name: str) -> type[Faithful]:
    """Return the client of a name in the table, such as "big-endian prefix"."""
    from client_fault_table import CLIENTS

    return CLIENTS[name]


def main(arguments: list[str]) -> int:
    fault, *rest = arguments
    asks = "--reply" in rest
    address, *paths = [word for word in rest if word != "--reply"]
    return client_class(fault)(address, asks=asks).main(paths)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
