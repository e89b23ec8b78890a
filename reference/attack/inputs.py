"""What is sent: valid requests, the same with one thing broken, and names that try to leave the store."""

import json
import random
from typing import Final

__all__ = ["SIZES", "TRICKS", "frame", "mutated", "put", "requests", "valid_stream"]

TRICKS: Final = (
    "../canary", "..", ".", "", "/etc/passwd", "/x", "a/b", "a\\b", "..\\canary", "C:\\x", "\0", "a\0b",
    "../" * 40 + "x", "\x7f1-1.part", "\x7fturn", "link", "dangling", "folder", "fifo", "x" * 256, "é" * 128, "\ud800",
    "~", "~/x", "%2e%2e%2f", "..;/x", "nul", "con", "a:b", " ", "-rf", ".hidden", "\u202ex", "．．／x", "a\nb", "\r\n",
)  # fmt: skip
"""Names: some valid, some not, some taken by what is no file. None may create, change or read anything elsewhere."""

_COMMANDS: Final = ("put", "stat", "hello", "finish", "__init__", "PUT", "", "handle")
_SMALL_SIZES: Final = (0, 1, 2, 3, 255, 1023, 1024, 1025, 4096, 65_535, 65_536, 70_000)
SIZES: Final = (0, 1, 3, 1000, 4096, 65_536, 65_537, 300_000, 2 * 1024 * 1024)
"""Lengths of bodies: on both sides of what a server treats differently."""


def frame(header: str | bytes, body: bytes = b"") -> bytes:
    """Prefix, header and body."""
    raw = header if isinstance(header, bytes) else header.encode("utf-8", "surrogatepass")
    return len(raw).to_bytes(4, "little") + raw + body


def put(name: str, body: bytes, *, asks: bool = True) -> bytes:
    """A put."""
    members: dict[str, object] = {"cmd": "put", "filename": name, "filesize": len(body)}
    return frame(json.dumps(members | ({"reply": True} if asks else {})), body)


def requests(chance: random.Random, names: tuple[str, ...]) -> bytes:
    """Make one valid request, or one that is refused."""
    name, asks = chance.choice(names), chance.random() < 0.7
    command = chance.choice(_COMMANDS) if chance.random() < 0.4 else "put"
    if command == "put":
        return put(name, chance.randbytes(chance.choice(_SMALL_SIZES)), asks=asks)
    members: dict[str, object] = {"cmd": command, "filename": name, "reply": asks, "x": [1, {"y": None}]}
    return frame(json.dumps(members, ensure_ascii=chance.random() < 0.5))


def valid_stream(chance: random.Random, names: tuple[str, ...]) -> bytes:
    """Make some requests in a row."""
    return b"".join(requests(chance, names) for _ in range(chance.randint(1, 4)))


def mutated(chance: random.Random, stream: bytes) -> bytes:
    """Break a stream somewhere: mostly near its beginning, where prefix and header are."""
    data = bytearray(stream)
    for _ in range(chance.randint(1, 3)):
        at = min(len(data) - 1, int(chance.expovariate(1 / 40))) if data else 0
        match chance.randrange(7):
            case 0 if data:
                data[at] ^= 1 << chance.randrange(8)
            case 1:
                data[at:at] = chance.randbytes(chance.randint(1, 8))
            case 2:
                del data[at : at + chance.randint(1, 8)]
            case 3:
                del data[at:]
            case 4:
                data[at:at] = data[: chance.randint(0, 100)]
            case 5:
                data[:4] = chance.choice((-1, 0, 1, 2, 65_536, 65_537, 2**31 - 1, -(2**31))).to_bytes(
                    4, "little", signed=True
                )
            case _:
                deep = chance.choice(
                    (b"[", b'{"a":', b'"\\ud800', b"1e9", b"9" * 5000, b"NaN", b"\xef\xbb\xbf", b"\xff")
                )
                data[at:at] = deep * chance.choice((1, 10, 2000))
    return bytes(data)
