"""Names of stored files (chapter 4): which are valid, and which clause an invalid one breaks."""

from typing import Final

from jhup.errors import Refused
from jhup.limits import MAX_NAME

__all__ = ["check_name", "is_valid_name", "name_fault"]

# NAME-5  U+0000 to U+001F and U+007F
_CONTROLS: Final = frozenset(map(chr, [*range(0x20), 0x7F]))
# NAME-6  both separators, whatever the platform
_SEPARATORS: Final = frozenset("/\\")
_FORBIDDEN: Final = _CONTROLS | _SEPARATORS
# NAME-7
_DOTS: Final = frozenset({".", ".."})


def name_fault(name: str) -> Refused | None:
    """Tell what is wrong with a name.

    Args:
        name: the ``filename`` of a header, as decoded from JSON; it may hold lone surrogates.

    Returns:
        None for a valid name, else the error with the clause of chapter 4 that the name breaks.
    """
    if not _FORBIDDEN.isdisjoint(name):
        if _CONTROLS.isdisjoint(name):
            return Refused("NAME-6", "the name has a '/' or a '\\': a name is one path component")
        return Refused("NAME-5", "the name has a control character")
    if not name:
        return Refused("NAME-3", "the name is empty")
    if name in _DOTS:
        return Refused("NAME-7", f"the name is {name!r}")
    try:
        size = len(name) if name.isascii() else len(name.encode())
    except UnicodeEncodeError:
        return Refused("NAME-8", "the name has a lone surrogate")
    if size > MAX_NAME:
        return Refused("NAME-4", f"the name is {size} bytes long in UTF-8, more than {MAX_NAME}")
    return None


def is_valid_name(name: str) -> bool:
    """Tell whether a name is valid (section 4.1)."""
    return name_fault(name) is None


def check_name(name: str) -> str:
    """Return the name if it is valid.

    Raises:
        Refused: with the clause of chapter 4 that it breaks.
    """
    if fault := name_fault(name):
        raise fault
    return name
