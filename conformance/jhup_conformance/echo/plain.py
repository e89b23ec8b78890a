"""The plainest exchanges with an echo server, before the checks: its pace, and whether anything can be learnt."""

from typing import Final

from jhup.echo import Shape, worker_name
from jhup_conformance.echo.asking import CONTENT, Ask, Breach, Tried, is_whole
from jhup_conformance.echo.datagrams import DatagramWire
from jhup_conformance.echo.diagnosis import diagnose, diagnose_extra, diagnose_next
from jhup_conformance.echo.judge import EchoJudge
from jhup_conformance.echo.streams import StreamWire, leave
from jhup_conformance.findings import Finding, Wavering
from jhup_conformance.wire.driving import drive
from jhup_conformance.wire.dump import show_bytes
from jhup_conformance.wire.line import Line
from jhup_conformance.wire.transcript import Action, Kind

__all__ = ["FIRST_PATIENCE", "PIECES", "try_plain"]

PIECES: Final = (b"abc", b"Hello", b"x")
FIRST_PATIENCE: Final = 2.0
"""Seconds without progress that a target gets before its pace is known."""
_LAST_PATIENCE: Final = 5.0
_LOOKS: Final = 3
_LISTEN: Final = 0.05
"""Seconds for bytes to come that nobody has asked for."""
_ANY: Final = CONTENT | {Breach.TWICE, Breach.ELSEWHERE, Breach.ASTRAY}


def try_plain(judge: EchoJudge) -> None:
    """Make the plain exchanges, and leave in the judge what came of them.

    Raises:
        TargetGone: when the target can't be reached any more.
    """
    if isinstance(judge.wire, StreamWire) and (unsolicited := _overhear(judge.wire)):
        _blame(judge, "ECHO-46", Finding("nothing before the first byte", show_bytes(unsolicited)))
        return
    for piece in PIECES:
        if not _try_one(judge, judge.message(piece)):
            return
    if isinstance(judge.wire, DatagramWire):
        _look_for_seconds(judge, judge.wire)
    elif judge.shape in (Shape.SESSION, Shape.LINE):
        _converse(judge, judge.wire)


def _blame(judge: EchoJudge, clause: str, finding: Finding) -> None:
    judge.plain.clause, judge.plain.finding = clause, finding


def _overhear(wire: StreamWire) -> bytes:
    line = wire.dial()
    try:
        drive([line], until=lambda line: bool(line.received), patience=_LISTEN, at_most=2 * _LISTEN)
        return bytes(line.received)
    finally:
        leave(line)


def _try_one(judge: EchoJudge, ask: Ask) -> bool:
    """Make one plain exchange, again where it fails; tells whether it was right, else what it breaks is noted."""
    known = judge.pace.is_known
    failures: list[Tried] = []
    for look in range(_LOOKS):
        patience = _LAST_PATIENCE if look else FIRST_PATIENCE
        if known:
            patience = judge.pace.last_patience
        elif judge.shape is Shape.DATAGRAM:
            patience /= _LOOKS  # each of its three tries waits for the others too
        tried = judge.wire.run([ask], patience=patience)[0]
        if tried.lost or (tried.mismatch and tried.mismatch.breach in _ANY):
            failures.append(tried)
            if len(failures) == 2 and tried.mismatch and tried.mismatch.timed_out:
                break  # a silence that was twice as long
        elif not failures:
            if isinstance(judge.wire, DatagramWire):
                judge.wire.has_answered = True
            return True
    _note(judge, ask, failures)
    return False


def _note(judge: EchoJudge, ask: Ask, failures: list[Tried]) -> None:
    last = failures[-1]
    if last.mismatch is None:
        expected, actual, breach = "an answer", "a reset instead of it, each time", Breach.NOTHING
    else:
        expected, actual, breach = last.mismatch.expected, last.mismatch.actual, last.mismatch.breach
    clause = diagnose(ask.data, last.answer, breach, right=judge.wire.right(ask), rules=judge.rules, shape=judge.shape)
    timed_out = last.mismatch is not None and last.mismatch.timed_out
    if len(failures) < _LOOKS and not (timed_out and len(failures) > 1):
        actual += f"; failed {len(failures)} times of {_LOOKS} under the same bytes"
        _blame(judge, clause, Wavering(expected, actual, last.transcript))
    else:
        _blame(judge, clause, Finding(expected, actual, last.transcript, timed_out=timed_out))


def _look_for_seconds(judge: EchoJudge, wire: DatagramWire) -> None:
    """Look whether something more has come for one of the datagrams that were answered."""
    letters = wire.sender.open
    wire.wait(letters, until=lambda: False, seconds=judge.pace.settle)
    for letter in letters:
        if len(letter.arrived) > 1:
            more = [show_bytes(data) for data, _ in letter.arrived]
            right = wire.right(Ask(letter.data))
            clause = "ECHO-53" if all(right.contains(data) for data, _ in letter.arrived) else "ECHO-55"
            _blame(judge, clause, Finding("one datagram for one", f"{', then '.join(more)}", letter.transcript))


def _converse(judge: EchoJudge, wire: StreamWire) -> None:
    """Say several messages on one connection, each once the reply to the one before has come."""
    line = wire.dial()
    try:
        breach = _converse_on(judge, wire, line)
    finally:
        leave(line)
    if breach is None:
        return
    clause, finding = breach
    again = wire.dial()
    try:
        second = _converse_on(judge, wire, again)
    finally:
        leave(again)
    if second is None:
        finding = Wavering(finding.expected, f"{finding.actual}; then right", finding.transcript)
    _blame(judge, clause, finding)


def _converse_on(judge: EchoJudge, wire: StreamWire, line: Line) -> tuple[str, Finding] | None:
    said = b""
    for piece in PIECES:
        message = judge.message(piece).data
        said += message
        before = len(line.received)
        right = wire.right(Ask(said))
        line.plan([Action(Kind.SENT, message)])
        whole = judge.hear(line, until=lambda line, right=right: is_whole(right, bytes(line.received)))  # type: ignore[misc]
        received = bytes(line.received)
        name = worker_name(received)
        nearest = f"the replies to {show_bytes(said)}, such as {show_bytes(right.closest(received))}"
        if not whole:
            clause = diagnose_next(message, received[before:], name, rules=judge.rules, shape=judge.shape)
            end = f"; then {line.closed}" if line.closed else ""
            return clause, Finding(nearest, f"{show_bytes(received)}{end}", line.transcript)
        length = len(received)
        judge.hear(line, until=lambda line, length=length: len(line.received) > length, patience=judge.pace.settle)  # type: ignore[misc]
        if extra := bytes(line.received[length:]):
            clause = diagnose_extra(extra, name, rules=judge.rules, shape=judge.shape)
            return clause, Finding(nearest, f"{show_bytes(received)}, then {show_bytes(extra)}", line.transcript)
    return None
