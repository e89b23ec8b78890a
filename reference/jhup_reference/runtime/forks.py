"""Forking beside the thread of the log."""

import contextlib
import warnings
from collections.abc import Iterator

__all__ = ["forking_beside_the_log"]


@contextlib.contextmanager
def forking_beside_the_log() -> Iterator[None]:
    """Fork in such a block without the warning that Python 3.12 and later have for processes with several threads.

    They warn because a child inherits locks that a thread of its parent may hold. The only thread beside the one that
    forks here is the log's; it takes no lock but its own, which a child makes anew (`jhup_reference.runtime.logs`).
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*multi-threaded.*", DeprecationWarning)
        yield
