"""Names in streams: placeholders of one length, filled in anew for each execution, so that offsets stay."""

import re
from collections.abc import Mapping
from typing import Final

__all__ = ["NAME_LENGTH", "PLACEHOLDER", "UNNAMED", "Names", "encoded", "fill_in", "name", "unnamed"]

NAME_LENGTH: Final = 18
"""Characters of a name, filled in or not: always the same, so that offsets don't depend on it."""

_LABEL: Final = NAME_LENGTH - len("jc-@")
PLACEHOLDER: Final = re.compile(rb"jc-@[a-z0-9.~]{%d}" % _LABEL)
"""What stands for a name."""
UNNAMED: Final = re.compile(rb"jc-@~[0-9]{%d}" % (_LABEL - 1))
"""What stands for a name that nobody has chosen a label for."""
_WIDE: Final = ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")


class Names:
    """Makes names that no other execution uses, in this run or in one beside it.

    Args:
        run: eight characters that tell this run from others.
    """

    def __init__(self, run: str) -> None:
        self.run = run
        self._count = 0

    def new(self) -> str:
        """Return a name of `NAME_LENGTH` characters."""
        self._count += 1
        return f"jc-{self.run}-{self._count:06x}"


def name(label: str) -> str:
    """Return a placeholder: one name within a stream wherever it stands, another one in each execution.

    Args:
        label: up to 13 characters of a-z, 0-9 and the full stop.

    Raises:
        ValueError: when the label has others, or too many.
    """
    placeholder = f"jc-@{label:~<{_LABEL}}"
    if len(label) >= _LABEL or label.startswith("~") or not PLACEHOLDER.fullmatch(placeholder.encode()):
        raise ValueError(f"a label has up to {_LABEL - 1} characters of a-z, 0-9 and '.', not {label!r}")
    return placeholder


def unnamed(number: int) -> bytes:
    """Return the placeholder of a name without a label, by its number in the stream."""
    return b"jc-@~%0*d" % (_LABEL - 1, number)


def fill_in(data: bytes, chosen: Mapping[str, str]) -> bytes:
    """Return bytes with names in place of placeholders, also where those stand as escapes or in another encoding."""
    data = PLACEHOLDER.sub(lambda match: chosen[match[0].decode()].encode(), data)
    for digits in ("04x", "04X") if b"\\u00" in data else ():
        for placeholder, name in chosen.items():
            data = data.replace(_escaped(placeholder, digits), _escaped(name, digits))
    for codec in _WIDE if b"\0" in data else ():
        for placeholder, name in chosen.items():
            data = data.replace(placeholder.encode(codec), name.encode(codec))
    return data


def _escaped(text: str, digits: str) -> bytes:
    return "".join(f"\\u{ord(character):{digits}}" for character in text).encode()


def encoded(text: str) -> bytes:
    """Return a name as bytes, lone surrogates and all."""
    return text.encode("utf-8", "surrogatepass")
