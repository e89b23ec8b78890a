"""Templates as code, kept from one run to the next: to compile them takes a quarter of a second."""

import contextlib
from typing import Final

import platformdirs
from jinja2 import FileSystemBytecodeCache
from jinja2.bccache import Bucket

__all__ = ["compiled_templates"]

_PATTERN: Final = "%s.cache"


def compiled_templates() -> FileSystemBytecodeCache | None:
    """Return where they are kept, in the user's cache folder; None where that can't be written."""
    folder = platformdirs.user_cache_path("jhup-conformance") / "templates"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:
        return None
    return _Kept(str(folder), _PATTERN)


class _Kept(FileSystemBytecodeCache):
    """Does without what can't be read or written."""

    def load_bytecode(self, bucket: Bucket) -> None:
        with contextlib.suppress(OSError):
            super().load_bytecode(bucket)

    def dump_bytecode(self, bucket: Bucket) -> None:
        with contextlib.suppress(OSError):
            super().dump_bytecode(bucket)
