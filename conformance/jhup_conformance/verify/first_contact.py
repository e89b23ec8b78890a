"""Gets to know a target before it is judged: which form of upload it takes, how fast it is, whether it has replies.

The put comes first, as every server knows it; hello comes later. What first contact shows decides whether anything can
be judged, and names the clause that is to blame when nothing can.
"""

from collections.abc import Callable
from typing import Final

from jhup.model import Server
from jhup_conformance.target.contact import Kind, Tried
from jhup_conformance.target.knowledge import Knowledge
from jhup_conformance.target.store import Observer
from jhup_conformance.verify.contact_causes import find_out_why
from jhup_conformance.verify.contact_forms import Form, paced
from jhup_conformance.verify.contact_limits import learn_limit
from jhup_conformance.verify.contact_meeting import FIRST, LAST_LOOK, OTHER_FORM, UNHURRIED_PAUSE, Meeting, finish
from jhup_conformance.verify.contact_replies import ask_for_replies, see_by_replies
from jhup_conformance.verify.exchange import Attempt
from jhup_conformance.verify.requests import put
from jhup_conformance.verify.runner import Runner
from jhup_conformance.wire.channel import Unreachable
from jhup_conformance.wire.dialer import TargetGone
from jhup_conformance.wire.driving import drive
from jhup_conformance.wire.line import Line
from jhup_conformance.wire.transcript import Action
from jhup_conformance.wire.transcript import Kind as Step

__all__ = ["make_contact", "no_replies"]

_CALIBRATIONS: Final = 3
_GREETED: Final = 0.03
"""Seconds for a target to speak first."""
_DYING: Final = 0.15
"""Seconds for a process to end of a reset."""
_SPINS: Final = 0.25
"""Share of a processor that a target at rest has no use for."""


def no_replies() -> Server:
    """Return what the model knows of a target before it has said hello."""
    return Server(replies=False)


def make_contact(
    runner: Runner,
    observer: Observer | None,
    *,
    largest: int,
    is_own_folder: bool = False,
    bring_back: Callable[[], bool] | None = None,
    load: Callable[[], float] = lambda: 0.0,
) -> Knowledge:
    """Learn what the judge has to know, and set the runner up for it.

    Args:
        runner: gets its observer, its model of the server, and its pace.
        observer: how the store is seen; None to see it by replies if the target has them.
        largest: bytes of the longest body that is sent.
        is_own_folder: whether the observer's folder is surely the server's, because the suite has told it so.
        bring_back: starts the target again, and tells whether it could; None where the suite has not started it.
        load: tells how many processors the target keeps busy.

    Raises:
        Unreachable: when nobody accepts a connection.
        SuiteError: when the observer itself fails.
    """
    meeting = Meeting(runner, observer, largest=largest, is_own_folder=is_own_folder)
    return _First(meeting, bring_back=bring_back, load=load).learn()


class _First:
    """First contact from its beginning to its end."""

    def __init__(self, meeting: Meeting, *, bring_back: Callable[[], bool] | None, load: Callable[[], float]) -> None:
        self._meeting = meeting
        self._bring_back = bring_back or (lambda: False)
        self._is_restartable = bring_back is not None
        self._load = load

    def learn(self) -> Knowledge:
        """Go through all of it."""
        line = self._meeting.runner.dialer.first()
        try:
            self._learn_from(line)
        except (TargetGone, Unreachable):
            self._meeting.stop(Kind.ONE_CONNECTION, root="ERR-9", stops="the target serves one connection, then exits")
            self._bring_back()
        finally:
            line.drop()
        self._meeting.runner.observer = self._meeting.observer
        if self._meeting.observer and not self._meeting.contact.stops:
            self._calibrate()
        self._meeting.known.gate = self._meeting.known.gate or self._meeting.contact.stops
        return self._meeting.known

    def _learn_from(self, line: Line) -> None:
        drive([line], until=lambda line: bool(line.received), patience=_GREETED, at_most=_GREETED)
        self._meeting.known.unsolicited = bytes(line.received)
        if line.received:
            self._meeting.contact.kinds.append(Kind.SPEAKS_FIRST)
        entries = self._meeting.entries()
        first = paced(self._meeting.runner.names.new())
        stored = self._meeting.send(line, first, FIRST)
        self._meeting.contact.transcript = line.transcript
        serves_on = (
            self._meeting.send(line, paced(self._meeting.runner.names.new(), "a second put on it"), OTHER_FORM)
            if stored
            else False
        )
        late = not stored and self._is_stored_at_the_end(line, first)
        finish(line)
        if stored or self._meeting.observer is None:
            ask_for_replies(self._meeting)
        if late:
            why = "it carries out a put only when the stream ends"
            self._meeting.stop(Kind.SPEAKS, f"({why})", root="FRAME-11", stops=why)
        elif stored:
            self._learn_how_to_leave()
            learn_limit(self._meeting)
            self._meeting.contact.kinds.append(Kind.SPEAKS if serves_on else Kind.ONE_UPLOAD)
        elif self._meeting.observer is None:
            if see_by_replies(self._meeting, first):
                find_out_why(self._meeting, None, first, None)
        else:
            find_out_why(self._meeting, line, first, entries)

    def _is_stored_at_the_end(self, line: Line, form: Form) -> bool:
        """Tell whether a put is carried out once the stream has ended."""
        if self._meeting.observer is None or line.closed:
            return False
        line.plan([Action(Step.HALF_CLOSED)])
        drive([line], until=lambda _: True, patience=OTHER_FORM, at_most=OTHER_FORM)
        stored = self._meeting.wait_for(line, form, OTHER_FORM)
        self._meeting.contact.tried.append(Tried("end of stream after it", "stored" if stored else "not stored"))
        return stored

    def _learn_how_to_leave(self) -> None:
        """Find out whether a reset ends the target, which the suite's own connections must not do, or an orderly end.

        Only a server that can be started again is tried: else resets are used, which more servers survive.
        """
        if not self._is_restartable:
            return
        if self._load() > _SPINS:
            self._meeting.contact.tried.append(Tried("an orderly end after a put", "the target spins; resets are used"))
            self._bring_back()
            return
        line = self._meeting.runner.dialer.dial()
        self._meeting.send(line, paced(self._meeting.runner.names.new(), "a put, then a reset"), OTHER_FORM)
        line.drop()
        until = self._meeting.runner.clock.now() + _DYING
        while not self._meeting.runner.dialer.has_ended and self._meeting.runner.clock.now() < until:
            self._meeting.runner.clock.sleep(LAST_LOOK)
        if self._meeting.runner.dialer.has_ended:
            self._meeting.contact.tried.append(Tried("after the reset", "the target has ended"))
            self._meeting.runner.dialer.leaves_in_order = True
            self._bring_back()

    def _calibrate(self) -> None:
        """Put a few small files as an unhurried client; what fails then stops the run at the clause of storing."""
        for _ in range(_CALIBRATIONS):
            stream = (
                put(b"calibration")
                .paced()
                .sent(pause=UNHURRIED_PAUSE if not self._meeting.runner.pace.is_known else None)
            )
            failed = self._meeting.runner.run(
                [Attempt(stream=stream)], patience=self._meeting.runner.pace.last_patience
            )
            if failed:
                found = failed[0].mismatch
                self._meeting.known.gate = f"a plain put fails: expected {found.expected}; actual: {found.actual}"
                return
