"""One exchange and its judgement: what was to be said, what came, and which right outcome it is nearest to."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise
from typing import Final

from jhup import model
from jhup.errors import JhupError
from jhup.messages import Code, Failure, Greeting, Reply, Stored
from jhup.model import Ending, Expected
from jhup.reply_reader import ReplyReader
from jhup_conformance.target.store import Body
from jhup_conformance.verify.stream import Names, Recipe, Talk
from jhup_conformance.wire.line import Line
from jhup_conformance.wire.transcript import Action, Closed, Kind, Scene

__all__ = ["Case", "End", "Exchange", "Mismatch", "scene_of", "script"]

_LONG_NAME: Final = 100
"""Characters of a name that are shown whole."""


class End(StrEnum):
    """What the suite does when all is said."""

    HOLD = "hold"
    """Keep the connection open until the outcome was seen."""
    FINISH = "finish"
    """Half-close, a pause after the last byte."""
    FINISH_AT_ONCE = "finish-at-once"
    """Half-close right behind the last byte."""
    RESET = "reset"


@dataclass(frozen=True, slots=True)
class Case:
    """What is to be tried.

    Attributes:
        recipe: what is said.
        cuts: positions in the stream before which a new segment begins, or what gives them; those outside of it
            don't count.
        end: what follows the last byte.
        must_close: whether it counts when the target does not close where it has to.
        pause: seconds between segments; None for as long as the target's pace asks.
        no_delay: whether each send leaves at once (Nagle's algorithm is off).
        apart: the same without what the check is about. It is tried when the case has failed: if it fails too, the
            target is not blamed.
        several: whether the check is about several cuts at a time, so that a single one that does it is not for it.
        strictly: whether an unhurried client is what the check is about, so that it may never hurry.
    """

    recipe: Recipe
    cuts: tuple[int, ...] | Callable[[Talk], Iterable[int]] = ()
    end: End = End.HOLD
    must_close: bool = False
    pause: float | None = None
    no_delay: bool = True
    apart: "Case | None" = None
    several: bool = False
    strictly: bool = False

    @classmethod
    def unhurried(
        cls, recipe: Recipe, end: End = End.HOLD, *, must_close: bool = False, strictly: bool = False
    ) -> "Case":
        """Give a case as an unhurried client sends it: each field in a segment of its own (section 1.4)."""
        return cls(recipe, Talk.borders, end, must_close, strictly=strictly)

    @property
    def is_unhurried(self) -> bool:
        """Whether each field is sent in a segment of its own."""
        return self.cuts is Talk.borders

    def whole(self) -> "Case":
        """Give the same bytes in one segment."""
        return replace(self, cuts=())


@dataclass(frozen=True, slots=True)
class Mismatch:
    """How an exchange differs from the nearest right outcome, in one point or in all.

    Attributes:
        expected: what is right.
        actual: what was seen.
        may_turn: whether it may still come right: a file that is being written, a reply on its way.
        timed_out: whether nothing was seen at all of what was waited for.
    """

    expected: str
    actual: str
    may_turn: bool = False
    timed_out: bool = False


def script(stream: bytes, cuts: Iterable[int], end: End, pause: float) -> list[Action]:
    """Give the steps that send a stream cut into segments."""
    edges = [0, *sorted({cut for cut in cuts if 0 < cut < len(stream)}), len(stream)]
    steps = [
        Action(Kind.SENT, stream[start:stop], pause if start else 0.0)
        for start, stop in pairwise(edges)
        if stop > start
    ]
    if end in (End.FINISH, End.FINISH_AT_ONCE):
        steps.append(Action(Kind.HALF_CLOSED, b"", pause if end is End.FINISH else 0.0))
    elif end is End.RESET:
        steps.append(Action(Kind.RESET, b"", pause))
    return steps


def scene_of(talk: Talk, steps: Iterable[Action], server: model.Server, *, must_close: bool) -> Scene:
    """Give what somebody has to know who judges the record of an exchange again."""
    return Scene(
        plan=tuple(steps),
        watched=tuple(talk.watched),
        before=talk.before,
        doubtful=frozenset(talk.doubtful),
        taken=frozenset(talk.taken),
        must_close=must_close,
        limits=(server.max_header, server.max_filesize, server.replies),
    )


class Exchange:
    """A case under way.

    Attributes:
        case: what is tried.
        talk: what is said, with the names of this execution.
        line: the connection, once `begin` gave it.
        most_replies: how many come at the most, those left aside that may be left out.
        may_be_silent: whether fewer are right as well, so that it makes no sense to wait long for all of them.
    """

    def __init__(
        self, case: Case, names: Names, server: model.Server, *, hears_all: bool = True, weighs_codes: bool = True
    ) -> None:
        self.case = case
        self.talk = Talk(names)
        case.recipe(self.talk)
        self.line: Line
        self._server = server
        self._weighs_codes = weighs_codes
        self._bodies: dict[bytes, Body] = {}
        self._outcomes = self._right(self.talk.stream, ended=case.end is not End.HOLD, reset=case.end is End.RESET)
        counts = {sum(not each.optional for each in outcome.replies) for outcome in self._outcomes}
        self._hears_all = hears_all
        self._asks = any(outcome.replies for outcome in self._outcomes)
        self.most_replies = max(counts)
        self.may_be_silent = len(counts) > 1

    def _right(self, stream: bytes, *, ended: bool = False, reset: bool = False) -> tuple[model.Outcome, ...]:
        """Give the right outcomes of a stream, doubtful names held or refused."""
        servers = [self._server]
        if self.talk.taken or self.talk.doubtful:
            occupied = frozenset(self.talk.taken)
            servers = [replace(self._server, occupied=occupied)]
            if self.talk.doubtful:
                servers.append(replace(self._server, occupied=occupied, unwritable=frozenset(self.talk.doubtful)))
        found = tuple(
            outcome
            for server in servers
            for outcome in model.outcomes(stream, server=server, ended=ended, reset=reset, store=self.talk.before)
        )
        return found if self._weighs_codes else tuple(map(_with_any_code, found))

    @property
    def cuts(self) -> tuple[int, ...]:
        """Where the stream is cut."""
        cuts = self.case.cuts
        return tuple(cuts(self.talk)) if callable(cuts) else cuts

    def begin(self, line: Line, pause: float, *, lead: float = 0.0) -> None:
        """Take a fresh connection and plan what is said on it, `pause` seconds between segments, `lead` before them."""
        self.line = line
        pause = pause if self.case.pause is None else self.case.pause
        steps = script(self.talk.stream, self.cuts, self.case.end, pause)
        if lead and steps:
            steps[0] = replace(steps[0], pause=lead)
        line.transcript.scene = scene_of(self.talk, steps, self._server, must_close=self.case.must_close)
        line.plan(steps)

    @property
    def may_change(self) -> bool:
        """Whether some right outcome changes the store: what is there to be waited for."""
        return any(outcome.store != self.talk.before for outcome in self._outcomes)

    @property
    def closes(self) -> bool:
        """Whether every right outcome ends with the connection closed."""
        return all(outcome.ending is Ending.CLOSED for outcome in self._outcomes)

    def is_satisfied(self) -> bool:
        """Tell whether nothing more is to come on the connection, so far as its own bytes tell."""
        line = self.line
        if line.closed or line.dropped:
            return True
        if self.case.must_close or self.case.end is not End.HOLD:
            return False
        return _count_frames(line.received) >= self.most_replies

    def shown(self, store: Mapping[str, Body | None] | None) -> model.Outcome | None:
        """Give the right outcome that came; None while none did. Where several fit, the one that served most."""
        fitting = [outcome for outcome in self._outcomes if not self._differences(outcome, store)]
        return max(fitting, key=lambda outcome: outcome.served, default=None)

    def is_proven(self, store: Mapping[str, Body | None] | None) -> bool:
        """Tell whether what was seen shows that the last byte was dealt with, so that nothing wrong is on its way.

        It does when the connection is closed, and when no server could have shown it one byte earlier. A reset of ours
        proves nothing: what was sent before it may still be on its way.
        """
        if self.line.dropped:
            return False
        if self.line.closed:
            return True
        return all(self._differences(outcome, store) for outcome in self._right(self.talk.stream[:-1]))

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
            expected="; ".join(dict.fromkeys(each.expected for each in nearest)),
            actual="; ".join(dict.fromkeys(each.actual for each in nearest)),
            may_turn=all(each.may_turn for each in nearest),
            timed_out=all(each.timed_out for each in nearest),
        )

    def _differences(self, outcome: model.Outcome, store: Mapping[str, Body | None] | None) -> list[Mismatch]:
        """Give each point in which things differ from one right outcome."""
        found = self._reply_differences(outcome, self.line)
        if store is not None:
            found += self._store_differences(outcome, store)
        if outcome.ending is Ending.OPEN and self.line.closed and self.case.end is End.HOLD:
            found.append(Mismatch("the connection stays open", f"closed by the target ({self.line.closed})"))
        if self.case.must_close and not self.line.closed and not self.line.dropped and outcome.ending is Ending.CLOSED:
            found.append(Mismatch("the connection closed within 5 s", "still open", timed_out=True))
        return found

    def _reply_differences(self, outcome: model.Outcome, line: Line) -> list[Mismatch]:
        if line.dropped and self.case.end is End.RESET:
            return []  # what was on its way is lost
        if not (self._hears_all or self._asks):
            return []  # whoever speaks unasked breaks CONN-1, and that has checks of its own
        expected = "replies: " + (", ".join(map(_show_expected, outcome.replies)) or "none")
        try:
            replies, rest = _read_replies(bytes(line.received))
        except JhupError as error:
            return [Mismatch(expected, f"not a reply: {error}")]
        actual = "replies: " + (", ".join(map(_show_reply, replies)) or "none")
        if rest:
            actual += f", and {rest} bytes of another"
        if not rest and model.replies_match(outcome.replies, replies):
            return []
        if line.closed is Closed.RESET and _lacks_some(outcome.replies, replies):
            return []  # a reply lost by a reset is not held against the server (section 6.3)
        late = not line.closed and _lacks_some(outcome.replies, replies)
        return [Mismatch(expected, actual, may_turn=late, timed_out=late)]

    def _told(self, body: bytes | None) -> Body | None:
        """Give length and digest of a body, computed once."""
        if body is None:
            return None
        if body not in self._bodies:
            self._bodies[body] = Body.of(body)
        return self._bodies[body]

    def _store_differences(self, outcome: model.Outcome, store: Mapping[str, Body | None]) -> list[Mismatch]:
        found = []
        for name in self.talk.watched:
            wanted = self._told(outcome.store.get(name))
            actual = store[name]
            if wanted != actual:
                before = self._told(self.talk.before.get(name))
                on_the_way = {self._told(body) for put, body in outcome.puts if put == name}
                found.append(
                    Mismatch(
                        _show_stored(name, wanted),
                        _show_stored(name, actual),
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


def _readable(name: str) -> str:
    """Show a name whatever is in it: nothing that a terminal obeys or UTF-8 can't express, and not endlessly."""
    text = name if name.isprintable() else ascii(name)[1:-1]
    return text if len(text) <= _LONG_NAME else f"{text[:40]}…{text[-20:]} ({len(name)} characters)"


def _show_stored(name: str, body: Body | None) -> str:
    name = _readable(name)
    return f"{name} not stored" if body is None else f"{name} stored ({body})"


def _show_expected(expected: Expected) -> str:
    text = _show_reply(expected.reply)
    if isinstance(expected.reply, Failure):
        codes = sorted({expected.reply.code.value, *(code.value for code in expected.also)})
        closing = "" if expected.any_closing else f", closing {str(expected.reply.closing).lower()}"
        text = f"error {' or '.join(codes) if len(codes) < 5 else 'of any code'}{closing}"
    return f"{text} or nothing" if expected.optional else text


def _show_reply(reply: Reply) -> str:
    match reply:
        case Stored(filename, filesize, sha256):
            return f"ok {_readable(filename)} ({filesize} bytes, sha256 {sha256[:12]}…)"
        case Failure(code, _, closing):
            return f"error {code}, closing {str(closing).lower()}"
        case Greeting():
            return "a greeting"


def _read_replies(received: bytes) -> tuple[list[Reply], int]:
    """Give the replies in what came, and how many bytes of an unfinished one follow."""
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
    return any(model.replies_match(expected[:count], actual) for count in range(len(expected)))
