"""What would have been right in a recorded exchange: the model asked once more, from the record alone."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import combinations, pairwise
from pathlib import Path
from typing import Final

from jhup.echo import DatagramAnswers, FiniteAnswers, Rules, Service, Shape, Silence, right_answers
from jhup.model import Outcome, Server, outcomes
from jhup.names import is_valid_name
from jhup_conformance.reports.fields import request_fields
from jhup_conformance.verify.exchange import Attempt, Exchange
from jhup_conformance.verify.field import ordinal
from jhup_conformance.verify.names import Names
from jhup_conformance.verify.requests import raw
from jhup_conformance.verify.stream import End
from jhup_conformance.wire.transcript import Kind, Transcript

__all__ = [
    "Answering",
    "echo_pattern",
    "exchange_of",
    "first_difference",
    "right_bodies",
    "right_outcomes",
    "stored_differences",
]

_MOST: Final = 4 * 1024 * 1024
"""Bytes of a stored file that are read for a comparison."""


def _stream(transcript: Transcript) -> bytes:
    return b"".join(step.data for step in transcript.actions())


def _end(transcript: Transcript) -> End:
    kinds = [step.kind for step in transcript.actions()]
    if Kind.RESET in kinds:
        return End.RESET
    if Kind.LEFT in kinds:
        return End.LEAVE
    return End.FINISH if Kind.HALF_CLOSED in kinds else End.HOLD


def _server(transcript: Transcript) -> Server | None:
    """Return what the model has to know; None where the record does not tell, as of one of several connections."""
    scene = transcript.scene
    if scene is None or scene.limits is None or scene.beside:
        return None
    max_header, max_filesize, replies = scene.limits
    return Server(replies=replies, max_header=max_header, max_filesize=max_filesize)


def exchange_of(transcript: Transcript) -> Exchange | None:
    """Return the exchange that a record is of, to be compared once more; None where the record does not tell enough."""
    server, scene = _server(transcript), transcript.scene
    if server is None or scene is None:
        return None

    sent = raw(_stream(transcript), "requests").ending(_end(transcript))
    stream = replace(
        sent,
        watched=scene.watched,
        before=tuple(scene.before.items()),
        doubtful=scene.doubtful,
        taken=scene.taken,
    )
    return Exchange(
        Attempt(stream=stream, closes=scene.must_close, stays_open=True, codes=True, unsolicited=True),
        Names("replayed"),
        server,
    )


def right_outcomes(transcript: Transcript) -> tuple[Outcome, ...]:
    """Return every right outcome of a recorded exchange; none where the record does not tell enough."""
    server, scene = _server(transcript), transcript.scene
    if server is None or scene is None:
        return ()
    end = _end(transcript)
    return outcomes(
        _stream(transcript),
        server=server,
        ended=end is not End.HOLD,
        reset=end.is_deaf,
        store=scene.before,
    )


def right_bodies(transcript: Transcript) -> Mapping[str, list[bytes | None]]:
    """Give, for each name that was looked at, what may rightly be stored under it in the end; None for nothing."""
    scene = transcript.scene
    found = right_outcomes(transcript)
    if scene is None or not found:
        return {}
    return {name: list(dict.fromkeys(outcome.store.get(name) for outcome in found)) for name in scene.watched}


def stored_differences(transcript: Transcript, folder: Path) -> Iterator[str]:
    """Say where the bodies in the store's folder part from the right ones, for the names that were looked at.

    Called at once when the fault was seen: later the files may be gone.
    """
    for name, right in right_bodies(transcript).items():
        wanted = [body for body in right if body is not None]
        if not wanted or not is_valid_name(name):
            continue
        try:
            with (folder / name).open("rb") as file:
                actual = file.read(_MOST)
        except OSError:
            continue
        if actual not in wanted and len(actual) < _MOST:
            nearest = max(wanted, key=lambda body: _agreement(body, actual))
            yield f"{name}: {first_difference(nearest, actual)}{_whence(transcript, nearest, actual)}"


def first_difference(right: bytes, actual: bytes) -> str:
    """Say in words where some bytes part from the right ones."""
    at = _agreement(right, actual)
    if at == len(actual):
        return f"ends after {at} of {len(right)} bytes"
    if at == len(right):
        return f"its {len(right)} bytes are right, and {len(actual) - at} bytes too many stand behind them"
    return f"byte {at} is {actual[at]:02x}, where {right[at]:02x} is right; {len(actual)} bytes for {len(right)}"


def _whence(transcript: Transcript, right: bytes, actual: bytes) -> str:
    """Say which field of the stream the bytes behind the right ones came from, if they did."""
    at, stream = _agreement(right, actual), _stream(transcript)
    extra = actual[at:]
    if len(extra) < 4 or (place := stream.find(extra)) < 0:  # fewer may stand anywhere
        return ""
    for field in request_fields(stream):
        if field.start <= place < field.end:
            inside = f"byte {place - field.start} of " if place > field.start else ""
            return f": from {inside}the {ordinal(field.frame)} request's {field.name} on, offset {place} of the stream"
    return f": from offset {place} of the stream on"


def _agreement(one: bytes, other: bytes) -> int:
    """Count the bytes from the beginning in which two byte strings agree."""
    most = min(len(one), len(other))
    if one[:most] == other[:most]:
        return most
    return next(index for index in range(most) if one[index] != other[index])


@dataclass(frozen=True, slots=True)
class Answering:
    """What an echo server was taken to be."""

    rules: Rules
    shape: Shape

    def to_json(self) -> dict[str, object]:
        """Return it as JSON."""
        most = self.rules.max_message
        return {"service": self.rules.service, "shape": self.shape, "trim": self.rules.trim, "max_message": most}

    @classmethod
    def from_json(cls, record: Mapping[str, object]) -> "Answering":
        """Read it; what is wrong raises KeyError, ValueError or TypeError."""
        most = record.get("max_message")
        rules = Rules(
            service=Service(str(record["service"])),
            trim=bool(record["trim"]),
            max_message=None if most is None else int(str(most)),
        )
        return cls(rules, Shape(str(record["shape"])))


_A_NAME: Final = rb"[\x20-\x39\x3b-\x7e]+"
_MOST_MEMBERS: Final = 130
_MOST_CUTTINGS: Final = 8
"""Bytes of a session that are few enough for all their cuttings to be listed."""


def echo_pattern(transcript: Transcript, answering: Answering) -> bytes | None:
    """Return a regular expression for every right answer to what was sent; None where they are too many to list."""
    data = transcript.sent
    ended = any(entry.kind is Kind.HALF_CLOSED for entry in transcript.entries)
    name = b"jhup-worker-name"
    members: list[bytes]
    if answering.shape is Shape.SESSION:
        if len(data) > _MOST_CUTTINGS:
            return None
        members = list(_session_members(data, answering.rules, name))
    else:
        answers = right_answers(data, shape=answering.shape, rules=answering.rules, ended=ended)
        if isinstance(answers, DatagramAnswers) and answers.silence is Silence.REQUIRED:
            return b""
        if not isinstance(answers, FiniteAnswers):
            return None
        members = list(dict.fromkeys(answers.members(name)))
        if isinstance(answers, DatagramAnswers) and answers.silence is Silence.ALLOWED:
            members.append(b"")
    if not 0 < len(members) <= _MOST_MEMBERS:
        return None
    return b"|".join(re.escape(member).replace(re.escape(name), _A_NAME) for member in members)


def _session_members(data: bytes, rules: Rules, name: bytes) -> Iterator[bytes]:
    """List the answers to every cutting of a short stream."""
    seen = set()
    for count in range(len(data)):
        for cuts in combinations(range(1, len(data)), count):
            edges = [0, *cuts, len(data)]
            answer = b""
            for start, stop in pairwise(edges):
                reply = rules.reply(data[start:stop], name=name)
                if reply is None:
                    break
                answer += reply
            seen.add(answer)
    yield from seen
