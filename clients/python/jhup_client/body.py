"""Bodies: the bytes of local files, exactly as many as were announced (CLIENT-3 to CLIENT-5)."""

import errno
import io
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, TypeAlias, runtime_checkable

from jhup import name_fault
from jhup_client.errors import FileFailed

__all__ = ["Body", "FileSource", "Readable", "check_source", "check_stored_name", "name_for", "open_body", "shown"]


@runtime_checkable
class Readable(Protocol):
    """A file object that gives bytes."""

    def read(self, size: int, /) -> bytes | None:
        """Return at most ``size`` bytes; none at the end of the file."""


@runtime_checkable
class _Seekable(Protocol):
    def seekable(self) -> bool: ...

    def seek(self, offset: int, whence: int = ..., /) -> int: ...

    def tell(self) -> int: ...


FileSource: TypeAlias = str | bytes | os.PathLike[str] | os.PathLike[bytes] | Readable
"""A path, or a file object open for reading bytes."""


class Body:
    """An open file, of which ``size`` bytes from its present position on are to be sent.

    Attributes:
        size: bytes to send, fixed when the file was opened.
        descriptor: of the file, where the operating system may read it for us; None where only `read_into` may.
        start: offset of the first byte of the body in ``descriptor``.
    """

    __slots__ = ("_file", "descriptor", "size", "start")

    def __init__(self, file: Readable, size: int, *, descriptor: int | None = None, start: int = 0) -> None:
        self._file = file
        self.size = size
        self.descriptor = descriptor
        self.start = start

    def seek(self, taken: int) -> None:
        """Go to the byte after the first ``taken`` ones of the body. Only with a ``descriptor``."""
        assert isinstance(self._file, io.IOBase)  # noqa: S101  # only such files have one here
        self._file.seek(self.start + taken)

    def has_shrunk(self) -> bool:
        """Return whether the file is now too short for its body, as far as that can be seen without reading."""
        return self.descriptor is not None and os.fstat(self.descriptor).st_size < self.start + self.size

    def read_into(self, buffer: memoryview) -> int:
        """Fill a part of the buffer with the next bytes.

        Returns:
            How many bytes; 0 at the end of the file.

        Raises:
            FileFailed: when the file can't be read, or gives something else than bytes.
        """
        try:
            if isinstance(self._file, io.RawIOBase | io.BufferedIOBase):
                count = self._file.readinto(buffer)
                if count is None:
                    raise FileFailed("the file object doesn't wait, and has no bytes at the moment")
                return count
            piece = self._file.read(len(buffer))
        except (OSError, ValueError) as error:  # ValueError: it is closed, or not text after all
            raise FileFailed(f"the file can't be read any further: {_words(error)}") from error
        if not isinstance(piece, bytes | bytearray | memoryview):
            raise FileFailed(f"the file object gives {type(piece).__name__}, not bytes; open it in binary mode")
        if len(piece) > len(buffer):
            raise FileFailed(f"the file object gave {len(piece)} bytes when asked for {len(buffer)}")
        buffer[: len(piece)] = piece
        return len(piece)


def name_for(source: FileSource, name: str | None = None) -> str:
    """Return the name to store a file under: its base name, without any folder, or the one asked for (CLIENT-3).

    Raises:
        FileFailed: when it is not a valid name, with the clause that it breaks (CLIENT-8).
    """
    if name is not None:
        return check_stored_name(name)
    path = getattr(source, "name", None) if isinstance(source, Readable) else source
    if not isinstance(path, str | bytes | os.PathLike):
        raise FileFailed("this file object has no name; give it as name")
    text = os.fsdecode(path)
    if fault := name_fault(Path(text).name):
        raise FileFailed(f"{shown(text)}: can't be stored: {fault.reason}", clause=fault.clause)
    return Path(text).name


