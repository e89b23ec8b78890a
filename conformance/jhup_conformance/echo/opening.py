"""Sets up the judge of an echo server: finds out what was not declared, where that is safe, and says plain things."""

import re
from dataclasses import replace
from typing import Final

from jhup.address import Address
from jhup.echo import Service, Serving, Shape, right_answers
from jhup_conformance.echo.datagrams import DatagramWire
from jhup_conformance.echo.declared import Declared
from jhup_conformance.echo.judge import EchoJudge
from jhup_conformance.echo.plain import FIRST_PATIENCE, try_plain
from jhup_conformance.echo.streams import StreamWire, leave
from jhup_conformance.profiles import Effort
from jhup_conformance.target.process import Spawned
from jhup_conformance.target.resources import Vitals
from jhup_conformance.target.timing import Pace
from jhup_conformance.verify.judging import Judging
from jhup_conformance.wire.channel import Unreachable
from jhup_conformance.wire.dialer import Dialer, dialer_to
from jhup_conformance.wire.driving import drive
from jhup_conformance.wire.line import Line
from jhup_conformance.wire.network import Network
from jhup_conformance.wire.transcript import Action, Kind

__all__ = ["open_echo"]

_THREAD: Final = re.compile(rb"Thread-\d+")
_AGAIN: Final = 0.5
"""Seconds for an answer to a second message, or for the close, while the target's pace is unknown."""


def open_echo(
    target: Address,
    declared: Declared,
    effort: Effort,
    *,
    vitals: Vitals | None,
    spawned: Spawned | None,
    network: Network | None = None,
) -> Judging:
    """Get to know an echo server, on the machine's own network if none is given.

    Raises:
        Unreachable: when nobody is there.
        TargetGone: when somebody was, and is no more.
    """
    pace = Pace()
    known, notes = declared, list[str]()
    wire: StreamWire | DatagramWire
    if target.transport.is_stream:
        dialer = dialer_to(target, spawned, network=network)
        dialer.leaves_in_order = True  # what a reset does to a server is for ECHO-68
        known, notes = _find_out(dialer, declared)
        wire = StreamWire(dialer, pace, known.rules, known.shape or Shape.ONE_SHOT)
    else:
        wire = DatagramWire(target, pace, known.rules, network=network)
        if problem := wire.sender.refuses():
            raise Unreachable(problem)
    judge = EchoJudge(
        known,
        wire,
        pace,
        effort,
        transport_facts=[_taken(known, declared, target), *notes],
        does_not_apply=lambda clause: known.excludes(clause, target.transport),
        vitals=vitals,
        spawned=spawned,
    )
    try_plain(judge)
    return judge


def _taken(known: Declared, declared: Declared, target: Address) -> str:
    """Say what the target is taken for, and what of it was declared."""

    def say(name: str, value: object, *, said: bool, found: bool = False) -> str:
        return f"{name} {value}{'' if said else ' (found out)' if found else ' (undeclared)'}"

    shape = known.shape or Shape.ONE_SHOT if target.transport.is_stream else Shape.DATAGRAM
    parts = [
        f"service {known.service}",
        say("shape", shape, said=bool(declared.shape) or not target.transport.is_stream, found=bool(known.shape)),
        say("serving", known.serving or Serving.CONCURRENT, said=bool(declared.serving), found=bool(known.serving)),
        say("limit", known.rules.limit(shape), said=declared.max_message is not None),
    ]
    if known.service is not Service.WORKER:
        parts.append("trimming" if known.trim else "not trimming")
    return f"taken as  {', '.join(parts)}"


def _find_out(dialer: Dialer, declared: Declared) -> tuple[Declared, list[str]]:
    """Find out the shape from a first exchange, and from the names of workers whether they are threads.

    Only what can't absolve a server is found out. That a server goes on to answer on one connection is no slip of a
    one-shot server. That it waits for the end of a line may be one, so that a one-shot line server has to be declared.

    Raises:
        Unreachable: when nobody is there.
    """
    notes: list[str] = []
    line = dialer.first()
    try:
        if declared.shape is None:
            shape, note = _shape_shown(line, declared)
            declared = replace(declared, shape=shape)
            notes += [note] if note else []
    finally:
        leave(line)
    if declared.service is Service.WORKER and declared.serving is None:
        names = {_thread_named(dialer, declared.shape) for _ in range(2)}
        if len(names) > 1 and b"" not in names:
            declared = replace(declared, serving=Serving.THREADING)
            notes.append("found out its workers are threads, by their names; --serving declares it")
    return declared, notes


def _shape_shown(line: Line, declared: Declared) -> tuple[Shape | None, str]:
    _say(line, b"abc", FIRST_PATIENCE)
    ended = b""
    if not line.received and not line.closed:
        _say(line, b"\n", FIRST_PATIENCE)
        ended = b"\n"
    first = len(line.received)
    if not first or line.closed:
        return None, ""
    drive([line], until=lambda line: len(line.received) > first, patience=0.1, at_most=_AGAIN)
    if line.closed:
        note = "hint      it answers when a line has ended, once: --shape line-one-shot would declare that"
        return None, note if ended else ""
    first = len(line.received)
    _say(line, b"de" + ended, _AGAIN)
    shape = Shape.LINE if ended else Shape.SESSION
    right = right_answers(b"abc" + ended + b"de" + ended, shape=shape, rules=declared.rules, ended=False)
    if len(line.received) > first and right.contains(bytes(line.received)):
        return shape, f"found out it answers again on the same connection; --shape {shape} declares it"
    return None, ""


def _say(line: Line, data: bytes, patience: float) -> None:
    """Say something, and wait until an answer has come and nothing more comes after it."""
    length = len(line.received)
    line.plan([Action(Kind.SENT, data)])
    drive([line], until=lambda line: len(line.received) > length, patience=patience, at_most=2 * patience)


def _thread_named(dialer: Dialer, shape: Shape | None) -> bytes:
    """Return what a worker's name has of a thread's; empty when it has nothing."""
    line = dialer.dial()
    try:
        _say(line, b"abc\n" if shape in (Shape.LINE, Shape.LINE_ONE_SHOT) else b"abc", FIRST_PATIENCE)
        found = _THREAD.match(line.received)
        return found[0] if found else b""
    finally:
        leave(line)
