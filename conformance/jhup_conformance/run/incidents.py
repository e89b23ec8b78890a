"""What happened to the target during a run: when it went away or hung, by which exchange, and what was done then."""

from dataclasses import dataclass
from typing import Any, Final

from jhup.clauses import Clause, ConformanceClass, Level
from jhup.limits import HEADER_CEILING
from jhup.messages import Put, Unknown
from jhup.names import is_valid_name
from jhup.reader import Broken, HeaderRead, Reader, State
from jhup_conformance.differences import Gone, Unsolicited
from jhup_conformance.findings import CheckResult, Outcome
from jhup_conformance.target.health import Condition
from jhup_conformance.target.services import Kind as Service
from jhup_conformance.wire.transcript import Kind, Transcript

__all__ = ["CAME_BACK", "RESTARTED", "SERVES_ON", "START_IT", "STAYS_AWAY", "Incident", "blame", "blame_many"]

SERVES_ON: Final = {Service.UPLOAD: "ERR-9", Service.ECHO: "ECHO-68"}
"""The clause about a server that goes on whatever happens on a connection."""

START_IT: Final = "The target does not come back: start it with --spawn to go on."
RESTARTED, CAME_BACK, STAYS_AWAY = "restarted", "came back", "stays away"

_ENDS: Final = (Kind.HALF_CLOSED, Kind.RESET, Kind.LEFT)


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
