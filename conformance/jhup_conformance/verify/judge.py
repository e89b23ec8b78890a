"""The judge: what the checks of `suite` ask for. Before it blames a target it takes a second look."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final

from jhup.clauses import Clause, ConformanceClass
from jhup.limits import CONNECTIONS_AT_LEAST
from jhup.messages import Greeting
from jhup_conformance.findings import NotOffered, NotSeen
from jhup_conformance.profiles import Effort
from jhup_conformance.target.knowledge import Knowledge
from jhup_conformance.target.process import Spawned
from jhup_conformance.target.resources import Vitals
from jhup_conformance.target.store import FolderObserver, Observer
from jhup_conformance.target.store_by_stat import ReplyObserver
from jhup_conformance.verify.confirm import SecondLooks
from jhup_conformance.verify.exchange import Case
from jhup_conformance.verify.runner import Runner
from jhup_conformance.verify.stream import Names
from jhup_conformance.wire.line import Line, drive

__all__ = ["Judge"]

_HELD_BACK: Final = 4
"""Connections kept free of those that every server serves: for looking at the store, and for laying bodies."""
_LANES: Final = CONNECTIONS_AT_LEAST - _HELD_BACK


class Judge(SecondLooks):
    """Judges an upload server.

    Attributes:
        folder: the server's store as a local folder, where it was given.
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
    ) -> None:
        super().__init__(runner, known, effort, vitals=vitals, spawned=spawned)
        self.folder = folder
        self._lanes: int | None = None

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
    def gate(self) -> str:
        """Why nothing can be judged, because a plain put fails; empty when it works."""
        return self.known.gate

    def admit(self, clause: Clause, *, tried: bool) -> None:
        """Let a check begin that needs a view of the store; where no put works, the first of each basic clause.

        Raises:
            NotSeen: when there is no view, or no put works.
        """
        self.observer  # noqa: B018  # asked for what it raises
        if self.gate and (tried or clause.conformance_class is not ConformanceClass.BASIC):
            raise NotSeen(f"nothing can be learnt: {self.gate}")

    @property
    def observer(self) -> Observer:
        """How the store is seen.

        Raises:
            NotSeen: when it can't be.
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
            self._lanes = next((count for count in (_LANES, 8, 2) if self.serves_beside(count - 1)), 1)
            if isinstance(self.runner.observer, ReplyObserver):
                self.runner.observer.keeps = self._lanes > 1
        return self._lanes

    def hurry(self) -> None:
        """Leave out the pauses of unhurried clients from now on, if the target works and takes two puts at once."""
        if self.runner.observer and not self.gate and not self.effort.paces_all:
            self.runner.hurries = self.takes_two_at_once

    def serves_beside(self, count: int) -> bool:
        """Tell whether a put takes effect while some other connections are open and silent."""
        idle = [self.runner.dialer.dial() for _ in range(count)]
        try:
            return self.runner.prove_alive()
        finally:
            for line in idle:
                line.drop()

    def require_replies(self) -> Greeting:
        """Give the target's greeting.

        Raises:
            NotOffered: when it offers no replies.
        """
        if self.known.greeting is None:
            raise NotOffered("the target did not answer a hello")
        return self.known.greeting

    def require_folder(self) -> FolderObserver:
        """Give the store as a local folder.

        Raises:
            NotSeen: when it wasn't given.
        """
        if self.folder is None:
            raise NotSeen("it takes a look into the store's folder: --storage DIR, or --spawn COMMAND with {storage}")
        return self.folder

    # What checks ask for

    def expect(self, *cases: Case, control: Case | None = None) -> None:
        """Try cases at the same time; each has to end in a right outcome.

        Args:
            cases: what is to be tried.
            control: what has to work, else nothing is learnt from the cases. Without one, where a case cuts its
                stream, that is the same bytes in one segment.

        Raises:
            Finding: for one that failed, and failed again when it was tried alone.
            Wavering: for one that failed and then held.
            NotSeen: when there is no way to see the store, or the control fails.
        """
        self.observer  # noqa: B018  # asked for what it raises
        if control:
            self.control(control, why="the nearest plain exchange fails too")
        else:
            for case in cases:
                if case.cuts:
                    self.control(case.whole())
        self.expect_all(cases)

    def expect_all(self, cases: Iterable[Case]) -> None:
        """Try many cases, as many at a time as the target serves; stop at the first batch that has a failure."""
        waiting = list(cases)
        size = self.lanes if len(waiting) > 1 else 1
        for start in range(0, len(waiting), size):
            batch = waiting[start : start + size]
            for failed in self.runner.run(batch, patience=self.runner.pace.patience):
                self._look_again(failed, batch)

    def expect_closed(self, cases: Iterable[Case]) -> None:
        """Try cases whose connections the target has to close within 5 seconds."""
        self.expect_all([replace(case, must_close=True) for case in cases])

    def dial(self) -> Line:
        """Open a connection for a check that leads a conversation of its own."""
        self.runner.executions += 1
        return self.runner.dialer.dial()

    def hear(self, line: Line, *, until: Callable[[Line], bool], patience: float | None = None) -> bool:
        """Wait until a connection has shown something, or is closed, or silent for too long; tells which."""
        patience = self.runner.pace.last_patience if patience is None else patience
        drive([line], until=until, patience=patience, at_most=60.0)
        return until(line)

    @property
    def names(self) -> Names:
        """Makes names that nobody else uses."""
        return self.runner.names
