"""Serves one connection, then exits: the first example of many a lesson."""

import sys

from plain import converse, open_listener, store_folder

if __name__ == "__main__":
    folder = store_folder(sys.argv[2])
    listener = open_listener(int(sys.argv[1]))
    sock, _ = listener.accept()
    with sock, listener:
        converse(sock, folder)
