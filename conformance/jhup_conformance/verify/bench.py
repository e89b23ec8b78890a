"""What all checks of a run share about an upload server: what is known of it, and what may be asked of it."""

from collections.abc import Sequence
from typing import Any

from jhup.address import Address
from jhup.clauses import Clause, ConformanceClass
from jhup.messages import Greeting
from jhup_conformance.findings import Finding, NotOffered, NotSeen
from jhup_conformance.profiles import Effort
from jhup_conformance.target.guest import Guest
from jhup_conformance.target.knowledge import Knowledge
from jhup_conformance.target.process import Spawned
from jhup_conformance.target.resources import Vitals
from jhup_conformance.target.store import CommandObserver, FolderObserver, Observer
from jhup_conformance.target.store_by_stat import ReplyObserver
from jhup_conformance.target.timing import Pace
from jhup_conformance.verify.controls import Controls
from jhup_conformance.verify.exchange import Attempt
from jhup_conformance.verify.judging import Judging
from jhup_conformance.verify.lanes import learn_lanes
from jhup_conformance.verify.names import Names
from jhup_conformance.verify.requests import put, requests
from jhup_conformance.verify.runner import Failed, Runner
from jhup_conformance.verify.steps import actions_of
from jhup_conformance.verify.stream import End
from jhup_conformance.wire.dialer import Dialer
from jhup_conformance.wire.driving import drive
from jhup_conformance.wire.network import Clock

__all__ = ["Bench"]


