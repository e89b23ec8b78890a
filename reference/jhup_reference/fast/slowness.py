"""Noticing that a disk is slow, so that one loop for all doesn't wait for it."""

import time
from pathlib import Path
from typing import Final

from jhup_reference.settings import Durability
from jhup_reference.store import Store, StoredBody, Upload

__all__ = ["WatchedStore"]

_SLOW: Final = 0.02
"""Seconds of one step from which on the disk counts as slow."""
_REMEMBERED: Final = 10.0
"""Seconds for which the next steps are expected to be slow too."""
_SMALL: Final = 4096
"""Bytes below which looking at the clock isn't worth it: if writing so few is slow, naming the file is too."""


class WatchedStore(Store):
    """A store that knows whether the disk was slow just now.

    Args:
        path: an existing folder.
        durability: what a put waits for.
    """

    def __init__(self, path: Path, *, durability: Durability = Durability.NONE) -> None:
        super().__init__(path, durability=durability)
        self.upload_type = _WatchedUpload
        self._slow_until = 0.0

    @property
    def is_slow(self) -> bool:
        """Whether to expect that a request has to wait for the disk."""
        return time.monotonic() < self._slow_until

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
    """A put whose steps are timed, in a `WatchedStore`."""

    __slots__ = ()

    def write(self, data: memoryview) -> None:
        if len(data) < _SMALL:
            super().write(data)
            return
        began = time.monotonic()
        super().write(data)
        self._took(time.monotonic() - began)

    def commit(self) -> None:
        began = time.monotonic()
        super().commit()
        self._took(time.monotonic() - began)

    def _took(self, seconds: float) -> None:
        if seconds > _SLOW and isinstance(self.store, WatchedStore):
            self.store.took(seconds)
