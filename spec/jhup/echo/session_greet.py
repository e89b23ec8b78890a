r"""The right answers of a greet session.

**Reading an answer.** A reply is ``Hello, `` and a literal, and a literal delimits itself. So an answer is the
concatenation of replies in at most one way, which gives the contents c1 ... ck of the segments. What is left is
whether d can be cut into segments that have these contents. Without trimming the contents are the segments; with it,
white space is missing between them.

**Placing the contents.** A content that isn't empty begins and ends with a byte that is not white space, and only
white space may lie between it and the one before. So it must stand at the next byte of d that is not white space: it
has one place. An empty content is a segment of nothing but white space, inside one of the *gaps* between those
places.

**Sharing out a gap.** A gap of g bytes with e empty contents in it must be divided among the segment on its left,
which has room for as much more as M allows, e segments of 1 to M bytes, and the segment on its right. The e segments
can have any total from e to eM, so at least ``max(0, g - eM)`` bytes are left for the neighbours; and e <= g is
needed. Fewer bytes for the neighbours are never worse, and room on the left has no other use once the gap before is
settled, so the left one takes what it can and the right one the remainder. Going from left to right this decides
exactly, in one pass.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from jhup.echo.answers import Answers, agreement
from jhup.echo.literal import LiteralError, read_literal
from jhup.echo.services import GREETING, WHITE_SPACE, greet, trimmed

__all__ = ["GreetSession"]

_VISIBLE: Final = re.compile(rb"[^%s]" % re.escape(WHITE_SPACE))


@dataclass(frozen=True, slots=True)
class _Place:
    """How far the contents of an answer have been placed.

    Attributes:
        at: index in the data after the last content that isn't empty.
        empties: number of empty contents since.
        room: white-space bytes that the segment of that content may still take on its right.
    """

    at: int = 0
    empties: int = 0
    room: int = 0


@dataclass(frozen=True, slots=True)
class _Replies:
    """The replies that an answer begins with.

    Attributes:
        place: where their contents put us.
        end: index in the answer after the last of them.
    """

    place: _Place
    end: int


@dataclass(frozen=True, slots=True)
class GreetSession(Answers):
    """The right answers of a greet session; see the module for why they are these.

    Attributes:
        data: the bytes that were sent.
        limit: most bytes of a segment.
        trim: whether the server trims.
    """

    data: bytes
    limit: int
    trim: bool = True

    def contains(self, answer: bytes) -> bool:
        """Tell exactly whether an answer is right."""
        replies = self._read(answer)
        return replies.end == len(answer) and self._complete(replies.place)

    def is_prefix_of_member(self, answer: bytes) -> bool:
        """Tell exactly whether an answer is the beginning of a right one, the whole of it included."""
        replies = self._read(answer)
        rest = answer[replies.end :]
        return not rest or any(greet(content).startswith(rest) for content in self._contents(replies.place))

    def closest(self, answer: bytes) -> bytes:
        """Return the answer itself when it is a member, else a member that agrees with it longest.

        All members that agree with it so far have its whole replies; of those that may come next the one is taken that
        agrees longest, and after it the longest segments that are possible.
        """
        replies = self._read(answer)
        place, rest = replies.place, answer[replies.end :]
        member = [answer[: replies.end]]
        ends_here = self._complete(place)
        best = max(self._contents(place), key=lambda content: agreement(greet(content), rest), default=None)
        if best is not None and not (ends_here and (not rest or agreement(greet(best), rest) == 0)):
            member.append(greet(best))
            after = self._put(place, best)
            while after is not None and not self._complete(after):
                content = next(self._contents(after))
                member.append(greet(content))
                after = self._put(after, content)
        return b"".join(member)

    def _read(self, answer: bytes) -> _Replies:
        """Place the contents of the replies that an answer begins with, as far as that goes."""
        replies = _Replies(_Place(), 0)
        while answer.startswith(GREETING, replies.end):
            try:
                literal = read_literal(answer, replies.end + len(GREETING))
            except LiteralError:
                break
            place = self._put(replies.place, literal.data)
            if place is None:
                break
            replies = _Replies(place, literal.end)
        return replies

    def _put(self, place: _Place, content: bytes) -> _Place | None:
        """Place one more content; None when no segment there can have it."""
        if not self.trim:
            fits = 0 < len(content) <= self.limit and self.data.startswith(content, place.at)
            return _Place(place.at + len(content)) if fits else None
        start = self._next_visible(place)
        if not content:
            return _Place(place.at, place.empties + 1, place.room) if place.empties < start - place.at else None
        room = self.limit - len(content) - self._left_over(place, start)
        if room < 0 or trimmed(content) != content or not self.data.startswith(content, start):
            return None
        return _Place(start + len(content), 0, room)

    def _contents(self, place: _Place) -> Iterator[bytes]:
        """List what the next segment's content may be, the longest first; none at the end of the data.

        With trimming, white space that is too much for the neighbours needs empty contents first. Where both an empty
        and another content are possible the empty one comes last.
        """
        start = self._next_visible(place)
        most = self.limit - self._left_over(place, start)
        for end in range(min(start + most, len(self.data)), start, -1):
            if not self.trim or self.data[end - 1] not in WHITE_SPACE:
                yield self.data[start:end]
        if self.trim and place.empties < start - place.at:
            yield b""

    def _complete(self, place: _Place) -> bool:
        """Tell whether the data may end here: nothing but white space follows, and it can be shared out."""
        start = self._next_visible(place)
        return start == len(self.data) and self._left_over(place, start) == 0

    def _next_visible(self, place: _Place) -> int:
        """Return the index in the data where the next content that isn't empty stands."""
        if not self.trim:
            return place.at
        found = _VISIBLE.search(self.data, place.at)
        return found.start() if found else len(self.data)

    def _left_over(self, place: _Place, start: int) -> int:
        """Count the bytes of the gap before an index that neither the left segment nor the empty ones can take."""
        return max(0, start - place.at - place.empties * self.limit - place.room)
