"""What acquits an upload server of a failure: a plainer exchange that fails as well."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from jhup_conformance.differences import WrongBody
from jhup_conformance.findings import NotSeen
from jhup_conformance.verify.confirm import LONGER_PAUSE
from jhup_conformance.verify.controls import Controls
from jhup_conformance.verify.exchange import Attempt
from jhup_conformance.verify.failure import Failure
from jhup_conformance.verify.plain_replies import PLAIN_REPLIES
from jhup_conformance.verify.shrink import shrink
from jhup_conformance.verify.stream import Stream
from jhup_conformance.wire.network import Clock

__all__ = ["SURE_PAUSE", "Acquittal", "Blameless"]

SURE_PAUSE: Final = 0.02
"""Seconds between two segments that arrive as two also on a busy machine."""
_PAUSES: Final = 0.3
"""Seconds that all pauses of an attempt may take together for the sake of that."""
_ASKS: Final = b'"reply":true'
_ASKS_NOT: Final = b'"reply":null'

Blameless: TypeAlias = Stream | Callable[[Stream], Stream] | None
"""The same without what a check is about, or what makes it of a failing stream: if it fails too, nobody is blamed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acquittal:
    """Acquits, slows down and makes smaller, for one check of an upload server.

    Attributes:
        controls: what is known to work.
        clock: what the time for making a failure smaller is measured by.
        about_replies: whether a clause of chapter 8 is judged. What fails when no reply is asked for as well says
            nothing of replies; and what is wrong about any reply says nothing of the other chapters.
        speaks_unasked: tells whether the target sends unsolicited bytes anyway; CONN-1 covers that.
        blameless_if: what acquits the target.
        several_cuts: whether the check is about several cuts at a time, so that a single one is not for it.
    """

    controls: Controls[Attempt]
    clock: Clock
    about_replies: bool
    speaks_unasked: Callable[[], bool]
    blameless_if: Blameless = None
    several_cuts: bool = False

    def acquits(self, failed: Failure[Attempt]) -> None:
        """Blame the target for nothing that fails without what the check is about, too.

        Raises:
            NotSeen: when it does.
        """
        attempt, received = failed.attempt, bool(failed.transcript.received)
        is_of_store = any(isinstance(each, WrongBody) for each in failed.points)  # no bytes explain that
        if received and not is_of_store and self.speaks_unasked():
            raise NotSeen("the server sent unsolicited bytes; CONN-1 covers this")
        if (plainer := self._plainer(attempt.stream)) is not None:
            self.controls.require(
                self.slower(replace(attempt, stream=plainer)), "the same without what this is about fails too"
            )
        silent = _without_asking(attempt)
        if silent is None:
            return
        if self.about_replies:
            failed_too = self.controls.fails(silent)
            if failed_too and not failed_too.transcript.received:
                actual = "; ".join(each.actual for each in failed_too.points)
                raise NotSeen(f"the same fails when no reply is asked for: {actual}")
        elif received:
            for plain in PLAIN_REPLIES:
                self.controls.require(
                    Attempt(stream=plain), "a plain request is not answered rightly; chapter 8 covers this"
                )

    def _plainer(self, stream: Stream) -> Stream | None:
        return self.blameless_if(stream) if callable(self.blameless_if) else self.blameless_if

    def slower(self, attempt: Attempt) -> Attempt:
        """Return an attempt with pauses so long that its cuts arrive as such, also on a busy machine."""
        stream = attempt.stream
        if stream.pause == 0 or not stream.cuts:
            return attempt
        longer = LONGER_PAUSE * self.controls.pace.pause
        pause = max(stream.pause or 0.0, longer, min(SURE_PAUSE, _PAUSES / len(stream.cuts)))
        return replace(attempt, stream=stream.sent(pause=pause, no_delay=stream.no_delay))

    def smallest(
        self, failed: Failure[Attempt], again: Callable[[Attempt], Failure[Attempt] | None]
    ) -> Failure[Attempt]:
        """Return the smallest failure that is found in a few seconds, inside what the clause is about.

        Raises:
            NotSeen: when that is no matter of the check.
        """
        stream = failed.attempt.stream
        borders = () if self.controls.works_glued else stream.by_request().cuts
        smallest = shrink(failed, again, self.clock, kept=frozenset(borders).intersection(stream.cuts))
        if self.several_cuts and len(smallest.attempt.stream.cuts) == 1:
            raise NotSeen(f"one cut is enough to trigger this; see FRAME-3 to FRAME-7: {self.where(smallest)}")
        return smallest

    @staticmethod
    def where(failed: Failure[Attempt]) -> str:
        """Return in words where the stream was cut."""
        stream = failed.attempt.stream
        if not stream.cuts:
            return ""
        places = ", ".join(stream.where(cut) for cut in stream.cuts[:3])
        more = f", and {len(stream.cuts) - 3} more" if len(stream.cuts) > 3 else ""
        return f"cut {places}{more}"


def _without_asking(attempt: Attempt) -> Attempt | None:
    """Return an attempt that asks for no reply, as many bytes as before; None where there is nothing to take back."""
    stream = attempt.stream
    data = stream.data
    for field in stream.fields:
        if field.kind != "body":
            part = data[field.start : field.end].replace(_ASKS, _ASKS_NOT)
            data = data[: field.start] + part + data[field.end :]
    return None if data == stream.data else replace(attempt, stream=stream.with_data(data), closes=False)
