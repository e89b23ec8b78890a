"""Sends a recorded exchange again: byte for byte, cut for cut, with the same pauses, and tells what comes now."""

import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from jhup.address import Address
from jhup.errors import JhupError
from jhup.limits import MAX_FILESIZE
from jhup.messages import Greeting
from jhup.reply_reader import ReplyReader
from jhup_conformance.cli.records import read_record
from jhup_conformance.cli.renaming import renamed
from jhup_conformance.cli.replay_verdict import (
    is_gone,
    judge_answer,
    judge_datagrams,
    judge_serving,
    judge_stored,
    look_until,
)
from jhup_conformance.differences import Gone
from jhup_conformance.reports.points import points_from_json
from jhup_conformance.reports.printable import printable
from jhup_conformance.reports.right import exchange_of
from jhup_conformance.run.options import UsageError
from jhup_conformance.target.services import UPLOAD
from jhup_conformance.target.store import Body, FolderObserver, Observer
from jhup_conformance.target.store_by_stat import ReplyObserver
from jhup_conformance.target.timing import Pace
from jhup_conformance.verify.exchange import Exchange
from jhup_conformance.verify.steps import actions
from jhup_conformance.verify.stream import End
from jhup_conformance.verify.traits import RACING, races
from jhup_conformance.wire.channel import Unreachable
from jhup_conformance.wire.datagrams import Sender, wait_for
from jhup_conformance.wire.dialer import Dialer, TargetGone
from jhup_conformance.wire.driving import drive
from jhup_conformance.wire.frames import header, prefix
from jhup_conformance.wire.line import Line
from jhup_conformance.wire.transcript import Action, Kind, Transcript

__all__ = ["Again", "load_exchange", "replay"]

_PATIENCE: Final = 5.5
"""Seconds to wait for what may still come: the 5 of the clauses, and the way there and back."""
_LOOKING: Final = 2.0
"""Seconds for the answer to a hello."""
_LEAST_PAUSE: Final = 0.05
"""Seconds between two segments: more than in the run, whose network told when a segment was read."""
_AT_ONCE: Final = 0.0005
"""Seconds below which two steps were meant to follow each other at once."""
_MANY: Final = 100
"""Steps from which on the recorded pauses are kept, so that a replay ends."""
_LONGEST_PAUSE: Final = 40.0
"""Seconds; the longest silence that a clause speaks of is 30, and a record of strangers may say years."""
_UNHURRIED: Final = 0.05


@dataclass(frozen=True, slots=True)
class Again:
    """What happened this time.

    Attributes:
        transcript: the record.
        holds: whether the expectation held; None where that can't be told.
        words: why, or what was seen.
    """

    transcript: Transcript
    holds: bool | None
    words: str


def load_exchange(path: Path) -> tuple[dict[str, Any], Transcript]:
    """Read a file of a failing exchange.

    Args:
        path: a file that a run wrote with ``--report``.

    Returns:
        The record, with the clause and what was expected, and the transcript in it.

    Raises:
        UsageError: when it can't be read, or isn't one.
    """
    record = read_record(path, "exchange")
    try:
        return record, Transcript.from_json(record)
    except ValueError as error:
        raise UsageError(f"{path} is not a recorded exchange: {printable(str(error), most=200)}") from error


def replay(record: Mapping[str, Any], transcript: Transcript, dialer: Dialer, *, storage: Path | None = None) -> Again:
    """Do again what the suite did in an exchange, and compare what comes with what is right.

    Names that the suite had made are new ones each time, so that nothing is stored under them before.

    Args:
        record: what the file says beside the transcript.
        transcript: the exchange.
        dialer: opens the connections.
        storage: the folder in which the target stores, if it can be looked at.

    Raises:
        Unreachable: when no connection can be made.
    """
    if not dialer.address.transport.is_stream:
        return _replay_datagrams(record, transcript, dialer.address)
    again = _replay_streams(record, transcript, dialer, storage)
    return replace(again, holds=None, words=RACING) if again.holds and races(transcript) else again


def _replay_streams(record: Mapping[str, Any], transcript: Transcript, dialer: Dialer, storage: Path | None) -> Again:
    now = _once(record, transcript, dialer, storage, _as_recorded)
    if now.holds is not True or _paced(transcript.actions()) == transcript.actions():
        return now
    # On a busy machine segments run together that were read one by one, so that a fault may hide.
    try:
        apart = _once(record, transcript, dialer, storage, _paced)
    except Unreachable as error:
        return replace(now, holds=False, words=is_gone(error))
    return apart if apart.holds is False else now


def _as_recorded(steps: Sequence[Action]) -> list[Action]:
    return list(steps)


def _once(
    record: Mapping[str, Any],
    transcript: Transcript,
    dialer: Dialer,
    storage: Path | None,
    timed: Callable[[Sequence[Action]], list[Action]],
) -> Again:
    """Send an exchange again under new names, with its pauses or longer ones, and judge what comes."""
    transcript, points = renamed(transcript, points_from_json(record.get("points", ())))
    observer = _observer(record, dialer, storage)
    if transcript.scene:
        _lay(transcript.scene.before, dialer, observer)
    stale = _stale(transcript, observer)
    lines: list[Line] = []
    try:
        own = _converse(transcript, dialer, lines, timed)
        exchange = exchange_of(transcript)
        if exchange:
            exchange.line = own
        satisfied = _is_satisfied(exchange, transcript)
        drive(lines, until=satisfied, patience=_PATIENCE, at_most=120.0)
        if gone := next((each for each in points or () if isinstance(each, Gone)), None):
            holds, words = judge_serving(lines, dialer, gone)
        elif "echo" in record:
            holds, words = judge_answer(record, own, points)
        else:
            try:
                holds, words = judge_stored(transcript, own, exchange, observer, points)
            except TargetGone as error:
                holds, words = False, is_gone(error)
        if holds is not None and (doubt := stale or _taken(transcript) or _other_limit(transcript, dialer)):
            holds, words = None, doubt
        return Again(own.transcript, holds, words)
    finally:
        for line in lines:
            line.drop()


