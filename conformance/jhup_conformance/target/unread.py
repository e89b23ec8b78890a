"""How many bytes of a connection the target has not read: what Linux tells of the other end of a local connection."""

import contextlib
import os
import socket
import sys
from pathlib import Path
from typing import Final

__all__ = ["unread_bytes"]

_TABLES: Final = ("/proc/net/tcp", "/proc/net/tcp6")


def unread_bytes(descriptor: int) -> int | None:
    """Return how many bytes wait to be read at the other end of a TCP connection to this machine.

    Args:
        descriptor: of the suite's own socket.

    Returns:
        None where it can't be told: another system, another machine, or the other end is gone.
    """
    if sys.platform != "linux":
        return None
    with contextlib.suppress(OSError), socket.socket(fileno=os.dup(descriptor)) as sock:
        if sock.family == socket.AF_UNIX:
            return None
        ours, theirs = sock.getsockname()[1], sock.getpeername()[1]
        for table in _TABLES:
            for line in Path(table).read_text("ascii").splitlines()[1:]:
                _, local, remote, _, queues, *_ = line.split()
                if _port(local) == theirs and _port(remote) == ours:
                    return int(queues.partition(":")[2], 16)
    return None


def _port(address: str) -> int:
    return int(address.rpartition(":")[2], 16)
