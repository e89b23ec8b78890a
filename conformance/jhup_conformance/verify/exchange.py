"""One exchange and its judgement: what was to be sent, what came, and which right outcome it is nearest to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from jhup import model
from jhup.errors import JhupError
from jhup.messages import Code, Failure, Reply
from jhup.model import Ending, Expected
from jhup.reply_reader import ReplyReader
from jhup_conformance.differences import ClosedEarly, Difference, NotReplies, StillOpen, WrongBody, WrongReplies
from jhup_conformance.target.body import Body
from jhup_conformance.verify.names import Names
from jhup_conformance.verify.steps import actions_of, scene_of
from jhup_conformance.verify.stream import End, Stream
from jhup_conformance.wire.line import Line
from jhup_conformance.wire.transcript import Closed

__all__ = ["Attempt", "Exchange", "Mismatch"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A stream, and what counts of what comes of it.

    Attributes:
        stream: what is sent.
        closes: whether it counts when the target does not close where it has to.
        stays_open: whether it counts when the target closes where it has to go on; only FRAME-10 and what follows an
            error are about that, since a server of one request a connection would else be blamed everywhere.
        codes: whether an error that is owed needs to have the right code; that is what chapter 8 is about.
        unsolicited: whether it counts what is received on a connection on which no reply was asked for.
    """

    stream: Stream
    closes: bool = False
    stays_open: bool = False
    codes: bool = False
    unsolicited: bool = False


@dataclass(frozen=True, slots=True)
class Mismatch:
    """How an exchange differs from the nearest right outcome.

    Attributes:
        points: in which points.
        may_turn: whether it may still come right: a file that is being written, a reply on its way.
        timed_out: whether nothing was seen at all of what was waited for.
    """

    points: tuple[Difference, ...]
    may_turn: bool = False
    timed_out: bool = False

    @property
    def expected(self) -> str:
        """What is right, for people."""
        return "; ".join(dict.fromkeys(each.expected for each in self.points))

    @property
    def actual(self) -> str:
        """What was seen, for people."""
        return "; ".join(dict.fromkeys(each.actual for each in self.points))


