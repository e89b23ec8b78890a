"""Files of bodies that aren't complete: how they are created, take their place, and are cleaned up (section 5.3).

They have no name at all where the platform has such files, so that nothing is left of them when the process is
killed; elsewhere one that no request can have.
"""

import contextlib
import itertools
import os
import re
from typing import Final, Protocol

from jhup_reference.folder.entries import Folder

__all__ = ["Unfinished", "UnfinishedFile"]

# No request can name what begins with U+007F (NAME-5).
_NAME: Final = re.compile(rb"\x7f[0-9]+-[0-9]+\.part")


class UnfinishedFile(Protocol):
    """A file of its own for a body, open for writing."""

    descriptor: int

    def claim(self, place: bytes) -> None:
        """Make it the entry of a name that nothing has, in one step, and close it.

        Raises:
            FileExistsError: when something has the name.
            OSError: also where the file system can't do that.
        """

    def replace(self, place: bytes) -> None:
        """Make it the entry of a name, in one step, in place of what has it, and close it.

        Raises:
            OSError: when that can't be done.
        """

    def drop(self) -> None:
        """Close and remove it, unless it has become an entry."""


class Unfinished:
    """The unfinished bodies of a folder (STORE-10).

    Args:
        folder: the folder of the store; on its file system a finished body takes its place.
    """

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._numbers = itertools.count()
        self._nameless = self._try_nameless()

    def create(self) -> UnfinishedFile:
        """Create a file for a body.

        Raises:
            OSError: when that can't be done.
        """
        if self._nameless:
            return _Nameless(self._folder, self._folder.create_nameless(), self)
        while True:
            name = self.new_name()
            with contextlib.suppress(FileExistsError):
                return _Named(self._folder, self._folder.create(name), name)

    def new_name(self) -> bytes:
        """Return a name that no request can have and no other file of this process has."""
        return b"\x7f%d-%d.part" % (os.getpid(), next(self._numbers))

    def clean(self) -> int:
        """Remove what a killed process left (STORE-11); return how many files that was."""
        count = 0
        for name in self._folder.names():
            if _NAME.fullmatch(name):
                with contextlib.suppress(OSError):
                    self._folder.remove(name)
                    count += 1
        return count

    def _try_nameless(self) -> bool:
        """Try out whether the folder has files without a name that can be given one."""
        try:
            file = _Nameless(self._folder, self._folder.create_nameless(), self)
        except OSError:
            return False
        name = self.new_name()
        try:
            file.claim(name)
            self._folder.remove(name)
        except OSError:
            return False
        finally:
            file.drop()
        return True


class _Nameless:
    """A file that has no name yet."""

    __slots__ = ("_all", "_folder", "descriptor")

    def __init__(self, folder: Folder, descriptor: int, unfinished: Unfinished) -> None:
        self.descriptor = descriptor
        self._folder = folder
        self._all = unfinished

    def claim(self, place: bytes) -> None:
        self._folder.name(self.descriptor, place)
        self.drop()

    def replace(self, place: bytes) -> None:
        name = self._all.new_name()  # only a name can take the place of another
        self._folder.name(self.descriptor, name)
        try:
            self._folder.replace(name, place)
        except OSError:
            self._folder.remove(name)
            raise
        self.drop()

    def drop(self) -> None:
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1


class _Named:
    """A file under a name that no request can have."""

    __slots__ = ("_folder", "_name", "descriptor")

    def __init__(self, folder: Folder, descriptor: int, name: bytes) -> None:
        self.descriptor = descriptor
        self._folder = folder
        self._name = name

    def claim(self, place: bytes) -> None:
        self._close()  # an open file can't be renamed everywhere
        self._folder.link(self._name, place)
        self.drop()

    def replace(self, place: bytes) -> None:
        self._close()
        self._folder.replace(self._name, place)
        self._name = b""

    def drop(self) -> None:
        self._close()
        if self._name:
            with contextlib.suppress(OSError):
                self._folder.remove(self._name)
            self._name = b""

    def _close(self) -> None:
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1
