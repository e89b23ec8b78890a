"""The protocols of the load generator that send files one after the other on a connection."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["HTTP", "JHUP", "Wire"]


@dataclass(frozen=True, slots=True)
class Wire:
    """One protocol.

    Attributes:
        head: the bytes before the body of a file: of its name, its size, and whether a reply is asked for.
        count_replies: how many whole replies some bytes hold, and the bytes after them.
        always_replies: whether replies come without being asked for.
    """

    head: Callable[[str, int, bool], bytes]
    count_replies: Callable[[bytes], tuple[int, bytes]]
    always_replies: bool


def _jhup_head(name: str, size: int, asks: bool) -> bytes:
    members = {"cmd": "put", "filename": name, "filesize": size} | ({"reply": True} if asks else {})
    header = json.dumps(members).encode()
    return len(header).to_bytes(4, "little") + header


def _jhup_replies(data: bytes) -> tuple[int, bytes]:
    count = at = 0
    while len(data) - at >= 4:
        end = at + 4 + int.from_bytes(data[at : at + 4], "little")
        if end > len(data):
            break
        if b'"ok"' not in data[at:end]:
            raise ConnectionError(f"not stored: {data[at + 4 : end]!r}")
        at, count = end, count + 1
    return count, data[at:]


def _http_head(name: str, size: int, _: bool) -> bytes:
    return f"PUT /{name} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {size}\r\n\r\n".encode()


_CREATED = re.compile(rb"HTTP/1.1 201 .*?\r\n\r\n", re.DOTALL)


def _http_replies(data: bytes) -> tuple[int, bytes]:
    count = at = 0
    while match := _CREATED.match(data, at):  # with Content-Length: 0
        at, count = match.end(), count + 1
    if not match and b"\r\n\r\n" in data[at:]:
        raise ConnectionError(f"not stored: {data[at : at + 80]!r}")
    return count, data[at:]


JHUP = Wire(_jhup_head, _jhup_replies, always_replies=False)
HTTP = Wire(_http_head, _http_replies, always_replies=True)
