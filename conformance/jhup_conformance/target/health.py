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


class Condition(StrEnum):
    """How a target is."""

    ALIVE = "alive"
    BUSY = "busy"
    """A plain exchange took effect, after another one had not."""
    HUNG = "hung"
    """It takes connections, or none any more, but its process runs; a plain exchange has no effect."""
    GONE = "gone"
    """It accepts no connections, or its process has ended."""

    @property
    def serves(self) -> bool:
        """Whether checks can go on."""
        return self in (Condition.ALIVE, Condition.BUSY)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What a look at the target has shown.

    Attributes:
        condition: how it is.
        how: exit status or signal, or what it did instead of serving; empty where that isn't known.
        output: the last lines that it printed, where the suite has started it.
    """

    condition: Condition
    how: str = ""
    output: tuple[str, ...] = ()


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
        process: Process | None = None,
        vitals: Vitals | None = None,
    ) -> None:
        self._serves = serves
        self._clock_of = clock
        self._process = process
        self._vitals = vitals
        self._looking = self._has_hung = False
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
        """Go on only with a target that serves.

        Raises:
            TargetGone: when it is gone or hung.
        """
        if self._looking:
            return  # the exchanges of a look may fail
        found = self.look()
        if not found.condition.serves:
            self.found = found
            raise TargetGone(found.how)

    def look(self) -> Diagnosis:
        """Make sure how the target is. A hung one takes up to some ten seconds."""
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
