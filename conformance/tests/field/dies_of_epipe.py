"""Answers "stored" after each upload, and is ended by SIGPIPE when the client has gone, as programs in C are."""

import signal
import sys
from pathlib import Path
from socket import socket

from plain import Header, at_once, converse, put, store_folder


def put_and_tell(sock: socket, folder: Path, header: Header) -> None:
    put(sock, folder, header)
    sock.sendall(b"stored\n")


if __name__ == "__main__":
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    folder = store_folder(sys.argv[2])
    at_once(lambda sock: converse(sock, folder, put_and_tell))