class Exchange:
    """An attempt under way.

    Attributes:
        attempt: the stream, and what counts.
        bound: its stream with the names of this execution.
        line: the connection, once `begin` got it.
        most_replies: how many come at the most, those left aside that may be left out.
        may_be_silent: whether fewer are right as well, so that it makes no sense to wait long for all of them.
    """

    def __init__(self, attempt: Attempt, names: Names, server: model.Server) -> None:
        self.attempt = attempt
        self.bound = attempt.stream.bind(names)
        self.line: Line
        self._server = server
        self._bodies: dict[bytes, Body] = {}
        self._read: tuple[bytes, list[Reply], int] | None = None
        end = attempt.stream.end
        self._outcomes = self._right(self.bound.data, ended=end is not End.HOLD, reset=end.is_deaf)
        counts = {sum(not each.optional for each in outcome.replies) for outcome in self._outcomes}
        self._asks = any(outcome.replies for outcome in self._outcomes)
        self.most_replies = max(counts)
        self.may_be_silent = len(counts) > 1

    def _right(self, data: bytes, *, ended: bool = False, reset: bool = False) -> tuple[model.Outcome, ...]:
        """Return the right outcomes of some bytes, doubtful names stored or refused."""
        bound = self.bound
        servers = [self._server]
        if bound.taken or bound.doubtful:
            servers = [replace(self._server, occupied=bound.taken)]
            if bound.doubtful:
                servers.append(replace(self._server, occupied=bound.taken, unwritable=bound.doubtful))
        found = tuple(
            outcome
            for server in servers
            for outcome in model.outcomes(data, server=server, ended=ended, reset=reset, store=bound.before)
        )
        return found if self.attempt.codes else tuple(map(_with_any_code, found))

    def begin(self, line: Line, pause: float, *, lead: float = 0.0) -> None:
        """Take a fresh connection and plan what is sent on it, `pause` seconds between segments, `lead` before them."""
        self.line = line
        steps = actions_of(self.bound, pause)
        if lead and steps:
            steps[0] = replace(steps[0], pause=lead)
        line.transcript.scene = scene_of(self.bound, steps, self._server, closes=self.attempt.closes)
        line.plan(steps)

    @property
    def may_change(self) -> bool:
        """Whether some right outcome changes the store: what is there to be waited for."""
        return any(outcome.store != self.bound.before for outcome in self._outcomes)

    @property
    def closes(self) -> bool:
        """Whether every right outcome ends with the connection closed."""
        return all(outcome.ending is Ending.CLOSED for outcome in self._outcomes)

    def is_satisfied(self) -> bool:
        """Tell whether nothing more is to come on the connection, so far as its own bytes tell."""
        line = self.line
        if line.closed or line.dropped:
            return True
        if self.attempt.closes or self.attempt.stream.end is not End.HOLD:
            return False
        return _count_frames(line.received) >= self.most_replies

    def shown(self, store: Mapping[str, Body | None] | None) -> model.Outcome | None:
        """Return the right outcome that came; None while none did. Where several fit, the one that served most."""
        fitting = [outcome for outcome in self._outcomes if not self._differences(outcome, store)]
        return max(fitting, key=lambda outcome: outcome.served, default=None)

    def is_proven(self, store: Mapping[str, Body | None] | None) -> bool:
        """Tell whether what was seen shows that the last byte was dealt with, so that nothing wrong is on its way.

        It does when the connection is closed, and when no server could have shown it one byte earlier. A reset of ours
        proves nothing: what was sent before it may still be on its way. Nor does a body under a name that is put more
        than once: a server that takes the puts in another order has it for a moment.
        """
        if self.line.dropped:
            return False
        if self.line.closed:
            return True
        return not self._puts_again and all(self._differences(outcome, store) for outcome in self._one_byte_earlier)

    @cached_property
    def _puts_again(self) -> bool:
        """Whether some right outcome has several puts of a name."""
        return any(len({name for name, _ in each.puts}) < len(each.puts) for each in self._outcomes)

    @cached_property
    def _one_byte_earlier(self) -> tuple[model.Outcome, ...]:
        """The right outcomes without the last byte; asked for at each look at the store."""
        return self._right(self.bound.data[:-1])

    def mismatch(self, store: Mapping[str, Body | None] | None) -> Mismatch | None:
        """Compare what came with the right outcomes.

        Args:
            store: what is stored under the names watched; None when the store can't be seen.

        Returns:
            None when it is one of them, else how it differs from the nearest.
        """
        differences = [self._differences(outcome, store) for outcome in self._outcomes]
        # One that may still turn out is nearer than any that can't: of two puts, the first may be stored and the second
        # on its way, while "closed before both" is already out of the question.
        nearest = min(differences, key=lambda each: (not all(point.may_turn for point in each), len(each)))
        if not nearest:
            return None
        return Mismatch(
            points=tuple(point for each in nearest for point in each.points),
            may_turn=all(each.may_turn for each in nearest),
            timed_out=all(each.timed_out for each in nearest),
        )

    def _differences(self, outcome: model.Outcome, store: Mapping[str, Body | None] | None) -> list[Mismatch]:
        """Return each point in which things differ from one right outcome."""
        found = self._reply_differences(outcome, self.line)
        if store is not None:
            found += self._store_differences(outcome, store)
        line, attempt = self.line, self.attempt
        if attempt.stays_open and outcome.ending is Ending.OPEN and line.closed and attempt.stream.end is End.HOLD:
            found.append(Mismatch((ClosedEarly(line.closed),)))
        if attempt.closes and not line.closed and not line.dropped and outcome.ending is Ending.CLOSED:
            found.append(Mismatch((StillOpen(),), timed_out=True))
        return found

    def _reply_differences(self, outcome: model.Outcome, line: Line) -> list[Mismatch]:
        if line.dropped and self.attempt.stream.end.is_deaf:
            return []  # what was on its way is lost
        if not (self.attempt.unsolicited or self._asks):
            return []  # CONN-1 covers unsolicited bytes
        try:
            replies, rest = self._heard(line)
        except JhupError as error:
            return [Mismatch((NotReplies(outcome.replies, str(error)),))]
        if not rest and model.replies_match(outcome.replies, replies):
            return []
        if line.closed is Closed.RESET and _lacks_some(outcome.replies, replies):
            return []  # a reply lost by a reset is not held against the server (section 6.3)
        late = not line.closed and _lacks_some(outcome.replies, replies)
        return [Mismatch((WrongReplies(outcome.replies, tuple(replies), rest),), may_turn=late, timed_out=late)]

    def _heard(self, line: Line) -> tuple[list[Reply], int]:
        """Read what was received, once for all outcomes that it is compared with."""
        if self._read is None or self._read[0] != line.received:
            received = bytes(line.received)
            self._read = received, *_read_replies(received)
        return self._read[1:]

    def _told(self, body: bytes | None) -> Body | None:
        """Return length and digest of a body, computed once."""
        if body is None:
            return None
        if body not in self._bodies:
            self._bodies[body] = Body.of(body)
        return self._bodies[body]

    def _store_differences(self, outcome: model.Outcome, store: Mapping[str, Body | None]) -> list[Mismatch]:
        found = []
        for name in self.bound.watched:
            wanted = self._told(outcome.store.get(name))
            actual = store[name]
            if wanted != actual:
                before = self._told(self.bound.before.get(name))
                on_the_way = {self._told(body) for put, body in outcome.puts if put == name}
                found.append(
                    Mismatch(
                        (WrongBody(name, (wanted,), actual),),
                        may_turn=wanted != before or actual in on_the_way,
                        timed_out=wanted != before and actual == before,
                    )
                )
        return found


def _with_any_code(outcome: model.Outcome) -> model.Outcome:
    """Let every error that is owed have any code: which one it has is what chapter 8 is about."""
    if not any(isinstance(each.reply, Failure) for each in outcome.replies):
        return outcome
    replies = (
        replace(each, also=frozenset(Code)) if isinstance(each.reply, Failure) else each for each in outcome.replies
    )
    return replace(outcome, replies=tuple(replies))


def _read_replies(received: bytes) -> tuple[list[Reply], int]:
    """Return the replies in what came, and how many bytes of an unfinished one follow."""
    reader = ReplyReader()
    replies = list(reader.receive(received))
    return replies, len(received) - _end_of_frames(received)


def _end_of_frames(received: bytes | bytearray) -> int:
    at = 0
    while len(received) - at >= 4:
        end = at + 4 + int.from_bytes(received[at : at + 4], "little", signed=True)
        if not at + 4 < end <= len(received):
            break
        at = end
    return at


def _count_frames(received: bytearray) -> int:
    at = count = 0
    while len(received) - at >= 4:
        at += 4 + max(0, int.from_bytes(received[at : at + 4], "little", signed=True))
        if at > len(received):
            break
        count += 1
    return count


def _lacks_some(expected: Sequence[Expected], actual: Sequence[Reply]) -> bool:
    """Tell whether the replies that came are the first of those expected, and not all of them."""
    return any(count < len(expected) for count in model.counts_matched(expected, actual))
