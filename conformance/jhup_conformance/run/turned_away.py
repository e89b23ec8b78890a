"""Targets that turn clients away when they are too many: what is learnt of them, and which checks run once more."""

from typing import Final

from jhup_conformance.findings import CheckResult, Outcome
from jhup_conformance.target.health import Condition, Diagnosis

__all__ = ["TurnedAway"]

_IN_ALL: Final = 30.0
"""Seconds in a run that are waited for a target that takes clients again, but in the profile without bounds."""


class TurnedAway:
    """How often a target has turned the suite away.

    Args:
        is_bounded: whether the run goes on only as long as not too much of it is waiting.

    Attributes:
        times: how often it did.
        seconds: that this took in all.
        fewest: connections that were served before one of these times, at the least; None where it never did.
        problem: why nothing more is judged; empty while checks go on.
    """

    def __init__(self, *, is_bounded: bool) -> None:
        self.times = 0
        self.seconds = 0.0
        self.fewest: int | None = None
        self.problem = ""
        self._is_bounded = is_bounded
        self._opened = 0
        self._met: set[str] = set()

    def meets(self, result: CheckResult, found: Diagnosis, opened: int) -> bool:
        """Take note that a check was turned away; it can't have told anything.

        Args:
            result: of the check, which is changed.
            found: how the target is now.
            opened: how many connections of the run were opened so far.

        Returns:
            Whether the check is to be run again.
        """
        self.times += 1
        self.seconds += found.seconds
        served, self._opened = opened - self._opened, opened
        self.fewest = served if self.fewest is None else min(self.fewest, served)
        is_again, self._met = result.node in self._met, self._met | {result.node}
        if found.condition is Condition.SHUT:
            self.problem = f"The target serves nobody any more after {served} connections: {found.how}."
        elif self._is_bounded and self.seconds > _IN_ALL:
            self.problem = f"The target turns clients away too often: {self.line}; --profile thorough waits longer."
        elif not is_again:
            return True
        result.outcome, result.actual = Outcome.UNVERIFIED, self.problem or f"too many connections for it: {self.line}"
        result.points, result.details, result.transcript, result.where = (), (), None, ""
        return False

    def join(self, other: "TurnedAway") -> None:
        """Add what another process has met at the same server, started there by the same command."""
        self.times += other.times
        self.seconds += other.seconds
        self.fewest = min((each for each in (self.fewest, other.fewest) if each is not None), default=None)

    @property
    def line(self) -> str:
        """What was learnt, in a line; empty where it never happened."""
        if not self.times:
            return ""
        often = "once" if self.times == 1 else f"{self.times} times"
        return (
            f"it serves about {self.fewest} connections, then turns clients away for "
            f"{self.seconds / self.times:.0f} s ({often})"
        )
