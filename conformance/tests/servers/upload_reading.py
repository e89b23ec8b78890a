"""How the server of `upload_faults.py` reads: bytes into prefixes, headers and bodies, and headers into values."""

import json
import socket
import struct
from typing import Any

MAX_HEADER = 65_536  # FRAME-12: every server accepts this much; this one accepts no more
MAX_FILESIZE = 2**63 - 1
CHUNK = 65_536

Header = dict[str, Any]


class Malformed(Exception):
    """The end of the request can't be known. What is at least an object may ask for a reply (REPLY-21)."""

    def __init__(self, message: str, header: Header | None = None) -> None:
        super().__init__(message)
        self.header = header or {}


class Truncated(Exception):
    """The stream has ended inside a request."""


class Reading:
    """Chapters 2 and 3, for one connection."""

    strict = True  # no raw control characters in strings

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.buffer = bytearray()

    # Bytes

    def receive(self, most: int = CHUNK) -> bytes:
        return self.sock.recv(most)

    def more(self) -> bool:
        """Wait for bytes; tells whether there were any."""
        data = self.receive()
        self.buffer += data
        return bool(data)

    def cut(self, count: int) -> bytes:
        """Take the first bytes of those that have arrived."""
        data = bytes(self.buffer[:count])
        del self.buffer[:count]
        return data

    def take(self, count: int) -> bytes:
        """Take so many bytes, and wait for those that have not arrived yet."""
        while len(self.buffer) < count:
            if not self.more():
                raise Truncated
        return self.cut(count)

    # Prefix and header

    def read_prefix(self) -> int | None:
        """Return the length of the next header; None at the end of the stream."""
        if not self.buffer and not self.more():
            return None
        length = self.unpack(self.take(4))
        self.check_length(length)
        return length

    def unpack(self, prefix: bytes) -> int:
        return int(struct.unpack("<i", prefix)[0])

    def check_length(self, length: int) -> None:
        if not 2 <= length <= MAX_HEADER:
            raise Malformed("the prefix is out of bounds")

    def read_header(self, length: int) -> Header:
        try:
            value = self.parse(self.decode(self.take(length)))
        except (ValueError, RecursionError) as error:
            raise Malformed(f"the header is not JSON in UTF-8: {error}") from None
        return self.check_object(value)

    def decode(self, raw: bytes) -> str:
        return raw.decode("utf-8")

    def parse(self, text: str) -> object:
        """Read JSON, strict where Python is lenient; a byte order mark is no white space to it."""
        return json.loads(
            text,
            strict=self.strict,
            parse_int=self.read_integer,
            parse_float=self.read_fraction,
            parse_constant=self.read_constant,
            object_pairs_hook=self.make_object,
        )

    def read_integer(self, digits: str) -> object:
        return int(digits)

    def read_fraction(self, text: str) -> object:
        return float(text)

    def read_constant(self, name: str) -> object:
        raise ValueError(f"{name} is not JSON")  # HEAD-9

    def make_object(self, pairs: list[tuple[str, object]]) -> Header:
        return dict(pairs)  # the last of a name (HEAD-17)

    def check_object(self, value: object) -> Header:
        if not isinstance(value, dict):
            raise Malformed("the header is no object")
        return value

    # What a header says

    def command_of(self, header: Header) -> str:
        command = header.get("cmd")
        if not isinstance(command, str) or any("\ud800" <= each <= "\udfff" for each in command):
            raise Malformed("cmd is no text", header)
        return command

    def name_of(self, header: Header) -> str:
        name = header.get("filename")
        if not isinstance(name, str):
            raise Malformed("filename is no string", header)
        return name

    def size_of(self, header: Header) -> int:
        size = header.get("filesize")
        if type(size) is not int or size < 0:  # a boolean is an int, too
            raise Malformed("filesize is no natural number", header)
        return size

    def wants_reply(self, header: Header) -> bool:
        return header.get("reply") is True

    # Bodies

    def body_part(self, left: int) -> bytes:
        """Return the next bytes of a body of which so many are left."""
        if not self.buffer and not self.more():
            raise Truncated
        return self.cut(min(left, CHUNK))
