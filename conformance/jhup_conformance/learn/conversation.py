"""One word on one new connection: what was sent, what came after each symbol, and when enough was waited."""

import contextlib
from collections.abc import Callable
from hashlib import sha256
from typing import Final, Protocol

from jhup import Failure, Greeting, Malformed, ReplyReader, Stored
from jhup.machine import NOTHING, Output, Symbol, Word
from jhup.model import Server, outcomes
from jhup_conformance.learn.patience import Patience, Waits
from jhup_conformance.wire.channel import Channel
from jhup_conformance.wire.transcript import Closed, Kind, Transcript

__all__ = ["CLOSE_WITHIN", "Conversation", "Look"]

CLOSE_WITHIN: Final = 5.5
"""Seconds for a close that has to come: the 5 of the clauses, and the way there and back."""
_REPLY_WITHIN: Final = 1.0
"""Seconds for a reply that has to come, when a shorter wait was in vain."""
_APART: Final = 0.002
"""Seconds between two symbols of which the first is known to be answered by nothing, so that they arrive apart."""
_LONGER: Final = 2
"""How many times longer is waited where something may rightly come."""
_AT_WORK: Final = 10
"""How many times longer is waited for a target on this machine that is at work on something."""
_AGAIN: Final = 0.001


class Look(Protocol):
    """Sees the store."""

    def __call__(self, name: str) -> bytes | None:
        """Return the body stored under a name; None when there is none."""


