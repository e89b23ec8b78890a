"""Correct: refuses bodies above a limit of its own: ``short_bodies.py PORT STORAGE LIMIT``."""

import sys
from pathlib import Path
from socket import socket

import plain


def put(sock: socket, folder: Path, header: plain.Header) -> None:
    plain.text_of(header, "filename")
    if (size := plain.size_of(header)) > int(sys.argv[3]):
        plain.consume(sock, size)
    else:
        plain.put(sock, folder, header)


if __name__ == "__main__":
    folder = plain.store_folder(sys.argv[2])
    plain.at_once(lambda sock: plain.converse(sock, folder, put))
