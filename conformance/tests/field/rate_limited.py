"""Accepts so many connections a second and lets others wait: ``rate_limited.py PORT STORAGE PER_SECOND``."""

import contextlib
import sys
import threading
import time
from pathlib import Path
from socket import socket

from plain import converse, open_listener, store_folder


def serve(sock: socket, folder: Path) -> None:
    with sock, contextlib.suppress(OSError):
        converse(sock, folder)


if __name__ == "__main__":
    folder = store_folder(sys.argv[2])
    listener = open_listener(int(sys.argv[1]))
    while True:
        threading.Thread(target=serve, args=(listener.accept()[0], folder), daemon=True).start()
        time.sleep(1 / int(sys.argv[3]))
