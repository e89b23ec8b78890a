"""How the store is seen from outside: by replies, as a local folder, or through a command."""

import contextlib
import errno
import hashlib
import os
import shlex
import stat
import subprocess
import tempfile
import threading
from collections.abc import Iterable, Sequence
from enum import StrEnum
from itertools import pairwise
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

    def entries(self) -> set[str]:
        """Return the names of everything in the folder."""
        return set(os.listdir(self.folder))  # noqa: PTH208 - thousands of names

    def has_body(self, name: str, body: bytes) -> bool:
        """Tell whether an entry of the folder, whatever its name, is a file with just this content."""
        try:
            return _read(f"{self._prefix}{name}") == Body.of(body)
        except OSError:
            return False

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
    """Return length and digest of a file; None when there is no such file.

    What stands there may be anything that a target makes: nothing is followed or waited for, and a file longer than the
    suite ever sends is not read.
    """
    try:
        descriptor = os.open(path, _READING)
    except FileNotFoundError:
        return None
    except OSError as error:
        if error.errno in (errno.ENAMETOOLONG, errno.ELOOP, errno.ENXIO, errno.EMLINK) or _is_no_file(path):
            return None
        raise
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            return None
        if found.st_size > _LONGEST:
            return Body(found.st_size, "")
        if found.st_size <= _SMALL and len(content := os.read(descriptor, _SMALL + 1)) <= _SMALL:
            return Body.of(content)
        os.lseek(descriptor, 0, os.SEEK_SET)
        return _digest(descriptor)
    finally:
        os.close(descriptor)


def _digest(descriptor: int) -> Body:
    digest, size = hashlib.sha256(), 0
    while size <= _LONGEST and (piece := os.read(descriptor, min(_PIECE, _LONGEST + 1 - size))):
        digest.update(piece)
        size += len(piece)
    return Body(size, digest.hexdigest())


def _is_no_file(path: str | bytes) -> bool:
    """Tell whether something else stands there, which can't be opened: a socket, a device, on Windows a folder."""
    try:
        return not stat.S_ISREG(os.lstat(path).st_mode)
    except OSError:
        return False


_READING: Final = (
    os.O_RDONLY
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)
_SMALL: Final = 65_536
"""Bytes of a file that is read at once."""
_PIECE: Final = 1024 * 1024
_LONGEST: Final = 96 * 1024 * 1024
"""Bytes of a file, more than the suite ever sends, from which on only the length is told."""

_NOT_STORED: Final = 44
_WITNESS_TIMEOUT: Final = 30.0


class CommandObserver:
    """A command prints what is stored under ``{filename}``, and exits with 44 when nothing is."""

    way = ObservedBy.WITNESS

    def __init__(self, command: str) -> None:
        self._words = shlex.split(command)

    @property
    def warning(self) -> str:
        """What is dangerous about the command: a name inside a shell's script runs as a part of it; else empty."""
        scripts = [after for word, after in pairwise(self._words) if word == "-c"]
        if any("{filename}" in script for script in scripts):
            return "the witness puts {filename} into a shell's script: use sh -c 'cat \"$1\"' sh {filename} instead"
        return ""

    def look(self, names: Iterable[str]) -> dict[str, Body | None]:
        """Tell what is stored under some names at this moment; None where nothing is."""
        return {name: self._look(name) for name in names}

    def _look(self, name: str) -> Body | None:
        if not is_valid_name(name):
            return None
        words = [word.replace("{filename}", name) for word in self._words]
        try:
            status, output, errors = _run_bounded(words)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise SuiteError(f"the witness command {words[0]!r} can't be run: {error}") from error
        if status == _NOT_STORED:
            return None
        if status:
            last = errors.decode(errors="replace").strip().splitlines()[-1:] or ["(nothing on standard error)"]
            raise SuiteError(f"the witness command exited with {status}: {last[0]}")
        return Body.of(output)


def _run_bounded(words: Sequence[str]) -> tuple[int, bytes, bytes]:
    """Run a command for a bounded time; of what it prints, no more is taken than of a stored file."""
    with tempfile.TemporaryFile() as errors:
        with subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors) as process:
            late = threading.Event()

            def end() -> None:
                late.set()
                process.kill()

            timer = threading.Timer(_WITNESS_TIMEOUT, end)
            timer.start()
            try:
                output = process.stdout.read(_LONGEST + 1) if process.stdout else b""
                if len(output) > _LONGEST:
                    process.kill()
                    return 0, output, b""
                process.wait()
            finally:
                timer.cancel()
            if late.is_set():
                raise subprocess.TimeoutExpired(list(words), _WITNESS_TIMEOUT)
        errors.seek(0)
        return process.returncode, output, errors.read(_SMALL)
