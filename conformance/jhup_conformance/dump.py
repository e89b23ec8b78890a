"""A transcript as lines that a person can read: time, direction, segment by segment, in hex and text."""

from collections.abc import Iterator
from typing import Final

from jhup_conformance.transcript import Entry, Kind, Transcript

__all__ = ["dump_lines", "show_bytes"]

_HEAD: Final = 48
_TAIL: Final = 16
_MOST_LINES: Final = 24


def show_bytes(data: bytes) -> str:
    """Give bytes as text with the unprintable ones escaped; long ones by head, length and tail."""
    if len(data) <= _HEAD + _TAIL:
        return _text(data)
    return f"{_text(data[:_HEAD])} … {len(data)} bytes … {_text(data[-_TAIL:])}"


def _text(data: bytes) -> str:
    return "".join(chr(byte) if 0x20 <= byte < 0x7F and byte != 0x5C else f"\\x{byte:02x}" for byte in data)


def dump_lines(transcript: Transcript) -> Iterator[str]:
    """Give the lines of a transcript; the middle of a long one is left out, and said to be."""
    lines = [_line(entry) for entry in transcript.entries]
    if len(lines) <= _MOST_LINES:
        yield from lines
        return
    half = _MOST_LINES // 2
    yield from lines[:half]
    yield f"          … {len(lines) - 2 * half} more …"
    yield from lines[-half:]


def _line(entry: Entry) -> str:
    at = f"{entry.at:8.3f} s"
    match entry.kind:
        case Kind.SENT:
            return f"{at}  sent      {show_bytes(entry.data)}"
        case Kind.RECEIVED:
            return f"{at}  received  {show_bytes(entry.data)}"
        case Kind.HALF_CLOSED:
            return f"{at}  sent      end of stream"
        case Kind.RESET:
            return f"{at}  sent      reset"
        case Kind.CLOSED:
            return f"{at}  received  {entry.how}"
