"""File descriptors: as many as connections may need, and some kept for those that are served already."""

import contextlib
from typing import Final

try:
    import resource
except ImportError:  # not a POSIX system
    resource = None  # type: ignore[assignment]

__all__ = ["connections_within_limit", "descriptor_limit", "is_scarce", "raise_descriptor_limit"]

_LIMITED: Final[bool] = resource is not None
_PER_CONNECTION: Final = 4
"""A socket, a file, the two ends of a pipe."""
_APART: Final = 64
"""What a process needs beside its connections, those that are told to be too many among them."""


def descriptor_limit() -> int | None:
    """Return how many descriptors this process may have; None where nothing says so."""
    if not _LIMITED:
        return None
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return None if soft == resource.RLIM_INFINITY else soft


def raise_descriptor_limit(connections: int) -> None:
    """Let the process have as many descriptors as its connections may need, as far as it is allowed to."""
    limit = descriptor_limit()
    if limit is None:
        return
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections * _PER_CONNECTION + _APART
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if limit < wanted:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def connections_within_limit(connections: int) -> int:
    """Return how many connections can be served at a time, of a number that is wanted: each needs a file as well."""
    limit = descriptor_limit()
    return connections if limit is None else max(1, min(connections, limit // 2 - _APART // 2))


def is_scarce(descriptor: int, reserve: int) -> bool:
    """Return whether a new connection has to be turned away, so that those that are served can still open files.

    Args:
        descriptor: the connection's; the system hands out the lowest that is free.
        reserve: how many to keep.
    """
    limit = descriptor_limit()
    return limit is not None and descriptor >= limit - reserve
