"""Noticing that a disk is slow, so that one loop for all doesn't wait for it."""

import time
from typing import Final

from jhup_reference.store import Store, StoredBody, Upload

__all__ = ["WatchedStore"]

_SLOW: Final = 0.02
"""Seconds of one step from which on the disk counts as slow."""
_REMEMBERED: Final = 10.0
"""Seconds for which the next steps are expected to be slow too."""


class WatchedStore(Store):
    """A store that knows whether the disk was slow just now."""

    _slow_until = 0.0

    @property
    def is_slow(self) -> bool:
        """Whether to expect that a request has to wait for the disk."""
        return time.monotonic() < self._slow_until

    def begin(self, name: str, filesize: int) -> Upload:
        """Begin a put, as `Store` does."""
        return _WatchedUpload(self, super().begin(name, filesize).place)

    def find(self, name: str) -> StoredBody:
        """Open what is stored, as `Store` does."""
        began = time.monotonic()
        body = super().find(name)
        self.took(time.monotonic() - began)
        return body

    def took(self, seconds: float) -> None:
        """Take note of how long a step took."""
        if seconds > _SLOW:
            self._slow_until = time.monotonic() + _REMEMBERED


class _WatchedUpload(Upload):
    """A put whose steps are timed."""

    __slots__ = ("_watched",)

    def __init__(self, store: WatchedStore, place: bytes) -> None:
        super().__init__(store, place)
        self._watched = store

    def write(self, data: memoryview) -> None:
        began = time.monotonic()
        super().write(data)
        self._watched.took(time.monotonic() - began)

    def commit(self) -> None:
        began = time.monotonic()
        super().commit()
        self._watched.took(time.monotonic() - began)
