"""Speaks another dialect: the same frame, other members: ``dialects.py PORT STORAGE DIALECT``.

The dialects were seen in public repositories: each names the command, the file and its length in its own way.
"""

import contextlib
import json
import sys
from pathlib import Path
from socket import socket

from plain import at_once, read_exactly, read_length

DIALECTS = {
    "command": ("command", "put", "file_name", "file_size"),
    "opt": ("opt", "upload", "filename", "size"),
    "mode": ("mode", "put", "file_name", "file_size"),
    "operation": ("operation_type", "upload", "file_name", "total_size"),
    "camel": ("cmd", "put", "fileName", "fileSize"),
    "no command": ("", "", "filename", "filesize"),
}


def converse(sock: socket, folder: Path, dialect: tuple[str, str, str, str]) -> None:
    command, upload, name, size = dialect
    with contextlib.suppress(ValueError, KeyError, TypeError):
        while (length := read_length(sock)) is not None:
            header = json.loads(read_exactly(sock, length))
            if not command or header[command] == upload:
                body = read_exactly(sock, header[size])
                (folder / Path(header[name]).name).write_bytes(body)


if __name__ == "__main__":
    at_once(lambda sock: converse(sock, Path(sys.argv[2]), DIALECTS[sys.argv[3]]))
