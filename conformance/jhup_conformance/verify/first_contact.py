"""Gets to know a target before it is judged: which form of upload it takes, how fast it is, whether it has replies.

The put comes first, as every server knows it; hello comes later. What first contact shows decides whether anything can
be judged, and names the clause that is to blame when nothing can.
"""

import errno
import json
import os
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from jhup.errors import JhupError
from jhup.limits import MAX_HEADER, PREFIX_SIZE
from jhup.messages import Failure, Greeting, Reply
from jhup.model import Server
from jhup.reply_reader import ReplyReader
from jhup_conformance.findings import NotSeen
from jhup_conformance.target.contact import Contact, Kind, Tried
from jhup_conformance.target.knowledge import Knowledge
from jhup_conformance.target.store import FolderObserver, Observer
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
    sized,
    whole,
)
from jhup_conformance.verify.exchange import Attempt, actions
from jhup_conformance.verify.runner import Runner
from jhup_conformance.verify.stream import End, put
from jhup_conformance.wire.channel import Unreachable
from jhup_conformance.wire.dialer import TargetGone
from jhup_conformance.wire.frames import request
from jhup_conformance.wire.line import Line, drive, overhear
from jhup_conformance.wire.network import SystemNetwork
from jhup_conformance.wire.transcript import Action
from jhup_conformance.wire.transcript import Kind as Step

__all__ = ["make_contact", "no_replies"]

_CALIBRATIONS: Final = 3
_UNHURRIED_PAUSE: Final = 0.02
_GREETED: Final = 0.03
"""Seconds for a target to speak first."""
_FIRST: Final = 2.0
"""Seconds without progress that a target gets while its pace is unknown."""
_OTHER_FORM: Final = 0.7
_AFTER_CLOSE: Final = 0.2
"""Seconds for a file to appear after the target has closed the connection."""
_LATE_REPLY: Final = 0.3
"""Seconds for the answer to a hello once the put after it was carried out: replies come in order (REPLY-3)."""
_DYING: Final = 0.15
"""Seconds for a process to end of a reset."""
_SPINS: Final = 0.25
"""Share of a processor that a target at rest has no use for."""
_OF_A_GREETING: Final = frozenset({"protocol", "features", "max_header", "max_filesize"})
_STAND_IN: Final = Greeting(server="", features=("replies",), max_header=MAX_HEADER, max_filesize=None)
"""Taken for a greeting whose members are wrong, which REPLY-12 says of it."""
_FIRST_LOOK, _LAST_LOOK = 0.0005, 0.02


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
    first = _First(runner, observer, largest=largest, is_own_folder=is_own_folder, bring_back=bring_back, load=load)
    return first.learn()