class Conversation:
    """A word under way.

    Args:
        word: what to send, without symbols that are skipped.
        symbols: the symbols by key.
        channel: a new connection.
        name: what the word's puts are called.
        known: the output of each symbol, where it is known from an earlier word: there it isn't waited for more.
        waits: how long to wait.
        patience: what the specification demands.
        look: sees the store, where it is to be observed.
        now: the time.
    """

    def __init__(
        self,
        word: Word,
        symbols: dict[str, Symbol],
        channel: Channel,
        name: str,
        *,
        known: tuple[Output | None, ...],
        waits: Waits,
        patience: Patience,
        look: Look | None,
        now: Callable[[], float],
    ) -> None:
        self.word = word
        self.name = name
        self.channel = channel
        self.outputs: list[Output] = []
        self.transcript = Transcript()
        self.slowest = 0.0
        """Seconds that the slowest answer took."""
        self._symbols = symbols
        self._known = known
        self._waits = waits
        self._patience = patience
        self._look = look
        self._now = now
        self._began = now()
        self._stream = bytearray()
        self._reader = ReplyReader()
        self._state: int | None = 0
        self._body: bytes | None = None
        self._tokens: list[str] = []
        self._closing = self._stored = False
        self._sent_at = self.deadline = 0.0
        self._is_quiet = self._misses_something = self._surprised = False
        self._step()

    @property
    def may_be_quiet(self) -> bool:
        """Whether it is worth asking if anything more comes: what has to come is waited for in full."""
        return not (self.is_over or self._is_quiet or self._misses_something)

    @property
    def was_surprised(self) -> bool:
        """Whether something came after quiet was proven."""
        return self._surprised

    def nothing_more(self, *, waits: bool) -> None:
        """Take note that the target has nothing more to say to what was sent last, timers aside.

        Args:
            waits: whether the whole time is waited all the same, to see whether that is so.
        """
        if not self._is_stored():
            self._is_quiet = True
            self.deadline = self.deadline if waits else self._now()

    @property
    def is_over(self) -> bool:
        """Whether the word is done with, or the target has ended the connection."""
        return len(self.outputs) == len(self.word)

    def answers(self) -> tuple[Output, ...]:
        """Return the outputs of the whole word: after the end of a connection nothing is observed."""
        return tuple(self.outputs)

    def close(self) -> None:
        """Let go of the connection by a reset: a server that spins after an orderly end is spared it."""
        self.channel.reset()

    def readable(self) -> None:
        """Take what has come."""
        try:
            data = self.channel.receive()
        except ConnectionError:
            self._ended(Closed.RESET)
            return
        if data is None:
            return
        self._surprised = self._surprised or self._is_quiet
        if not data:
            self._ended(Closed.END_OF_STREAM)
            return
        self._is_quiet = False
        self._note(Kind.RECEIVED, data)
        self.slowest = max(self.slowest, self._now() - self._sent_at)
        try:
            for reply in self._reader.receive(data):
                self._tokens.append(self._token(reply))
                self._closing = isinstance(reply, Failure) and reply.closing
        except Malformed:
            self._tokens.append("what is no reply")
        self._more_within()

    def tick(self, *, tells: bool = False) -> None:
        """Look at the store, and go on when enough was waited.

        Args:
            tells: whether the target can be proven to have nothing more to say: it gets more time where it wasn't yet.
        """
        self._is_stored()
        if self._now() < self.deadline:
            return
        if tells and not self._is_quiet and self._now() < self._sent_at + self._waits.quiet * _AT_WORK:
            self.deadline += _AGAIN
            return
        key = self.word[len(self.outputs)]
        reply, close = self._patience.demanded(self._state, key)
        until = self._sent_at + (CLOSE_WITHIN if close else _REPLY_WITHIN)
        missing = close or (reply and not self._tokens and not self._stored)
        if missing and self._now() < until:
            self.deadline, self._misses_something = until, True
            return
        if missing or self._closing:
            self._patience.was_in_vain(key)
        self._observed(closes=False)

    def _is_stored(self) -> bool:
        """Look at the store; returns whether something has changed there."""
        if self._look is None or (body := self._look(self.name)) == self._body:
            return False
        self._surprised = self._surprised or self._is_quiet
        self._body, self._stored, self._is_quiet = body, True, False
        self.slowest = max(self.slowest, self._now() - self._sent_at)
        self._more_within()
        return True

    def _more_within(self) -> None:
        """Set how long to wait for more, now that something came."""
        so_far = Output(tuple(self._tokens), self._stored)
        if so_far == self._known[len(self.outputs)]:
            seconds = 0.0
        else:
            self._misses_something = self._awaits_close()
            seconds = CLOSE_WITHIN if self._misses_something else self._waits.settle
        self.deadline = self._now() + seconds

    def _awaits_close(self) -> bool:
        key = self.word[len(self.outputs)]
        return self._patience.demanded(self._state, key)[1] or (self._closing and not self._patience.has_no_hope(key))

    def _ended(self, how: Closed) -> None:
        self._note(Kind.CLOSED, how=how.value)
        if self._look:  # what was stored just before shows now
            self._stored = self._stored or self._look(self.name) != self._body
        self._observed(closes=True)

    def _observed(self, *, closes: bool) -> None:
        output = Output(tuple(self._tokens), stored=self._stored, closes=closes)
        key = self.word[len(self.outputs)]
        self.outputs.append(output)
        if self._state is not None:
            self._state = self._patience.machine.edges[self._state][key].get(output)
        if closes or self._symbols[key].ends:
            self.outputs += [NOTHING] * (len(self.word) - len(self.outputs))
        if not self.is_over:
            self._step()

    def _step(self) -> None:
        place = len(self.outputs)
        symbol = self._symbols[self.word[place]]
        data = symbol.data_at(place, self.name)
        self._stream += data
        self._tokens, self._closing, self._stored = [], False, False
        self._is_quiet = self._misses_something = False
        self._sent_at = self._now()
        quiet = self._waits.quiet * (_LONGER if self._patience.may_answer(self._state, symbol.key) else 1)
        self.deadline = self._sent_at + (_APART if self._known[place] == NOTHING else quiet)
        try:
            if data:
                self._note(Kind.SENT, data)
                view = memoryview(data)
                while view:  # a few hundred bytes on a connection on which little is under way
                    view = view[self.channel.send(view) :]
            if symbol.ends:
                self._note(Kind.HALF_CLOSED)
                self.channel.half_close()
        except OSError:
            with contextlib.suppress(OSError):
                self.channel.receive()
            self._ended(Closed.RESET)

    def _note(self, kind: Kind, data: bytes = b"", how: str = "") -> None:
        self.transcript.add(self._now() - self._began, kind, data, how)

    def _token(self, reply: object) -> str:
        match reply:
            case Failure(code):
                return code.value
            case Greeting():
                return "greeting"
            case _:
                return "ok" if reply in self._right_bodies() else "ok for other bytes"

    def _right_bodies(self) -> set[Stored]:
        stream = bytes(self._stream)
        right = {
            expected.reply
            for outcome in outcomes(stream, server=Server())
            for expected in outcome.replies
            if isinstance(expected.reply, Stored)
        }
        # A body taken for a request may be stored, too; then its reply is right for what was stored.
        inline = sha256(stream[-4:]).hexdigest()
        return right | {Stored(self.name, 4, inline)}
