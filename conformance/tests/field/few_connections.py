"""Correct: closes connections beyond so many at a time: ``few_connections.py PORT STORAGE MOST``."""

import sys
import threading
from pathlib import Path
from socket import socket

from plain import at_once, close_gently, converse, store_folder

free = threading.Semaphore(int(sys.argv[3]))


def serve(sock: socket, folder: Path) -> None:
    if not free.acquire(blocking=False):
        close_gently(sock)
        return
    try:
        converse(sock, folder)
    finally:
        free.release()


if __name__ == "__main__":
    folder = store_folder(sys.argv[2])
    at_once(lambda sock: serve(sock, folder))
