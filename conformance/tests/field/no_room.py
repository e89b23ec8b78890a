"""Can't write to its store, and says so where it is asked: ``no_room.py PORT STORAGE full|read-only``."""

import errno
import json
import os
import sys
from pathlib import Path
from socket import socket

import plain

ERRORS = {"full": errno.ENOSPC, "read-only": errno.EROFS}
GREETING = {
    "status": "ok",
    "protocol": 1,
    "server": "no room",
    "features": ["replies"],
    "max_header": plain.MAX_HEADER,
    "max_filesize": None,
}


def answer(sock: socket, header: plain.Header, members: dict[str, object]) -> None:
    if header.get("reply") is True:
        text = json.dumps(members).encode()
        sock.sendall(len(text).to_bytes(4, "little") + text)


def carry_out(sock: socket, folder: Path, header: plain.Header) -> None:
    """Carry out a request of any command."""
    command, name = header["cmd"], header.get("filename")
    if command == "hello":
        return answer(sock, header, GREETING)
    code, message = "unknown-command", "no such command"
    if command == "put":
        plain.text_of(header, "filename")
        code, message = "storage", os.strerror(ERRORS[sys.argv[3]])
    elif command == "stat":
        code, message = "not-found", "not stored"
    try:
        if command in {"put", "stat"}:
            plain.name_of({"filename": name if isinstance(name, str) else ""}, folder)
    except (plain.Refused, ValueError):
        code, message = "bad-filename", "the name is not valid"
    if command == "put":
        size = plain.size_of(header)
        if size > plain.WORTH_CONSUMING:
            answer(sock, header, {"status": "error", "code": code, "message": message, "closing": True})
            raise ValueError("too long to be thrown away")
        plain.consume(sock, size)
    return answer(sock, header, {"status": "error", "code": code, "message": message, "closing": False})


def converse(sock: socket, folder: Path) -> None:
    header: plain.Header = {}
    try:
        while (length := plain.read_length(sock)) is not None:
            header = {}
            header = plain.read_header(sock, length)
            plain.text_of(header, "cmd")
            carry_out(sock, folder, header)
    except ValueError as error:
        if "too long" not in str(error):
            answer(sock, header, {"status": "error", "code": "malformed", "message": str(error), "closing": True})
        plain.close_gently(sock)


if __name__ == "__main__":
    folder = plain.store_folder(sys.argv[2])
    plain.at_once(lambda sock: converse(sock, folder))
