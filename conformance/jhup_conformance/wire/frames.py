"""Frames as bytes of the suite's own making: prefix, header, body (section 2.2).

Nothing here uses the writer of `jhup`: a suite that speaks through the code it judges would share its faults.
"""

import json
from typing import Any

__all__ = ["header", "prefix", "request"]


def prefix(length: int) -> bytes:
    """Return the four bytes that announce a header of a length (FRAME-1)."""
    return length.to_bytes(4, "little", signed=True)


def header(**members: Any) -> bytes:
    """Return members as a compact JSON object in UTF-8, characters raw."""
    return json.dumps(members, ensure_ascii=False, separators=(",", ":")).encode()


def request(body: bytes = b"", **members: Any) -> bytes:
    """Return the bytes of a whole request: prefix, header, body."""
    head = header(**members)
    return prefix(len(head)) + head + body
