"""Names and storage of the server on asyncio, written from the text of the specification alone."""

# ruff: noqa: PTH105, PTH108, PTH123 - pathlib knows no paths of bytes, and names are bytes, whatever the locale

import contextlib
import hashlib
import os
import re
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Self

UNFINISHED = b"\\unfinished-"  # STORE-10: no valid name has a backslash


class Refused(Exception):
    """The request is understood and won't be carried out, for the reason that `code` names."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def has_surrogate(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)


def check_name(name: str) -> None:
    valid = (
        not re.search(r"[\x00-\x1f\x7f/\\]", name)
        and name not in {"", ".", ".."}
        and not has_surrogate(name)
        and len(name.encode()) <= 255
    )
    if not valid:
        raise Refused("bad-filename", "the name is not valid")


class Store:
    """A folder of files, one for each stored name."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = os.fsencode(folder.resolve())
        self._begun = 0
        with os.scandir(self._folder) as entries:
            debris = [entry.path for entry in entries if entry.name.startswith(UNFINISHED)]
        for path in debris:  # STORE-11
            with contextlib.suppress(OSError):
                os.unlink(path)
        self._refuse_folding()

    def _refuse_folding(self) -> None:
        """NAME-12: a file system that takes two names for one can't hold this store."""
        probe = self._folder + b"/" + UNFINISHED
        open(probe + "prob\u00e9".encode(), "wb").close()
        folds = any(os.path.lexists(probe + twin.encode()) for twin in ("PROB\u00c9", "probe\u0301"))
        os.unlink(probe + "prob\u00e9".encode())
        if folds:
            sys.exit("asyncio_upload: the storage folder's file system takes different names for one")

    def path(self, name: str) -> bytes:
        return self._folder + b"/" + name.encode()

    def check_free(self, name: str) -> None:
        """NAME-11: refuse a name under which something stands that is not a stored file."""
        with contextlib.suppress(FileNotFoundError):
            if not stat.S_ISREG(os.lstat(self.path(name)).st_mode):
                raise Refused("storage", "the name is taken by something that is not a stored file")

    def begin(self) -> tuple[bytes, BinaryIO]:
        self._begun += 1
        path = self._folder + b"/" + UNFINISHED + b"%d-%d" % (os.getpid(), self._begun)
        return path, open(path, "xb", buffering=0)

    def read(self, name: str) -> tuple[int, str]:
        """Return length and digest of what is stored; runs in a thread, since a file may be long (CONN-3)."""
        try:
            if not stat.S_ISREG(os.lstat(self.path(name)).st_mode):
                raise FileNotFoundError  # not part of the store, so not stored (REPLY-10)
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK  # in case it is replaced by a link or a FIFO just now
            descriptor = os.open(self.path(name), flags)
        except FileNotFoundError:
            raise Refused("not-found", "not stored") from None
        length, digest = 0, hashlib.sha256()
        with open(descriptor, "rb", buffering=0) as file:
            while data := file.read(1 << 20):
                digest.update(data)
                length += len(data)
        return length, digest.hexdigest()


class Upload:
    """A body on its way into the store: whole under its name after `commit`, else gone at the end of the block.

    Nothing here raises: what keeps the body from being stored ends up in `refusal`, since it has to be taken anyway.
    """

    def __init__(self, store: Store, name: str) -> None:
        self.refusal: Refused | None = None
        self._store = store
        self._name = name
        self._file: BinaryIO | None = None
        with self._refusing():
            check_name(name)
            store.check_free(name)
            self._path, self._file = store.begin()

    @contextlib.contextmanager
    def _refusing(self) -> Iterator[None]:
        try:
            yield
        except Refused as error:
            self.refusal = error
        except OSError as error:  # a name too long for the file system, a full disk, a folder that is gone
            self.refusal = Refused("storage", error.strerror or "the store can't be written")

    def write(self, data: bytes) -> None:
        with self._refusing():
            rest = memoryview(data)
            while rest and self._file and not self.refusal:
                rest = rest[self._file.write(rest) :]  # an unbuffered write may take but a part

    def commit(self) -> None:
        with self._refusing():
            if self._file and not self.refusal:
                self._file.close()
                self._store.check_free(self._name)
                os.replace(self._path, self._store.path(self._name))
                self._file = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file:
            with contextlib.suppress(OSError):
                self._file.close()
            with contextlib.suppress(OSError):
                os.unlink(self._path)
