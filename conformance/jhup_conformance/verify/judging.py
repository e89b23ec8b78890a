"""What a run needs of every judge, whatever it judges; `judge.Judge` and `echo.judge.EchoJudge` are the two."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from random import Random
from typing import Any, Final, TypeVar

from jhup.address import Address
from jhup.clauses import Clause
from jhup_conformance.findings import NotSeen
from jhup_conformance.profiles import Effort
from jhup_conformance.target.health import Health
from jhup_conformance.target.process import Spawned
from jhup_conformance.target.resources import Vitals
from jhup_conformance.target.timing import Pace
from jhup_conformance.wire.dialer import Dialer
from jhup_conformance.wire.driving import drive
from jhup_conformance.wire.line import Line
from jhup_conformance.wire.network import Clock

__all__ = ["Judging"]

_T = TypeVar("_T")

_AT_ONCE: Final = 0.3
"""Seconds in which a server that turns clients away has closed their connections."""


class Judging(ABC):
    """Judges one target.

    Attributes:
        effort: how much is to be tried.
        vitals: the process behind the address, where it is known.
        spawned: the server, where the suite has started it.
        random: the source of random choices, set to the run's seed before each check.
        health: tells whether the target is alive, busy, hung or gone.
    """

    def __init__(self, effort: Effort, *, vitals: Vitals | None = None, spawned: Spawned | None = None) -> None:
        self.effort = effort
        self.vitals = vitals
        self.spawned = spawned
        self.random = Random(0)
        self.health = Health(
            self.serves, lambda: self.clock, turns_away=self.turns_away, process=spawned, vitals=vitals
        )
        self._shared: dict[str, object] = {}

    @property
    @abstractmethod
    def pace(self) -> Pace:
        """How long to wait."""

    @property
    @abstractmethod
    def clock(self) -> Clock:
        """The clock that all waiting goes by."""

    @property
    @abstractmethod
    def executions(self) -> int:
        """How many exchanges were made so far."""

    @abstractmethod
    def serves(self, patiently: bool = True) -> bool:
        """Make the simplest exchange on a new connection, and tell whether it took effect.

        Args:
            patiently: whether it is waited for as long as before a target is blamed.

        Raises:
            TargetGone: when nobody accepts the connection.
        """

    def turns_away(self) -> bool:
        """Tell whether a new connection, on which nothing is sent, is ended at once without a word.

        A target that never served anybody turns nobody away.

        Raises:
            TargetGone: when nobody accepts the connection.
        """
        if self.dialer is None or self.gate:
            return False
        with self.dialer.looking(self.pace.patience):
            line = self.dialer.dial()
        try:
            drive([line], until=lambda _: False, patience=_AT_ONCE, at_most=_AT_ONCE)
            return line.closed is not None and not line.received
        finally:
            line.drop()

    @property
    @abstractmethod
    def dialer(self) -> Dialer | None:
        """What opens the connections; None for a target without any."""

    @property
    def cuts(self) -> tuple[int, int]:
        """How many cuts so far are known to have arrived as such, and how many were only given time to."""
        return (self.dialer.cuts.proven, self.dialer.cuts.paced) if self.dialer else (0, 0)

    @property
    def proven_at(self) -> float:
        """When an exchange last took effect by the clock."""
        return 0.0

    @property
    def suspects(self) -> list[Line]:
        """The connections, oldest first, that sent something since the target was last seen to serve."""
        used = [line for line in self.dialer.recent if line.transcript.entries] if self.dialer else []
        return [line for line in used if line.last_sent > self.proven_at]

    def is_back(self, address: Address | None) -> None:  # noqa: B027  # some have nothing to forget
        """Take note that the target was gone or hung.

        Args:
            address: where it was started again; None where the suite did not start it.
        """

    @property
    @abstractmethod
    def observed_by(self) -> list[str]:
        """How the target is seen, the process left aside."""

    @property
    @abstractmethod
    def gate(self) -> str:
        """Why nothing can be judged, because the simplest exchange fails; empty when it works."""

    @property
    def root(self) -> str:
        """The clause that first contact has shown to be broken, so that nothing else can be judged; mostly none."""
        return ""

    @property
    def facts(self) -> list[str]:
        """What was declared of the target or found out, in lines for people."""
        return []

    @property
    def first_contact(self) -> dict[str, Any] | None:
        """What first contact has shown, for report.json; None where nothing of the kind was tried."""
        return None

    @property
    def leavings(self) -> list[str]:
        """What was removed in the end and what was left, in lines for people."""
        return []

    def does_not_apply(self, clause: Clause) -> str:  # noqa: ARG002  # the services of chapter 10 need it
        """Return the reason why a clause is not about this target; empty when it is."""
        return ""

    def close(self) -> None:  # noqa: B027  # some have nothing to close
        """Let go of what is open towards the target."""

    @abstractmethod
    def admit(self, clause: Clause, *, tried: bool) -> None:
        """Let a check begin that needs a view of what the target does.

        Args:
            clause: what it judges.
            tried: whether another check of the clause has run.

        Raises:
            NotSeen: when it could not tell anything.
        """

    def once(self, key: str, make: Callable[[], _T]) -> _T:
        """Make something on first use and keep it for the run."""
        if key not in self._shared:
            self._shared[key] = make()
        return self._shared[key]  # type: ignore[return-value]

    def require_vitals(self) -> Vitals:
        """Return the process behind the address.

        Raises:
            NotSeen: when it isn't known.
        """
        if self.vitals is None:
            raise NotSeen("needs access to the server's process: use --spawn COMMAND or --pid N")
        return self.vitals

    def require_spawned(self) -> Spawned:
        """Return the server as a process that may be killed and started again.

        Raises:
            NotSeen: when the suite has not started it.
        """
        if self.spawned is None:
            raise NotSeen("needs a server that may be killed and started again: use --spawn COMMAND")
        return self.spawned
