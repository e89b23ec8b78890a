"""File systems that take differently written names for one: by case, or by composition of accents (NAME-12)."""

import contextlib
import os
import unicodedata
from typing import Final

from jhup_reference.folder.entries import Folder

__all__ = ["folds"]

_COMPOSED: Final = unicodedata.normalize("NFC", "\x7fprobe-é").encode()
_DECOMPOSED: Final = unicodedata.normalize("NFD", "\x7fprobe-é").encode()
_PROBES: Final = ((b"\x7fprobe-a", b"\x7fPROBE-A"), (_COMPOSED, _DECOMPOSED))


def folds(folder: Folder) -> bool:
    """Try out whether a folder finds an entry under a name that is written differently.

    Returns:
        Also true when that can't be tried out, because careful is never wrong.
    """
    return any(_finds(folder, written, looked_for) for written, looked_for in _PROBES)


def _finds(folder: Folder, written: bytes, looked_for: bytes) -> bool:
    try:
        with contextlib.suppress(FileExistsError):
            os.close(folder.create(written))
        found = folder.status(looked_for) is not None
        folder.remove(written)
    except OSError:
        return True
    return found
