"""The store: a map from names to byte strings, represented by the files of a folder (chapter 5).

A body grows in a file that no request can name, and takes its place in one step: whole or not at all.
"""

import hashlib
import os
from pathlib import Path
from typing import Final, Self

from jhup_reference.folder.digests import Digest, Digests
from jhup_reference.folder.entries import Folder
from jhup_reference.folder.faults import NotStored, StorageFault
from jhup_reference.folder.places import Places
from jhup_reference.folder.unfinished import Unfinished, UnfinishedFile
from jhup_reference.settings import Durability

__all__ = ["Digest", "Store", "StoredBody", "Upload"]

_HASHED_AT_ONCE: Final = 256 * 1024
_LONG_BODY: Final = 1024 * 1024


class Store:
    """The store of one folder.

    Args:
        path: an existing folder.
        durability: what a put waits for.
        digests: remembers those of files that were read.

    Attributes:
        folder: its entries.
        places: which of them hold names.
        unfinished: which of them are bodies that aren't complete.
        syncs: whether a put waits for the disk.
        upload_type: what `begin` returns.

    Raises:
        FolderInUse: when another server has the folder.
        OSError: when it can't be opened.
    """

    def __init__(self, path: Path, *, durability: Durability = Durability.NONE, digests: Digests | None = None) -> None:
        self.folder = Folder(path)
        self.folder.lock()
        self.places = Places(self.folder)
        self.unfinished = Unfinished(self.folder)
        self.unfinished.clean()  # never before the lock: they may be those of a living server
        self.syncs = durability is Durability.FSYNC
        self._digests = digests or Digests()
        self.upload_type: type[Upload] = Upload

    def begin(self, name: str, filesize: int) -> "Upload":
        """Begin a put.

        Args:
            name: a valid name (chapter 4).
            filesize: bytes of its body.

        Raises:
            StorageFault: when it is clear already that the store can't hold the name.
        """
        place = self.places.of(name)
        if filesize > _LONG_BODY:  # `Upload.commit` looks in any case; this spares a long body that would be in vain
            self.places.look(place)
        return self.upload_type(self, place)

    def find(self, name: str) -> "StoredBody":
        """Open what is stored under a name, as it is now.

        Raises:
            NotStored: when that is nothing.
            StorageFault: when the folder has something else under the name, or it can't be read.
        """
        try:
            return StoredBody(self.places.open(self.places.of(name)), self._digests)
        except FileNotFoundError:
            raise NotStored(name) from None

    def close(self) -> None:
        """Close the folder; another server may have it."""
        self.folder.close()


class Upload:
    """A put under way. Ends with `commit` or `abandon`; the file is created with the first byte.

    Attributes:
        store: where it is under way.
        place: the name of the entry that it will be.
    """

    __slots__ = ("_file", "place", "store")

    def __init__(self, store: Store, place: bytes) -> None:
        self.store = store
        self.place = place
        self._file: UnfinishedFile | None = None

    def fileno(self) -> int:
        """Return the descriptor of the file, to which the body may also be moved directly.

        Raises:
            StorageFault: when no file can be created.
        """
        return (self._file or self._create()).descriptor

    def write(self, data: memoryview) -> None:
        """Append bytes to the body.

        Raises:
            StorageFault: when they can't be written.
        """
        descriptor = (self._file or self._create()).descriptor
        try:
            written = os.write(descriptor, data)
            while written < len(data):
                data = data[written:]
                written = os.write(descriptor, data)
        except OSError as error:
            raise StorageFault.of(error) from None

    def commit(self) -> None:
        """Make the body what is stored under the name (STORE-1 to STORE-4).

        Raises:
            StorageFault: when that can't be done; the store is as it was.
        """
        file = self._file or self._create()
        try:
            if self.store.syncs:
                os.fsync(file.descriptor)
            self.store.places.take(self.place, file)
            if self.store.syncs:
                self.store.folder.sync()
        except OSError as error:
            raise StorageFault.of(error) from None

    def abandon(self) -> None:
        """Drop the body if it isn't committed; the store is as it was (STORE-7)."""
        if self._file is not None:
            self._file.drop()

    def _create(self) -> UnfinishedFile:
        try:
            self._file = self.store.unfinished.create()
        except OSError as error:
            raise StorageFault.of(error) from None
        return self._file


class StoredBody:
    """A stored body, open while the block of its `with` lasts: it stays what it is while later puts replace it."""

    __slots__ = ("_digests", "_file", "_known", "_status")

    def __init__(self, descriptor: int, digests: Digests) -> None:
        self._file = open(descriptor, "rb", buffering=0)  # noqa: SIM115  # a descriptor, closed by the block
        self._digests = digests
        self._status = os.fstat(descriptor)
        self._known = digests.recall(self._status)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    @property
    def takes_long(self) -> bool:
        """Whether `digest` takes long."""
        return self._known is None and self._status.st_size > _LONG_BODY

    def digest(self) -> Digest:
        """Read the body, unless it was read before and has not changed since.

        Raises:
            StorageFault: when it can't be read.
        """
        if self._known is not None:
            return self._known
        buffer = memoryview(bytearray(min(_HASHED_AT_ONCE, self._status.st_size + 1)))
        sha256, filesize = hashlib.sha256(), 0
        try:
            while count := self._file.readinto(buffer):
                sha256.update(buffer[:count])
                filesize += count
            found = Digest(filesize, sha256.hexdigest())
            self._digests.remember(self._status, os.fstat(self._file.fileno()), found)
        except OSError as error:
            raise StorageFault.of(error) from None
        return found
