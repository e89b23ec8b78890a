"""The right answers of an upper session that trims.

**What a cutting can do.** Let the content of d, d trimmed, be words w0 r1 w1 r2 ... wk, where words have no white
space and runs r are nothing but. A segment loses the white space at its ends and keeps the rest. Look at a run
between the last byte x of a word and the first byte y of the next. If some cut falls between x and y, every byte of
the run is in a segment in which only white space lies between it and an end; it goes. If none does, x, the run and y
are in one segment; the run stays. So a run survives whole or not at all. White space at the ends of d always goes,
and cuts inside words don't show.

**Which runs can survive together.** Those not kept can be cut out at both sides and in between, so they set no
condition. A kept run needs x, itself and y in one segment. Two kept runs with a word of two or more bytes between
them can be in different segments, by a cut in the word. With a word of a single byte between them that byte is y of
one and x of the next, so both are in one segment. Therefore runs kept in a row across single-byte words form a
*chain*, and the condition is that each chain, from the x of its first run to the y of its last, has at most M bytes:
one segment for each chain, cuts between all bytes elsewhere. The x of a chain and the y of the one before are
different bytes of a word, so chains never overlap.

**Reading an answer.** Words begin with a byte that is not white space, runs don't. So the byte of the answer after a
word tells whether the following run was kept, and an answer can be aligned in one way only, in one pass.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from jhup.echo.answers import Answers
from jhup.echo.services import WHITE_SPACE, trimmed, upper

__all__ = ["UpperSession"]

_RUN: Final = re.compile(rb"[%s]+" % re.escape(WHITE_SPACE))


@dataclass(slots=True)
class _Chain:
    """The condition on kept runs, decided run by run from the left.

    Attributes:
        limit: most bytes of a segment, M.
        first: index in the content of the x of the current chain.
        end: index after the last kept run, where its y stands; -1 before the first.
    """

    limit: int
    first: int = 0
    end: int = -1

    def keep(self, start: int, end: int) -> bool:
        """Keep the run at these indices of the content, if that is possible; tell whether it was."""
        joined = self.end == start - 1  # one byte between the kept runs
        first = self.first if joined else start - 1
        if end + 1 - first > self.limit:
            return False
        self.first, self.end = first, end
        return True


@dataclass(frozen=True, slots=True)
class UpperSession(Answers):
    """The right answers of an upper session that trims; see the module for why they are these.

    Attributes:
        data: the bytes that were sent.
        limit: most bytes of a segment.
    """

    data: bytes
    limit: int

    def closest(self, answer: bytes) -> bytes:
        """Return the answer itself when it is a member, else a member that agrees with it longest.

        As long as the answer agrees, each run is kept or dropped as the answer has it. Behind the first difference all
        runs are kept that can be, as with the fewest cuts.
        """
        return b"".join(self._pieces(answer))

    def _pieces(self, answer: bytes) -> Iterator[bytes]:
        """Yield the words and kept runs of the member that follows an answer."""
        content = upper(trimmed(self.data))
        chain = _Chain(self.limit)
        done, place, follows = 0, 0, True  # index in the content, index in the answer, agreed so far
        for run in _RUN.finditer(content):
            word = content[done : run.start()]
            yield word
            follows = follows and answer.startswith(word, place)
            place += len(word)
            done = run.end()
            wanted = not follows or answer[place : place + 1] in _WANTED
            if wanted and chain.keep(run.start(), run.end()):
                yield run[0]
                follows = follows and answer.startswith(run[0], place)
                place += len(run[0])
        yield content[done:]


# What an answer may have where a run stands if the member is to keep it: white space, or the end, for then the rest is
# missing whatever is kept.
_WANTED: Final = frozenset({b"", *(bytes([byte]) for byte in WHITE_SPACE)})
