"""Correct: silent, a thread for each connection."""

import sys

from plain import at_once, converse, store_folder

if __name__ == "__main__":
    folder = store_folder(sys.argv[2])
    at_once(lambda sock: converse(sock, folder))
