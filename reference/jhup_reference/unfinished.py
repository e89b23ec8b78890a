"""Files of bodies that aren't complete: how they are named, created and cleaned up (section 5.3)."""

import contextlib
import itertools
import os
import re
from typing import Final

from jhup_reference.folder import Folder

__all__ = ["Unfinished"]

# No request can name what begins with U+007F (NAME-5).
_NAME: Final = re.compile(rb"\x7f[0-9]+-[0-9]+\.part")


class Unfinished:
    """The unfinished bodies of a folder (STORE-10).

    Args:
        folder: the folder of the store; on its file system a finished body is renamed into its place.
    """

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._numbers = itertools.count()

    def create(self) -> tuple[bytes, int]:
        """Create a file for a body; give its name and its descriptor.

        Raises:
            OSError: when that can't be done.
        """
        while True:
            name = b"\x7f%d-%d.part" % (os.getpid(), next(self._numbers))
            try:
                return name, self._folder.create(name)
            except FileExistsError:
                continue

    def clean(self) -> int:
        """Remove what a killed process left (STORE-11), and tell how much that was."""
        count = 0
        for name in self._folder.names():
            if _NAME.fullmatch(name):
                with contextlib.suppress(OSError):
                    self._folder.remove(name)
                    count += 1
        return count
