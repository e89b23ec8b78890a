"""Bytes as short Python expressions: what a reproducer holds, so that it can be read and pasted into a bug report."""

import base64
import zlib
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Final

from jhup_conformance.sizes import pattern

__all__ = ["HELPERS", "bytes_expression"]

_READABLE: Final = 240
"""Bytes that stand as they are."""

HELPERS: Final = {
    "count": "def count(first, size):  # big-endian numbers of four bytes, from the first on\n"
    '    return b"".join(n.to_bytes(4, "big") for n in range(first, first + size // 4 + 1))[:size]\n',
    "unpack": "def unpack(text):\n    return zlib.decompress(base64.b85decode(text))\n",
}
"""Functions that expressions may call, by name."""


def bytes_expression(data: bytes, borders: Iterable[int] = ()) -> str:
    """Return an expression for some bytes.

    Args:
        data: the bytes.
        borders: positions at which fields begin: on both sides of one, other means may be shorter.
    """
    if len(data) <= _READABLE:
        return repr(data)
    edges = sorted({0, len(data), *(border for border in borders if 0 < border < len(data))})
    parts = [_expression(data[start:stop]) for start, stop in pairwise(edges)]
    return " + ".join(parts)


def _expression(data: bytes) -> str:
    if len(data) <= _READABLE:
        return repr(data)
    if len(set(data)) == 1:
        return f"{data[:1]!r} * {len(data)}"
    return next(_counts(data), None) or f'unpack("{base64.b85encode(zlib.compress(data, 9)).decode()}")'


def _counts(data: bytes) -> Iterator[str]:
    """Return the expression of a body of `sizes.pattern`, or of a part of one that begins inside a number."""
    for skipped in range(4):
        word = int.from_bytes(data[(4 - skipped) % 4 :][:4], "big")
        first = word - (1 if skipped else 0)
        size = len(data) + skipped
        if first >= 0 and first + size // 4 < 2**32 and pattern(size, first)[skipped:] == data:
            yield f"count({first}, {size})" + (f"[{skipped}:]" if skipped else "")
