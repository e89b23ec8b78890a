"""Digests of stored files, remembered for as long as it is certain that a file is what it was (REPLY-9).

A stat says what the store has now, so a digest is remembered with all by which the system shows that a file has
changed: which file it is, its length, and when it was changed last. Nobody can set that time, but it has a grain: a
file that changed just before it was read could change again within the same grain. So nothing is remembered of a file
that changed within the last seconds before its reading began. The rule is that of Git's index.
"""

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

__all__ = ["Digest", "Digests"]

_SETTLED: Final = 3_000_000_000
"""Nanoseconds since the last change after which a file can be remembered; the coarsest grain in use is 2 s (FAT)."""

_Identity: TypeAlias = tuple[int, int, int, int, int]


@dataclass(frozen=True, slots=True)
class Digest:
    """How long a body is, in bytes, and its SHA-256 digest in lower-case hexadecimal."""

    filesize: int
    sha256: str


class Digests:
    """The digests of files that were read.

    Args:
        limit: how many are remembered.
        clock: nanoseconds since the epoch, by the clock that stamps files.
        trusted: whether the platform says when a file was changed, and lets nobody set that.
    """

    def __init__(
        self, limit: int = 1024, *, clock: Callable[[], int] = time.time_ns, trusted: bool = os.name == "posix"
    ) -> None:
        self._limit = limit
        self._clock = clock
        self._trusted = trusted
        self._known: dict[_Identity, Digest] = {}
        self._lock = threading.Lock()

    def recall(self, status: os.stat_result) -> Digest | None:
        """Return the digest of a file if it is known and the file has not changed since.

        Args:
            status: of the open file, just now.
        """
        return self._known.get(_identity(status))

    def remember(self, before: os.stat_result, after: os.stat_result, digest: Digest) -> None:
        """Remember the digest of a file if it certainly is that of the whole file.

        Args:
            before: the file's status when its reading began.
            after: its status when that was over.
            digest: of what was read.
        """
        identity = _identity(before)
        settled = self._trusted and before.st_ctime_ns < self._clock() - _SETTLED
        if not settled or identity != _identity(after) or digest.filesize != before.st_size:
            return
        with self._lock:
            while len(self._known) >= self._limit:
                del self._known[next(iter(self._known))]  # the oldest
            self._known[identity] = digest


def _identity(status: os.stat_result) -> _Identity:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
