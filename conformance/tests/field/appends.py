"""Appends a body to what is stored instead of replacing it."""

import sys
from pathlib import Path
from socket import socket

from plain import Header, Refused, at_once, consume, converse, name_of, read_exactly, size_of, store_folder


def put(sock: socket, folder: Path, header: Header) -> None:
    size = size_of(header)
    try:
        name = name_of(header, folder)
    except Refused:
        return consume(sock, size)
    body = read_exactly(sock, size)
    with (folder / name).open("ab") as file:
        file.write(body)
    return None


if __name__ == "__main__":
    folder = store_folder(sys.argv[2])
    at_once(lambda sock: converse(sock, folder, put))
