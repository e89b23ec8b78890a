"""Sizes drawn first, the edges of common buffers among them, then content: lengths are where servers go wrong."""

import sys
from array import array
from functools import lru_cache
from typing import Final

from hypothesis import strategies as st

__all__ = ["BUFFER_EDGES", "bodies", "edges_up_to", "pattern", "sizes"]

BUFFER_EDGES: Final = (
    0, 1, 2, 3, 4, 5, 255, 256, 257, 511, 512, 513, 1023, 1024, 1025, 2047, 2048, 2049, 4095, 4096, 4097,
    8191, 8192, 8193, 16383, 16384, 16385, 32767, 32768, 32769, 65535, 65536, 65537,
    131071, 131072, 131073, 262143, 262144, 262145, 1048575, 1048576, 1048577,
)  # fmt: skip
"""Lengths at and beside the sizes of buffers that servers read with."""


def edges_up_to(most: int) -> tuple[int, ...]:
    """Return the edges that are no longer than a number of bytes."""
    return tuple(size for size in BUFFER_EDGES if size <= most)


@lru_cache(maxsize=256)
def pattern(size: int, seed: int = 0) -> bytes:
    """Return a body of a length whose every part tells where it belongs, so that a lost or doubled piece shows."""
    block = array("I", range(seed, seed + (size + 3) // 4))
    if sys.byteorder == "little":
        block.byteswap()
    return block.tobytes()[:size]


def sizes(most: int) -> st.SearchStrategy[int]:
    """Draw a length: an edge, or any."""
    return st.sampled_from(edges_up_to(most)) | st.integers(0, most)


def bodies(most: int) -> st.SearchStrategy[bytes]:
    """Draw a body: its length first."""
    return sizes(most).flatmap(
        lambda size: st.binary(min_size=size, max_size=size) if size <= 64 else st.builds(pattern, st.just(size))
    )
