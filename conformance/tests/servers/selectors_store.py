"""What the server on selectors makes of one header, and where it keeps bodies; no socket in here.

Written from the text of the specification alone, like the rest of that server.
"""

# ruff: noqa: PTH105, PTH108, PTH118, PTH123 - pathlib knows no paths of bytes, and names are bytes, whatever the locale

import contextlib
import decimal
import hashlib
import json
import os
import shutil
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

MANY_DIGITS = 1_000  # HEAD-19: a number of more is malformed to this server
IN_MEMORY = 65_536  # a body waits in memory up to this length, from there on in a file


class Trouble(Exception):
    """Why a request isn't carried out: code and text of the error reply, and whether the connection ends with it."""

    def __init__(self, code: str, message: str, *, closing: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.closing = closing


class Pairs(list[tuple[str, Any]]):
    """A JSON object as it stood, with the names that stand twice in it."""


class Header:
    """The members of one header, and whether they are malformed."""

    def __init__(self, raw: bytes, known: set[str]) -> None:
        self.trouble: Trouble | None = None
        self.members: dict[str, Any] = {}
        try:
            pairs = json.loads(
                raw.decode("utf-8"),  # from bytes, json.loads would guess other encodings
                object_pairs_hook=Pairs,
                parse_int=self._integer,
                parse_float=self._fraction,
                parse_constant=self._malformed,  # HEAD-9
            )
        except (ValueError, RecursionError):
            pairs = None
        if not isinstance(pairs, Pairs):
            self._malformed("the header is not a JSON object")  # nothing in it can ask for a reply (REPLY-21)
            return
        self.members = dict(pairs)
        names = [name for name, _ in pairs if name in known]
        if len(names) != len(set(names)):
            self._malformed("a member stands twice")  # HEAD-17
        if not is_text(self.members.get("cmd")):
            self._malformed("cmd is not a string")

    def _malformed(self, message: str) -> None:
        self.trouble = Trouble("malformed", message, closing=True)

    def _integer(self, text: str) -> int:
        if len(text) <= MANY_DIGITS:
            return int(text)
        self._malformed("a number has too many digits")
        return 0

    def _fraction(self, text: str) -> decimal.Decimal:
        if len(text) <= MANY_DIGITS:
            with contextlib.suppress(decimal.InvalidOperation):  # an exponent beyond what a Decimal holds
                return decimal.Decimal(text)
        self._malformed("a number has too many digits")
        return decimal.Decimal(0)

    def put_members(self) -> tuple[str, int]:
        """Return the filename and the filesize of a put: `3.0` is 3 (HEAD-15), 3.0000000000000000001 is malformed."""
        name, size = self.members.get("filename"), self.members.get("filesize")
        if not isinstance(name, str) or not is_text(name):
            raise Trouble("malformed", "filename is not a string", closing=True)
        if isinstance(size, decimal.Decimal) and size >= 0 and size == size.to_integral_value():
            size = int(min(size, decimal.Decimal(2**63)))  # lest an exponent make an integer of a billion digits
        if not isinstance(size, int) or isinstance(size, bool) or size < 0:
            raise Trouble("malformed", "filesize is not a natural number", closing=True)
        return name, size


def is_text(value: object) -> bool:
    """Whether this is a string that UTF-8 can express: one without a lone surrogate."""
    if isinstance(value, str):
        with contextlib.suppress(UnicodeEncodeError):
            return value.encode() is not None
    return False


class Store:
    """Files in a folder; unfinished ones in a folder in it whose name no request can have (STORE-10)."""

    def __init__(self, folder: Path, max_body: int) -> None:
        self.max_body = max_body
        self._folder = os.fsencode(folder.resolve())
        self._unfinished = os.path.join(self._folder, b"\\unfinished")
        self._count = 0
        self.clear()  # STORE-11
        os.makedirs(os.path.join(self._unfinished, "\u00e9a".encode()))  # noqa: PTH103
        if any(os.path.lexists(os.path.join(self._unfinished, twin.encode())) for twin in ("\u00e9A", "e\u0301a")):
            sys.exit("selectors_upload: the file system takes different names for one (NAME-12)")

    def clear(self) -> None:
        shutil.rmtree(self._unfinished, ignore_errors=True)

    def path_of(self, name: object) -> bytes:
        """Return the path for a name that is valid (chapter 4)."""
        if not isinstance(name, str) or not is_text(name) or not 1 <= len(name.encode()) <= 255 or name in {".", ".."}:
            raise Trouble("bad-filename", "the name is empty, too long, a dot or two, or not a string")
        if any(character < " " or character in "\x7f/\\" for character in name):
            raise Trouble("bad-filename", "the name has a control character or a slash")
        return os.path.join(self._folder, name.encode())

    def check_file(self, path: bytes) -> bool:
        """Say whether a file is stored there; what is no file is not touched (NAME-11)."""
        try:
            if stat.S_ISREG(os.lstat(path).st_mode):
                return True
        except FileNotFoundError:
            return False
        raise Trouble("storage", "something else has this name")

    def open_unfinished(self) -> tuple[bytes, BinaryIO]:
        self._count += 1
        path = os.path.join(self._unfinished, b"%d" % self._count)
        return path, open(path, "xb", buffering=0)

    def open_stored(self, name: object) -> BinaryIO:
        path = self.path_of(name)
        with contextlib.suppress(Trouble, FileNotFoundError):  # what is not a file is not stored (REPLY-10)
            if self.check_file(path):
                # Between the check and here it may have become a link or a FIFO: neither followed nor waited for.
                return open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb", buffering=0)
        raise Trouble("not-found", "nothing is stored under this name")


@contextlib.contextmanager
def storage_trouble() -> Iterator[None]:
    """Turn what the file system says into a refused request: chapter 6 ends no server for a full disk."""
    try:
        yield
    except OSError as error:
        raise Trouble("storage", error.strerror or "the store failed") from error


class Body:
    """A body under way. `store` is None for one that is only to be got out of the way."""

    def __init__(self, store: Store | None, header: Header, name: str, size: int) -> None:
        self.header, self.name, self.size, self.left = header, name, size, size
        self.digest = hashlib.sha256()
        self._store = store
        self._memory = bytearray()
        self._file: BinaryIO | None = None
        self._path = b""

    def add(self, data: bytes) -> None:
        self.left -= len(data)
        if self._store:
            self.digest.update(data)
            self._memory += data
            if len(self._memory) > IN_MEMORY:
                self._write_out()

    def _write_out(self) -> None:
        with storage_trouble():
            if self._store and not self._file:
                self._path, self._file = self._store.open_unfinished()
            while self._memory and self._file:
                del self._memory[: self._file.write(self._memory)]

    def finish(self) -> bool:
        """Make the body what is stored; say whether it is."""
        if not self._store:
            return False
        self._write_out()
        path = self._store.path_of(self.name)
        with storage_trouble():
            self._store.check_file(path)
            if self._file:
                self._file.close()
            os.replace(self._path, path)
        self._file = self._store = None
        return True

    def drop(self) -> None:
        """Forget what has come of the body; harmless when it is finished."""
        self._store = None
        self._memory.clear()
        if self._file:
            with contextlib.suppress(OSError):
                os.unlink(self._path)
            with contextlib.suppress(OSError):
                self._file.close()
            self._file = None
