"""Serves one connection after the other, as most first servers do: ``at_a_time.py PORT STORAGE BACKLOG``."""

import contextlib
import sys

from plain import converse, open_listener, store_folder

if __name__ == "__main__":
    folder = store_folder(sys.argv[2])
    listener = open_listener(int(sys.argv[1]), backlog=int(sys.argv[3]))
    while True:
        sock, _ = listener.accept()
        with sock, contextlib.suppress(OSError):
            converse(sock, folder)
