"""The model of a correct upload server: from the bytes of a connection to what the store holds and what is replied.

It is the oracle of the conformance suite. Where the specification leaves a choice, there are several outcomes,
and a server that shows any one of them is right.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from functools import lru_cache
from hashlib import sha256
from typing import Final

from jhup.errors import Malformed
from jhup.formats import prefix_fault
from jhup.limits import MAX_FILESIZE, MAX_HEADER, PREFIX_SIZE, PROTOCOL_VERSION
from jhup.messages import Code, Failure, Greeting, Hello, Put, Reply, Request, Stat, Stored, Unknown
from jhup.names import is_valid_name
from jhup.readings import readings

__all__ = ["Ending", "Expected", "Outcome", "Server", "counts_matched", "outcomes", "replies_match"]


class Ending(Enum):
    """What a server does with the connection after the bytes it got."""

    OPEN = auto()
    """It stays open: between requests, or waiting for the rest of one."""
    CLOSED = auto()
    """It has to be closed within 5 seconds (FRAME-16, ERR-6, ERR-8, REPLY-20)."""
    EITHER = auto()
    """It should be closed, or may (ERR-3, ERR-5); nothing more on it is a request."""


@dataclass(frozen=True, slots=True)
class Expected:
    """A reply that is owed.

    Attributes:
        reply: its members. The texts of a `Failure` and a `Greeting` are not compared.
        any_closing: whether `closing` of a failure may be true or false.
        also: codes that are right besides that of a `Failure`, where several conditions hold at once.
        optional: whether silence is right as well (REPLY-23, section 6.3).
    """

    reply: Reply
    any_closing: bool = False
    also: frozenset[Code] = frozenset()
    optional: bool = False

    def admits(self, actual: Reply) -> bool:
        """Tell whether a reply is the one expected."""
        match self.reply, actual:
            case Failure() as wanted, Failure() as got:
                right_code = got.code == wanted.code or got.code in self.also
                return right_code and (self.any_closing or wanted.closing == got.closing)
            case Greeting(), Greeting():
                return actual.protocol == PROTOCOL_VERSION
            case _:
                return self.reply == actual


@dataclass(frozen=True, slots=True)
class Outcome:
    """One right outcome.

    Attributes:
        store: what is stored in the end, by name.
        replies: what is answered, in order.
        ending: what becomes of the connection.
        served: how many requests were carried out, ignored or refused.
        puts: name and body of each put that was carried out, in order: what was stored on the way.
    """

    store: Mapping[str, bytes]
    replies: tuple[Expected, ...]
    ending: Ending
    served: int
    puts: tuple[tuple[str, bytes], ...] = ()

    def with_ending(self, ending: Ending) -> "Outcome":
        """Return the same with another ending."""
        return Outcome(self.store, self.replies, ending, self.served, self.puts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """What the model has to know of the server it stands for.

    Attributes:
        replies: whether it has the feature of chapter 8.
        max_header: its limit of a header in bytes.
        max_filesize: its limit of a body in bytes.
        unwritable: valid names that its store can't hold (NAME-10).
        occupied: valid names under which its folder has something that is not a stored file: a put of one is refused
            or replaces the entry (NAME-11).
    """

    replies: bool = True
    max_header: int = MAX_HEADER
    max_filesize: int = MAX_FILESIZE
    unwritable: frozenset[str] = frozenset()
    occupied: frozenset[str] = frozenset()


_readings = lru_cache(maxsize=64)(readings)
"""A judge asks about the same header several times, and one nested to the limit takes long."""

_NO_STORE: Final[Mapping[str, bytes]] = {}


def outcomes(
    stream: bytes,
    *,
    server: Server,
    ended: bool = False,
    reset: bool = False,
    store: Mapping[str, bytes] = _NO_STORE,
) -> tuple[Outcome, ...]:
    """Return every right outcome of a connection.

    Args:
        stream: all bytes that the client sent; how they were cut makes no difference (section 2.3).
        server: what kind of server it is.
        ended: whether end of stream or a reset followed the last byte.
        reset: whether it was a reset, which may overtake requests that were complete (ERR-14).
        store: what was stored before.

    Returns:
        At least one; several where the specification says "either".
    """
    start = Outcome(store, (), Ending.OPEN, 0)
    return tuple(_Connection(stream, server, ended or reset, reset).outcomes(0, start))


@dataclass(frozen=True, slots=True)
class _Connection:
    stream: bytes
    server: Server
    ended: bool
    reset: bool
    _digests: dict[bytes, str] = field(default_factory=dict)

    def outcomes(self, at: int, so_far: Outcome) -> Iterator[Outcome]:
        """Yield the outcomes of what stands from position `at` on."""
        if self.reset and at < len(self.stream):
            yield so_far.with_ending(Ending.CLOSED)  # all that follows was dropped
        prefix = self.stream[at : at + PREFIX_SIZE]
        if len(prefix) < PREFIX_SIZE:
            yield self._at_end(so_far)
            return
        length = int.from_bytes(prefix, "little", signed=True)
        if prefix_fault(length, self.server.max_header):
            yield so_far.with_ending(Ending.CLOSED)
            return
        header = self.stream[at + PREFIX_SIZE : at + PREFIX_SIZE + length]
        if len(header) < length:
            yield self._at_end(so_far)
            return
        for reading in _readings(header):
            if isinstance(reading, Malformed):
                yield self._malformed(reading, so_far)
            else:
                yield from self._request(reading, at + PREFIX_SIZE + length, so_far)

    def _at_end(self, so_far: Outcome, *late: Expected) -> Outcome:
        """The bytes end here: inside a request, or between two."""
        if not self.ended:
            return so_far
        return Outcome(so_far.store, so_far.replies + late, Ending.CLOSED, so_far.served, so_far.puts)

    def _malformed(self, error: Malformed, so_far: Outcome) -> Outcome:
        if not (self.server.replies and error.asks_reply):
            return so_far.with_ending(Ending.EITHER)
        answer = Expected(Failure(Code.MALFORMED, "", closing=True))
        return Outcome(so_far.store, (*so_far.replies, answer), Ending.CLOSED, so_far.served, so_far.puts)

    def _request(self, request: Request, at: int, so_far: Outcome) -> Iterator[Outcome]:
        if isinstance(request, Put):
            yield from self._put(request, at, so_far)
        else:
            answer = self._answer(request, so_far)
            if answer.any_closing and self.server.replies and request.reply:  # its end is the server's choice, too
                closed = Expected(Failure(Code.STORAGE, "", closing=True))
                yield self._answered(so_far, request, closed).with_ending(Ending.CLOSED)
                answer = replace(answer, any_closing=False)
            yield from self.outcomes(at, self._answered(so_far, request, answer))

    def _answered(self, so_far: Outcome, request: Request, answer: Expected) -> Outcome:
        asked = self.server.replies and request.reply
        replies = (*so_far.replies, answer) if asked else so_far.replies
        return Outcome(so_far.store, replies, so_far.ending, so_far.served + 1, so_far.puts)

    def _answer(self, request: Stat | Hello | Unknown, so_far: Outcome) -> Expected:
        match request:
            case Hello():
                return Expected(
                    Greeting(server="", features=("replies",), max_header=self.server.max_header, max_filesize=None)
                )
            case Stat(filename, _):
                return self._stat(filename, so_far)
            case _:
                return Expected(Failure(Code.UNKNOWN_COMMAND, "", closing=False))

    def _stat(self, filename: str | None, so_far: Outcome) -> Expected:
        if filename is None or not is_valid_name(filename):
            return Expected(Failure(Code.BAD_FILENAME, "", closing=False))
        if filename in so_far.store:
            return Expected(self._stored(filename, so_far.store[filename]))
        if filename in self.server.unwritable | self.server.occupied:
            # What isn't a stored file can be said to be in the way, or not to be stored: section 8.5 has both.
            return Expected(
                Failure(Code.STORAGE, "", closing=False), any_closing=True, also=frozenset({Code.NOT_FOUND})
            )
        return Expected(Failure(Code.NOT_FOUND, "", closing=False))

    def _put(self, put: Put, at: int, so_far: Outcome) -> Iterator[Outcome]:
        codes = self._refusals(put)
        yield from self._put_refused_for(codes, put, at, so_far)
        if not codes and put.filename in self.server.occupied:
            yield from self._put_refused_for((Code.STORAGE,), put, at, so_far)

    def _put_refused_for(self, codes: tuple[Code, ...], put: Put, at: int, so_far: Outcome) -> Iterator[Outcome]:
        """Yield the outcomes of a put that is refused for one of these reasons; one without a reason is carried out."""
        body = self.stream[at : at + put.filesize]
        whole = len(body) == put.filesize
        if codes:
            # ERR-5: closed, or the body consumed exactly and the next request served. Closing with the body
            # unread may destroy the reply (section 6.3).
            closed = _failure(codes, any_closing=True, optional=not whole)
            ending = Ending.CLOSED if whole or self.ended else Ending.EITHER
            yield self._answered(so_far, put, closed).with_ending(ending)
            if whole:
                yield from self.outcomes(at + put.filesize, self._answered(so_far, put, _failure(codes)))
                return
        elif whole:
            store, puts = {**so_far.store, put.filename: body}, (*so_far.puts, (put.filename, body))
            done = Outcome(store, so_far.replies, so_far.ending, so_far.served, puts)
            answer = Expected(self._stored(put.filename, body))
            yield from self.outcomes(at + put.filesize, self._answered(done, put, answer))
            return
        asked = self.server.replies and put.reply
        cut_off = [_failure(tuple(Code), any_closing=True, optional=True)] if asked else []  # REPLY-23
        yield self._at_end(so_far, *cut_off)

    def _refusals(self, put: Put) -> tuple[Code, ...]:
        """Why a put is refused: each code whose condition holds."""
        codes = []
        if put.filesize > min(self.server.max_filesize, MAX_FILESIZE):
            codes.append(Code.TOO_LARGE)
        if not is_valid_name(put.filename):
            codes.append(Code.BAD_FILENAME)
        if put.filename in self.server.unwritable:
            codes.append(Code.STORAGE)
        return tuple(codes)

    def _stored(self, filename: str, body: bytes) -> Stored:
        if body not in self._digests:
            self._digests[body] = sha256(body).hexdigest()
        return Stored(filename, len(body), self._digests[body])


def _failure(codes: tuple[Code, ...], *, any_closing: bool = False, optional: bool = False) -> Expected:
    failure = Failure(codes[0], "", closing=False)
    return Expected(failure, any_closing=any_closing, also=frozenset(codes), optional=optional)


def replies_match(expected: Sequence[Expected], actual: Sequence[Reply]) -> bool:
    """Tell whether replies are those expected, in order, optional ones given or not."""
    return len(expected) in counts_matched(expected, actual)


def counts_matched(expected: Sequence[Expected], actual: Sequence[Reply]) -> frozenset[int]:
    """Return how many of the replies expected, from the first on, those that came may be: each number that fits."""
    counts = _past_optional(expected, {0})
    for reply in actual:
        admitting = (at for at in counts if at < len(expected) and expected[at].admits(reply))
        counts = _past_optional(expected, {at + 1 for at in admitting})
    return frozenset(counts)


def _past_optional(expected: Sequence[Expected], counts: set[int]) -> set[int]:
    """Return some numbers, and those to which replies that may be left out lead from there."""
    found = set(counts)
    for at in counts:
        while at < len(expected) and expected[at].optional:
            at += 1
            found.add(at)
    return found
