"""Text of others, made safe to print: what a terminal or a reader would take for more than text is escaped."""

import unicodedata
from typing import Final

__all__ = ["printable"]

_UNSAFE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Categories of Unicode: control and format characters (bidi marks are), surrogates, private, line separators."""


def printable(text: str, *, most: int | None = None) -> str:
    r"""Return a text with control characters, bidi marks and the like as ``\x1b`` or ``\u202e``.

    Args:
        text: any text, of a record from a stranger for example.
        most: characters after which it is cut short, with a sign of it.
    """
    if most is not None and len(text) > most:
        text = f"{text[:most]}… ({len(text) - most} more characters)"
    return "".join(_escaped(each) if unicodedata.category(each) in _UNSAFE else each for each in text)


def _escaped(character: str) -> str:
    code = ord(character)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
