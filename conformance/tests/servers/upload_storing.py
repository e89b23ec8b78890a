"""How the server of `upload_faults.py` keeps bodies: written apart, given their name when they are whole."""

# ruff: noqa: PTH105, PTH107, PTH118, PTH123, PTH208 - names are bytes, and pathlib knows no such paths

import contextlib
import hashlib
import itertools
import os
import re
import stat
from pathlib import Path
from typing import BinaryIO

MARK = b"\\unfinished-"  # STORE-10: no valid name has a backslash
LONGEST_NAME = 255


class Refused(Exception):
    """The request is understood and won't be carried out, for the reason that `code` names."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Upload:
    """A body on its way into the store: what it is to be called, and the file that takes it meanwhile."""

    def __init__(self, name: str, size: int, place: bytes, file: BinaryIO) -> None:
        self.name = name
        self.size = size
        self.place = place
        self.file = file
        self.digest = hashlib.sha256()


class Storing:
    """Chapters 4 and 5. The folder has to take names as they are: none that its file system folds (NAME-12)."""

    folder = b""
    numbers = itertools.count(1)

    @classmethod
    def open_store(cls, folder: Path) -> None:
        """Take a folder into use, and remove what a killed process left there (STORE-11)."""
        cls.folder = os.fsencode(folder.resolve())
        for entry in os.listdir(cls.folder):
            if cls.is_left_over(entry):
                os.remove(os.path.join(cls.folder, entry))

    @classmethod
    def is_left_over(cls, entry: bytes) -> bool:
        return entry.startswith(MARK)

    # Names

    def is_valid(self, name: str) -> bool:
        return (
            name not in ("", ".", "..")
            and not re.search("[\x00-\x1f\x7f/\\\\\ud800-\udfff]", name)
            and self.length_of(name) <= LONGEST_NAME
        )

    def length_of(self, name: str) -> int:
        return len(name.encode("utf-8", "surrogatepass"))

    def place_of(self, name: str) -> bytes:
        """Return where the body of a name is kept."""
        return self.folder + b"/" + self.entry_of(name)

    def entry_of(self, name: str) -> bytes:
        return name.encode()

    def check_free(self, name: str) -> None:
        """Refuse a name under which something stands that is no stored file (NAME-11)."""
        with contextlib.suppress(FileNotFoundError):
            if not stat.S_ISREG(os.lstat(self.place_of(name)).st_mode):
                raise Refused("storage", "something that is not a stored file has this name")

    # Bodies

    def begin(self, name: str, size: int) -> Upload:
        """Make room for a body.

        Raises:
            Refused: when the store can't hold it.
        """
        self.check_free(name)
        place = self.unfinished(name)
        return Upload(name, size, place, open(place, "wb", buffering=0))

    def unfinished(self, name: str) -> bytes:
        """Return where a body is kept until it is whole."""
        return self.folder + b"/" + MARK + b"%d" % next(self.numbers)

    def write(self, upload: Upload, data: bytes) -> None:
        self.digest(upload, data)
        upload.file.write(data)

    def digest(self, upload: Upload, data: bytes) -> None:
        upload.digest.update(data)

    def commit(self, upload: Upload) -> None:
        """Let a whole body take the place of what was there before, at once."""
        upload.file.close()
        self.check_free(upload.name)
        os.replace(upload.place, self.place_of(upload.name))

    def discard(self, upload: Upload) -> None:
        """Leave nothing of a body that did not get its name."""
        upload.file.close()
        with contextlib.suppress(FileNotFoundError):
            os.remove(upload.place)

    def read(self, name: str) -> tuple[int, str]:
        """Return the length of a stored body and its digest.

        Raises:
            Refused: when there is none.
        """
        try:
            self.check_free(name)
            with open(self.place_of(name), "rb") as file:
                digest = hashlib.file_digest(file, "sha256")
                return file.tell(), digest.hexdigest()
        except FileNotFoundError:
            raise Refused("not-found", "not stored") from None
