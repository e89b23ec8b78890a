"""The judge: what the checks of `suite` ask for. Before it blames a target it looks again, alone and with more time."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Final, NoReturn

from jhup.clauses import Clause, ConformanceClass
from jhup.limits import CONNECTIONS_AT_LEAST
from jhup.messages import Greeting
from jhup_conformance.effort import Effort
from jhup_conformance.engine import Line, drive
from jhup_conformance.exchange import Case
from jhup_conformance.judging import Judging
from jhup_conformance.observe import FolderObserver, Observer
from jhup_conformance.outcome import Finding, NotOffered, NotSeen, Wavering
from jhup_conformance.pace import Pace
from jhup_conformance.plain_replies import PLAIN_REPLIES
from jhup_conformance.replies import ReplyObserver
from jhup_conformance.runner import Failed, Runner
from jhup_conformance.shrink import shrink
from jhup_conformance.spawn import Spawned
from jhup_conformance.talk import Names, Recipe, Talk
from jhup_conformance.unasked import unasked
from jhup_conformance.vitals import Vitals

__all__ = ["SURE_PAUSE", "Judge", "Knowledge"]

_HELD_BACK: Final = 4
"""Connections kept free of those that every server serves: for looking at the store, and for laying bodies."""
_LANES: Final = CONNECTIONS_AT_LEAST - _HELD_BACK
_LOOKS: Final = 3
"""How often a failing exchange is made in all before it is blamed or called flaky."""

_LONGER_PAUSE: Final = 4
"""By how much pauses grow when a case is tried again."""
SURE_PAUSE: Final = 0.02
"""Seconds between two segments that arrive as two also on a busy machine."""
_PAUSES: Final = 0.3
"""Seconds that all pauses of a case may take together for the sake of that."""

NO_OBSERVER: Final = (
    "what is stored can't be seen: the target offers no replies; --storage DIR (its folder is local), "
    "--witness COMMAND (a command prints a stored file) or --spawn COMMAND with {storage} would help"
)


class Knowledge:
    """What was learnt of the target before the checks began.

    Attributes:
        greeting: its answer to a hello; None when it offers no replies.
        gate: why nothing can be judged, because the simplest put fails; empty when it works.
        unsolicited: bytes that came before anything was asked.
        blind_for: why what is stored can't be seen, where nothing shows it.
    """

    def __init__(self) -> None:
        self.greeting: Greeting | None = None
        self.gate = ""
        self.unsolicited = b""
        self.blind_for = NO_OBSERVER


class Judge(Judging):
    """Judges an upload server.

    Attributes:
        known: what was learnt of the target before.
        folder: the server's store as a local folder, where it was given.
        runner: makes the exchanges.
        about_replies: whether a clause of chapter 8 is judged. What fails when nobody asks for a reply as well, and in
            silence, says nothing of replies; and what is wrong about any reply, nothing of the other chapters.
    """

    about_replies = False

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
        super().__init__(effort, vitals=vitals, spawned=spawned)
        self.runner = runner
        self.known = known
        self.folder = folder
        self._lanes: int | None = None
        self._controls: dict[object, str] = {}

    @property
    def pace(self) -> Pace:
        """How long to wait."""
        return self.runner.pace

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

    def control(self, control: Case | Recipe, *, why: str = "the same bytes in one segment fail too") -> None:
        """Make sure that something plain works, once a run.

        Raises:
            NotSeen: when it doesn't, so that nothing can be learnt from what was to be tried.
        """
        case = control if isinstance(control, Case) else Case(control)
        if case not in self._controls and self._is_glued(case) and not self.takes_two_at_once:
            self._controls[case] = self._controls[_TWO_PUTS]
        if problem := self._problem(case):
            raise NotSeen(f"the control failed ({why}): expected {problem}")

    @property
    def takes_two_at_once(self) -> bool:
        """Whether two plain puts in one segment are carried out; looked up once, for all that is glued like them."""
        return not self._problem(_TWO_PUTS)

    def _is_glued(self, case: Case) -> bool:
        talk = Talk(self.names)
        case.recipe(talk)
        return not case.cuts and len(talk.requests()) > 0

    def _problem(self, case: Case) -> str:
        if case not in self._controls:
            failed = self._fails_twice(case)
            self._controls[case] = f"{failed.mismatch.expected}; actual: {failed.mismatch.actual}" if failed else ""
        return self._controls[case]

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

    # Second looks

    def _fails_twice(self, case: Case) -> Failed | None:
        return self._first_failed(case) and self._alone(case)

    def _look_again(self, first: Failed, batch: Sequence[Case]) -> None:
        """Try a failing case again, alone and with more time, and blame the target only if it fails again.

        Raises:
            Finding: for the target.
            Wavering: when the case held then.
            NotSeen: when nothing was learnt, as from what fails beside others alone, which has clauses of its own.
        """
        case, mismatch = first.exchange.case, first.mismatch
        if again := self._alone(case):
            self._acquit(again)
            self._blame(again)
        if mismatch.timed_out:
            return  # it was only slow beside the others
        if case.is_unhurried and not self._alone(case):
            return  # the machine was busy and has joined segments, which no unhurried client sends
        failures = 1 + (self._alone(case) is not None)
        if failures == 1 and len(batch) > 1 and self.runner.run(batch, patience=self.runner.pace.last_patience):
            raise NotSeen(f"it fails beside {len(batch) - 1} other connections, and never alone")
        raise Wavering(
            mismatch.expected,
            f"{mismatch.actual}; failed {failures} times of {_LOOKS} under the same bytes",
            first.exchange.line.transcript,
        )

    def _acquit(self, failed: Failed) -> None:
        """Blame the target for nothing that fails without what the check is about, too.

        Raises:
            NotSeen: when it does.
        """
        case = failed.exchange.case
        if case.apart:
            self.control(self._slower(case.apart), why="the same without what this is about fails too")
        silent = unasked(case, self.names)
        if silent is None:
            return
        if self.about_replies:
            failed_too = self._fails_twice(silent)
            if failed_too and not failed_too.exchange.line.received:
                raise NotSeen(f"the same fails when no reply is asked for: {failed_too.mismatch.actual}")
        elif failed.exchange.line.received:
            for plain in PLAIN_REPLIES:
                self.control(plain, why="a plain request is not answered rightly, which has clauses of its own")

    def _alone(self, case: Case) -> Failed | None:
        """Try a case with nothing beside it, more time to wait, and longer pauses, so that its cuts surely arrive."""
        failed = self.runner.run([self._slower(case)], patience=self.runner.pace.last_patience)
        return failed[0] if failed else None

    def _slower(self, case: Case) -> Case:
        """Give a case with pauses so long that its cuts arrive as such, also on a busy machine."""
        if case.pause == 0 or not case.cuts:
            return case
        talk = Talk(self.names)
        case.recipe(talk)
        count = len(tuple(case.cuts(talk) if callable(case.cuts) else case.cuts))
        longer = _LONGER_PAUSE * self.runner.pace.pause
        return replace(case, pause=max(case.pause or 0.0, longer, min(SURE_PAUSE, _PAUSES / max(1, count))))

    def _blame(self, failed: Failed) -> NoReturn:
        """Blame the target for the smallest case that fails.

        Raises:
            Finding: always, but
            NotSeen: when that is no matter of the check.
        """
        smallest = shrink(failed, self._first_failed)
        if smallest.exchange.case.several and len(smallest.exchange.cuts) == 1:
            raise NotSeen(f"a single cut does it, which has clauses of its own: {_where(smallest)}")
        raise Finding(
            smallest.mismatch.expected,
            f"{smallest.mismatch.actual}{_where(smallest)}",
            smallest.exchange.line.transcript,
            timed_out=smallest.mismatch.timed_out,
        )

    def _first_failed(self, case: Case) -> Failed | None:
        failed = self.runner.run([case], patience=self.runner.pace.patience)
        return failed[0] if failed else None


def _two_puts(talk: Talk) -> None:
    talk.put(b"first")
    talk.put(b"second")


_TWO_PUTS: Final = Case(_two_puts)


def _where(failed: Failed) -> str:
    talk, cuts = failed.exchange.talk, failed.exchange.cuts
    inside = [cut for cut in cuts if 0 < cut < len(talk.stream)]
    if not inside:
        return ""
    places = ", ".join(talk.where(cut) for cut in inside[:3])
    more = f", and {len(inside) - 3} more" if len(inside) > 3 else ""
    return f" [cut {places}{more}]"


def lay_bodies(runner: Runner, bodies: Mapping[str, bytes], at_a_time: int = 1) -> None:
    """Store bodies as unhurried clients would: each on a connection of its own, so many at a time."""
    if (longest := max(map(len, bodies.values()), default=0)) > runner.server.max_filesize:
        raise NotSeen(f"a body of {longest} bytes has to be there before, which is more than the target takes")
    cases = [Case.unhurried(partial(_put_as, name, body)) for name, body in bodies.items()]
    for start in range(0, len(cases), at_a_time):
        failed = runner.run(cases[start : start + at_a_time], patience=runner.pace.last_patience)
        if failed:
            raise NotSeen(f"a control failed: {failed[0].mismatch.expected}; actual: {failed[0].mismatch.actual}")


def _put_as(name: str, body: bytes, talk: Talk) -> None:
    talk.put(body, name=name)
    talk.watched.append(name)