def check_stored_name(name: str) -> str:
    """Return a name under which something can be stored.

    Raises:
        FileFailed: when it is not valid, with the clause that it breaks (CLIENT-8).
    """
    if fault := name_fault(name):
        raise FileFailed(f"{shown(name)}: not a name to store under: {fault.reason}", clause=fault.clause)
    return name


def check_source(source: FileSource, name: str | None = None) -> None:
    """Check, before connecting, whatever can be checked without opening the file.

    Raises:
        FileFailed: when its name isn't valid, or it is missing, a folder, a FIFO or a device.
    """
    if not isinstance(source, Readable):
        _check_path(os.fsdecode(source))
    name_for(source, name)


def _check_path(text: str) -> None:
    try:
        mode = Path(text).stat().st_mode
    except OSError as error:
        raise _unusable(text, error) from None
    except ValueError as error:  # a path with U+0000
        raise FileFailed(f"{shown(text)}: {error}") from None
    if not stat.S_ISREG(mode):
        raise FileFailed(f"{shown(text)}: is {_kind(mode)}, not a file")


@contextmanager
def open_body(source: FileSource, *, size: int | None = None) -> Iterator[Body]:
    """Open a file and fix how many bytes of it are its body.

    Args:
        source: a path, or a file object, which is sent from its present position on and stays open.
        size: length of the body in bytes, where a file object can't tell it (a pipe); a shorter body than the file
            where it can.

    Raises:
        FileFailed: when the file can't be opened, is no regular file, or has no size.
    """
    if isinstance(source, Readable):
        yield _body_of(source, size)
        return
    text = os.fsdecode(source)
    _check_path(text)  # before it is opened: opening a FIFO waits, and opening a device may do something
    try:
        file = io.FileIO(text, opener=_open_at_once)
    except OSError as error:
        raise _unusable(text, error) from None
    with file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise FileFailed(f"{shown(text)}: is {_kind(status.st_mode)}, not a file")
        yield Body(file, status.st_size if size is None else size, descriptor=file.fileno())


def _open_at_once(path: str, flags: int) -> int:
    # The path may have become a FIFO or a terminal since it was checked.
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0))


def _body_of(file: Readable, size: int | None) -> Body:
    descriptor = _true_descriptor(file)
    if descriptor is not None:
        assert isinstance(file, io.IOBase)  # noqa: S101
        start = file.tell()
        length = max(os.fstat(descriptor).st_size - start, 0) if size is None else size
        return Body(file, length, descriptor=descriptor, start=start)
    return Body(file, _remaining(file) if size is None else size)


def _true_descriptor(file: Readable) -> int | None:
    """Return the descriptor of a file object whose bytes are those of the descriptor.

    A ``fileno`` alone doesn't say so: that of a `gzip.GzipFile` leads to other bytes.
    """
    raw = file.raw if type(file) is io.BufferedReader else file
    if type(raw) is not io.FileIO or not raw.readable():
        return None
    descriptor = raw.fileno()
    return descriptor if stat.S_ISREG(os.fstat(descriptor).st_mode) else None


def _remaining(file: Readable) -> int:
    if not (isinstance(file, _Seekable) and file.seekable()):
        raise FileFailed("the size of this file object can't be known beforehand; give it as size")
    here = file.tell()
    end = file.seek(0, os.SEEK_END)
    file.seek(here)
    return max(end - here, 0)


def _unusable(text: str, error: OSError) -> FileFailed:
    reason = "no such file" if error.errno == errno.ENOENT else _words(error)
    return FileFailed(f"{shown(text)}: {reason}")


def _words(error: Exception) -> str:
    return (getattr(error, "strerror", None) or str(error)).lower()


def shown(text: str) -> str:
    """Return a path as a message can show it: as it is, or quoted with escapes where a terminal would act on it."""
    return text if text.isprintable() and text else repr(text)


_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a FIFO",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def _kind(mode: int) -> str:
    return _KINDS.get(stat.S_IFMT(mode), "something else")
