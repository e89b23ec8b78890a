"""Examples of bytes (section 1.3) as values: who sends what, in rows of hexadecimal digits beside their text."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

__all__ = ["Example", "Line", "Row", "parse_example", "rows_of_bytes", "rows_of_text"]

_HEX: Final = re.compile(r"(?P<side>[CS]): (?P<hex>(?:[0-9a-f]{2} ?)+?)(?:  (?P<meaning>\S.*))?", re.ASCII)
_TEXT: Final = re.compile(r"(?P<side>[CS])\| (?P<text>.+)")
_RESULT: Final = re.compile(r"=> (?P<result>.+)")

ROW: Final = 16
"""The most bytes in a row."""


@dataclass(frozen=True, slots=True)
class Row:
    """Up to sixteen bytes and what stands beside them."""

    hex: str
    beside: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an example.

    Attributes:
        side: who sends it: ``"C"`` or ``"S"``.
        rows: its bytes.
        is_text: whether what stands beside the bytes is the bytes' own text; otherwise it says what they mean.
    """

    side: str
    rows: tuple[Row, ...]
    is_text: bool


@dataclass(frozen=True, slots=True)
class Example:
    """Lines of bytes, and what comes of them."""

    lines: tuple[Line, ...]
    results: tuple[str, ...]


def parse_example(block: str) -> Example:
    """Read a block of the prose.

    Raises:
        ValueError: when a line is none of those that section 1.3 knows.
    """
    lines: list[Line] = []
    results: list[str] = []
    for line in block.splitlines():
        if match := _RESULT.fullmatch(line):
            results.append(match["result"])
        elif match := _HEX.fullmatch(line):
            lines.append(Line(match["side"], rows_of_bytes(bytes.fromhex(match["hex"]), match["meaning"] or ""), False))
        elif match := _TEXT.fullmatch(line):
            lines.append(Line(match["side"], rows_of_text(match["text"]), True))
        else:
            raise ValueError(f"not a line of an example: {line!r}")
    return Example(tuple(lines), tuple(results))


def rows_of_bytes(data: bytes, meaning: str) -> tuple[Row, ...]:
    """Lay bytes out in rows; their meaning stands beside the first."""
    pieces = [data[start : start + ROW] for start in range(0, len(data), ROW)]
    return tuple(Row(piece.hex(" "), "" if number else meaning) for number, piece in enumerate(pieces))


def rows_of_text(text: str) -> tuple[Row, ...]:
    """Lay a text out in rows of its bytes in UTF-8, each beside its characters; no character is cut."""
    return tuple(Row(piece.encode().hex(" "), piece) for piece in _pieces(text))


def _pieces(text: str) -> Iterator[str]:
    piece, size = "", 0
    for character in text:
        length = len(character.encode())
        if size + length > ROW:
            yield piece
            piece, size = "", 0
        piece, size = piece + character, size + length
    if piece:
        yield piece
