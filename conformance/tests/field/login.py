"""Asks for a login: the first request of a connection has to be one, and it says nothing to whoever puts at once."""

import sys
from pathlib import Path
from socket import socket

from plain import at_once, close_gently, converse, read_header, read_length, store_folder

USERS = {"alice": "secret"}


def admit(sock: socket, folder: Path) -> None:
    try:
        length = read_length(sock)
        header = read_header(sock, length) if length else {}
        admitted = header.get("cmd") == "login" and USERS.get(str(header.get("user"))) == header.get("password")
    except ValueError:
        admitted = False
    if admitted:
        converse(sock, folder)
    else:
        close_gently(sock)


if __name__ == "__main__":
    folder = store_folder(sys.argv[2])
    at_once(lambda sock: admit(sock, folder))
