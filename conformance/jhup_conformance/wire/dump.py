"""Bytes in a few words of plain text."""

from typing import Final

__all__ = ["show_bytes"]

_HEAD: Final = 48
_TAIL: Final = 16


def show_bytes(data: bytes) -> str:
    """Return bytes as text with the unprintable ones escaped; long ones by head, length and tail."""
    if len(data) <= _HEAD + _TAIL:
        return _text(data)
    return f"{_text(data[:_HEAD])} … {len(data)} bytes … {_text(data[-_TAIL:])}"


def _text(data: bytes) -> str:
    return "".join(chr(byte) if 0x20 <= byte < 0x7F and byte != 0x5C else f"\\x{byte:02x}" for byte in data)
