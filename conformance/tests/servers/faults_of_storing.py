"""Upload servers with one fault each in what they store, and when: chapter 5."""

# ruff: noqa: PTH105, PTH107, PTH110, PTH119, PTH123, PTH202 - names are bytes, and pathlib knows no such paths

import contextlib
import itertools
import os
import socket
import threading
from pathlib import Path
from typing import ClassVar

from upload_faults import Faithful, pause
from upload_reading import Header, Truncated
from upload_storing import MARK, Upload

# What a put does


class LosesAByteOf257(Faithful):
    """Counts the bytes of short bodies in eight bits, and keeps 256 of 257."""

    def write(self, upload: Upload, data: bytes) -> None:
        super().write(upload, data[:-1] if upload.size == 257 and len(data) == 257 else data)


class KeepsNoEmptyBodies(Faithful):
    """Makes a file when the first byte of a body comes, and so none for an empty body."""

    def commit(self, upload: Upload) -> None:
        if upload.size:
            super().commit(upload)


class EmptyKeepsTheOld(Faithful):
    """Stores an empty body under a new name, but replaces none by it."""

    def commit(self, upload: Upload) -> None:
        if upload.size or not os.path.exists(self.place_of(upload.name)):
            super().commit(upload)


class KeepsTheTail(Faithful):
    """Writes a body over the beginning of the old one, and leaves the rest of that."""

    def commit(self, upload: Upload) -> None:
        old = self.old(upload)
        with open(upload.place, "r+b") as file:
            file.seek(0, os.SEEK_END)
            file.write(old[upload.size :])
        super().commit(upload)

    def old(self, upload: Upload) -> bytes:
        with contextlib.suppress(FileNotFoundError), open(self.place_of(upload.name), "rb") as file:
            return file.read()
        return b""


class KeepsOneAsLong(Faithful):
    """Takes a body as long as the old one for unchanged."""

    def commit(self, upload: Upload) -> None:
        place = self.place_of(upload.name)
        if not os.path.exists(place) or os.path.getsize(place) != upload.size:
            super().commit(upload)


class CommitsAtTheEnd(Faithful):
    """Returns bodies their names when the connection ends."""

    def __init__(self, sock: socket.socket) -> None:
        super().__init__(sock)
        self.waiting: list[Upload] = []

    def commit(self, upload: Upload) -> None:
        self.waiting.append(upload)

    def discard(self, upload: Upload) -> None:
        if upload not in self.waiting:
            super().discard(upload)

    def converse(self) -> None:
        try:
            super().converse()
        finally:
            for upload in self.waiting:
                super().commit(upload)


class FlushesAtTheEnd(CommitsAtTheEnd):
    """Returns long bodies their names when the connection ends, and short ones at once."""

    def commit(self, upload: Upload) -> None:
        if upload.size > 8192:
            super().commit(upload)
        else:
            Faithful.commit(self, upload)


class LosesWholeBlocks(Faithful):
    """Writes blocks of 4,096 bytes, and forgets the last one of a body that is some of them exactly."""

    def commit(self, upload: Upload) -> None:
        if upload.size and upload.size % 4096 == 0:
            os.truncate(upload.place, upload.size - 4096)
        super().commit(upload)


class WaitsBehindWholeBuffers(Faithful):
    """Reads on until a receive brings less than a buffer: a body of some buffers exactly waits for more."""

    def take_body(self, upload: Upload) -> None:
        super().take_body(upload)
        if upload.size and upload.size % 1024 == 0 and not self.buffer:
            self.more()


class NoMoreThan64KiB(Faithful):
    """Counts the bytes of a body in sixteen bits, and keeps what is beyond them alone."""

    def commit(self, upload: Upload) -> None:
        if upload.size > 65_535:
            os.truncate(upload.place, upload.size % 65_536)
        super().commit(upload)


# Whole or nothing


class OpensAtOnce(Faithful):
    """Writes a body under its name from the first byte on, as is taught."""

    def begin(self, name: str, size: int) -> Upload:
        self.check_free(name)
        place = self.place_of(name)
        return Upload(name, size, place, open(place, "wb", buffering=0))

    def commit(self, upload: Upload) -> None:
        upload.file.close()

    def discard(self, upload: Upload) -> None:
        upload.file.close()


