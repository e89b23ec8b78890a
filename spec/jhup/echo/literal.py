"""Python's bytes literal, as greet writes it (section 10.5): a writer, and a reader that accepts nothing else.

A literal delimits itself: no quote stands unescaped between its quotes, and every backslash begins an escape. Two
literals that follow one another can therefore be told apart in one way only, which is what makes the answers of a
greet session easy to judge.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

__all__ = ["Literal", "LiteralError", "read_literal", "write_literal"]

_SINGLE: Final = 0x27
_DOUBLE: Final = 0x22


def _table(quote: int) -> Mapping[int, bytes]:
    """Return what each byte is written as between quotes of one kind."""
    table = {byte: b"\\x%02x" % byte for byte in range(256)}  # ECHO-14 and ECHO-15: everything, unless stated below
    table |= {byte: bytes([byte]) for byte in range(0x20, 0x7F)}  # ECHO-11
    table |= {0x09: rb"\t", 0x0A: rb"\n", 0x0D: rb"\r"}  # ECHO-12
    table |= {0x5C: rb"\\"}  # ECHO-13
    if quote == _SINGLE:
        table |= {_SINGLE: rb"\'"}  # ECHO-18; the double quotes of ECHO-16 are chosen so that nothing needs escaping
    return MappingProxyType(table)


_WRITTEN: Final = {quote: _table(quote) for quote in (_SINGLE, _DOUBLE)}

# Lexically a literal; whether it is *the* literal of its bytes is decided by writing them again.
_LITERAL: Final = re.compile(rb"""b(?:'([^'\\]*(?:\\.[^'\\]*)*)'|"([^"\\]*(?:\\.[^"\\]*)*)")""", re.DOTALL)
_ESCAPE: Final = re.compile(rb"\\(?:x([0-9a-f]{2})|(.))", re.DOTALL)
_LETTERS: Final = {b"t": b"\t", b"n": b"\n", b"r": b"\r", b"\\": b"\\", b"'": b"'"}


class LiteralError(ValueError):
    """The text is not the literal that `write_literal` gives for any bytes."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A literal found in a text.

    Attributes:
        data: the bytes that it stands for.
        end: index in the text after its closing quote.
    """

    data: bytes
    end: int


def write_literal(data: bytes) -> bytes:
    """Write bytes as a literal (ECHO-10 to ECHO-18).

    Args:
        data: any bytes.

    Returns:
        ASCII text of ``len(data) + 3`` to ``4 * len(data) + 3`` bytes.
    """
    quote = _DOUBLE if _SINGLE in data and _DOUBLE not in data else _SINGLE  # ECHO-16 to ECHO-18
    mark = bytes([quote])
    return b"b" + mark + b"".join(map(_WRITTEN[quote].__getitem__, data)) + mark


def read_literal(text: bytes, start: int = 0) -> Literal:
    """Read the literal that begins at an index of a text.

    Args:
        text: what to read from; bytes after the literal are left alone.
        start: index of the literal's ``b``.

    Raises:
        LiteralError: when no literal begins there, when it isn't complete, or when it is written in another way than
            ECHO-10 to ECHO-18 demand, such as with the wrong quotes or an escape that isn't needed.
    """
    match = _LITERAL.match(text, start)
    if match is None:
        raise LiteralError(f"no complete bytes literal at byte {start}")
    body = match[1] if match[1] is not None else match[2]
    data = _ESCAPE.sub(_unescape, body)
    if write_literal(data) != match[0]:
        raise LiteralError(f"the bytes literal at byte {start} is not in the prescribed form")
    return Literal(data, match.end())


def _unescape(match: re.Match[bytes]) -> bytes:
    """Return the byte after one escape; an unknown one stays, and shows when the bytes are written again."""
    if match[1] is not None:
        return bytes([int(match[1], 16)])
    return _LETTERS.get(match[2], match[0])