class _First:
    """First contact under way."""

    def __init__(
        self,
        runner: Runner,
        observer: Observer | None,
        *,
        largest: int,
        is_own_folder: bool,
        bring_back: Callable[[], bool] | None,
        load: Callable[[], float],
    ) -> None:
        self._runner = runner
        self._largest = largest
        self._observer = observer
        self._is_own_folder = is_own_folder
        self._bring_back = bring_back or (lambda: False)
        self._is_restartable = bring_back is not None
        self._load = load
        self._known = Knowledge()
        self._contact = self._known.contact = Contact()

    def learn(self) -> Knowledge:
        """Go through all of it."""
        line = self._runner.dialer.first()
        try:
            self._learn_from(line)
        except (TargetGone, Unreachable):
            self._stop(Kind.ONE_CONNECTION, root="ERR-9", stops="the target serves one connection, then exits")
            self._bring_back()
        finally:
            line.drop()
        self._runner.observer = self._observer
        if self._observer and not self._contact.stops:
            self._calibrate()
        self._known.gate = self._known.gate or self._contact.stops
        return self._known

    def _learn_from(self, line: Line) -> None:
        drive([line], until=lambda line: bool(line.received), patience=_GREETED, at_most=_GREETED)
        self._known.unsolicited = bytes(line.received)
        if line.received:
            self._contact.kinds.append(Kind.SPEAKS_FIRST)
        entries = self._entries()
        first = paced(self._runner.names.new())
        stored = self._send(line, first, _FIRST)
        self._contact.transcript = line.transcript
        serves_on = (
            self._send(line, paced(self._runner.names.new(), "a second put on it"), _OTHER_FORM) if stored else False
        )
        late = not stored and self._is_stored_at_the_end(line, first)
        _finish(line)
        if stored or self._observer is None:
            self._ask_for_replies()
        if late:
            why = "it carries out a put only when the stream ends"
            self._stop(Kind.SPEAKS, f"({why})", root="FRAME-11", stops=why)
        elif stored:
            self._learn_how_to_leave()
            self._learn_limit()
            self._contact.kinds.append(Kind.SPEAKS if serves_on else Kind.ONE_UPLOAD)
        elif self._observer is None:
            self._see_by_replies(first)
        else:
            self._find_out_why(line, first, entries)

    def _is_stored_at_the_end(self, line: Line, form: Form) -> bool:
        """Tell whether a put is carried out once the stream has ended."""
        if self._observer is None or line.closed:
            return False
        line.plan([Action(Step.HALF_CLOSED)])
        drive([line], until=lambda _: True, patience=_OTHER_FORM, at_most=_OTHER_FORM)
        stored = self._wait_for(line, form, _OTHER_FORM)
        self._contact.tried.append(Tried("end of stream after it", "stored" if stored else "not stored"))
        return stored

    def _learn_how_to_leave(self) -> None:
        """Find out whether a reset ends the target, which the suite's own connections must not do, or an orderly end.

        Only a server that can be started again is tried: else resets are used, which more servers survive.
        """
        if not self._is_restartable:
            return
        if self._load() > _SPINS:
            self._contact.tried.append(Tried("an orderly end after a put", "the target spins; resets are used"))
            self._bring_back()
            return
        line = self._runner.dialer.dial()
        self._send(line, paced(self._runner.names.new(), "a put, then a reset"), _OTHER_FORM)
        line.drop()
        until = self._runner.clock.now() + _DYING
        while not self._runner.dialer.has_ended and self._runner.clock.now() < until:
            self._runner.clock.sleep(_LAST_LOOK)
        if self._runner.dialer.has_ended:
            self._contact.tried.append(Tried("after the reset", "the target has ended"))
            self._runner.dialer.leaves_in_order = True
            self._bring_back()

    def _learn_limit(self) -> None:
        """Find the longest body that a target without replies stores, by halves: it can't say what its limit is.

        A body counts as refused where the next request is served or the connection closed, as ERR-5 has it.
        """
        if self._known.greeting or self._takes(self._largest) is not False:
            return
        least, most = len(BODY), self._largest
        while most - least > 1:
            middle = (least + most) // 2
            takes = self._takes(middle)
            if takes is None:
                return  # neither stored nor refused: a fault, and no limit
            least, most = (middle, most) if takes else (least, middle)
        self._runner.server = replace(self._runner.server, max_filesize=least)
        self._contact.detail = f"(no body longer than {least:,} bytes)"

    def _takes(self, size: int) -> bool | None:
        """Tell whether a body of some length is stored; None where it is not refused properly either."""
        names, clock = self._runner.names, self._runner.clock
        body, after = sized(names.new(), size), paced(names.new())
        line = self._runner.dialer.dial()
        try:
            steps = actions(body.data, body.cuts, End.HOLD, _UNHURRIED_PAUSE)
            steps += [Action(Step.SENT, after.data, _UNHURRIED_PAUSE)]
            line.plan(steps)
            drive([line], until=lambda _: True, patience=_FIRST, at_most=5 * _FIRST)
            until, wait = clock.now() + _FIRST, _FIRST_LOOK
            while clock.now() < until:
                if self._is_stored(body.name, size):
                    return True
                overhear([line])
                if line.closed or self._is_stored(after.name, len(BODY)):
                    clock.sleep(_LAST_LOOK)
                    if self._is_stored(body.name, size):
                        return True
                    return None if self._is_stored_once_closed(line, body) else False
                clock.sleep(wait)
                wait = min(2 * wait, _LAST_LOOK)
            return None
        finally:
            _finish(line)

    def _is_stored_once_closed(self, line: Line, form: Form) -> bool:
        """Tell whether a body that seems refused is kept back until the connection ends, which is no limit."""
        if not line.closed:
            line.plan([Action(Step.HALF_CLOSED)])
            drive([line], until=lambda each: each.closed is not None, patience=_AFTER_CLOSE, at_most=_AFTER_CLOSE)
        line.drop()
        self._runner.clock.sleep(_LAST_LOOK)
        return self._is_stored(form.name, form.size)

    def _takes_only_short_bodies(self) -> bool:
        """Tell whether an empty put is stored where a longer one is not: nothing can be judged by so few bytes."""
        if not self._try(sized(self._runner.names.new(), 0)):
            return False
        most = 1 if self._try(sized(self._runner.names.new(), 1)) else 0
        limit = f"no body longer than {most} byte{'s' * (most != 1)}"
        self._stop(Kind.SPEAKS, f"({limit})", stops=f"the target takes {limit}, too few to judge by")
        return True

    # One form

    def _send(self, line: Line, form: Form, patience: float, *, quietly: bool = False) -> bool:
        """Send an upload in some form, and tell whether it was stored; notes what came."""
        before = len(line.received)
        line.plan(actions(form.data, form.cuts, End.HOLD, _UNHURRIED_PAUSE))
        drive([line], until=lambda _: True, patience=patience, at_most=patience + 1.0)
        stored = self._wait_for(line, form, patience)
        if stored:
            self._runner.pace.note(max(0.0, self._runner.clock.now() - line.last_sent))
        if not quietly:
            self._contact.tried.append(Tried(form.title, self._what_came(line, before, stored)))
        return stored

    def _wait_for(self, line: Line, form: Form, patience: float) -> bool:
        clock = self._runner.clock
        until, wait, closed = clock.now() + patience, _FIRST_LOOK, False
        while True:
            if self._is_stored(form.name, form.size):
                return True
            overhear([line])
            if line.closed and not closed:
                until, closed = min(until, clock.now() + _AFTER_CLOSE), True
            if clock.now() >= until or self._observer is None:
                return False
            clock.sleep(wait)
            wait = min(2 * wait, _LAST_LOOK)

    def _is_stored(self, name: str, size: int) -> bool:
        if self._observer is None:
            return False
        body = self._observer.look([name])[name]
        return body is not None and body.size == size

    def _what_came(self, line: Line, before: int, stored: bool) -> str:
        parts = ["stored" if stored else "not stored" if self._observer else "sent"]
        if came := bytes(line.received[before:]):
            parts.append(f"{len(came)} bytes came back: {came[:40]!r}")
        if line.closed:
            parts.append(f"closed by the target ({line.closed})")
        return ", ".join(parts)

    def _try(self, form: Form, patience: float = _OTHER_FORM, *, quietly: bool = False) -> bool:
        """Send an upload on a connection of its own; `quietly` leaves it out of what is told."""
        line = self._runner.dialer.dial()
        try:
            return self._send(line, form, patience, quietly=quietly)
        finally:
            _finish(line)

    # Replies

    def _ask_for_replies(self) -> None:
        """Say hello on a second connection and put something after it, which shows when nothing more will come."""
        line = self._runner.dialer.dial()
        form = paced(self._runner.names.new(), "hello on a second connection, then a put")
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
            line.plan(actions(head, (4,), End.HOLD, _UNHURRIED_PAUSE))
            if self._observer is None:
                drive([line], until=is_answered, patience=_FIRST, at_most=2 * _FIRST)
            else:
                self._send_after(line, form)
                drive([line], until=is_answered, patience=_LATE_REPLY, at_most=_FIRST)
        finally:
            _finish(line)
        came = "a greeting" if greeting else "no greeting"
        self._contact.tried.append(Tried(form.title if self._observer else "hello on a second connection", came))
        if greeting:
            self._take(greeting[0])

    def _send_after(self, line: Line, form: Form) -> None:
        steps = actions(form.data, form.cuts, End.HOLD, _UNHURRIED_PAUSE)
        line.plan([Action(Step.SENT, steps[0].data, _UNHURRIED_PAUSE), *steps[1:]])
        drive([line], until=lambda _: True, patience=_FIRST, at_most=_FIRST)
        self._wait_for(line, form, _OTHER_FORM)

    def _take(self, greeting: Greeting) -> None:
        self._known.greeting = greeting
        server = replace(self._runner.server, replies=True, max_header=greeting.max_header)
        if greeting.max_filesize is not None:
            server = replace(server, max_filesize=greeting.max_filesize)
        self._runner.server = server

    def _see_by_replies(self, first: Form) -> None:
        """See the store by stats, where the target has replies and its stat tells stored from not stored."""
        if self._known.greeting is None:
            self._contact.kinds.append(Kind.UNSEEN)
            return
        observer = ReplyObserver(self._runner.dialer, self._runner.pace)
        missing = self._runner.names.new()
        try:
            found = observer.look([first.name, missing])
        except NotSeen as error:
            self._known.blind_for = f"what is stored can't be seen: {error}; {_OTHER_MEANS}"
            self._contact.kinds.append(Kind.UNSEEN)
            return
        if found[missing] is not None:
            self._known.blind_for = (
                f"what is stored can't be seen: a stat of a name that was never stored is not answered with not-found; "
                f"{_OTHER_MEANS}"
            )
            self._contact.kinds.append(Kind.UNSEEN)
            return
        self._observer = observer
        if found[first.name] is not None:
            self._contact.kinds.append(Kind.SPEAKS)
        elif not self._has_no_room():
            self._find_out_why(None, first, None)

    def _has_no_room(self) -> bool:
        """Tell whether a put is refused because the store can't be written."""
        reply = self._reply_to(
            request(BODY, cmd="put", filename=self._runner.names.new(), filesize=len(BODY), reply=True)
        )
        if isinstance(reply, Failure) and reply.code == "storage":
            self._stop(
                Kind.NO_ROOM,
                f"({reply.message})",
                stops=f"the store can't be written: {reply.message}",
            )
            return True
        return False

    def _reply_to(self, data: bytes) -> Reply | None:
        line, replies = self._runner.dialer.dial(), list[Reply]()
        reader, seen = ReplyReader(), 0

        def is_answered(line: Line) -> bool:
            nonlocal seen
            new = bytes(line.received[seen:])
            seen = len(line.received)
            try:
                replies.extend(reader.receive(new))
            except JhupError:
                return True
            return bool(replies)

        try:
            line.plan([Action(Step.SENT, data)])
            drive([line], until=is_answered, patience=_FIRST, at_most=_FIRST)
        finally:
            line.drop()
        return replies[0] if replies else None

    # Where nothing was stored

    def _find_out_why(self, line: Line | None, first: Form, entries: set[str] | None) -> None:
        """Find out what the target is that did not store a plain put."""
        echoed = bytes(line.received) if line else b""
        unread = self._unread_by(first)
        if self._holds_it_under_another_name(entries):
            return
        if echoed and first.data.startswith(echoed[: len(first.data)]):
            self._stop(Kind.ECHOES, root="STORE-1", stops="the target sends back what it is sent, and stores nothing")
        elif self._try(whole(self._runner.names.new())):
            advice = "it takes what one receive returns for a request; read until prefix, header and body are complete"
            self._stop(Kind.WHOLE, advice=advice, root="FRAME-2", stops="the target reads whole requests only")
        elif self._try(big_endian(paced(self._runner.names.new()))):
            advice = "the prefix is little-endian; read it with the format '<i', or swap its bytes"
            self._stop(Kind.BIG_ENDIAN, advice=advice, root="FRAME-1", stops="the target reads a big-endian prefix")
        elif self._takes_only_short_bodies():
            pass
        elif members := self._dialect(lambda form: form):
            named = f"({', '.join(members)})"
            self._stop(Kind.DIALECT, named, root="STORE-1", stops=f"the target speaks another dialect {named}")
        elif members := self._dialect(big_endian):
            named = f"({', '.join(members)}), with a big-endian prefix"
            self._stop(Kind.DIALECT, named, root="STORE-1", stops=f"the target speaks another dialect {named}")
        elif unread:
            self._stop(
                Kind.NEVER_READS,
                f"({unread} bytes unread)",
                root="STORE-1",
                stops=f"the target never reads: {unread} bytes of {len(first.data)} stay unread",
            )
        else:
            self._say_nothing_appeared()

    def _unread_by(self, first: Form) -> int:
        """Return how many bytes of an upload stay unread, where all of them do."""
        if not isinstance(self._runner.dialer.network, SystemNetwork):
            return 0
        line = self._runner.dialer.dial()
        try:
            self._send(line, replace(paced(self._runner.names.new()), title="a put, left alone"), _OTHER_FORM)
            unread = None if line.closed else unread_bytes(line.channel.fileno())
        finally:
            _finish(line)
        return unread if unread is not None and unread >= len(first.data) else 0

    def _dialect(self, prefixed: Callable[[Form], Form]) -> tuple[str, ...]:
        """Return the members of other dialects that make the target store an upload; none where none do.

        Args:
            prefixed: makes the prefix what it is in the dialect.
        """
        names = self._runner.names
        for command in COMMANDS:
            if not self._try(prefixed(aliased(names.new(), command))):
                continue
            needed: tuple[str, ...] = ALIASES
            for alias in ALIASES:
                fewer = tuple(each for each in needed if each != alias)
                if self._try(prefixed(aliased(names.new(), command, fewer)), self._runner.pace.patience, quietly=True):
                    needed = fewer
            return needed
        return ()

    def _holds_it_under_another_name(self, entries: set[str] | None) -> bool:
        """Tell whether the folder has a new file with the body that was sent."""
        if not isinstance(self._observer, FolderObserver) or entries is None:
            return False
        new = self._entries() - entries
        if not any(self._observer.has_body(name, BODY) for name in new):
            return False
        self._ask_for_replies()
        if self._known.greeting:
            self._contact.kinds.append(Kind.OTHER_NAMES)
            self._contact.advice = "replies are used instead"
            self._observer = ReplyObserver(self._runner.dialer, self._runner.pace)
        else:
            advice = "names are encoded there, so that it can't be told what is stored under which"
            self._stop(Kind.OTHER_NAMES, advice=advice, stops="the folder holds files under other names")
        return True

    def _say_nothing_appeared(self) -> None:
        where = self._observer.folder if isinstance(self._observer, FolderObserver) else None
        if self._known.greeting is None:
            self._ask_for_replies()
        if self._known.greeting and self._has_no_room():
            return
        if problem := self._cannot_be_written():
            self._stop(Kind.NO_ROOM, f"({problem})", stops=f"the store can't be written: {problem}")
        elif where is None:
            self._stop(Kind.NOTHING, root="STORE-1", stops="a plain put is not stored")
        elif self._is_own_folder:
            self._stop(Kind.NOTHING, f"in {where}", root="STORE-1", stops="a plain put is not stored")
        else:
            advice = "is that the server's folder?"
            self._stop(Kind.NOTHING, f"in {where}", advice=advice, stops=f"nothing appeared in {where}: {advice}")

    def _cannot_be_written(self) -> str:
        """Return why the store's folder can't be written; empty where it can."""
        if not isinstance(self._observer, FolderObserver):
            return ""
        try:
            state = os.statvfs(self._observer.folder)
        except (AttributeError, OSError):  # Windows has none
            return ""
        if state.f_flag & os.ST_RDONLY:
            return os.strerror(errno.EROFS)
        return os.strerror(errno.ENOSPC) if state.f_bavail == 0 or (state.f_files and not state.f_favail) else ""

    def _stop(self, kind: Kind, detail: str = "", *, advice: str = "", root: str = "", stops: str) -> None:
        self._contact.kinds.append(kind)
        self._contact.detail, self._contact.advice = detail, advice
        self._contact.root, self._contact.stops = root, stops

    def _entries(self) -> set[str]:
        return self._observer.entries() if isinstance(self._observer, FolderObserver) else set()

    def _calibrate(self) -> None:
        """Put a few small files as an unhurried client; what fails then stops the run at the clause of storing."""
        for _ in range(_CALIBRATIONS):
            stream = (
                put(b"calibration").paced().sent(pause=_UNHURRIED_PAUSE if not self._runner.pace.is_known else None)
            )
            failed = self._runner.run([Attempt(stream=stream)], patience=self._runner.pace.last_patience)
            if failed:
                found = failed[0].mismatch
                self._known.gate = f"a plain put fails: expected {found.expected}; actual: {found.actual}"
                return


_OTHER_MEANS: Final = "--storage DIR, --witness COMMAND or --spawn COMMAND with {storage} would help"


def _is_nearly_a_greeting(data: bytes | bytearray) -> bool:
    """Tell whether a reply with wrong members was meant as a greeting: replies are offered then, though not rightly."""
    length = int.from_bytes(data[:PREFIX_SIZE], "little")
    try:
        members = json.loads(data[PREFIX_SIZE : PREFIX_SIZE + length])
    except ValueError:
        return False
    return isinstance(members, dict) and members.get("status") == "ok" and not _OF_A_GREETING.isdisjoint(members)


def _finish(line: Line) -> None:
    """End a connection as a client does that has nothing more to say."""
    if not line.dropped:
        line.channel.close()
        line.dropped = True