class RemovesTheOldFirst(Faithful):
    """Removes what is stored under a name when a put of that name begins."""

    def begin(self, name: str, size: int) -> Upload:
        upload = super().begin(name, size)
        with contextlib.suppress(FileNotFoundError):
            os.remove(self.place_of(name))
        return upload


class TakesTheOldAlong(Faithful):
    """Loses the old body, but only if the new one is cut off after its first byte: it cleans up too much."""

    def take_body(self, upload: Upload) -> None:
        try:
            super().take_body(upload)
        except (Truncated, ConnectionError):
            with contextlib.suppress(FileNotFoundError):
                if upload.file.tell():
                    os.remove(self.place_of(upload.name))
            raise


class KeepsWhatCame(Faithful):
    """Stores as much of a body as came when the stream ends."""

    def take_body(self, upload: Upload) -> None:
        try:
            super().take_body(upload)
        except Truncated:
            self.commit(upload)
            raise


class KeepsWhatCameBeforeAReset(Faithful):
    """Stores as much of a body as came when the connection is reset."""

    def take_body(self, upload: Upload) -> None:
        try:
            super().take_body(upload)
        except ConnectionError:
            self.commit(upload)
            raise


class CopiesIntoPlace(Faithful):
    """Copies a whole body to its name, and is seen doing so."""

    def commit(self, upload: Upload) -> None:
        upload.file.close()
        self.check_free(upload.name)
        with open(upload.place, "rb") as source, open(self.place_of(upload.name), "wb", buffering=0) as target:
            target.write(source.read(upload.size // 2))
            pause(0.003)
            target.write(source.read())


class MissingForAMoment(Faithful):
    """Removes the old body before it gives the new one its name, and is seen between."""

    def commit(self, upload: Upload) -> None:
        with contextlib.suppress(FileNotFoundError):
            os.remove(self.place_of(upload.name))
            pause(0.003)
        super().commit(upload)


class SharesUnfinished(Faithful):
    """Keeps unfinished bodies of one name in one file."""

    def unfinished(self, name: str) -> bytes:
        return self.folder + b"/" + MARK + name.encode()[:200]

    def commit(self, upload: Upload) -> None:
        with contextlib.suppress(FileNotFoundError):  # another one was faster
            super().commit(upload)


class LastBegunWins(Faithful):
    """Keeps, of several puts of a name under way, the one that began last."""

    begun = itertools.count(1)
    newest: ClassVar[dict[str, int]] = {}
    lock = threading.Lock()

    def put(self, header: Header) -> None:
        self.turn = next(self.begun)
        super().put(header)

    def commit(self, upload: Upload) -> None:
        with self.lock:
            if self.newest.get(upload.name, 0) < self.turn:
                self.newest[upload.name] = self.turn
                super().commit(upload)


# Stores on disk


class UnfinishedInSight(Faithful):
    """Keeps unfinished bodies under a name that a request can have."""

    def unfinished(self, name: str) -> bytes:
        return self.folder + b"/" + name.encode()[:240] + b".part"

    def commit(self, upload: Upload) -> None:
        with contextlib.suppress(FileNotFoundError):  # another one of the name was faster
            super().commit(upload)

    @classmethod
    def is_left_over(cls, entry: bytes) -> bool:
        return entry.endswith(b".part")


class UnfinishedUnderANumber(Faithful):
    """Keeps unfinished bodies under a number, which is a name like any other."""

    def unfinished(self, name: str) -> bytes:
        return super().unfinished(name).replace(MARK, b"tmp-")

    @classmethod
    def is_left_over(cls, entry: bytes) -> bool:
        return entry.startswith(b"tmp-")


class LeavesLeftOvers(Faithful):
    """Leaves what a killed process did not finish."""

    @classmethod
    def is_left_over(cls, entry: bytes) -> bool:
        return False


class LeavesWhatIsCutOff(Faithful):
    """Leaves an unfinished body under a valid name when its connection is reset."""

    def take_body(self, upload: Upload) -> None:
        try:
            super().take_body(upload)
        except ConnectionError:
            with contextlib.suppress(OSError):
                os.replace(upload.place, self.folder + b"/" + os.path.basename(upload.place).strip(b"\\"))
            raise


class StartsClean(Faithful):
    """Removes everything from the folder when it starts."""

    @classmethod
    def open_store(cls, folder: Path) -> None:
        for entry in folder.iterdir():
            if entry.is_file():
                entry.unlink()
        super().open_store(folder)
