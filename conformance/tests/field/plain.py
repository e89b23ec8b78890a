"""What the servers of this folder have in common: a silent upload server that is right, one function for each step.

Each program beside this file is wrong in how it serves and takes the rest from here, so that it can be said which
clauses it breaks. Programs that read in a way of their own stand alone.
"""

import contextlib
import itertools
import json
import os
import signal
import socket
import stat
import struct
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

__all__ = [
    "LINGER",
    "MAX_HEADER",
    "Header",
    "Refused",
    "announce",
    "at_once",
    "close_gently",
    "consume",
    "converse",
    "name_of",
    "open_listener",
    "parse_header",
    "put",
    "read_exactly",
    "read_header",
    "read_length",
    "size_of",
    "store_folder",
    "text_of",
]

MAX_HEADER = 65_536
WORTH_CONSUMING = 16 * 2**20  # bytes of a refused body; a longer one ends the connection (ERR-10)
LINGER = 2.0  # seconds in which input is thrown away at the end (ERR-13)

Header = dict[str, Any]
Put = Callable[[socket.socket, Path, Header], None]

_numbers = itertools.count(1)


class Refused(Exception):
    """The put is understood and won't be carried out."""


# The server


def announce(listener: socket.socket) -> None:
    """Print the address, for whoever has started the server on port 0, and let SIGTERM end it."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    print(f"listening tcp 127.0.0.1:{listener.getsockname()[1]}", flush=True)


def open_listener(port: int, backlog: int = 512) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(backlog)
    announce(listener)
    return listener


def store_folder(path: str) -> Path:
    """Return the folder, without what a killed process left (STORE-11)."""
    folder = Path(path)
    for entry in list(folder.iterdir()):
        if entry.name.startswith("\\part-"):
            entry.unlink()
    return folder


def at_once(handle: Callable[[socket.socket], None]) -> None:
    """Serve each connection in a thread, on the port of the command line."""
    listener = open_listener(int(sys.argv[1]))
    while True:
        sock, _ = listener.accept()
        threading.Thread(target=_in_peace, args=(handle, sock), daemon=True).start()


def _in_peace(handle: Callable[[socket.socket], None], sock: socket.socket) -> None:
    with sock, contextlib.suppress(OSError, EOFError):
        handle(sock)


# A connection


def converse(sock: socket.socket, folder: Path, carry_out: Put | None = None) -> None:
    """Serve requests until the stream ends.

    Raises:
        OSError: when the connection is reset.
    """
    try:
        while (length := read_length(sock)) is not None:
            header = read_header(sock, length)
            if text_of(header, "cmd") == "put":
                (carry_out or put)(sock, folder, header)
    except ValueError:
        close_gently(sock)
    except EOFError:
        pass


def read_exactly(sock: socket.socket, count: int) -> bytes:
    """Read so many bytes.

    Raises:
        EOFError: when the stream ends before.
    """
    data = bytearray()
    while len(data) < count:
        part = sock.recv(min(count - len(data), 65_536))
        if not part:
            raise EOFError
        data += part
    return bytes(data)


def read_length(sock: socket.socket) -> int | None:
    """Read a prefix; None at the end of the stream.

    Raises:
        ValueError: when it is out of bounds.
    """
    first = sock.recv(1)
    if not first:
        return None
    (length,) = struct.unpack("<i", first + read_exactly(sock, 3))
    if not 2 <= length <= MAX_HEADER:
        raise ValueError("the prefix is out of bounds")
    return int(length)


def read_header(sock: socket.socket, length: int) -> Header:
    """Read a header.

    Raises:
        ValueError: when it is malformed.
    """
    return parse_header(read_exactly(sock, length))


def parse_header(raw: bytes) -> Header:
    """Return the object of a header.

    Raises:
        ValueError: when it is malformed.
    """
    try:
        header = json.loads(raw.decode("utf-8"), parse_constant=_refuse_constant)
    except RecursionError:
        raise ValueError("nested too deep") from None
    if not isinstance(header, dict):
        raise ValueError("no object")
    return header


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def text_of(header: Header, member: str) -> str:
    """Return a member that has to be text.

    Raises:
        ValueError: when it is missing, something else, or not expressible in UTF-8.
    """
    value = header.get(member)
    if not isinstance(value, str):
        raise ValueError(f"{member} is no text")
    value.encode()  # a lone surrogate is a UnicodeEncodeError, which is a ValueError
    return value


def size_of(header: Header) -> int:
    size = header.get("filesize")
    if type(size) is not int or not 0 <= size < 2**63:
        raise ValueError("filesize is no length")
    return size


def name_of(header: Header, folder: Path) -> str:
    """Return the name to store under.

    Raises:
        ValueError: when it is no text.
        Refused: when it is not valid, or something that is not a file has it.
    """
    name = text_of(header, "filename")
    has_control = any(character < " " or character == "\x7f" for character in name)
    if not 1 <= len(name.encode()) <= 255 or has_control or "/" in name or "\\" in name or name in {".", ".."}:
        raise Refused("the name is not valid")
    with contextlib.suppress(OSError):
        if not stat.S_ISREG((folder / name).lstat().st_mode):  # in one look: it may come to be between two
            raise Refused("the name is taken by something that is not a file")
    return name


def put(sock: socket.socket, folder: Path, header: Header) -> None:
    """Store a body whole, or consume it where it is refused.

    Raises:
        ValueError: when the header is malformed, or the refused body too long to consume.
    """
    size = size_of(header)
    try:
        name = name_of(header, folder)
    except Refused:
        consume(sock, size)
        return
    place = folder / f"\\part-{os.getpid()}-{next(_numbers)}"  # no request can have a backslash in its name
    try:
        with place.open("wb", buffering=0) as file:
            while size:
                size -= file.write(read_exactly(sock, min(size, 65_536)))
        place.replace(folder / name)
    finally:
        place.unlink(missing_ok=True)


def consume(sock: socket.socket, size: int) -> None:
    if size > WORTH_CONSUMING:
        raise ValueError("too long to be thrown away")
    while size:
        size -= len(read_exactly(sock, min(size, 65_536)))


def close_gently(sock: socket.socket) -> None:
    """Half-close, and throw input away for a while, so that nothing is reset (ERR-13)."""
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_WR)
        until = time.monotonic() + LINGER
        while (left := until - time.monotonic()) > 0:
            sock.settimeout(left)
            if not sock.recv(65_536):
                return
