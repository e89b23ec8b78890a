"""The entries of one folder, by name, as the operating system has them: the only module that touches the disk.

All names are bytes in UTF-8, whatever the locale says, and relative to an open folder where the platform can do
that, so that nobody can exchange the folder under a running server. Nothing here follows a link or waits.
"""

import contextlib
import errno
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final

try:
    import fcntl
except ImportError:  # not a POSIX system
    fcntl = None  # type: ignore[assignment]

__all__ = ["Folder", "FolderInUse"]

_RELATIVE: Final = {
    os.open,
    os.stat,
    os.link,
    os.rename,
    os.unlink,
} <= os.supports_dir_fd and os.listdir in os.supports_fd
_LOCKS: Final[bool] = fcntl is not None
_NO_FOLLOW: Final = getattr(os, "O_NOFOLLOW", 0)
_COMMON: Final = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOINHERIT", 0) | _NO_FOLLOW
_CREATE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _COMMON
_NAMELESS: Final = os.O_WRONLY | os.O_TMPFILE | _COMMON if hasattr(os, "O_TMPFILE") and _RELATIVE else 0
# A FIFO or a terminal that takes the place of a file between look and open must not hold the server up.
_READ: Final = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | _COMMON
_TURN: Final = b"\x7fturn"


class FolderInUse(Exception):
    """Another process holds the lock of the folder."""


class Folder:
    """One folder.

    Args:
        path: an existing folder.

    Raises:
        OSError: when it can't be opened.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC) if _RELATIVE else None
        self._shown = self._shown_to = -1
        self._showing = threading.Lock()
        self._before = b"" if _RELATIVE else os.fsencode(path.absolute()) + os.fsencode(os.sep)
        """What stands before a name to make a path of it."""
        if self._fd is None and not path.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path))

    def status(self, name: bytes) -> os.stat_result | None:
        """Look at an entry itself, not at what it links to; None when there is none."""
        try:
            return os.stat(self._before + name, dir_fd=self._fd, follow_symlinks=False)
        except FileNotFoundError:
            return None

    def create(self, name: bytes) -> int:
        """Create a file that didn't exist and return its descriptor, open for writing."""
        return os.open(self._before + name, _CREATE, 0o666, dir_fd=self._fd)

    def create_nameless(self) -> int:
        """Create a file that has no name and return its descriptor, open for writing; closed, it is gone.

        Raises:
            OSError: also where the platform or the file system has no such files.
        """
        if not _NAMELESS:
            raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))
        return os.open(self._before + b".", _NAMELESS, 0o666, dir_fd=self._fd)

    def name(self, descriptor: int, name: bytes) -> None:
        """Name a file that has no name, in one step.

        Raises:
            FileExistsError: when there is an entry of that name, whatever it is.
            OSError: when that can't be done.
        """
        os.link(b"%d" % descriptor, self._before + name, src_dir_fd=self._open_files(), dst_dir_fd=self._fd)

    def _open_files(self) -> int:
        """Return a descriptor of the folder in which the system shows this process's descriptors: not its parent's."""
        if self._shown_to != os.getpid():
            with self._showing:
                if self._shown_to != os.getpid():
                    shown = os.open("/proc/self/fd", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
                    self._shown, before = shown, self._shown
                    self._shown_to = os.getpid()
                    if before >= 0:
                        os.close(before)
        return self._shown

    def open(self, name: bytes) -> int:
        """Return a descriptor of an existing entry, open for reading; an error when it is a link."""
        return os.open(self._before + name, _READ, dir_fd=self._fd)

    def link(self, old: bytes, new: bytes) -> None:
        """Add a second name to the entry `old`, in one step; an error when there is an entry of that name.

        Raises:
            FileExistsError: when there is one, whatever it is.
            OSError: also where the file system has no second names.
        """
        os.link(self._before + old, self._before + new, src_dir_fd=self._fd, dst_dir_fd=self._fd)

    def replace(self, old: bytes, new: bytes) -> None:
        """Rename the entry `old` to `new`, in one step, in place of what has it."""
        os.replace(self._before + old, self._before + new, src_dir_fd=self._fd, dst_dir_fd=self._fd)

    def remove(self, name: bytes) -> None:
        """Remove an entry that isn't a folder."""
        os.unlink(self._before + name, dir_fd=self._fd)

    def names(self) -> list[bytes]:
        """List the names of all entries, in no order."""
        if self._fd is None:
            return os.listdir(self._before)  # noqa: PTH208  # bytes
        return [os.fsencode(name) for name in os.listdir(self._fd)]  # noqa: PTH208  # a descriptor

    def sync(self) -> None:
        """Bring the entries to the disk, where the platform can do that for a folder."""
        if self._fd is not None:
            os.fsync(self._fd)

    def lock(self) -> bool:
        """Claim the folder for this process and the children that it forks, until all of them are gone.

        Returns:
            Whether the platform and the file system can do that.

        Raises:
            FolderInUse: when another process has claimed it.
        """
        if not _LOCKS or self._fd is None:
            return False
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FolderInUse(str(self.path)) from None
        except OSError:  # some network file systems
            return False
        return True

    @contextlib.contextmanager
    def turn(self) -> Iterator[None]:
        """Keep other processes that share the lock out of such a block, where the platform can do that."""
        if not _LOCKS:
            yield
            return
        descriptor = os.open(self._before + _TURN, os.O_RDWR | os.O_CREAT | _COMMON, 0o666, dir_fd=self._fd)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def close(self) -> None:
        """Close the folder, and drop its lock."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None
        if self._shown >= 0:
            os.close(self._shown)
            self._shown = self._shown_to = -1
