"""What stands between a failing exchange and blame: tried again alone, acquitted by a plainer one, made smaller."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, NoReturn, TypeAlias

from jhup_conformance.findings import Finding, NotSeen, Wavering
from jhup_conformance.verify.controls import Controls
from jhup_conformance.verify.exchange import Attempt
from jhup_conformance.verify.plain_replies import PLAIN_REPLIES
from jhup_conformance.verify.runner import Failed, Runner
from jhup_conformance.verify.shrink import shrink
from jhup_conformance.verify.stream import Stream

__all__ = ["SURE_PAUSE", "TRIES", "Blameless", "Confirmation"]

TRIES: Final = 3
"""How often a failing exchange is made in all before it is blamed or called flaky."""

_LONGER_PAUSE: Final = 4
"""By how much pauses grow when an attempt is made again."""
SURE_PAUSE: Final = 0.02
"""Seconds between two segments that arrive as two also on a busy machine."""
_PAUSES: Final = 0.3
"""Seconds that all pauses of an attempt may take together for the sake of that."""
_ASKS: Final = b'"reply":true'
_ASKS_NOT: Final = b'"reply":null'

Blameless: TypeAlias = Stream | Callable[[Stream], Stream] | None
"""The same without what a check is about, or what makes it of a failing stream: if it fails too, nobody is blamed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """Confirms failures, for one check.

    Attributes:
        runner: makes the exchanges.
        controls: what is known to work.
        about_replies: whether a clause of chapter 8 is judged. What fails when no reply is asked for as well says
            nothing of replies; and what is wrong about any reply says nothing of the other chapters.
        speaks_unasked: tells whether the target sends unsolicited bytes anyway; CONN-1 covers that.
        blameless_if: what acquits the target.
        several_cuts: whether the check is about several cuts at a time, so that a single one is not for it.
    """

    runner: Runner
    controls: Controls
    about_replies: bool
    speaks_unasked: Callable[[], bool]
    blameless_if: Blameless = None
    several_cuts: bool = False

    def look_again(self, first: Failed, batch: Sequence[Attempt]) -> None:
        """Make a failing attempt again, alone and with more time, and blame the target only if it fails again.

        Raises:
            Finding: for the target.
            Wavering: when the attempt succeeded then.
            NotSeen: when nothing was learnt: it fails only beside others, or a plainer one fails as well.
        """
        attempt, mismatch = first.exchange.attempt, first.mismatch
        if again := self._alone(attempt):
            self._acquit(again)
            self._blame(again)
        if mismatch.timed_out:
            return  # it was only slow beside the others
        if attempt.stream.is_paced and not self._alone(attempt):
            return  # the machine was busy and has joined segments, which no unhurried client sends
        failures = 1 + (self._alone(attempt) is not None)
        if failures == 1 and self._fails_beside(batch):
            raise NotSeen(f"it fails beside {len(batch) - 1} other connections, and never alone")
        raise Wavering(points=mismatch.points, transcript=first.exchange.line.transcript, times=(failures, TRIES))

    def _fails_beside(self, batch: Sequence[Attempt]) -> bool:
        """Tell whether a batch of several fails again, tried some times."""
        patience = self.runner.pace.last_patience
        return len(batch) > 1 and any(self.runner.run(batch, patience=patience) for _ in range(TRIES))

    def _acquit(self, failed: Failed) -> None:
        """Blame the target for nothing that fails without what the check is about, too.

        Raises:
            NotSeen: when it does.
        """
        attempt = failed.exchange.attempt
        if failed.exchange.line.received and self.speaks_unasked():
            raise NotSeen("the server sent unsolicited bytes; CONN-1 covers this")
        if (plainer := self._plainer(attempt.stream)) is not None:
            self.controls.require(
                self._slower(replace(attempt, stream=plainer)), "the same without what this is about fails too"
            )
        silent = _without_asking(attempt)
        if silent is None:
            return
        if self.about_replies:
            failed_too = self.controls.fails_twice(silent)
            if failed_too and not failed_too.exchange.line.received:
                raise NotSeen(f"the same fails when no reply is asked for: {failed_too.mismatch.actual}")
        elif failed.exchange.line.received:
            for plain in PLAIN_REPLIES:
                self.controls.require(
                    Attempt(stream=plain), "a plain request is not answered rightly; chapter 8 covers this"
                )

    def _plainer(self, stream: Stream) -> Stream | None:
        return self.blameless_if(stream) if callable(self.blameless_if) else self.blameless_if

    def _alone(self, attempt: Attempt) -> Failed | None:
        """Make an attempt with nothing beside it, more time to wait, and pauses so long that its cuts surely arrive."""
        failed = self.runner.run([self._slower(attempt)], patience=self.runner.pace.last_patience)
        return failed[0] if failed else None

    def _slower(self, attempt: Attempt) -> Attempt:
        """Return an attempt with pauses so long that its cuts arrive as such, also on a busy machine."""
        stream = attempt.stream
        if stream.pause == 0 or not stream.cuts:
            return attempt
        longer = _LONGER_PAUSE * self.runner.pace.pause
        pause = max(stream.pause or 0.0, longer, min(SURE_PAUSE, _PAUSES / len(stream.cuts)))
        return replace(attempt, stream=stream.sent(pause=pause, no_delay=stream.no_delay))

    def _blame(self, failed: Failed) -> NoReturn:
        """Blame the target for the smallest attempt that fails.

        Raises:
            Finding: always, but
            NotSeen: when that is no matter of the check.
        """
        stream = failed.exchange.bound.stream
        borders = stream.by_request().cuts if not self.controls.takes_two_at_once else ()
        smallest = shrink(
            failed, self._first_failed, self.runner.clock, kept=frozenset(borders).intersection(stream.cuts)
        )
        where = _where(smallest)
        if self.several_cuts and len(smallest.exchange.bound.stream.cuts) == 1:
            raise NotSeen(f"one cut is enough to trigger this; see FRAME-3 to FRAME-7: {where}")
        raise Finding(
            points=smallest.mismatch.points,
            where=where,
            transcript=smallest.exchange.line.transcript,
            timed_out=smallest.mismatch.timed_out,
        )

    def _first_failed(self, attempt: Attempt) -> Failed | None:
        failed = self.runner.run([attempt], patience=self.runner.pace.patience)
        return failed[0] if failed else None


def _without_asking(attempt: Attempt) -> Attempt | None:
    """Return an attempt that asks for no reply, as many bytes as before; None where there is nothing to take back."""
    stream = attempt.stream
    data = stream.data
    for field in stream.fields:
        if field.kind != "body":
            part = data[field.start : field.end].replace(_ASKS, _ASKS_NOT)
            data = data[: field.start] + part + data[field.end :]
    return None if data == stream.data else replace(attempt, stream=stream.with_data(data), closes=False)


def _where(failed: Failed) -> str:
    stream = failed.exchange.bound.stream
    if not stream.cuts:
        return ""
    places = ", ".join(stream.where(cut) for cut in stream.cuts[:3])
    more = f", and {len(stream.cuts) - 3} more" if len(stream.cuts) > 3 else ""
    return f"cut {places}{more}"
