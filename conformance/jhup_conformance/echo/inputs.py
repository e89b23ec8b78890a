"""What echo servers are sent: bytes of each kind, by the clause that speaks of them, the smallest first."""

from functools import lru_cache
from typing import Final

from hypothesis import strategies as st

from jhup.echo import WHITE_SPACE
from jhup_conformance.echo.asking import Ask
from jhup_conformance.sizes import BUFFER_EDGES
from jhup_conformance.verify.stream import End

__all__ = [
    "ASKS",
    "AT_A_TIME",
    "HIGH",
    "MESSAGES",
    "NOT_WHITE",
    "RELEASED_WITHIN",
    "SMALL",
    "WHITE",
    "around",
    "asks",
    "edges",
    "letters",
    "singles",
]

WHITE: Final = tuple(bytes([byte]) for byte in WHITE_SPACE)
"""The six bytes of white space."""
SMALL: Final = tuple(bytes([byte]) for byte in range(0x61, 0x7B))
"""The small letters."""
HIGH: Final = tuple(bytes([byte]) for byte in range(0x80, 0x100))
"""The bytes that are not ASCII."""
NOT_WHITE: Final = tuple(bytes([byte]) for byte in range(0x80) if byte not in WHITE_SPACE)
"""ASCII but for white space."""
_MOST_CUTS: Final = 5
"""Cuts of one generated stream: each costs a pause."""


def singles(first: int, last: int, *, without: bytes = b"") -> list[bytes]:
    """Return the bytes of a range, each on its own."""
    return [bytes([byte]) for byte in range(first, last + 1) if byte not in without]


def around(byte: bytes) -> tuple[bytes, ...]:
    """Return messages with a byte before and between others: what a legal prefix would hide shows in the first."""
    return byte + b"a", b"a" + byte + b"b"


@lru_cache(maxsize=64)
def letters(size: int) -> bytes:
    """Return letters and digits whose every part tells where it belongs: nothing to trim, to escape, or to quote."""
    return b"".join(b"%05x" % number for number in range(size // 5 + 1))[:size]


def edges(least: int, most: int) -> list[int]:
    """Return lengths at and beside the sizes of common buffers, between two bounds, which are among them."""
    return sorted({least, most, *(size for size in BUFFER_EDGES if least <= size <= most)})


def _sizes(most: int) -> st.SearchStrategy[int]:
    return st.integers(0, 12) | st.sampled_from(edges(1, most)) | st.integers(0, most)


_ALPHABETS: Final = (
    bytes(range(256)),
    WHITE_SPACE + b"ab",
    b"'\"\\bx",
    b"a \n",
    bytes(range(32)) + b"az",
    b"Thread-1: \x80",
)
"""What contents are made of: all bytes, and few that matter to each other."""


def _contents(size: int) -> st.SearchStrategy[bytes]:
    short = min(size, 48)
    some = st.sampled_from(_ALPHABETS).flatmap(
        lambda alphabet: st.lists(st.sampled_from(alphabet), min_size=short, max_size=short).map(bytes)
    )
    return some if size <= short else some.map(lambda piece: (piece * (size // len(piece) + 1))[:size])


MESSAGES: Final = _sizes(8192).flatmap(_contents)
"""Draws a datagram: its length first, the edges of common buffers among them, then what it is made of."""


@st.composite
def asks(draw: st.DrawFn, *, most: int = 2500) -> Ask:
    """Draw the bytes of a stream, where it is cut, and what follows its last byte."""
    data = draw(_sizes(most).flatmap(_contents))
    places = st.integers(1, max(1, len(data) - 1)) | st.sampled_from([1, max(1, len(data) - 1)])
    cuts = draw(st.sets(places, max_size=_MOST_CUTS)) if len(data) > 1 else set()
    end = draw(st.sampled_from([End.FINISH, End.FINISH_AT_ONCE])) if draw(st.booleans()) or not data else End.HOLD
    return Ask(data, tuple(sorted(cuts)), end)


ASKS: Final = asks()
"""Draws what is said on a stream."""

AT_A_TIME: Final = 32
"""Connections that a concurrent server should serve at a time (ECHO-67)."""
RELEASED_WITHIN: Final = 5.5
"""Seconds in which a server should give back what a connection used (ECHO-71), and what a look takes."""
