"""Headers of a put that are almost right: each breaks one rule and has its sound twin beside it.

In the bytes, ``@`` stands for a name that no other execution uses.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from jhup_conformance.checks import Stream, frame, name

__all__ = ["BODY", "FILE", "Malformed", "mutate", "put_of"]

BODY: Final = b"abc"
"""What the headers here announce: three bytes."""
FILE: Final = name("file")
"""The name that ``@`` stands for."""


def put_of(
    header: bytes, body: bytes = BODY, *, also: tuple[str, ...] = (), reply: bool = False, codec: str = ""
) -> Stream:
    """Return a put with a header of its own.

    Args:
        header: the bytes of the header, ``@`` for the name.
        body: the bytes after it.
        also: what else a careless server may store it under.
        reply: whether it asks for a reply.
        codec: into which the header is written instead of UTF-8; the name can't be filled in then.
    """
    head = header.replace(b"@", FILE.encode())
    if reply:
        head = head.replace(b"{", b'{"reply":true,' if head != b"{}" else b'{"reply":true', 1)
    if codec:
        head = head.decode().encode(codec)
    return frame(head, body).watching(FILE, *(each.replace("@", FILE) for each in also))


@dataclass(frozen=True, slots=True)
class Malformed:
    """A header that breaks one rule.

    Attributes:
        title: in a few words, what is wrong.
        wrong: the header.
        right: the same with the rule kept.
        also: what else a careless server may store the body under.
        codec: into which the wrong one is written instead of UTF-8.
    """

    title: str
    wrong: bytes
    right: bytes
    also: tuple[str, ...] = ()
    codec: str = ""

    @property
    def sound(self) -> Stream:
        """The put of the sound twin."""
        return put_of(self.right, also=self.also)

    def put(self, body: bytes = BODY, *, reply: bool = False) -> Stream:
        """Return the put with this header."""
        return put_of(self.wrong, body, also=self.also, reply=reply, codec=self.codec)

    def __str__(self) -> str:
        return self.title


def mutate(right: bytes, edits: Mapping[str, tuple[bytes, bytes]], also: tuple[str, ...] = ()) -> tuple[Malformed, ...]:
    """Make malformed headers out of a sound one.

    Args:
        right: the sound one.
        edits: by title, the bytes that are replaced, which stand in it once, and what takes their place.
        also: what else a careless server may store the bodies under.
    """
    return tuple(Malformed(title, right.replace(old, new, 1), right, also) for title, (old, new) in edits.items())
