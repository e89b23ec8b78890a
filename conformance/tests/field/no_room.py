"""Can't write to its store: ``no_room.py PORT STORAGE full|read-only``; it says so on standard error alone."""

import errno
import os
import sys
from pathlib import Path
from socket import socket

import plain

ERRORS = {"full": errno.ENOSPC, "read-only": errno.EROFS}


def put(sock: socket, folder: Path, header: plain.Header) -> None:
    plain.text_of(header, "filename")
    error = os.strerror(ERRORS[sys.argv[3]])
    print(f"can't store {header['filename']!r}: {error}", file=sys.stderr, flush=True)
    plain.consume(sock, plain.size_of(header))


if __name__ == "__main__":
    folder = plain.store_folder(sys.argv[2])
    plain.at_once(lambda sock: plain.converse(sock, folder, put))
