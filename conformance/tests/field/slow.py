"""Correct, but takes its time: ``slow.py PORT STORAGE MILLISECONDS`` before each receive."""

import sys
import time
from pathlib import Path
from socket import socket

from plain import at_once, converse, store_folder


class Slow(socket):
    """Waits before each receive."""

    def recv(self, size: int, flags: int = 0, /) -> bytes:
        time.sleep(int(sys.argv[3]) / 1000)
        return super().recv(size, flags)


def serve(sock: socket, folder: Path) -> None:
    with Slow(fileno=sock.detach()) as slow:
        converse(slow, folder)


if __name__ == "__main__":
    folder = store_folder(sys.argv[2])
    at_once(lambda sock: serve(sock, folder))
