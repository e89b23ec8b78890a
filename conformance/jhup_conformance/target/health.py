"""Whether the target is alive, busy, hung or gone, asked after whatever went wrong and after every check."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from jhup_conformance.target.resources import Vitals
from jhup_conformance.wire.channel import Unreachable
from jhup_conformance.wire.dialer import TargetGone
from jhup_conformance.wire.network import Clock

__all__ = ["Condition", "Diagnosis", "Health", "Process"]

_STILL_BUSY: Final = 10.0
"""Seconds that a target which works on something gets before it counts as hung."""
_BUSY_AGAIN: Final = 0.5
"""The same when it was seen to hang before."""
_DYING: Final = 0.2
"""Seconds for a process that no longer accepts connections to end."""
_LOOK: Final = 0.02
_WINDOW: Final = 0.2
"""Seconds over which processor time is measured."""
_AT_WORK: Final = 0.05
"""Share of a processor from which on a process counts as working."""
_EXCESS: Final = 1.0
"""Seconds up to which connections that are ended at once were only too many at a time."""
_TAKES_AGAIN: Final = 12.0
"""Seconds that a target gets which turns clients away, as inetd does when they are too many a minute."""
_KNOCK: Final = 0.25
_OFTEN: Final = 3


class Condition(StrEnum):
    """How a target is."""

    ALIVE = "alive"
    BUSY = "busy"
    """A plain exchange took effect, after another one had not."""
    HUNG = "hung"
    """It takes connections, or none any more, but its process runs; a plain exchange has no effect."""
    GONE = "gone"
    """It accepts no connections, or its process has ended."""
    AWAY = "turned clients away"
    """It ended new connections at once, without a word, for more than a moment, and serves again."""
    SHUT = "turns clients away"
    """It does so still."""

    @property
    def serves(self) -> bool:
        """Whether checks can go on."""
        return self in (Condition.ALIVE, Condition.BUSY, Condition.AWAY)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What a look at the target has shown.

    Attributes:
        condition: how it is.
        how: exit status or signal, or what it did instead of serving; empty where that isn't known.
        output: the last lines that it printed, where the suite has started it.
        seconds: for which it turned clients away.
    """

    condition: Condition
    how: str = ""
    output: tuple[str, ...] = ()
    seconds: float = 0.0


class Process(Protocol):
    """A server that the suite has started."""

    @property
    def alive(self) -> bool:
        """Whether its process runs."""

    @property
    def ended(self) -> str:
        """How it ended by itself; empty while it runs."""

    @property
    def output(self) -> tuple[str, ...]:
        """The last lines that it printed."""


class Health:
    """Looks at a target.

    Args:
        serves: makes the simplest exchange and tells whether it took effect; waits long for it where it is told to;
            raises TargetGone or Unreachable when there is nobody.
        clock: returns the clock that all waiting goes by.
        turns_away: tells whether a new connection on which nothing is sent is ended at once, without a word; raises
            like `serves`.
        process: the server, where the suite has started it.
        vitals: its resource usage, where its process is known.

    Attributes:
        found: what `require` has found last, when it was not that the target serves.
    """

    def __init__(
        self,
        serves: Callable[[bool], bool],
        clock: Callable[[], Clock],
        *,
        turns_away: Callable[[], bool] = lambda: False,
        process: Process | None = None,
        vitals: Vitals | None = None,
    ) -> None:
        self._serves = serves
        self._turns_away = turns_away
        self._clock_of = clock
        self._process = process
        self._vitals = vitals
        self._looking = self._has_hung = False
        self._takes_others = 0
        self.found: Diagnosis | None = None

    @property
    def _clock(self) -> Clock:
        return self._clock_of()

    @property
    def has_ended(self) -> bool:
        """Whether the process is known to have ended by itself; costs nothing."""
        if self._process:
            return bool(self._process.ended)
        return self._vitals is not None and not self._vitals.alive

    def require(self) -> None:
        """Go on only with a target that serves, and did so all the while.

        Raises:
            TargetGone: when it is gone or hung, or turns clients away, or has done so just now.
        """
        if self._looking:
            return  # the exchanges of a look may fail
        found = self.look()
        if found.condition not in (Condition.ALIVE, Condition.BUSY):
            self.found = found
            raise TargetGone(found.how)

    def require_open(self) -> None:
        """Go on only with a target that does not turn clients away, after it has ended a connection without a word.

        One that was seen often to end connections of its own accord, and to take others, is not asked again.

        Raises:
            TargetGone: when it turns them away, or has done so just now.
        """
        if self._looking or self._takes_others >= _OFTEN:
            return
        self._looking = True
        try:
            if not self._turns_away():
                self._takes_others += 1
                return
            self._takes_others = -_OFTEN  # one of this kind is asked for longer
            found = self._sit_out()
        finally:
            self._looking = False
        if found.condition is not Condition.BUSY:
            self.found = found
            raise TargetGone(found.how)

    def look(self) -> Diagnosis:
        """Make sure how the target is. One that is hung or turns clients away takes up to some ten seconds."""
        self._looking = True
        try:
            return self._look()
        finally:
            self._looking = False

    def _look(self) -> Diagnosis:
        began = self._clock.now()
        load: float | None = None
        condition = Condition.ALIVE
        while not self.has_ended:
            try:
                if self._serves(not self._has_hung):
                    return Diagnosis(condition)
                if self._turns_away():
                    return self._sit_out()
                why = "a plain exchange on a new connection has no effect"
            except (TargetGone, Unreachable) as error:
                why = str(error)
                if self._is_absent():
                    return self._gone(why)
            still = _BUSY_AGAIN if self._has_hung else _STILL_BUSY
            if condition is Condition.BUSY and not (self._is_at_work(load) and self._clock.now() < began + still):
                return self._hung(why, load)
            condition = Condition.BUSY
            load = self._vitals.load(_WINDOW) if self._vitals else None
        return self._gone()

    def _sit_out(self) -> Diagnosis:
        """Knock until the target takes clients again."""
        began = self._clock.now()
        while (seconds := self._clock.now() - began) < _TAKES_AGAIN:
            self._clock.sleep(_KNOCK)  # nothing tells when it does
            if self.has_ended:
                return self._gone()
            try:
                if self._turns_away() or not self._serves(False):
                    continue
            except (TargetGone, Unreachable):
                continue
            condition = Condition.AWAY if seconds > _EXCESS else Condition.BUSY
            return Diagnosis(condition, f"it ended new connections at once for {seconds:.0f} s", (), seconds)
        return Diagnosis(
            Condition.SHUT, "it ends new connections at once, without a word", self._output, self._clock.now() - began
        )

    @staticmethod
    def _is_at_work(load: float | None) -> bool:
        return load is not None and load > _AT_WORK

    def _is_absent(self) -> bool:
        """Tell a process that has ended, or is about to, from one that runs and accepts nobody."""
        if self._process is None and self._vitals is None:
            return True
        until = self._clock.now() + _DYING
        while not self.has_ended and self._clock.now() < until:
            self._clock.sleep(_LOOK)  # a process of others gives no event when it ends
        return self.has_ended

    def _gone(self, why: str = "its process has ended") -> Diagnosis:
        how = self._process.ended if self._process else why
        return Diagnosis(Condition.GONE, how, self._output)

    def _hung(self, why: str, load: float | None) -> Diagnosis:
        self._has_hung = True
        busy = f", and its process uses {load:.0%} of a processor" if load is not None else ""
        return Diagnosis(Condition.HUNG, f"{why}{busy}", self._output)

    @property
    def _output(self) -> tuple[str, ...]:
        return self._process.output if self._process else ()
