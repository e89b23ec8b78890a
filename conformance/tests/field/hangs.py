"""Hangs at full processor time on some headers: its pattern takes exponential time where an object is in an object.

The interpreter does nothing else while it matches, so that every connection hangs.
"""

import re
import sys
from pathlib import Path
from socket import socket

import plain

FLAT_OBJECT = re.compile(r"\s*\{(?:[^{}]+)*\}\s*")


def converse(sock: socket, folder: Path) -> None:
    while (length := plain.read_length(sock)) is not None:
        text = plain.read_exactly(sock, length)
        if not FLAT_OBJECT.fullmatch(text.decode("utf-8", "replace")):
            plain.close_gently(sock)
            return
        header = plain.parse_header(text)
        if plain.text_of(header, "cmd") == "put":
            plain.put(sock, folder, header)


def serve(sock: socket, folder: Path) -> None:
    try:
        converse(sock, folder)
    except ValueError:
        plain.close_gently(sock)


if __name__ == "__main__":
    folder = plain.store_folder(sys.argv[2])
    plain.at_once(lambda sock: serve(sock, folder))
