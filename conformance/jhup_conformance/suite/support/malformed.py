"""Headers of a put that are almost right: each breaks one rule and has its sound twin beside it.

In the bytes, ``@`` stands for a name that nobody else uses.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from jhup_conformance.suite.support.followed import Pair
from jhup_conformance.verify.stream import Talk

__all__ = ["BODY", "PutOf", "Spoiled", "spoil"]

BODY: Final = b"abc"
"""What the headers here announce: three bytes."""


@dataclass(frozen=True, slots=True)
class PutOf:
    """A recipe: a put with a header of its own, and behind it a plain one.

    Attributes:
        header: the bytes of the header, ``@`` for the name.
        body: the bytes behind it.
        also: what else a careless server may store it under.
        reply: whether it asks for a reply.
        next: whether the plain put follows.
        codec: into which the header is written instead of UTF-8.
    """

    header: bytes
    body: bytes = BODY
    also: tuple[str, ...] = ()
    reply: bool = False
    next: bool = True
    codec: str = ""

    def head(self, name: str) -> bytes:
        """Give the header of a put under a name."""
        head = self.header.replace(b"@", name.encode())
        if self.reply:
            head = head.replace(b"{", b'{"reply":true,' if head != b"{}" else b'{"reply":true', 1)
        return head.decode().encode(self.codec) if self.codec else head

    def __call__(self, talk: Talk) -> None:
        """Say it."""
        name = talk.new_name()
        talk.watched += [each.replace("@", name) for each in self.also]
        talk.frame(self.head(name), self.body)
        if self.next:
            talk.put(b"next")

    @property
    def pair(self) -> Pair:
        """It alone, and followed by a plain put."""
        return replace(self, next=False), self


@dataclass(frozen=True, slots=True)
class Spoiled:
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
    def control(self) -> Pair:
        """The sound twin."""
        return PutOf(self.right, also=self.also).pair

    def put(self, body: bytes = BODY, *, reply: bool = False) -> PutOf:
        """Give the put with this header, and behind it what must not be read as a request."""
        return PutOf(self.wrong, body, self.also, reply, codec=self.codec)

    def __str__(self) -> str:
        return self.title


def spoil(right: bytes, edits: Mapping[str, tuple[bytes, bytes]], also: tuple[str, ...] = ()) -> tuple[Spoiled, ...]:
    """Make spoiled headers out of a sound one.

    Args:
        right: the sound one.
        edits: by title, the bytes that are replaced, which stand in it once, and what takes their place.
        also: what else a careless server may store the bodies under.
    """
    return tuple(Spoiled(title, right.replace(old, new, 1), right, also) for title, (old, new) in edits.items())
