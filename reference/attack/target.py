"""A server process that is attacked: started, looked at, killed."""

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

__all__ = ["CONNECT", "Target", "plant"]

CONNECT = 60.0
"""Seconds after which a peer counts as hung: far more than a busy machine makes of it."""


def plant(folder: Path) -> Path:
    """Make a folder with a store in it, a canary beside it, and in the store what is no file; return the store."""
    store = folder / "store"
    store.mkdir()
    (folder / "canary").write_bytes(b"precious")
    (store / "folder").mkdir()
    with contextlib.suppress(OSError, AttributeError):
        (store / "link").symlink_to(folder / "canary")
        (store / "dangling").symlink_to(folder / "nowhere")
        os.mkfifo(store / "fifo")
    return store


class Target:
    """A server process.

    Args:
        store: an existing folder.
        serving: how its connections share the process.
        options: further ones of `jhup-server upload`.
    """

    def __init__(self, store: Path, serving: str, *options: str) -> None:
        self.store = store
        self.log = Path(tempfile.mkstemp(prefix="jhup-attack-log-")[1])
        command = [sys.executable, "-m", "jhup_reference", "upload", "--bind", "127.0.0.1:0", "--grace", "2"]
        command += ["--storage", str(store), "--serving", serving, *options]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"the server did not start: {self.log.read_text()}")
        self.port = int(line.rpartition(":")[2])
        self.start_memory = self.memory()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.log.unlink()

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self.process.poll() is None

    def connect(self) -> socket.socket:
        """Connect to it."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=CONNECT)

    def memory(self) -> int:
        """Return the bytes that it and its children have in memory, of their own."""
        total = 0
        process = psutil.Process(self.process.pid)
        for each in (process, *process.children(recursive=True)):
            with contextlib.suppress(psutil.Error):
                total = max(total, each.memory_info().rss)
        return total

    def descriptors(self) -> int:
        """Return how many descriptors it has, where the platform counts them."""
        process = psutil.Process(self.process.pid)
        return process.num_fds() if hasattr(process, "num_fds") else 0
