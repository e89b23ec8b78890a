r"""The right answers of a worker session.

**The name.** It ends at the first colon of the answer (ECHO-20), so an answer tells the *header* h = name + ``: `` of
all its replies; let it have H bytes. An answer is then h s1 h s2 ... h sr, with segments of 1 to M bytes that make up
the ASCII bytes of d: all of d when d is ASCII. Else the session ends at a segment that holds the first other byte, at
index p: the replies are to d[:q], where that segment begins at q, and it reaches p, so p - M + 1 <= q <= p.

**Which bytes are header.** Not always plain, for d may hold h itself. But after r replies and i bytes of d an answer
has i + rH bytes, so r and i tell the place in the answer. Let B(r) be the set of all i at which, after r replies, a
segment may end; B(0) = {0}. From each i in B(r) where h stands in the answer at i + rH, the next segment can end at
each i' with i < i' <= i + M such that d[i:i'] stands at i + (r+1)H. That gives B(r + 1), all of it and nothing else,
because the last segment of any cutting is preceded by a cutting of the rest. The answer is right if B(r) holds the
end of what was answered, for the r with i + rH = its length.

**Sets as numbers.** B(r) is kept as an integer with eight bits for each index, of which the highest is the flag. The
bytes of d and of the answer have that spacing too, so one subtraction compares all of them: both are below 80, hence
80 - (x XOR y) has its highest bit set exactly where x = y, and nothing is borrowed. "Up to M further" is reached by
doubling: with U the ends that are reached within t bytes, and P the indices from which t bytes agree, those within 2t
are U and (U and P) moved by t, and P for 2t is P and P moved by t. So a step costs about 10 log2 M operations on
integers as long as B(r) is wide. It is at most M wide after a header that stands in only one place, and wider only
where d repeats h; never wider than d.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from jhup.echo.answers import Answers, agreement, worker_name
from jhup.echo.services import NAME_END, first_non_ascii

__all__ = ["WorkerSession"]

_FLAG: Final = b"\x80"


@dataclass(frozen=True, slots=True)
class _Ends:
    """B(r): where a segment may end after so many replies.

    Attributes:
        replies: their number, r.
        base: index in the data of the lowest eight bits of `flags`.
        flags: the set.
        starts_base: index in the data of the lowest eight bits of `starts`.
        starts: the indices at which the last segment may begin.
    """

    replies: int
    base: int
    flags: int
    starts_base: int = 0
    starts: int = 0

    def __contains__(self, index: object) -> bool:
        return isinstance(index, int) and index >= self.base and bool(self.flags >> 8 * (index - self.base) & 0x80)

    def __iter__(self) -> Iterator[int]:
        """Return the indices from the highest down."""
        return _indices(self.base, self.flags)


@dataclass(frozen=True, slots=True)
class _Reach:
    """The farthest place of an answer that a right one shares.

    Attributes:
        ends: the set that it was found from.
        index: bytes of the data that are answered there.
        agreed: bytes of the answer that agree, a part of the next header included.
    """

    ends: _Ends
    index: int
    agreed: int


@dataclass(frozen=True, slots=True)
class WorkerSession(Answers):
    """The right answers of a worker session; see the module for why they are these.

    Attributes:
        data: the bytes that were sent.
        limit: most bytes of a segment.
        name: the worker's name when it is known in advance; None to read it off the answer.
    """

    data: bytes
    limit: int
    name: bytes | None = None
    _text: bytes = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_text", self.data[: first_non_ascii(self.data)])

    def contains(self, answer: bytes) -> bool:
        """Tell exactly whether an answer is right."""
        if not answer:
            return self._may_end(0)
        if not answer.isascii():
            return False
        header = self._header(answer)
        return any(self._whole(ends, len(answer), len(header)) for ends in self._walk(answer, header))

    def closest(self, answer: bytes) -> bytes:
        """Return the answer itself when it is a member, else a member that agrees with it longest.

        Where the answer parts inside a segment, the member goes on with it as far as the limit allows; after that it
        has the longest segments that are possible.
        """
        if self.contains(answer):
            return answer
        header = self._header(answer)
        reach = self._reach(answer[: first_non_ascii(answer)], header)
        place = reach.index + reach.ends.replies * len(header)
        index = self._segment_end(reach, answer, header) if reach.agreed == place else reach.index
        member = [answer[:place], self._text[reach.index : index]]
        for start in range(index, len(self._text), self.limit):
            member += [header, self._text[start : start + self.limit]]
        return b"".join(member)

    def _header(self, answer: bytes) -> bytes:
        return (self.name or worker_name(answer)) + NAME_END

    def _may_end(self, index: int) -> bool:
        """Tell whether a right answer may end where so many bytes of the data are answered."""
        if len(self._text) == len(self.data):
            return index == len(self.data)
        return len(self._text) - self.limit < index <= len(self._text)

    def _whole(self, ends: _Ends, length: int, header: int) -> bool:
        """Tell whether an answer of a length may end with these replies."""
        index = length - ends.replies * header
        return self._may_end(index) and index in ends

    def _walk(self, answer: bytes, header: bytes) -> Iterator[_Ends]:
        """Yield B(0), B(1), ... until they are empty.

        Args:
            answer: ASCII bytes.
            header: name, colon and space.
        """
        headers = _header_flags(answer, header)
        ends = _Ends(0, 0, 0x80)
        while ends.flags:
            yield ends
            ends = self._step(ends, answer, headers, len(header))

    def _step(self, ends: _Ends, answer: bytes, headers: bytes, header: int) -> _Ends:
        """Return B(r + 1) for B(r)."""
        place = ends.base + ends.replies * header
        width = (ends.flags.bit_length() + 7) // 8
        starts = ends.flags & int.from_bytes(headers[place : place + width], "little")
        if not starts:
            return _Ends(ends.replies + 1, ends.base, 0)
        skipped = ((starts & -starts).bit_length() - 1) // 8
        starts >>= 8 * skipped
        base, place = ends.base + skipped, place + skipped + header
        width = (starts.bit_length() - 1) // 8 + self.limit
        sent, answered = self._text[base : base + width], answer[place : place + width]
        if starts == 0x80:  # one place, as nearly always: no need to look at all of them at once
            flags = int.from_bytes(_FLAG * agreement(sent, answered), "little") << 8
        else:
            flags = _within(starts, _equal(sent, answered), self.limit)
        return _Ends(ends.replies + 1, base, flags, base, starts)

    def _reach(self, answer: bytes, header: bytes) -> _Reach:
        """Find the farthest place of an answer, ASCII bytes, that a right one shares."""
        best = _Reach(_Ends(0, 0, 0x80), 0, -1)
        for ends in self._walk(answer, header):
            for index in ends:
                place = index + ends.replies * len(header)
                if place + len(header) <= best.agreed:
                    break  # a header more can't make up for it, here and below
                more = agreement(answer[place : place + len(header)], header) if index < len(self._text) else 0
                if place + more > best.agreed:
                    best = _Reach(ends, index, place + more)
        return best

    def _segment_end(self, reach: _Reach, answer: bytes, header: bytes) -> int:
        """Return the index in the data up to which the last segment before a place can be made longer."""
        ends, index = reach.ends, reach.index
        shift = ends.replies * len(header)
        for start in _indices(ends.starts_base, ends.starts):
            if start < index and answer[start + shift : index + shift] == self._text[start:index]:
                return max(index, min(start + self.limit, len(self._text)))
        return index


def _header_flags(answer: bytes, header: bytes) -> bytes:
    """Flag the places of an answer at which the header stands; they may overlap by one space."""
    flags = bytearray(len(answer))
    place = answer.find(header)
    while place >= 0:
        flags[place] = 0x80
        place = answer.find(header, place + 1)
    return bytes(flags)


def _indices(base: int, flags: int) -> Iterator[int]:
    """Yield the indices of a set from the highest down."""
    while flags:
        top = (flags.bit_length() - 1) // 8
        yield base + top
        flags ^= 0x80 << 8 * top


def _equal(one: bytes, other: bytes) -> int:
    """Flag the indices at which ASCII bytes agree, as far as both go."""
    width = min(len(one), len(other))
    both = int.from_bytes(one[:width], "little") ^ int.from_bytes(other[:width], "little")
    flags = int.from_bytes(_FLAG * width, "little")
    return (flags - both) & flags


def _within(starts: int, equal: int, limit: int) -> int:
    """Flag the indices that are 1 to `limit` after one of `starts`, with all bytes from there on equal."""
    ends, run, reached = (starts & equal) << 8, equal, 1
    for digit in bin(limit)[3:]:  # binary digits after the first: double, and add one where it is 1
        further = ends & run
        if not further:
            break  # no run of equal bytes goes on
        ends |= further << 8 * reached
        run &= run >> 8 * reached
        reached *= 2
        if digit == "1":
            ends |= (ends & equal) << 8
            run = equal & (run >> 8)
            reached += 1
    return ends
