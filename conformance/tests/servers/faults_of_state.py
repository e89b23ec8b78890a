"""Upload servers with one fault each in what they carry from one request of a connection to the next."""

# ruff: noqa: PTH110 - names are bytes, and pathlib knows no such paths

import os
import socket

from upload_faults import Faithful
from upload_reading import Header, Malformed
from upload_storing import Refused, Upload


class AskedOnceAskedForever(Faithful):
    """Answers all requests of a connection that follow one which asked for a reply."""

    asked = False

    def wants_reply(self, header: Header) -> bool:
        self.asked = self.asked or super().wants_reply(header)
        return self.asked


class KeepsMembers(Faithful):
    """Reads each header into the members of the one before, so that what is missing is taken from there."""

    def __init__(self, sock: socket.socket) -> None:
        super().__init__(sock)
        self.members: Header = {}

    def check_object(self, value: object) -> Header:
        self.members.update(super().check_object(value))
        self.members["reply"] = isinstance(value, dict) and value.get("reply")
        return dict(self.members)


class PadsWithTheLast(Faithful):
    """Keeps the body of a put in a buffer that is not cut: a shorter one ends as the one before it."""

    def __init__(self, sock: socket.socket) -> None:
        super().__init__(sock)
        self.last = b""
        self.begun = bytearray()

    def write(self, upload: Upload, data: bytes) -> None:
        super().write(upload, data)
        self.begun += data

    def commit(self, upload: Upload) -> None:
        body = bytes(self.begun)
        self.begun.clear()
        if 0 < len(body) < len(self.last) < 4096:
            upload.file.write(self.last[len(body) :])
        self.last = body
        super().commit(upload)


class ErrorsStick(Faithful):
    """Answers the put after a refused one with the error of that, and stores it."""

    error: Refused | None = None

    def refuse(self, header: Header, size: int, refusal: Refused) -> None:
        super().refuse(header, size, refusal)
        self.error = refusal

    def tell_stored(self, header: Header, name: str, size: int, digest: str) -> None:
        error, self.error = self.error, None
        if error:
            self.tell_error(header, error)
        else:
            super().tell_stored(header, name, size, digest)


class UnknownSizeSticks(Faithful):
    """Takes the filesize of an unknown command for that of the next put, where that is empty."""

    left = 0

    def unknown(self, header: Header) -> None:
        size = header.get("filesize")
        self.left = size if type(size) is int and 0 < size < 100 else 0
        super().unknown(header)

    def size_of(self, header: Header) -> int:
        size, left, self.left = super().size_of(header), self.left, 0
        return size or left


class StatNameSticks(Faithful):
    """Stores the put after a stat under the name that the stat asked about, where nothing is stored under that."""

    asked = ""

    def stat(self, header: Header) -> None:
        super().stat(header)
        name = header.get("filename")
        self.asked = name if isinstance(name, str) and self.is_valid(name) else ""

    def name_of(self, header: Header) -> str:
        name, asked, self.asked = super().name_of(header), self.asked, ""
        return asked or name


class EmptyAfterLong(Faithful):
    """Keeps the old body where an empty put follows one of more than 4,096 bytes on its connection."""

    long = False

    def commit(self, upload: Upload) -> None:
        if upload.size or not self.long or not os.path.exists(self.place_of(upload.name)):
            super().commit(upload)
        self.long = upload.size > 4096


class DigestOfRefused(Faithful):
    """Counts the body of a refused put in the digest of the next."""

    refused = b""

    def body_part(self, left: int) -> bytes:
        data = super().body_part(left)
        if self.is_refusing:
            self.refused += data
        return data

    is_refusing = False

    def consume(self, size: int) -> None:
        self.is_refusing = True
        super().consume(size)
        self.is_refusing = False

    def begin(self, name: str, size: int) -> Upload:
        upload = super().begin(name, size)
        upload.digest.update(self.refused)
        self.refused = b""
        return upload


class ForgivesAfterAPut(Faithful):
    """Reads on after a malformed header where a body was stored on its connection before."""

    has_stored = False

    def commit(self, upload: Upload) -> None:
        super().commit(upload)
        self.has_stored = True

    def malformed(self, error: Malformed) -> None:
        super().malformed(error)
        if self.has_stored:
            self.serve()
