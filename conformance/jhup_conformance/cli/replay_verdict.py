"""Tells of an exchange that was sent again whether what was wrong in it is right now, as far as that can be told."""

import time
from collections.abc import Iterable, Mapping
from typing import Any, Final

from jhup.echo import DatagramAnswers, Silence, right_answers
from jhup_conformance.cli.renaming import Points
from jhup_conformance.differences import ClosedEarly, Gone, StillOpen, WrongBody
from jhup_conformance.findings import NotSeen, SuiteError
from jhup_conformance.reports.right import Answering, right_bodies
from jhup_conformance.run.options import UsageError
from jhup_conformance.target.store import Body, Observer
from jhup_conformance.verify.exchange import Exchange
from jhup_conformance.wire.channel import Unreachable
from jhup_conformance.wire.dialer import Dialer
from jhup_conformance.wire.driving import drive
from jhup_conformance.wire.dump import show_bytes
from jhup_conformance.wire.line import Line
from jhup_conformance.wire.transcript import Closed, Kind, Transcript

__all__ = ["Verdict", "is_gone", "judge_answer", "judge_datagrams", "judge_serving", "judge_stored", "look_until"]

Verdict = tuple[bool | None, str]
"""Whether what was expected holds, None where that can't be told; and why, or what was seen."""

_LOOKING: Final = 2.0
"""Seconds that the store is looked at until a right outcome shows."""
_SETTLING: Final = 0.5
_DYING: Final = 0.5


def look_until(observer: Observer | None, names: list[str], is_right: Any) -> dict[str, Body | None] | None:
    """Look at the store until something is the case, or for some seconds; None where it can't be seen."""
    if observer is None:
        return None
    until = time.monotonic() + _LOOKING
    try:
        while True:
            store = observer.look(names)
            if is_right(store) or time.monotonic() > until:
                return store
            time.sleep(0.02)
    except (NotSeen, SuiteError, Unreachable):
        return None  # it offers no replies


def is_gone(error: Exception) -> str:
    """Say that a target is gone."""
    return f"the server is gone after it: {error}"


def judge_stored(
    recorded: Transcript, line: Line, exchange: Exchange | None, observer: Observer | None, points: Points
) -> Verdict:
    """Judge what came, and what is stored."""
    if exchange is None:
        return _judge_points(recorded, line, observer, points)
    bodies = right_bodies(recorded)
    # What must come is looked at first: once it is there, what must not come has had its time.
    watched = sorted(exchange.bound.watched, key=lambda name: None in bodies.get(name, [None]))
    store = look_until(observer, watched, lambda store: exchange.mismatch(store) is None) if watched else {}
    found = exchange.mismatch(store)
    if not found and not exchange.is_proven(store):
        # What must not happen has no sign that it is done with; a moment later it shows.
        drive([line], until=lambda line: line.closed is not None, patience=_SETTLING, at_most=_SETTLING)
        store = look_until(observer, watched, lambda _: True) if watched else {}
        found = exchange.mismatch(store)
    if found:
        return False, found.actual
    if line.closed is None and (open_still := [each for each in points or () if isinstance(each, StillOpen)]):
        return False, open_still[0].actual  # also where a server only should close, as after a malformed header
    if store is None and exchange.may_change:
        return None, "what is stored can't be seen: --storage DIR would show it"
    if points is None:
        return None, "the suite saw it by means that a replay has not"
    return True, "what came is right"


def _judge_points(recorded: Transcript, line: Line, observer: Observer | None, points: Points) -> Verdict:
    """Look for what was wrong once more, in a record of which the model can't tell what is right."""
    if not points:
        return None, f"the record alone does not tell what is right; {_sameness(recorded, line.transcript)}"
    bodies = {each.name: each.wanted for each in points if isinstance(each, WrongBody)}
    store = look_until(observer, list(bodies), lambda store: all(store[name] in bodies[name] for name in bodies))
    if bodies and store is None:
        return None, "what is stored can't be seen: --storage DIR would show it"
    for each in points:
        match each:
            case WrongBody(name, wanted) if store is not None and store[name] not in wanted:
                return False, WrongBody(name, wanted, store[name]).actual
            case StillOpen() if line.closed is None:
                return False, each.actual
            case ClosedEarly() if line.closed is not None:
                return False, f"closed by the target ({line.closed})"
    return True, "what was wrong is right now"


def judge_serving(lines: Iterable[Line], dialer: Dialer, gone: Gone) -> Verdict:
    """See whether the target goes on serving after an exchange that it did not survive before."""
    for line in lines:
        line.drop()
    until = time.monotonic() + _DYING
    while time.monotonic() < until:  # a process takes a moment to die, and nothing tells when
        try:
            dialer.first().drop()
        except Unreachable as error:
            return False, is_gone(error)
        time.sleep(0.05)
    if gone.hung:
        return None, "it accepts connections; whether it serves them a replay does not see"
    return True, "it goes on accepting connections"


def judge_answer(record: Mapping[str, Any], line: Line, points: Points) -> Verdict:
    """Judge what an echo server answered."""
    try:
        answering = Answering.from_json(record["echo"])
    except (KeyError, ValueError, TypeError) as error:
        raise UsageError(f"the record's echo can't be read: {error!r}") from error
    sent, received = line.transcript.sent, bytes(line.received)
    ended = any(entry.kind is Kind.HALF_CLOSED for entry in line.transcript.entries)
    right = right_answers(sent, shape=answering.shape, rules=answering.rules, ended=ended)
    if line.closed is Closed.RESET and right.is_prefix_of_member(received):
        return None, "a reset may have taken the rest of the answer"
    if not right.contains(received):
        return False, str(right.nearest(received))
    if not line.closed and any(isinstance(each, StillOpen) for each in points or ()):
        return False, "still open"
    return True, "what came is right"


def _sameness(recorded: Transcript, now: Transcript) -> str:
    """Say whether the target did what it did before, times aside."""

    def deeds(transcript: Transcript) -> tuple[bytes, list[str]]:
        return transcript.received, [entry.how for entry in transcript.entries if entry.kind is Kind.CLOSED]

    return "it did the same as recorded" if deeds(recorded) == deeds(now) else "it did not do the same as recorded"


def judge_datagrams(record: Mapping[str, Any], arrived: list[tuple[bytes, Any]], sent: bytes) -> Verdict:
    """Judge what an echo service answered to one datagram."""
    if "echo" not in record:
        return None, f"{len(arrived)} datagrams came"
    answering = Answering.from_json(record["echo"])
    right = DatagramAnswers(sent, answering.rules)
    if right.silence is Silence.REQUIRED:
        if arrived:
            return False, f"an answer came, {show_bytes(arrived[0][0])}, where none is right"
        return None, "nothing came, which is right unless it is only lost"
    wrong = [data for data, _ in arrived if not right.contains(data)]
    if wrong:
        return False, str(right.nearest(wrong[0]))
    if len(arrived) > 1:
        return False, f"{len(arrived)} datagrams came for one"
    return (True, "what came is right") if arrived else (None, "nothing came, which a single loss may be")