class Bench(Judging):
    """An upload server under test.

    Attributes:
        runner: makes the exchanges.
        known: what was learnt of the target before the checks.
        controls: which plain exchanges work.
        folder: the server's store as a local folder, where it was given.
        guest: takes care of the owner's entries in that folder; None in a folder of the suite's own.
    """

    def __init__(
        self,
        runner: Runner,
        known: Knowledge,
        effort: Effort,
        *,
        folder: FolderObserver | None = None,
        vitals: Vitals | None = None,
        spawned: Spawned | None = None,
        guest: Guest | None = None,
    ) -> None:
        super().__init__(effort, vitals=vitals, spawned=spawned)
        self.runner = runner
        self.known = known
        self.controls = Controls(
            self.run,
            runner.pace,
            is_glued=lambda attempt: attempt.stream.is_glued,
            glued=Attempt(stream=requests(put(b"first"), put(b"second"))),
        )
        self.folder = folder
        self.guest = guest
        runner.after_failure = self.health.require
        runner.after_close = lambda: self.health.require_open() if self.proven_at else None
        self._lanes: int | None = None
        self._speaks_unasked: bool | None = None

    def serves(self, patiently: bool = True) -> bool:
        """Tell whether a plain put takes effect; where that can't be seen, whether a connection is accepted.

        Args:
            patiently: whether it is waited for as long as before a target is blamed.

        Raises:
            TargetGone: when nobody accepts the connection.
        """
        patience = self.pace.last_patience if patiently else self.pace.patience
        with self.runner.dialer.looking(patience):
            if self.runner.observer is None or self.gate:
                self.runner.dialer.dial().drop()
                return True
            try:
                return self.runner.prove_alive(patience)
            except NotSeen:
                return False

    @property
    def dialer(self) -> Dialer:
        """What opens the connections."""
        return self.runner.dialer

    @property
    def proven_at(self) -> float:
        """When an exchange last took effect, by the clock."""
        return self.runner.proven_at

    def close(self) -> None:
        """Leave the owner's folder as it was, once nothing is written any more."""
        if self.guest:
            self.guest.leave()

    def is_back(self, address: Address | None) -> None:
        """Forget connections to a target that was gone or hung."""
        if address:
            self.runner.dialer.turn_to(address)
        if isinstance(self.runner.observer, ReplyObserver):
            self.runner.observer.forget()

    @property
    def pace(self) -> Pace:
        """How long to wait."""
        return self.runner.pace

    @property
    def clock(self) -> Clock:
        """The clock that all waiting goes by."""
        return self.runner.clock

    @property
    def names(self) -> Names:
        """Makes names that nobody else uses."""
        return self.runner.names

    @property
    def executions(self) -> int:
        """How many exchanges were made so far."""
        return self.runner.executions

    @property
    def observed_by(self) -> list[str]:
        """How the store is seen: by replies, in its folder, through a command."""
        ways = ["replies"] if self.known.greeting else []
        if self.runner.observer and self.runner.observer.way not in ways:
            ways.append(self.runner.observer.way.value)
        return ways

    @property
    def facts(self) -> list[str]:
        """What first contact has shown, in one line."""
        observer = self.runner.observer
        warning = observer.warning if isinstance(observer, CommandObserver) else ""
        return [f"First contact: {self.known.contact.line}", *([f"Warning: {warning}"] if warning else [])]

    @property
    def first_contact(self) -> dict[str, Any]:
        """What first contact has shown, for report.json."""
        return self.known.contact.to_json()

    @property
    def leavings(self) -> list[str]:
        """How many files were removed from the owner's folder, and which new ones were left."""
        if self.guest is None:
            return []
        lines = [f"Removed {self.guest.removed} files that this run had made in {self.guest.folder}"]
        if left := self.guest.left:
            shown = ", ".join(map(ascii, left[:5])) + (f" and {len(left) - 5} more" if len(left) > 5 else "")
            lines.append(f"Left there, because others may have made them: {shown}")
        return lines

    @property
    def gate(self) -> str:
        """Why nothing can be judged, because a plain put fails; empty when it works."""
        return self.known.gate

    @property
    def root(self) -> str:
        """The clause that first contact has shown to be broken."""
        return self.known.contact.root

    def admit(self, clause: Clause, *, tried: bool) -> None:
        """Let a check begin that needs a view of the store; where no put works, the first of each basic clause.

        Raises:
            Finding: for the clause that first contact has shown to be broken.
            NotSeen: when there is no view, or no put works.
        """
        contact = self.known.contact
        if contact.root == clause.id:
            raise Finding("an upload as section 2 has it is stored", contact.line, contact.transcript)
        self.require_observer()
        if self.gate and (contact.stops or tried or clause.conformance_class is not ConformanceClass.BASIC):
            raise NotSeen(f"nothing can be learnt: {self.gate}")

    def require_observer(self) -> Observer:
        """Return what sees the store.

        Raises:
            NotSeen: when nothing does.
        """
        if self.runner.observer is None:
            raise NotSeen(self.known.blind_for)
        return self.runner.observer

    @property
    def lanes(self) -> int:
        """How many connections at a time the target is known to serve, looked up once: 28, or fewer where it fails.

        Only the clauses about concurrency promise any number; all other checks make do with what there is.
        """
        if self._lanes is None:
            self._lanes = learn_lanes(self.runner.dialer, self.runner.prove_alive)
            if isinstance(self.runner.observer, ReplyObserver):
                self.runner.observer.keeps = self._lanes > 1
        return self._lanes

    def serves_beside(self, count: int) -> bool:
        """Tell whether a put takes effect while some other connections are open and silent."""
        idle = [self.runner.dialer.dial() for _ in range(count)]
        try:
            return self.runner.prove_alive()
        finally:
            for line in idle:
                line.drop()

    def speaks_unasked(self) -> bool:
        """Tell whether something comes for a plain put or its end, looked up once: all that is received may be of it.

        CONN-1 forbids it, and has checks of its own.
        """
        if self._speaks_unasked is None:
            self._speaks_unasked = bool(self.known.unsolicited) or self._receives_something()
        return self._speaks_unasked

    def _receives_something(self) -> bool:
        moment = 2 * self.pace.settle
        self.runner.executions += 1
        line = self.runner.dialer.dial()
        try:
            line.plan(actions_of(put(b"abc").paced().bind(self.names), self.pace.pause))
            line.plan(actions_of(put(b"").first(0).ending(End.FINISH).bind(self.names), moment))
            drive([line], until=lambda line: bool(line.received), patience=moment, at_most=2.0)
            return bool(line.received)
        finally:
            line.drop()

    def run(self, attempts: Sequence[Attempt], patience: float) -> Sequence[Failed]:
        """Make attempts at the same time, once, and return those that failed, unconfirmed."""
        return self.runner.run(attempts, patience=patience)

    def require_replies(self) -> Greeting:
        """Return the target's greeting.

        Raises:
            NotOffered: when it offers no replies.
        """
        if self.known.greeting is None:
            raise NotOffered("the target did not answer a hello, as a server with replies does (REPLY-12)")
        return self.known.greeting

    def require_folder(self) -> FolderObserver:
        """Return the store as a local folder.

        Raises:
            NotSeen: when it wasn't given.
        """
        if self.folder is None:
            raise NotSeen("needs a look into the store's folder: use --storage DIR, or --spawn COMMAND with {storage}")
        return self.folder
