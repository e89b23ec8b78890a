"""New names for a recorded exchange, so that nothing is stored under them before it is replayed."""

import re
import secrets
from collections.abc import Sequence
from dataclasses import replace
from typing import Final, TypeAlias

from jhup_conformance.differences import WrongBody
from jhup_conformance.reports.fields import request_fields
from jhup_conformance.reports.points import Lasting
from jhup_conformance.wire.transcript import Action, Beside, Entry, Kind, Scene, Transcript

__all__ = ["Points", "renamed"]

Points: TypeAlias = tuple[Lasting, ...] | None
"""What was wrong in a record, as far as it can be looked for again; None where it can't."""

_RUN: Final = re.compile(rb"jc-([0-9a-zA-Z]{8})-")


def renamed(transcript: Transcript, points: Points) -> tuple[Transcript, Points]:
    """Return a record with new names in place of those that its run had made.

    It is returned as it is where it has no such names, those of several runs, or such names inside of bodies too,
    where digests would change with them.

    Args:
        transcript: the record.
        points: what was wrong, in which the same names stand.
    """
    beside = transcript.scene.beside if transcript.scene else ()
    streams = [_sent(each) for each in (transcript, *(other.transcript for other in beside))]
    runs = {run for sent in streams for run in _RUN.findall(sent)}
    bodies = [sent[each.start : each.end] for sent in streams for each in request_fields(sent) if each.name == "body"]
    if len(runs) != 1 or any(_RUN.search(body) for body in bodies):
        return transcript, points
    (old,) = runs
    new = secrets.token_hex(4).encode()
    return _in_transcript(transcript, old, new), _in_points(points, old.decode(), new.decode())


def _sent(transcript: Transcript) -> bytes:
    return b"".join(action.data for action in transcript.actions())


def _in_transcript(transcript: Transcript, old: bytes, new: bytes) -> Transcript:
    sent = _sent(transcript).replace(b"jc-%s-" % old, b"jc-%s-" % new)
    entries, place = [], 0
    for entry in transcript.entries:
        if entry.kind is Kind.SENT:  # a name may stand in two segments
            data = sent[place : place + len(entry.data)]
            place += len(data)
            entries.append(Entry(entry.at, entry.kind, data, entry.how))
        else:
            entries.append(entry)
    scene = transcript.scene
    return Transcript(entries, _in_scene(scene, sent, old, new) if scene else None)


def _in_scene(scene: Scene, sent: bytes, old: bytes, new: bytes) -> Scene:
    before, after = f"jc-{old.decode()}-", f"jc-{new.decode()}-"

    def named(name: str) -> str:
        return name.replace(before, after)

    return replace(
        scene,
        plan=tuple(_in_plan(scene.plan, sent)),
        watched=tuple(map(named, scene.watched)),
        before={named(name): body for name, body in scene.before.items()},
        doubtful=frozenset(map(named, scene.doubtful)),
        taken=frozenset(map(named, scene.taken)),
        beside=tuple(Beside(each.after, _in_transcript(each.transcript, old, new)) for each in scene.beside),
    )


def _in_plan(plan: Sequence[Action], sent: bytes) -> list[Action]:
    actions, place = [], 0
    for action in plan:
        actions.append(replace(action, data=sent[place : place + len(action.data)]))
        place += len(action.data)
    return actions


def _in_points(points: Points, old: str, new: str) -> Points:
    if points is None:
        return None
    return tuple(
        replace(each, name=each.name.replace(f"jc-{old}-", f"jc-{new}-")) if isinstance(each, WrongBody) else each
        for each in points
    )
