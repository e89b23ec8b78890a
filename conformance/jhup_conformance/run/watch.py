"""Looks after every check how the target is, and brings it back when it is gone or hung."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from jhup_conformance.findings import CheckResult
from jhup_conformance.run.incidents import CAME_BACK, RESTARTED, STAYS_AWAY, Incident
from jhup_conformance.run.wear import Wear
from jhup_conformance.target.health import Condition, Diagnosis
from jhup_conformance.target.process import CannotStart, Spawned
from jhup_conformance.verify.judging import Judging
from jhup_conformance.wire.dialer import TargetGone
from jhup_conformance.wire.driving import drive
from jhup_conformance.wire.line import Line
from jhup_conformance.wire.network import Clock

__all__ = ["Watch"]

_COMES_BACK: Final = 3.0
"""Seconds in which somebody else may start an attached target again."""
_AGAIN: Final = 0.2
_SEARCH: Final = 15.0
"""Seconds in which connections are tried again, each alone, to find the one that ended the server."""
_LATEST: Final = 3
"""Connections that are tried again where the target has ended the same way before, and none did it again."""
_REPLAY: Final = 0.2
"""Seconds without progress until a connection that is tried again counts as silent."""


class Watch:
    """Knows after every check how the target is, and brings it back when it is gone or hung.

    Args:
        judge: the judge of the target.
        spawned: the server, where the suite has started it.
        incidents: takes what happens.
        seconds: tells how long the run has taken.

    Attributes:
        turned_away: what was found when the last check ended, where the target turns clients away, or did meanwhile.
    """

    def __init__(
        self, judge: Judging, spawned: Spawned | None, incidents: list[Incident], *, seconds: Callable[[], float]
    ) -> None:
        self._judge = judge
        self._spawned = spawned
        self._incidents = incidents
        self._seconds = seconds
        self._check_began = 0.0
        self._last: tuple[str, str] | None = None
        self._looked = 0.0
        self._wear = Wear(judge, self._restart)
        self._of_many: set[str] = set()
        """How the target has ended without an exchange that does it again, alone."""
        self.turned_away: Diagnosis | None = None

    @property
    def _clock(self) -> Clock:
        return self._judge.clock

    def begin(self) -> None:
        """Take note that a check begins."""
        if self._spawned:
            self._wear.end()
        self._check_began = self._clock.now()

    def end(self, result: CheckResult, was_gone: bool) -> Incident | None:
        """Look how the target is when a check has ended; None where it serves or turns clients away.

        Args:
            result: what came of the check.
            was_gone: whether it found the target gone.
        """
        found = self._look(was_gone)
        self.turned_away = found if found.condition in (Condition.AWAY, Condition.SHUT) else None
        try:
            return None if found.condition.serves else self._settle(found, result)
        finally:
            self._last = (result.clause, result.node)
            self._looked = self._clock.now()

    def _suspects(self) -> list[Line]:
        """Return the connections that sent something since the target was last seen to serve, or was started."""
        return [line for line in self._judge.suspects if line.last_sent > self._looked]

    def _look(self, was_gone: bool) -> Diagnosis:
        health = self._judge.health
        if was_gone and (found := health.found):
            health.found = None
            return found
        used = self._judge.dialer is not None and not self._suspects()
        if used and not was_gone and not health.has_ended:
            return Diagnosis(Condition.ALIVE)  # it was seen to serve since it was last sent anything
        return health.look()

    def _settle(self, found: Diagnosis, result: CheckResult) -> Incident | None:
        if found.condition is Condition.SHUT and not self._spawned:
            return None  # a broken one would do the same: that can't be told here
        at = self._seconds()
        suspects = self._suspects() or self._last_used()
        then = self._restart() if self._spawned else self._wait()
        culprit, is_of_many = next(iter(suspects), None), False
        if then != STAYS_AWAY and self._spawned and found.condition is not Condition.HUNG and suspects:
            again = self._culprit(suspects[-_LATEST:] if found.how in self._of_many else suspects)
            culprit, is_of_many = again or culprit, again is None
            self._of_many |= {found.how} if is_of_many else set()
        if found.condition is Condition.SHUT:
            if is_of_many:
                return None  # no exchange does it, but how many there were
            found, self.turned_away = replace(found, condition=Condition.HUNG), None
        clause, node = result.clause, result.node
        if culprit and self._last and culprit.last_sent < self._check_began:
            clause, node = self._last
        incident = Incident(
            at=at,
            condition=found.condition,
            how=found.how,
            output=found.output,
            clause=clause,
            node=node,
            transcript=culprit.transcript if culprit else None,
            then=then,
            is_of_many=is_of_many,
        )
        self._incidents.append(incident)
        return incident

    def _last_used(self) -> list[Line]:
        dialer = self._judge.dialer
        return [line for line in dialer.recent if line.transcript.entries][-1:] if dialer else []

    def _restart(self) -> str:
        if self._spawned is None:
            return STAYS_AWAY
        try:
            self._judge.is_back(self._spawned.restart())
        except CannotStart:
            return STAYS_AWAY
        return RESTARTED

    def _wait(self) -> str:
        """Wait whether somebody else starts the target again."""
        self._judge.is_back(None)
        until = self._clock.now() + _COMES_BACK
        while self._clock.now() < until:
            self._clock.sleep(_AGAIN)  # nothing tells when a listener comes back
            if self._judge.health.look().condition.serves:
                return CAME_BACK
        return STAYS_AWAY

    def _culprit(self, suspects: Sequence[Line]) -> Line | None:
        """Return the connection that ended the server: the first that does it again, alone."""
        until = self._clock.now() + _SEARCH
        for line in suspects:
            if self._clock.now() > until:
                return suspects[0]
            if self._does_it_again(line):
                self._restart()
                return line
        self._restart()  # what the last of them does may show only later
        return None

    def _does_it_again(self, line: Line) -> bool:
        if self._judge.dialer is None:
            return False
        with self._judge.dialer.looking(_REPLAY):
            try:
                again = self._judge.dialer.dial()
                again.plan(line.transcript.actions())
                drive([again], until=lambda _: False, patience=_REPLAY, at_most=10 * _REPLAY)
                again.drop()
            except TargetGone:
                return True
            return not self._judge.health.look().condition.serves
