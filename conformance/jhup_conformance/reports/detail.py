"""How much the terminal is told."""

from enum import Enum

__all__ = ["Detail"]


class Detail(Enum):
    """How much is said."""

    QUIET = "quiet"
    NORMAL = "normal"
    VERBOSE = "verbose"
