"""The arguments of `put` as files to send: paths, folders with `-r`, and `-` for standard input."""

import io
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from jhup_client.batch import FileToSend
from jhup_client.body import Readable, name_for, shown
from jhup_client.errors import FileFailed

__all__ = ["STANDARD_INPUT", "files_below", "standard_input", "without_collisions"]

STANDARD_INPUT: Final = "-"
"""The argument that stands for standard input."""

_IN_MEMORY: Final = 1024 * 1024
"""Bytes of standard input that are kept in memory before the rest goes to a temporary file."""


@contextmanager
def standard_input(name: str, size: int | None) -> Iterator[FileToSend]:
    """Yield standard input as a file to send.

    A put begins with its size. A redirected file has one; of a pipe everything is read first, unless the size is given.

    Args:
        name: the name to store under.
        size: length of the body in bytes; exactly so many are read and sent. None: everything up to the end.
    """
    incoming = sys.stdin.buffer
    if size is not None or _is_regular(incoming):
        yield FileToSend(STANDARD_INPUT, name, source=incoming, size=size)
        return
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as spool:
        shutil.copyfileobj(incoming, spool)
        spool.seek(0)
        yield FileToSend(STANDARD_INPUT, name, source=spool)


def _is_regular(file: Readable) -> bool:
    try:
        return isinstance(file, io.IOBase) and stat.S_ISREG(os.fstat(file.fileno()).st_mode)
    except (OSError, ValueError):  # not a file of the system at all
        return False


def files_below(paths: Iterable[str]) -> Iterator[str]:
    """Yield each path, and in place of a folder all files in it and in its folders, sorted.

    Links to folders are not followed: they may lead round in a circle.
    """
    for path in paths:
        if Path(path).is_dir():
            yield from _files_in(path)
        else:
            yield path


def _files_in(folder: str) -> Iterator[str]:
    def refuse(error: OSError) -> None:
        raise FileFailed(f"{shown(str(error.filename))}: {(error.strerror or str(error)).lower()}")

    for here, folders, names in os.walk(folder, onerror=refuse):
        folders.sort()
        yield from (str(Path(here, name)) for name in sorted(names))


def without_collisions(files: Iterable[FileToSend]) -> Iterator[tuple[FileToSend, FileFailed | None]]:
    """Yield files, with a failure for each that would replace another one of the same upload.

    Only base names are sent (CLIENT-3), so that `a/x` and `b/x` are stored under one name.
    """
    first: dict[str, str] = {}
    for file in files:
        try:
            name = name_for(file.path, file.name)
        except FileFailed:
            yield file, None  # the check of the file itself reports it
            continue
        before = first.setdefault(name, file.path)
        if before == file.path or _is_same(before, file.path):
            yield file, None
        else:
            yield file, FileFailed(f"not sent: it would replace {shown(before)} under the name {shown(name)}")


def _is_same(one: str, other: str) -> bool:
    try:
        return Path(one).samefile(other)
    except (OSError, ValueError):
        return False
