"""What happened to the target during a run: when it went away or hung, by which exchange, and what was done then."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from jhup.clauses import Clause, ConformanceClass, Level
from jhup.limits import HEADER_CEILING
from jhup.messages import Put, Unknown
from jhup.names import is_valid_name
from jhup.reader import Broken, HeaderRead, Reader, State
from jhup_conformance.differences import Gone, Unsolicited
from jhup_conformance.findings import CheckResult, Outcome
from jhup_conformance.run.wear import Wear
from jhup_conformance.target.health import Condition, Diagnosis
from jhup_conformance.target.process import CannotStart, Spawned
from jhup_conformance.target.services import Kind as Service
from jhup_conformance.verify.judging import Judging
from jhup_conformance.wire.dialer import TargetGone
from jhup_conformance.wire.driving import drive
from jhup_conformance.wire.line import Line
from jhup_conformance.wire.network import Clock
from jhup_conformance.wire.transcript import Kind, Transcript

__all__ = ["SERVES_ON", "START_IT", "STAYS_AWAY", "Incident", "Watch", "blame", "blame_many"]

SERVES_ON: Final = {Service.UPLOAD: "ERR-9", Service.ECHO: "ECHO-68"}
"""The clause about a server that goes on whatever happens on a connection."""

START_IT: Final = "The target does not come back: start it with --spawn to go on."
RESTARTED, CAME_BACK, STAYS_AWAY = "restarted", "came back", "stays away"

_ENDS: Final = (Kind.HALF_CLOSED, Kind.RESET, Kind.LEFT)
_COMES_BACK: Final = 3.0
"""Seconds in which somebody else may start an attached target again."""
_AGAIN: Final = 0.2
_SEARCH: Final = 15.0
"""Seconds in which connections are tried again, each alone, to find the one that ended the server."""
_LATEST: Final = 3
"""Connections that are tried again where the target has ended the same way before, and none did it again."""
_REPLAY: Final = 0.2
"""Seconds without progress until a connection that is tried again counts as silent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """The target was gone or hung.

    Attributes:
        at: seconds since the run began.
        condition: gone or hung.
        how: exit status or signal, or what it did instead of serving.
        output: the last lines that it printed.
        clause: whose check did it.
        node: that check.
        transcript: the exchange that did it, as far as can be told.
        then: what became of it: "restarted", "came back" or "stays away".
        is_of_many: whether no single connection does it again, alone: the target has had too much of something.
    """

    at: float
    condition: Condition
    how: str
    output: tuple[str, ...]
    clause: str
    node: str
    transcript: Transcript | None
    then: str
    is_of_many: bool = False

    @property
    def sentence(self) -> str:
        """What happened, in one sentence that stands alone."""
        return self.point.actual

    @property
    def point(self) -> Gone:
        """The same as data."""
        return Gone(self.condition is Condition.HUNG, self.how)

    def to_json(self) -> dict[str, Any]:
        """Return what report.json says of it."""
        return {
            "at": round(self.at, 3),
            "condition": self.condition.value,
            "how": self.how,
            "output": list(self.output),
            "clause": self.clause,
            "check": self.node,
            "then": self.then,
            "exchange": self.transcript.to_json() if self.transcript else None,
        }


def blame(result: CheckResult, incident: Incident, clause: Clause, *, ends_anyway: bool = False) -> None:
    """Make the result of a check say that the target was gone or hung because of it.

    A clause of a class that is about well-behaved clients is not blamed for what ended the target when it was sent
    something else: that is for ERR-9, which has checks of its own.

    Args:
        result: of the check.
        incident: what happened.
        clause: what the check is about.
        ends_anyway: whether first contact has shown that plain connections end the target; that is one finding.
    """
    printed = tuple(f"it printed: {line}" for line in incident.output)
    if incident.is_of_many or ends_anyway:  # another clause is blamed for that (`blame_many`)
        came = result.points and all(isinstance(each, Unsolicited) for each in result.points)
        if came and result.outcome is Outcome.FAIL:
            return  # those bytes came; what else would have come the end of the target can't change
        if result.outcome is not Outcome.PASS:
            result.outcome, result.details = Outcome.UNVERIFIED, printed
            alone = "" if ends_anyway else " No connection of this check alone does that again."
            result.actual = f"{incident.sentence}{alone}"
        return
    if incident.transcript is None and result.outcome in (Outcome.FAIL, Outcome.WARN):  # a datagram's own finding
        result.details += (incident.sentence, *printed)
        return
    if incident.transcript is None or _is_beyond(clause, incident.transcript):
        result.outcome = Outcome.UNVERIFIED  # nothing was sent that could have done it, or nothing of this clause
    else:
        result.outcome = Outcome.FAIL if clause.level is Level.MUST else Outcome.WARN
    result.expected, result.actual = incident.point.expected, incident.point.actual
    result.points, result.where, result.transcript = (incident.point,), "", incident.transcript
    result.details = printed


def blame_many(incident: Incident, clause: Clause) -> CheckResult:
    """Return what an incident that no single connection causes says of the clause about a server that goes on."""
    return CheckResult(
        clause.id,
        incident.node,
        Outcome.FAIL if clause.level is Level.MUST else Outcome.WARN,
        expected=incident.point.expected,
        actual=incident.point.actual,
        points=(incident.point,),
        transcript=incident.transcript,
        details=("no single connection does that again, alone", *(f"it printed: {line}" for line in incident.output)),
    )


def _is_beyond(clause: Clause, transcript: Transcript) -> bool:
    """Tell whether an exchange has what no well-behaved client sends, and a clause is about those alone."""
    polite = clause.conformance_class in (ConformanceClass.BASIC, ConformanceClass.STREAM)
    if not (polite and Service.UPLOAD.concerns(clause)):
        return False  # to an echo service all bytes are alike
    reader = Reader(max_header=HEADER_CEILING)
    for event in reader.receive(transcript.sent):
        match event:
            case Broken() | HeaderRead(request=Unknown()):
                return True
            case HeaderRead(request=Put(filename)) if not is_valid_name(filename):
                return True
    return reader.state is not State.PREFIX and any(entry.kind in _ENDS for entry in transcript.entries)


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
