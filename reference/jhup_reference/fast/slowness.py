"""Noticing that a disk is slow, so that one loop for all doesn't wait for it."""

import time
from typing import Final

from jhup_reference.store import Store, Upload

__all__ = ["WatchedStore"]

_SLOW: Final = 0.02
"""Seconds from which on a file takes its place slowly."""
_REMEMBERED: Final = 10.0
"""Seconds for which that is expected of the next ones too."""


class WatchedStore(Store):
    """A store that knows whether it was slow just now."""

    _slow_until = 0.0

    @property
    def is_slow(self) -> bool:
        """Whether to expect that a put has to wait for the disk."""
        return time.monotonic() < self._slow_until

    def begin(self, name: str, filesize: int) -> Upload:
        """Begin a put, as `Store` does."""
        upload = super().begin(name, filesize)
        return _WatchedUpload(self, upload)

    def took(self, seconds: float) -> None:
        """Take note of how long a file took to take its place."""
        if seconds > _SLOW:
            self._slow_until = time.monotonic() + _REMEMBERED


class _WatchedUpload(Upload):
    """A put whose last step is timed."""

    __slots__ = ("_watched",)

    def __init__(self, store: WatchedStore, upload: Upload) -> None:
        super().__init__(store, upload.place)
        self._watched = store

    def commit(self) -> None:
        began = time.monotonic()
        try:
            super().commit()
        finally:
            self._watched.took(time.monotonic() - began)
