"""Names that mean something else than a file on Windows, whatever folder they are in (NAME-10)."""

import re
from typing import Final

__all__ = ["windows_fault"]

# With any extension, and white space before it, they are still the device.
_DEVICE: Final = re.compile(r"(?:CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|(?:COM|LPT)[0-9¹²³])\s*(?:\..*)?", re.IGNORECASE)
_FORBIDDEN: Final = frozenset('<>:"|?*')


def windows_fault(name: str) -> str | None:
    """Return why Windows can't hold a file of a name; None when it can.

    Args:
        name: a valid name (chapter 4).
    """
    if _DEVICE.fullmatch(name):
        return "the name is that of a device"
    if not _FORBIDDEN.isdisjoint(name):
        return 'the name has one of < > : " | ? *'  # a colon would begin the name of a stream inside a file
    if name.endswith((".", " ")):
        return "the name ends in a dot or a space, which would be dropped"
    return None
