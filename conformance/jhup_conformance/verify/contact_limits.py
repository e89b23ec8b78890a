"""The part of first contact about sizes: the longest body that a target without replies stores."""

from dataclasses import replace

from jhup_conformance.target.contact import Kind
from jhup_conformance.verify.contact_forms import BODY, Form, paced, sized
from jhup_conformance.verify.contact_meeting import (
    AFTER_CLOSE,
    FIRST,
    FIRST_LOOK,
    LAST_LOOK,
    UNHURRIED_PAUSE,
    Meeting,
    finish,
)
from jhup_conformance.verify.steps import actions
from jhup_conformance.verify.stream import End
from jhup_conformance.wire.driving import drive
from jhup_conformance.wire.line import Line, overhear
from jhup_conformance.wire.transcript import Action
from jhup_conformance.wire.transcript import Kind as Step

__all__ = ["learn_limit", "takes_only_short_bodies"]


def learn_limit(meeting: Meeting) -> None:
    """Find the longest body that a target without replies stores, by halves: it can't say what its limit is.

    A body counts as refused where the next request is served or the connection closed, as ERR-5 has it.
    """
    if meeting.known.greeting or _takes(meeting, meeting.largest) is not False:
        return
    least, most = len(BODY), meeting.largest
    while most - least > 1:
        middle = (least + most) // 2
        takes = _takes(meeting, middle)
        if takes is None:
            return  # neither stored nor refused: a fault, and no limit
        least, most = (middle, most) if takes else (least, middle)
    meeting.runner.server = replace(meeting.runner.server, max_filesize=least)
    meeting.contact.detail = f"(no body longer than {least:,} bytes)"


def _takes(meeting: Meeting, size: int) -> bool | None:
    """Tell whether a body of some length is stored; None where it is not refused properly either."""
    names, clock = meeting.runner.names, meeting.runner.clock
    body, after = sized(names.new(), size), paced(names.new())
    line = meeting.runner.dialer.dial()
    try:
        steps = actions(body.data, body.cuts, End.HOLD, UNHURRIED_PAUSE)
        steps += [Action(Step.SENT, after.data, UNHURRIED_PAUSE)]
        line.plan(steps)
        drive([line], until=lambda _: True, patience=FIRST, at_most=5 * FIRST)
        until, wait = clock.now() + FIRST, FIRST_LOOK
        while clock.now() < until:
            if meeting.is_stored(body.name, size):
                return True
            overhear([line])
            if line.closed or meeting.is_stored(after.name, len(BODY)):
                clock.sleep(LAST_LOOK)
                if meeting.is_stored(body.name, size):
                    return True
                return None if _is_stored_once_closed(meeting, line, body) else False
            clock.sleep(wait)
            wait = min(2 * wait, LAST_LOOK)
        return None
    finally:
        finish(line)


def _is_stored_once_closed(meeting: Meeting, line: Line, form: Form) -> bool:
    """Tell whether a body that seems refused is kept back until the connection ends, which is no limit."""
    if not line.closed:
        line.plan([Action(Step.HALF_CLOSED)])
        drive([line], until=lambda each: each.closed is not None, patience=AFTER_CLOSE, at_most=AFTER_CLOSE)
    line.drop()
    meeting.runner.clock.sleep(LAST_LOOK)
    return meeting.is_stored(form.name, form.size)


def takes_only_short_bodies(meeting: Meeting) -> bool:
    """Tell whether an empty put is stored where a longer one is not: nothing can be judged by so few bytes."""
    before, empty = meeting.entries(), sized(meeting.runner.names.new(), 0)
    if not meeting.try_form(empty):
        if not meeting.entries() - before - {empty.name}:
            return False
        advice = "names are encoded there, and only empty bodies taken, so that nothing can be told"
        meeting.stop(Kind.OTHER_NAMES, advice=advice, stops="the folder holds files under other names")
        return True
    most = 1 if meeting.try_form(sized(meeting.runner.names.new(), 1)) else 0
    limit = f"no body longer than {most} byte{'s' * (most != 1)}"
    meeting.stop(Kind.SPEAKS, f"({limit})", stops=f"the target takes {limit}, too few to judge by")
    return True
