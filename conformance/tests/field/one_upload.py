"""Takes one upload on each connection, then closes it."""

import sys
from pathlib import Path
from socket import socket

from plain import Header, at_once, close_gently, converse, put, store_folder


class Done(EOFError):
    """The upload of this connection is stored."""


def put_and_close(sock: socket, folder: Path, header: Header) -> None:
    put(sock, folder, header)
    close_gently(sock)
    raise Done


if __name__ == "__main__":
    folder = store_folder(sys.argv[2])
    at_once(lambda sock: converse(sock, folder, put_and_close))
