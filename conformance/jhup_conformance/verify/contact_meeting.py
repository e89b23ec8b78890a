"""A first contact under way: what is known of the target so far, and how one upload is tried."""

from typing import Final

from jhup.errors import JhupError
from jhup.messages import Reply
from jhup.reply_reader import ReplyReader
from jhup_conformance.target.contact import Contact, Kind, Tried
from jhup_conformance.target.knowledge import Knowledge
from jhup_conformance.target.store import FolderObserver, Observer
from jhup_conformance.verify.contact_forms import Form
from jhup_conformance.verify.runner import Runner
from jhup_conformance.verify.steps import actions
from jhup_conformance.verify.stream import End
from jhup_conformance.wire.driving import drive
from jhup_conformance.wire.line import Line, overhear
from jhup_conformance.wire.transcript import Action
from jhup_conformance.wire.transcript import Kind as Step

__all__ = ["AFTER_CLOSE", "FIRST", "FIRST_LOOK", "LAST_LOOK", "OTHER_FORM", "UNHURRIED_PAUSE", "Meeting", "finish"]

UNHURRIED_PAUSE: Final = 0.02
FIRST: Final = 2.0
"""Seconds without progress that a target gets while its pace is unknown."""
OTHER_FORM: Final = 0.7
AFTER_CLOSE: Final = 0.2
"""Seconds for a file to appear after the target has closed the connection."""
FIRST_LOOK, LAST_LOOK = 0.0005, 0.02


class Meeting:
    """What the parts of first contact share.

    Attributes:
        runner: makes the connections.
        observer: how the store is seen; None where it isn't, or not yet.
        largest: bytes of the longest body that is sent.
        is_own_folder: whether the observer's folder is surely the server's.
        known: what is learnt.
        contact: what is told of it.
    """

    def __init__(self, runner: Runner, observer: Observer | None, *, largest: int, is_own_folder: bool) -> None:
        self.runner = runner
        self.observer = observer
        self.largest = largest
        self.is_own_folder = is_own_folder
        self.known = Knowledge()
        self.contact = self.known.contact = Contact()

    def send(self, line: Line, form: Form, patience: float, *, quietly: bool = False) -> bool:
        """Send an upload in some form, and tell whether it was stored; notes what came."""
        before = len(line.received)
        line.plan(actions(form.data, form.cuts, End.HOLD, UNHURRIED_PAUSE))
        drive([line], until=lambda _: True, patience=patience, at_most=patience + 1.0)
        stored = self.wait_for(line, form, patience)
        if stored:
            self.runner.pace.note(max(0.0, self.runner.clock.now() - line.last_sent))
        if not quietly:
            self.contact.tried.append(Tried(form.title, self._what_came(line, before, stored)))
        return stored

    def wait_for(self, line: Line, form: Form, patience: float) -> bool:
        """Wait until an upload is stored; tells whether it was in time."""
        clock = self.runner.clock
        until, wait, closed = clock.now() + patience, FIRST_LOOK, False
        while True:
            if self.is_stored(form.name, form.size):
                return True
            overhear([line])
            if line.closed and not closed:
                until, closed = min(until, clock.now() + AFTER_CLOSE), True
            if clock.now() >= until or self.observer is None:
                return False
            clock.sleep(wait)
            wait = min(2 * wait, LAST_LOOK)

    def is_stored(self, name: str, size: int) -> bool:
        """Tell whether a body of some length is stored under a name."""
        if self.observer is None:
            return False
        body = self.observer.look([name])[name]
        return body is not None and body.size == size

    def _what_came(self, line: Line, before: int, stored: bool) -> str:
        parts = ["stored" if stored else "not stored" if self.observer else "sent"]
        if came := bytes(line.received[before:]):
            parts.append(f"{len(came)} bytes came back: {came[:40]!r}")
        if line.closed:
            parts.append(f"closed by the target ({line.closed})")
        return ", ".join(parts)

    def try_form(self, form: Form, patience: float = OTHER_FORM, *, quietly: bool = False) -> bool:
        """Send an upload on a connection of its own; `quietly` leaves it out of what is told."""
        line = self.runner.dialer.dial()
        try:
            return self.send(line, form, patience, quietly=quietly)
        finally:
            finish(line)

    def reply_to(self, data: bytes) -> Reply | None:
        """Send bytes on a connection of their own, and return the first reply to them."""
        line, replies = self.runner.dialer.dial(), list[Reply]()
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
            drive([line], until=is_answered, patience=FIRST, at_most=FIRST)
        finally:
            line.drop()
        return replies[0] if replies else None

    def stop(self, kind: Kind, detail: str = "", *, advice: str = "", root: str = "", stops: str) -> None:
        """Note what the target is that can't be judged, and why not."""
        self.contact.kinds.append(kind)
        self.contact.detail, self.contact.advice = detail, advice
        self.contact.root, self.contact.stops = root, stops

    def entries(self) -> set[str]:
        """Return the names in the store's folder; none where it isn't seen as one."""
        return self.observer.entries() if isinstance(self.observer, FolderObserver) else set()


def finish(line: Line) -> None:
    """End a connection as a client does that has nothing more to say."""
    if not line.dropped:
        line.channel.close()
        line.dropped = True
