"""Serves one connection, then exits: the first example of many a lesson."""

import contextlib
import sys

from plain import converse, open_listener, store_folder

if __name__ == "__main__":
    folder = store_folder(sys.argv[2])
    listener = open_listener(int(sys.argv[1]))
    sock, _ = listener.accept()
    with sock, listener, contextlib.suppress(OSError):
        converse(sock, folder)
