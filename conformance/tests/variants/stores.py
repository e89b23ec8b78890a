"""Where a variant keeps bodies: in memory, for the model, or in a folder, under plain or encoded names."""

import contextlib
import hashlib
import itertools
import stat
from collections.abc import Collection
from pathlib import Path
from typing import BinaryIO, Protocol

__all__ = ["FolderStore", "MemoryStore", "Refused", "Store", "Upload"]

_PIECE = 1 << 20


class Refused(Exception):
    """A request that won't be carried out, with the code of its reply."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Upload(Protocol):
    """A body on its way into the store."""

    def write(self, data: bytes) -> None:
        """Take the next bytes."""

    def commit(self) -> str:
        """Return the body its name and return its digest.

        Raises:
            Refused: when something else has the name by now.
        """

    def discard(self) -> None:
        """Forget the body."""


class Store(Protocol):
    """A map from names to bodies."""

    def begin(self, name: str) -> Upload:
        """Make room for a body.

        Raises:
            Refused: when the store can't hold the name.
        """

    def stat(self, name: str) -> tuple[int, str]:
        """Return the length of a body and its digest.

        Raises:
            Refused: when there is none.
        """


class MemoryStore:
    """Keeps bodies in a dictionary; what can't be written there is told at once.

    Args:
        bodies: what is stored.
        unwritable: names that something else has.
        stat_code: the error of a stat of those.
    """

    def __init__(self, bodies: dict[str, bytes], unwritable: Collection[str] = (), stat_code: str = "storage") -> None:
        self.bodies = bodies
        self.unwritable = unwritable
        self.stat_code = stat_code

    def begin(self, name: str) -> Upload:
        if name in self.unwritable:
            raise Refused("storage", "the name is taken")
        return _InMemory(self, name)

    def stat(self, name: str) -> tuple[int, str]:
        if name in self.unwritable:
            raise Refused(self.stat_code, "the name is taken")
        if name not in self.bodies:
            raise Refused("not-found", "not stored")
        body = self.bodies[name]
        return len(body), hashlib.sha256(body).hexdigest()


class _InMemory:
    def __init__(self, store: MemoryStore, name: str) -> None:
        self.store = store
        self.name = name
        self.body = bytearray()

    def write(self, data: bytes) -> None:
        self.body += data

    def commit(self) -> str:
        self.store.bodies[self.name] = bytes(self.body)
        return hashlib.sha256(self.body).hexdigest()

    def discard(self) -> None:
        self.body.clear()


class FolderStore:
    """Keeps bodies in files. Unfinished ones have a name with a backslash, which no request can have (STORE-10).

    Args:
        folder: where; what a killed process left unfinished there is removed (STORE-11).
        encodes: whether names are written in hexadecimal digits, those of more than 100 bytes as their digest.
        replaces: whether links, FIFOs and devices are replaced by a body of their name; else it is refused.
        stat_code: the error of a stat of those.
    """

    def __init__(self, folder: Path, *, encodes: bool, replaces: bool, stat_code: str) -> None:
        self.folder = folder
        self.encodes = encodes
        self.replaces = replaces
        self.stat_code = stat_code
        self.numbers = itertools.count(1)
        for entry in list(folder.iterdir()):
            if entry.name.startswith("\\unfinished-"):
                entry.unlink()

    def place(self, name: str) -> Path:
        if not self.encodes:
            return self.folder / name
        raw = name.encode()
        return self.folder / (f"n-{raw.hex()}" if len(raw) <= 100 else f"h-{hashlib.sha256(raw).hexdigest()}")

    def is_taken(self, place: Path) -> bool:
        """Tell whether something that is not a stored file is there."""
        with contextlib.suppress(FileNotFoundError):
            return not stat.S_ISREG(place.lstat().st_mode)
        return False

    def check(self, place: Path) -> None:
        """Look whether a body can be stored there.

        Raises:
            Refused: when it can't.
        """
        if self.is_taken(place) and (is_folder(place) or not self.replaces):
            raise Refused("storage", "something that is not a stored file has this name")

    def begin(self, name: str) -> Upload:
        place = self.place(name)
        try:
            self.check(place)
            unfinished = self.folder / f"\\unfinished-{next(self.numbers)}"
            return _InFile(self, place, unfinished, unfinished.open("wb", buffering=0))
        except OSError as error:
            raise Refused("storage", error.strerror or "can't be written") from None

    def stat(self, name: str) -> tuple[int, str]:
        place = self.place(name)
        if self.is_taken(place):
            raise Refused(self.stat_code, "not a stored file")
        digest, size = hashlib.sha256(), 0
        try:
            with place.open("rb") as file:
                while data := file.read(_PIECE):
                    digest.update(data)
                    size += len(data)
        except FileNotFoundError:
            raise Refused("not-found", "not stored") from None
        except OSError as error:
            raise Refused("storage", error.strerror or "can't be read") from None
        return size, digest.hexdigest()


def is_folder(place: Path) -> bool:
    """Tell whether a folder is there, and no link to one."""
    return place.is_dir() and not place.is_symlink()


class _InFile:
    def __init__(self, store: FolderStore, place: Path, unfinished: Path, file: BinaryIO) -> None:
        self.store = store
        self.place = place
        self.unfinished = unfinished
        self.file = file
        self.digest = hashlib.sha256()

    def write(self, data: bytes) -> None:
        self.digest.update(data)
        view = memoryview(data)
        while view:
            view = view[self.file.write(view) :]

    def commit(self) -> str:
        self.file.close()
        self.store.check(self.place)
        self.unfinished.replace(self.place)
        return self.digest.hexdigest()

    def discard(self) -> None:
        self.file.close()
        self.unfinished.unlink(missing_ok=True)
