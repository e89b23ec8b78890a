"""Which entry of the folder holds which name, and what else may be there instead (section 4.2)."""

import os
import stat

from jhup_reference.faults import StorageFault
from jhup_reference.folder import Folder

__all__ = ["Places"]


class Places:
    """The entries that represent stored bodies.

    Args:
        folder: the folder of the store.
    """

    def __init__(self, folder: Folder) -> None:
        self._folder = folder

    def look(self, place: bytes) -> os.stat_result | None:
        """Look at the entry that holds a name; None when there is none.

        Raises:
            StorageFault: when it isn't a file (NAME-11), or the file system can't hold the name (NAME-10).
        """
        try:
            status = self._folder.status(place)
        except OSError as error:
            raise StorageFault.of(error) from None
        if status is not None and not stat.S_ISREG(status.st_mode):
            raise StorageFault("the name is taken by something that is not a stored file")
        return status

    def open(self, place: bytes) -> int:
        """Give a descriptor of the file that holds a name.

        Raises:
            FileNotFoundError: when there is none.
            StorageFault: as for `look`, or when the file can't be read.
        """
        if self.look(place) is None:
            raise FileNotFoundError
        try:
            descriptor = self._folder.open(place)
        except FileNotFoundError:
            raise
        except OSError as error:
            raise StorageFault.of(error) from None
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):  # it took the file's place just now
            os.close(descriptor)
            raise StorageFault("the name is taken by something that is not a stored file")
        return descriptor

    def take(self, place: bytes, unfinished: bytes) -> None:
        """Let a finished file hold a name, in one step, in place of the file that did.

        Raises:
            StorageFault: as for `look`, or when the folder can't be written.
        """
        self.look(place)  # a rename would replace a link or a FIFO without a word
        try:
            self._folder.replace(unfinished, place)
        except OSError as error:
            raise StorageFault.of(error) from None
