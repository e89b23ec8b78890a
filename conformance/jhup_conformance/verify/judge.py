"""The judge of one check: what the checks of `suite` ask for. Before it blames a target, a failure is confirmed."""

from collections.abc import Callable, Iterable, Sequence
from random import Random
from typing import Final, TypeVar

from jhup.clauses import Clause, ConformanceClass
from jhup.messages import Greeting
from jhup.model import Server
from jhup_conformance.profiles import Effort
from jhup_conformance.target.process import Spawned
from jhup_conformance.target.resources import Vitals
from jhup_conformance.target.store import FolderObserver, Observer
from jhup_conformance.target.timing import Pace
from jhup_conformance.verify.acquittal import Acquittal, Blameless
from jhup_conformance.verify.bench import Bench
from jhup_conformance.verify.confirm import Confirmation
from jhup_conformance.verify.dialogue import Dialogue
from jhup_conformance.verify.exchange import Attempt
from jhup_conformance.verify.names import Names
from jhup_conformance.verify.runner import Failed
from jhup_conformance.verify.stream import Stream
from jhup_conformance.wire.network import Clock

__all__ = ["Judge"]

_T = TypeVar("_T")
_PLAIN: Final = "a plain exchange fails"


class Judge:
    """Judges an upload server by one clause.

    Args:
        bench: the server, shared by all checks.
        clause: what is judged; it decides what counts. Which code an error has, and unsolicited bytes, count in
            chapter 8 alone.
        random: the source of random choices.
        presumes: streams that have to work, else nothing is learnt.

    Attributes:
        bench: the server.
        clause: what is judged.
        presumes: streams that have to work, else nothing is learnt.
        random: the source of random choices, the same for a check in every run of a seed.
    """

    def __init__(self, bench: Bench, clause: Clause, random: Random, presumes: Iterable[Stream] = ()) -> None:
        self.bench = bench
        self.clause = clause
        self.random = random
        self.presumes = tuple(presumes)

    # What a check asks for

    def check(
        self,
        *streams: Stream,
        requires: Stream | Sequence[Stream] | None = None,
        blameless_if: Blameless = None,
        closes: bool = False,
        stays_open: bool = False,
        codes: bool | None = None,
        several_cuts: bool = False,
    ) -> None:
        """Send streams at the same time, on a connection each; each has to end in an outcome that the model allows.

        A stream with cuts inside its fields requires the same bytes in one segment, unless `requires` says otherwise.

        Args:
            streams: the streams to try, as many at a time as the target serves.
            requires: what has to work, else nothing is learnt.
            blameless_if: the same without what the check is about, or what makes it of a failing stream. It is tried
                once a stream has failed: if it fails too, the target is not blamed.
            closes: whether it counts when the target does not close a connection that it has to close.
            stays_open: whether it counts when the target closes a connection on which it has to go on.
            codes: whether an error needs to have the right code; None for what the clause is about.
            several_cuts: whether the check is about several cuts at a time, so that one that a single cut triggers is
                not for it.

        Raises:
            Finding: for a stream that failed, and failed again when it was tried alone.
            Wavering: for one that failed and then succeeded.
            NotSeen: when the store can't be seen, or what is required fails.
        """
        self.observer  # noqa: B018 - asked for what it raises
        if requires is not None:
            for each in (requires,) if isinstance(requires, Stream) else requires:
                self.require(each, why="the nearest plain exchange fails too")
        else:
            for each in streams:
                if each.cuts and not each.is_paced and each.cuts != each.by_request().cuts:
                    self.require(each.whole(), why="the same bytes in one segment fail too")
        confirmation = self._confirmation(blameless_if, several_cuts=several_cuts)
        attempts = [self._attempt(each, closes=closes, stays_open=stays_open, codes=codes) for each in streams]
        size = self.lanes if len(attempts) > 1 else 1
        for start in range(0, len(attempts), size):
            batch = attempts[start : start + size]
            for failed in self.bench.run(batch, self.pace.patience):
                confirmation.look_again(failed, batch)

    def require(self, *streams: Stream, why: str = _PLAIN) -> None:
        """Make sure that something plain works, each stream once a run.

        Raises:
            NotSeen: when it doesn't, so that nothing can be learnt.
        """
        for each in streams:
            self.bench.controls.require(self._attempt(each), why)

    def works(self, stream: Stream) -> bool:
        """Tell whether something plain works."""
        return not self.bench.controls.problem(self._attempt(stream))

    def run(self, *streams: Stream, patience: float) -> Sequence[Failed]:
        """Send streams at the same time, once, and return those that failed, unconfirmed."""
        return self.bench.run([self._attempt(each) for each in streams], patience)

    def converse(self, *, narrow: bool = False) -> Dialogue:
        """Open a connection that is led step by step; a narrow one is soon full where nobody reads."""
        return Dialogue(self.bench.runner, narrow=narrow)

    def is_alive(self) -> bool:
        """Tell whether a plain put on a new connection takes effect."""
        return self.bench.runner.prove_alive()

    # What the check is told

    @property
    def about_replies(self) -> bool:
        """Whether a clause of chapter 8 is judged."""
        return self.clause.conformance_class is ConformanceClass.REPLIES

    @property
    def effort(self) -> Effort:
        """How much is to be tried."""
        return self.bench.effort

    @property
    def names(self) -> Names:
        """Makes names that nobody else uses."""
        return self.bench.names

    @property
    def pace(self) -> Pace:
        """How long to wait."""
        return self.bench.pace

    @property
    def clock(self) -> Clock:
        """The clock that all waiting goes by."""
        return self.bench.clock

    @property
    def limits(self) -> Server:
        """What the target takes: `max_header`, `max_filesize`, and whether it replies."""
        return self.bench.runner.server

    @property
    def lanes(self) -> int:
        """How many connections at a time the target serves, as far as checks make use of it."""
        return self.bench.lanes

    @property
    def takes_two_at_once(self) -> bool:
        """Whether two plain puts in one segment are carried out."""
        return self.bench.controls.works_glued

    @property
    def observer(self) -> Observer:
        """What sees the store.

        Raises:
            NotSeen: when nothing does.
        """
        return self.bench.require_observer()

    @property
    def folder(self) -> FolderObserver | None:
        """The server's store as a local folder, where it was given."""
        return self.bench.folder

    @property
    def vitals(self) -> Vitals | None:
        """The server's process, where it is known."""
        return self.bench.vitals

    def once(self, key: str, make: Callable[[], _T]) -> _T:
        """Return what was made at the first use of a key in this run."""
        return self.bench.once(key, make)

    def require_replies(self) -> Greeting:
        """Return the target's greeting.

        Raises:
            NotOffered: when it offers no replies.
        """
        return self.bench.require_replies()

    def require_folder(self) -> FolderObserver:
        """Return the store as a local folder.

        Raises:
            NotSeen: when it wasn't given.
        """
        return self.bench.require_folder()

    def require_vitals(self) -> Vitals:
        """Return the server's process.

        Raises:
            NotSeen: when it isn't known.
        """
        return self.bench.require_vitals()

    def require_spawned(self) -> Spawned:
        """Return the server as a process that may be killed and started again.

        Raises:
            NotSeen: when the suite has not started it.
        """
        return self.bench.require_spawned()

    def _attempt(
        self, stream: Stream, *, closes: bool = False, stays_open: bool = False, codes: bool | None = None
    ) -> Attempt:
        return Attempt(
            stream=stream,
            closes=closes,
            stays_open=stays_open,
            codes=self.about_replies if codes is None else codes,
            unsolicited=self.about_replies and not self.bench.speaks_unasked(),
        )

    def _confirmation(self, blameless_if: Blameless, *, several_cuts: bool) -> Confirmation[Attempt]:
        acquittal = Acquittal(
            controls=self.bench.controls,
            clock=self.clock,
            about_replies=self.about_replies,
            speaks_unasked=self.bench.speaks_unasked,
            blameless_if=blameless_if,
            several_cuts=several_cuts,
        )
        return Confirmation(
            run=self.bench.run,
            pace=self.pace,
            slower=acquittal.slower,
            acquits=acquittal.acquits,
            smallest=acquittal.smallest,
            where=acquittal.where,
            # the machine was busy and has joined segments, which no unhurried client sends
            excuses=lambda attempt: attempt.stream.is_paced,
        )
