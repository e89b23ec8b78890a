"""The part of first contact about what stores nothing: which other form, dialect or folder it is that hides a put."""

import errno
import os
from collections.abc import Callable
from dataclasses import replace

from jhup_conformance.target.contact import Kind
from jhup_conformance.target.store import FolderObserver
from jhup_conformance.target.store_by_stat import ReplyObserver
from jhup_conformance.target.unread import unread_bytes
from jhup_conformance.verify.contact_forms import (
    ALIASES,
    BODY,
    COMMANDS,
    Form,
    aliased,
    big_endian,
    paced,
    whole,
)
from jhup_conformance.verify.contact_limits import takes_only_short_bodies
from jhup_conformance.verify.contact_meeting import OTHER_FORM, Meeting, finish
from jhup_conformance.verify.contact_replies import ask_for_replies, has_no_room
from jhup_conformance.wire.line import Line
from jhup_conformance.wire.network import SystemNetwork

__all__ = ["find_out_why"]


def find_out_why(meeting: Meeting, line: Line | None, first: Form, entries: set[str] | None) -> None:
    """Find out what the target is that did not store a plain put."""
    echoed = bytes(line.received) if line else b""
    unread = _unread_by(meeting, first)
    if _holds_it_under_another_name(meeting, entries):
        return
    if echoed and first.data.startswith(echoed[: len(first.data)]):
        meeting.stop(Kind.ECHOES, root="STORE-1", stops="the target sends back what it is sent, and stores nothing")
    elif meeting.try_form(whole(meeting.runner.names.new())):
        advice = "it takes what one receive returns for a request; read until prefix, header and body are complete"
        meeting.stop(Kind.WHOLE, advice=advice, root="FRAME-2", stops="the target reads whole requests only")
    elif meeting.try_form(big_endian(paced(meeting.runner.names.new()))):
        advice = "the prefix is little-endian; read it with the format '<i', or swap its bytes"
        meeting.stop(Kind.BIG_ENDIAN, advice=advice, root="FRAME-1", stops="the target reads a big-endian prefix")
    elif takes_only_short_bodies(meeting):
        pass
    elif members := _dialect(meeting, lambda form: form):
        named = f"({', '.join(members)})"
        meeting.stop(Kind.DIALECT, named, root="STORE-1", stops=f"the target speaks another dialect {named}")
    elif members := _dialect(meeting, big_endian):
        named = f"({', '.join(members)}), with a big-endian prefix"
        meeting.stop(Kind.DIALECT, named, root="STORE-1", stops=f"the target speaks another dialect {named}")
    elif unread:
        meeting.stop(
            Kind.NEVER_READS,
            f"({unread} bytes unread)",
            root="STORE-1",
            stops=f"the target never reads: {unread} bytes of {len(first.data)} stay unread",
        )
    else:
        _say_nothing_appeared(meeting)


def _unread_by(meeting: Meeting, first: Form) -> int:
    """Return how many bytes of an upload stay unread, where all of them do."""
    if not isinstance(meeting.runner.dialer.network, SystemNetwork):
        return 0
    line = meeting.runner.dialer.dial()
    try:
        meeting.send(line, replace(paced(meeting.runner.names.new()), title="a put, left alone"), OTHER_FORM)
        unread = None if line.closed else unread_bytes(line.channel.fileno())
    finally:
        finish(line)
    return unread if unread is not None and unread >= len(first.data) else 0


def _dialect(meeting: Meeting, prefixed: Callable[[Form], Form]) -> tuple[str, ...]:
    """Return the members of other dialects that make the target store an upload; none where none do.

    Args:
        meeting: the first contact.
        prefixed: makes the prefix what it is in the dialect.
    """
    names = meeting.runner.names
    for command in COMMANDS:
        if not meeting.try_form(prefixed(aliased(names.new(), command))):
            continue
        needed: tuple[str, ...] = ALIASES
        for alias in ALIASES:
            fewer = tuple(each for each in needed if each != alias)
            if meeting.try_form(
                prefixed(aliased(names.new(), command, fewer)), meeting.runner.pace.patience, quietly=True
            ):
                needed = fewer
        return needed
    return ()


def _holds_it_under_another_name(meeting: Meeting, entries: set[str] | None) -> bool:
    """Tell whether the folder has a new file with the body that was sent."""
    if not isinstance(meeting.observer, FolderObserver) or entries is None:
        return False
    new = meeting.entries() - entries
    if not any(meeting.observer.has_body(name, BODY) for name in new):
        return False
    ask_for_replies(meeting)
    if meeting.known.greeting:
        meeting.contact.kinds.append(Kind.OTHER_NAMES)
        meeting.contact.advice = "replies are used instead"
        meeting.observer = ReplyObserver(meeting.runner.dialer, meeting.runner.pace)
    else:
        advice = "names are encoded there, so that it can't be told what is stored under which"
        meeting.stop(Kind.OTHER_NAMES, advice=advice, stops="the folder holds files under other names")
    return True


def _say_nothing_appeared(meeting: Meeting) -> None:
    where = meeting.observer.folder if isinstance(meeting.observer, FolderObserver) else None
    if meeting.known.greeting is None:
        ask_for_replies(meeting)
    if meeting.known.greeting and has_no_room(meeting):
        return
    if problem := _cannot_be_written(meeting):
        meeting.stop(Kind.NO_ROOM, f"({problem})", stops=f"the store can't be written: {problem}")
    elif where is None:
        meeting.stop(Kind.NOTHING, root="STORE-1", stops="a plain put is not stored")
    elif meeting.is_own_folder:
        meeting.stop(Kind.NOTHING, f"in {where}", root="STORE-1", stops="a plain put is not stored")
    else:
        advice = "is that the server's folder?"
        meeting.stop(Kind.NOTHING, f"in {where}", advice=advice, stops=f"nothing appeared in {where}: {advice}")


def _cannot_be_written(meeting: Meeting) -> str:
    """Return why the store's folder can't be written; empty where it can."""
    if not isinstance(meeting.observer, FolderObserver):
        return ""
    try:
        state = os.statvfs(meeting.observer.folder)
    except (AttributeError, OSError):  # Windows has none
        return ""
    if state.f_flag & os.ST_RDONLY:
        return os.strerror(errno.EROFS)
    return os.strerror(errno.ENOSPC) if state.f_bavail == 0 or (state.f_files and not state.f_favail) else ""
