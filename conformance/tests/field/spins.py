"""Spins on a core when a client hangs up inside a body: the empty result of a receive adds nothing, for ever."""

import sys
from pathlib import Path
from socket import socket

from plain import Header, Refused, at_once, consume, converse, name_of, size_of, store_folder


def put(sock: socket, folder: Path, header: Header) -> None:
    size = size_of(header)
    try:
        name = name_of(header, folder)
    except Refused:
        return consume(sock, size)
    body = bytearray()
    while len(body) < size:
        body += sock.recv(min(65_536, size - len(body)))
    place = folder / f"\\part-{id(body)}"
    place.write_bytes(body)
    place.replace(folder / name)
    return None


if __name__ == "__main__":
    folder = store_folder(sys.argv[2])
    at_once(lambda sock: converse(sock, folder, put))
