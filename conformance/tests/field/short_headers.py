"""Takes no header longer than a buffer of its own: ``short_headers.py PORT STORAGE LIMIT``."""

import sys

import plain

if __name__ == "__main__":
    plain.MAX_HEADER = int(sys.argv[3])
    folder = plain.store_folder(sys.argv[2])
    plain.at_once(lambda sock: plain.converse(sock, folder))
