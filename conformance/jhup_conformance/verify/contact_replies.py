"""The part of first contact about replies: whether a target has them, and whether they show its store."""

import json
from dataclasses import replace
from typing import Final

from jhup.errors import JhupError
from jhup.limits import MAX_HEADER, PREFIX_SIZE
from jhup.messages import Failure, Greeting
from jhup.reply_reader import ReplyReader
from jhup_conformance.findings import NotSeen
from jhup_conformance.target.contact import Kind, Tried
from jhup_conformance.target.store_by_stat import ReplyObserver
from jhup_conformance.verify.contact_forms import BODY, Form, paced
from jhup_conformance.verify.contact_meeting import FIRST, OTHER_FORM, UNHURRIED_PAUSE, Meeting, finish
from jhup_conformance.verify.steps import actions
from jhup_conformance.verify.stream import End
from jhup_conformance.wire.driving import drive
from jhup_conformance.wire.frames import request
from jhup_conformance.wire.line import Line
from jhup_conformance.wire.transcript import Action
from jhup_conformance.wire.transcript import Kind as Step

__all__ = ["ask_for_replies", "has_no_room", "see_by_replies"]

_LATE_REPLY: Final = 0.3
"""Seconds for the answer to a hello once the put after it was carried out: replies come in order (REPLY-3)."""
_OF_A_GREETING: Final = frozenset({"protocol", "features", "max_header", "max_filesize"})
_STAND_IN: Final = Greeting(server="", features=("replies",), max_header=MAX_HEADER, max_filesize=None)
"""Taken for a greeting whose members are wrong, which REPLY-12 says of it."""
_OTHER_MEANS: Final = "--storage DIR, --witness COMMAND or --spawn COMMAND with {storage} would help"


def ask_for_replies(meeting: Meeting) -> None:
    """Say hello on a second connection and put something after it, which shows when nothing more will come."""
    line = meeting.runner.dialer.dial()
    form = paced(meeting.runner.names.new(), "hello on a second connection, then a put")
    reader, seen, greeting = ReplyReader(), 0, list[Greeting]()

    def is_answered(line: Line) -> bool:
        nonlocal seen
        data = bytes(line.received[seen:])
        seen = len(line.received)
        try:
            greeting.extend(each for each in reader.receive(data) if isinstance(each, Greeting))
        except JhupError:
            if _is_nearly_a_greeting(line.received):
                greeting.append(_STAND_IN)
            return True
        return bool(greeting)

    try:
        head = request(cmd="hello", reply=True)
        line.plan(actions(head, (4,), End.HOLD, UNHURRIED_PAUSE))
        if meeting.observer is None:
            drive([line], until=is_answered, patience=FIRST, at_most=2 * FIRST)
        else:
            _send_after(meeting, line, form)
            drive([line], until=is_answered, patience=_LATE_REPLY, at_most=FIRST)
    finally:
        finish(line)
    came = "a greeting" if greeting else "no greeting"
    meeting.contact.tried.append(Tried(form.title if meeting.observer else "hello on a second connection", came))
    if greeting:
        _take(meeting, greeting[0])


def _send_after(meeting: Meeting, line: Line, form: Form) -> None:
    steps = actions(form.data, form.cuts, End.HOLD, UNHURRIED_PAUSE)
    line.plan([Action(Step.SENT, steps[0].data, UNHURRIED_PAUSE), *steps[1:]])
    drive([line], until=lambda _: True, patience=FIRST, at_most=FIRST)
    meeting.wait_for(line, form, OTHER_FORM)


def _take(meeting: Meeting, greeting: Greeting) -> None:
    meeting.known.greeting = greeting
    server = replace(meeting.runner.server, replies=True, max_header=greeting.max_header)
    if greeting.max_filesize is not None:
        server = replace(server, max_filesize=greeting.max_filesize)
    meeting.runner.server = server


def see_by_replies(meeting: Meeting, first: Form) -> bool:
    """See the store by stats, where the target has replies and its stat tells stored from not stored.

    Returns:
        Whether the put is not stored, for no reason that is known.
    """
    if meeting.known.greeting is None:
        meeting.contact.kinds.append(Kind.UNSEEN)
        return False
    observer = ReplyObserver(meeting.runner.dialer, meeting.runner.pace)
    missing = meeting.runner.names.new()
    try:
        found = observer.look([first.name, missing])
    except NotSeen as error:
        meeting.known.blind_for = f"what is stored can't be seen: {error}; {_OTHER_MEANS}"
        meeting.contact.kinds.append(Kind.UNSEEN)
        return False
    if found[missing] is not None:
        meeting.known.blind_for = (
            f"what is stored can't be seen: a stat of a name that was never stored is not answered with not-found; "
            f"{_OTHER_MEANS}"
        )
        meeting.contact.kinds.append(Kind.UNSEEN)
        return False
    meeting.observer = observer
    if found[first.name] is not None:
        meeting.contact.kinds.append(Kind.SPEAKS)
        return False
    return not has_no_room(meeting)


def has_no_room(meeting: Meeting) -> bool:
    """Tell whether a put is refused because the store can't be written, or takes only shorter bodies."""
    reply = meeting.reply_to(
        request(BODY, cmd="put", filename=meeting.runner.names.new(), filesize=len(BODY), reply=True)
    )
    if isinstance(reply, Failure) and reply.code == "storage":
        meeting.stop(
            Kind.NO_ROOM,
            f"({reply.message})",
            stops=f"the store can't be written: {reply.message}",
        )
        return True
    most = meeting.runner.server.max_filesize
    if isinstance(reply, Failure) and reply.code == "too-large" and most < len(BODY):
        limit = f"no body longer than {most} byte{'s' * (most != 1)}"
        meeting.stop(Kind.SPEAKS, f"({limit})", stops=f"the target takes {limit}, too few to judge by")
        return True
    return False


def _is_nearly_a_greeting(data: bytes | bytearray) -> bool:
    """Tell whether a reply with wrong members was meant as a greeting: replies are offered then, though not rightly."""
    length = int.from_bytes(data[:PREFIX_SIZE], "little")
    try:
        members = json.loads(data[PREFIX_SIZE : PREFIX_SIZE + length])
    except ValueError:
        return False
    return isinstance(members, dict) and members.get("status") == "ok" and not _OF_A_GREETING.isdisjoint(members)
