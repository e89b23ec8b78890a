"""Greets each client before it has asked anything, as FTP and SMTP do."""

import sys
from pathlib import Path
from socket import socket

from plain import at_once, converse, store_folder


def greet(sock: socket, folder: Path) -> None:
    sock.sendall(b"220 upload server ready\r\n")
    converse(sock, folder)


if __name__ == "__main__":
    folder = store_folder(sys.argv[2])
    at_once(lambda sock: greet(sock, folder))