def _converse(
    transcript: Transcript, dialer: Dialer, lines: list[Line], timed: Callable[[Sequence[Action]], list[Action]]
) -> Line:
    """Open and drive the connections of a conversation in the order in which they were; returns the one it is about."""
    beside = transcript.scene.beside if transcript.scene else ()
    order = sorted(((0.0, transcript), *((each.after, each.transcript) for each in beside)), key=lambda each: each[0])
    first, _ = order[0]
    own = None
    for after, each in order:
        if lines:
            wait = _until(lines[0].opened + after - first)
            drive(lines, until=lambda _: False, patience=60.0, at_most=max(_LEAST_PAUSE, wait))
        lines.append(dialer.first())
        lines[-1].plan(timed(each.actions()))
        own = lines[-1] if each is transcript else own
    return own or lines[0]


def _paced(steps: Sequence[Action]) -> list[Action]:
    """Return steps with pauses that keep segments apart on a busy machine too, unless there are too many of them."""
    if len(steps) > _MANY:
        return list(steps)
    return [replace(step, pause=max(step.pause, _LEAST_PAUSE)) if step.pause > _AT_ONCE else step for step in steps]


def _taken(transcript: Transcript) -> str:
    """Return what makes a verdict impossible: a name that has to be something else than a file in the folder."""
    if transcript.scene and transcript.scene.taken:
        return "the store's folder had something else than a file under a name, which a replay does not plant"
    return ""


def _other_limit(transcript: Transcript, dialer: Dialer) -> str:
    """Return what makes a verdict impossible: a target whose limit of bodies, by its hello, is not the recorded one."""
    if not (transcript.scene and transcript.scene.limits):
        return ""
    _, recorded, has_replies = transcript.scene.limits
    if not has_replies or recorded == MAX_FILESIZE:
        return ""
    head = header(cmd="hello", reply=True)
    line = dialer.first()
    try:
        line.plan([Action(Kind.SENT, prefix(len(head)) + head)])
        drive([line], until=lambda line: len(line.received) > len(head), patience=_LOOKING, at_most=_LOOKING)
        with contextlib.suppress(JhupError):
            for reply in ReplyReader().receive(bytes(line.received)):
                if isinstance(reply, Greeting) and reply.max_filesize != recorded:
                    return (
                        f"this server takes bodies up to {reply.max_filesize} bytes, the recorded one up to {recorded}"
                    )
    finally:
        line.drop()
    return ""


def _until(moment: float) -> float:
    return max(0.0, moment - time.monotonic())


def _is_satisfied(exchange: Exchange | None, transcript: Transcript) -> Any:
    """Return when a connection need not be waited for any longer."""
    was_closed = any(entry.kind is Kind.CLOSED for entry in transcript.entries)
    if exchange is None or was_closed:
        return lambda line: line.closed is not None
    known: Exchange = exchange
    return lambda line: line is not known.line or known.is_satisfied()


def _observer(record: Mapping[str, Any], dialer: Dialer, storage: Path | None) -> Observer | None:
    if record.get("service", UPLOAD) != UPLOAD:
        return None
    return FolderObserver(storage) if storage else ReplyObserver(dialer, Pace())


def _lay(bodies: Mapping[str, bytes], dialer: Dialer, observer: Observer | None) -> None:
    """Store what has to be there before, as an unhurried client would."""
    for name, body in bodies.items():
        head = header(cmd="put", filename=name, filesize=len(body))
        line = dialer.first()
        try:
            line.plan(actions(prefix(len(head)) + head + body, (4, 4 + len(head)), End.HOLD, _UNHURRIED))
            drive([line], until=lambda _: True, patience=_PATIENCE, at_most=_PATIENCE)
            look_until(observer, [name], lambda store, name=name, body=body: store[name] == Body.of(body))
        finally:
            line.drop()


def _stale(transcript: Transcript, observer: Observer | None) -> str:
    """Return why nothing can be told: a name is stored before that should not be; empty where none is."""
    scene = transcript.scene
    if scene is None or not isinstance(observer, FolderObserver):
        return ""
    fresh = [name for name in scene.watched if name not in scene.before]
    name = next((name for name, body in observer.look(fresh).items() if body is not None), "")
    return f"{name} was stored before, by an earlier run perhaps; with an empty store it shows" if name else ""


def _replay_datagrams(record: Mapping[str, Any], transcript: Transcript, target: Address) -> Again:
    """Send the datagrams of a letter again, from one socket."""
    sender = Sender(target)
    steps = [step for step in transcript.actions() if step.kind is Kind.SENT]
    if not steps:
        raise UsageError("nothing was sent in that exchange")
    letter = sender.send(steps[0].data)
    try:
        for step in steps[1:]:
            time.sleep(min(step.pause, _LONGEST_PAUSE))  # what the record says
            sender.again(letter, step.data)
        count = len(steps)
        wait_for(
            sender.network, [letter], until=lambda: len(letter.arrived) > count, seconds=1.0, expected=sender.where
        )
    finally:
        sender.close_old(0)
    return Again(letter.transcript, *judge_datagrams(record, letter.arrived, steps[0].data))
