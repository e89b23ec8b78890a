"""Which entry of the folder holds which name, and what else may be there instead (section 4.2)."""

import os
import stat
import threading
from collections.abc import Callable

from jhup_reference.folder.entries import Folder
from jhup_reference.folder.faults import StorageFault
from jhup_reference.folder.folding import folds
from jhup_reference.folder.unfinished import UnfinishedFile
from jhup_reference.folder.windows import windows_fault

__all__ = ["Places"]


class _WrittenDifferently(StorageFault):
    """The file system takes the name for another one (NAME-12)."""


class Places:
    """The entries that represent stored bodies.

    Args:
        folder: the folder of the store.
        platform_fault: returns why the platform can't hold a valid name; None where it can hold each.
    """

    def __init__(
        self,
        folder: Folder,
        platform_fault: Callable[[str], str | None] | None = windows_fault if os.name == "nt" else None,
    ) -> None:
        self._folder = folder
        self._platform_fault = platform_fault
        self._folds = folds(folder)
        self._turn = threading.Lock()

    def of(self, name: str) -> bytes:
        """Return the name of the entry that holds a valid name.

        Raises:
            StorageFault: when the platform can't hold it.
        """
        if self._platform_fault is not None and (reason := self._platform_fault(name)):
            raise StorageFault(reason)
        return name.encode()

    def look(self, place: bytes) -> bool:
        """Return whether a file holds a name.

        Raises:
            StorageFault: when something else does (NAME-11, NAME-12), or the file system can't hold it (NAME-10).
        """
        try:
            status = self._folder.status(place)
        except OSError as error:
            raise StorageFault.of(error) from None
        if status is None:
            return False
        if not stat.S_ISREG(status.st_mode):
            raise _occupied()
        if self._folds and not self._is_listed(place):
            raise _WrittenDifferently("the name is taken, here, by one that is written differently")
        return True

    def open(self, place: bytes) -> int:
        """Return a descriptor of the file that holds a name.

        Raises:
            FileNotFoundError: when there is none.
            StorageFault: as for `look`, or when the file can't be read.
        """
        try:
            if not self.look(place):
                raise FileNotFoundError
            descriptor = self._folder.open(place)
        except _WrittenDifferently:
            raise FileNotFoundError from None
        except FileNotFoundError:
            raise
        except OSError as error:
            raise StorageFault.of(error) from None
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):  # it took the file's place just now
            os.close(descriptor)
            raise _occupied()
        return descriptor

    def take(self, place: bytes, file: UnfinishedFile) -> None:
        """Let a finished file hold a name, in one step, in place of the file that did.

        Raises:
            StorageFault: as for `look`, or when the folder can't be written.
        """
        if self._folds:
            with self._turn, self._folder.turn():
                self._replace(place, file)
                if not self._is_listed(place):
                    self._folder.remove(place)
                    raise StorageFault("the file system would hold the name only in another form")
            return
        try:
            file.claim(place)  # if nothing has the name, which needs no look, so that nothing can come between
        except OSError:
            self._replace(place, file)

    def _replace(self, place: bytes, file: UnfinishedFile) -> None:
        self.look(place)  # a rename would replace a link or a FIFO without a word
        try:
            file.replace(place)
        except OSError as error:
            raise StorageFault.of(error) from None

    def _is_listed(self, place: bytes) -> bool:
        return place in self._folder.names()


def _occupied() -> StorageFault:
    return StorageFault("the name is taken by something that is not a stored file")
