"""How the store is seen from outside: by replies, as a local folder, or through a command."""

import contextlib
import errno
import hashlib
import os
import shlex
import stat
import subprocess
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Final, Protocol

from jhup.names import is_valid_name
from jhup_conformance.findings import NotSeen, SuiteError
from jhup_conformance.target.body import Body

__all__ = ["Body", "CommandObserver", "FolderObserver", "ObservedBy", "Observer"]


class ObservedBy(StrEnum):
    """The names of the ways, as reports give them."""

    REPLIES = "replies"
    STORAGE = "storage"
    WITNESS = "witness"


class Observer(Protocol):
    """Something that sees the store."""

    @property
    def way(self) -> ObservedBy:
        """How it sees."""

    def look(self, names: Iterable[str]) -> dict[str, Body | None]:
        """Tell what is stored under some names at this moment; None where nothing is."""


class FolderObserver:
    """The store is a local folder."""

    way = ObservedBy.STORAGE

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._prefix = f"{folder}{os.sep}"

    def look(self, names: Iterable[str]) -> dict[str, Body | None]:
        """Tell what is stored under some names at this moment; None where nothing is.

        Under a name that is not valid: the file that a server makes which joins it to its folder.
        """
        return {name: self._look(name) if is_valid_name(name) else self._look_astray(name) for name in names}

    def holds(self, name: str) -> bool:
        """Tell whether the folder's file system can hold a valid name, as far as the suite can try: by making a file.

        Args:
            name: one that nobody uses.
        """
        path = Path(f"{self._prefix}{name}")
        try:
            path.touch(exist_ok=False)
            held = name in os.listdir(self.folder)  # noqa: PTH208 - thousands of names
            path.unlink()
        except (OSError, ValueError):
            return False
        return held

    def folds(self, first: str, second: str) -> bool:
        """Tell whether the folder's file system takes two names, which nobody uses, for one."""
        path = Path(f"{self._prefix}{first}")
        try:
            path.touch(exist_ok=False)
            folded = os.path.lexists(f"{self._prefix}{second}")
            path.unlink()
        except OSError:
            return True
        return folded

    def _look(self, name: str) -> Body | None:
        path = f"{self._prefix}{name}"
        try:
            return _read(path)
        except OSError as error:
            raise NotSeen(f"can't read {path}: {error.strerror}") from error

    def _look_astray(self, name: str) -> Body | None:
        for errors in ("surrogateescape", "surrogatepass"):
            with contextlib.suppress(OSError, ValueError):  # no such path, or none at all
                found = _read(os.path.join(os.fsencode(self.folder), name.encode("utf-8", errors)))  # noqa: PTH118
                if found:
                    return found
        return None


def _read(path: str | bytes) -> Body | None:
    """Give length and digest of a file; None when there is no such file."""
    try:
        found = os.lstat(path)
        if not stat.S_ISREG(found.st_mode):  # looked at thousands of times
            return None
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123
            if found.st_size <= _SMALL and len(content := file.read(_SMALL + 1)) <= _SMALL:
                return Body.of(content)
            file.seek(0)
            digest = hashlib.file_digest(file, "sha256")
            return Body(file.tell(), digest.hexdigest())
    except FileNotFoundError:
        return None
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            return None
        raise


_SMALL: Final = 65_536
"""Bytes of a file that is read at once."""

_NOT_STORED: Final = 44
_WITNESS_TIMEOUT: Final = 30.0


class CommandObserver:
    """A command prints what is stored under ``{filename}``, and exits with 44 when nothing is."""

    way = ObservedBy.WITNESS

    def __init__(self, command: str) -> None:
        self._words = shlex.split(command)

    def look(self, names: Iterable[str]) -> dict[str, Body | None]:
        """Tell what is stored under some names at this moment; None where nothing is."""
        return {name: self._look(name) for name in names}

    def _look(self, name: str) -> Body | None:
        if not is_valid_name(name):
            return None
        words = [word.replace("{filename}", name) for word in self._words]
        try:
            done = subprocess.run(words, capture_output=True, timeout=_WITNESS_TIMEOUT, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise SuiteError(f"the witness command {words[0]!r} can't be run: {error}") from error
        if done.returncode == _NOT_STORED:
            return None
        if done.returncode:
            last = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or ["(nothing on standard error)"]
            raise SuiteError(f"the witness command exited with {done.returncode}: {last[0]}")
        return Body.of(done.stdout)
