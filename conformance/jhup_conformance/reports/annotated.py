"""An exchange as steps that a person can follow: who sent which segment when, its fields, who closed and how."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from jhup.echo import Service
from jhup_conformance.reports.fields import Field, answer_fields, reply_fields, request_fields
from jhup_conformance.target.services import UPLOAD
from jhup_conformance.wire.transcript import Kind, Transcript

__all__ = ["HEAD", "TAIL", "WHOLE", "Piece", "Step", "annotate", "hex_lines", "piece_lines", "step_lines"]

WHOLE: Final = 64
"""Bytes of a field's part that are shown whole; of a longer one the head and the tail are."""
HEAD: Final = 32
TAIL: Final = 16
_A_LINE: Final = 16
_MOST_STEPS: Final = 24
_LABEL: Final = 8
_WIDE: Final = 90


@dataclass(frozen=True, slots=True)
class Piece:
    """The part of a field that one segment holds.

    Attributes:
        name: of the field.
        note: what the field says, or which of its bytes these are.
        data: the bytes.
        offset: index of the first of them in all that its direction sent.
    """

    name: str
    note: str
    data: bytes
    offset: int


@dataclass(frozen=True, slots=True)
class Step:
    """One line of an exchange and what belongs to it.

    Attributes:
        at: seconds since the connection was opened; None for what was never sent.
        by_target: whether the target did it.
        what: in words: "segment 2, 58 bytes", "end of stream", "reset", "nothing more".
        pieces: what a segment holds.
        connection: number of the connection, where there are several; 0 is the one that the finding is about.
    """

    at: float | None
    by_target: bool
    what: str
    pieces: tuple[Piece, ...] = ()
    connection: int | None = None

    @property
    def who(self) -> str:
        """Who did it, from the view of the suite."""
        if self.at is None:
            return "not sent"
        return "received" if self.by_target else "sent"


def annotate(transcript: Transcript, service: str = UPLOAD, *, had_to_close: bool = False) -> list[Step]:
    """Return the steps of an exchange, those on other connections of its scene in between.

    Args:
        transcript: the record.
        service: what the target serves, which tells the fields.
        had_to_close: whether it is worth a step that the target left the connection open.
    """
    beside = transcript.scene.beside if transcript.scene else ()
    number = transcript.scene.number if transcript.scene and beside else 0 if beside else None
    steps = list(_steps(transcript, service, 0.0, number))
    open_still = not any(entry.kind in (Kind.CLOSED, Kind.RESET, Kind.LEFT) for entry in transcript.entries)
    if had_to_close and transcript.entries and open_still:
        steps.append(Step(None, True, "the target did not close the connection", (), number))
    for place, other in enumerate(beside, 1):
        steps += _steps(other.transcript, service, other.after, other.number or place)
    steps.sort(key=lambda step: float("inf") if step.at is None else step.at)
    return steps


def _steps(transcript: Transcript, service: str, opened: float, connection: int | None) -> Iterator[Step]:
    unsent = transcript.unsent
    sent = transcript.sent + b"".join(step.data for step in unsent)
    outward = list(_sent_fields(sent, service))
    inward = list(_received_fields(transcript.received, service))
    places = {False: 0, True: 0}
    numbers = {False: 0, True: 0}

    def segment(at: float | None, data: bytes, how: str, *, by_target: bool) -> Step:
        numbers[by_target] += 1
        start = places[by_target]
        places[by_target] += len(data)
        pieces = tuple(_pieces(inward if by_target else outward, data, start))
        what = f"segment {numbers[by_target]}, {len(data)} byte{'s' if len(data) != 1 else ''}"
        return Step(at, by_target, f"{what} {how}".rstrip(), pieces, connection)

    for entry in transcript.entries:
        at = entry.at + opened
        match entry.kind:
            case Kind.SENT | Kind.RECEIVED:
                yield segment(at, entry.data, entry.how, by_target=entry.kind is Kind.RECEIVED)
            case Kind.HALF_CLOSED:
                yield Step(at, False, "end of stream", (), connection)
            case Kind.RESET:
                yield Step(at, False, "reset", (), connection)
            case Kind.LEFT:
                yield Step(at, False, "closed", (), connection)
            case Kind.CLOSED:
                yield Step(at, True, entry.how, (), connection)
    for action in unsent:
        if action.kind is Kind.SENT:
            yield segment(None, action.data, "", by_target=False)


def _sent_fields(sent: bytes, service: str) -> Iterator[Field]:
    if service == UPLOAD:
        yield from request_fields(sent)
    elif sent:
        yield Field("message", 0, len(sent), len(sent), f"{len(sent)} byte{'s' * (len(sent) != 1)}", 0)


def _received_fields(received: bytes, service: str) -> Iterator[Field]:
    return reply_fields(received) if service == UPLOAD else answer_fields(received, Service(service))


def _pieces(fields: Sequence[Field], data: bytes, start: int) -> Iterator[Piece]:
    """Divide a segment at the borders of fields."""
    end = start + len(data)
    for field in fields:
        first, last = max(start, field.start), min(end, field.end)
        if first >= last:
            continue
        part = data[first - start : last - start]
        yield Piece(field.name, _piece_note(field, first, last), part, first)


def _piece_note(field: Field, first: int, last: int) -> str:
    if first == field.start and last - first == field.size:
        return field.note
    low, high = first - field.start + 1, last - field.start
    place = f"byte {low}" if low == high else f"bytes {low} to {high}"
    done = f": {field.note}" if field.note and last - field.start == field.size and field.name == "prefix" else ""
    return f"{place} of {field.size}{done}"


def hex_lines(data: bytes, a_line: int = _A_LINE) -> Iterator[tuple[str, str]]:
    """Return bytes in lines of hexadecimal and text; long ones by head, what is left out, and tail."""
    if len(data) <= WHOLE:
        yield from _rows(data, a_line)
        return
    yield from _rows(data[:HEAD], a_line)
    yield f"… {len(data) - HEAD - TAIL} bytes …", f"{len(data)} bytes, sha256 {sha256(data).hexdigest()[:16]}…"
    yield from _rows(data[-TAIL:], a_line)


def _rows(data: bytes, a_line: int) -> Iterator[tuple[str, str]]:
    for start in range(0, len(data), a_line):
        row = data[start : start + a_line]
        yield row.hex(" "), "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in row)


def step_lines(steps: Sequence[Step], width: int = _WIDE) -> Iterator[str]:
    """Return the lines of an annotated dump; of a long exchange the middle is left out, and said to be.

    Args:
        steps: the exchange.
        width: columns that there are; half as many bytes stand on a line where they are few.
    """
    half = _MOST_STEPS // 2
    left_out = len(steps) - 2 * half
    a_line = _A_LINE if width >= _WIDE else _A_LINE // 2
    for index, step in enumerate(steps):
        if left_out > 0 and half <= index < half + left_out:
            if index == half:
                yield f"            … {left_out} more …"
            continue
        yield from _step_lines(step, a_line)


def _step_lines(step: Step, a_line: int) -> Iterator[str]:
    at = f"{step.at:8.3f} s" if step.at is not None else " " * 10
    where = "" if step.connection is None else f"connection {step.connection}: "
    if step.by_target and step.at is None:
        yield f"{at}  {where}{step.what}"
        return
    yield f"{at}  {step.who:<8}  {where}{step.what}"
    for piece in step.pieces:
        yield from piece_lines(piece, a_line)


def piece_lines(piece: Piece, a_line: int = _A_LINE) -> Iterator[str]:
    """Return the lines of a piece: its name, bytes in hexadecimal and as text, and what it says."""
    rows = list(hex_lines(piece.data, a_line))
    width = 3 * a_line - 1
    if len(rows) == 1:
        ((shown, text),) = rows
        told = [] if piece.name == "prefix" else [text]
        told += [f"= {piece.note}"] if piece.note else []
        yield f"            {piece.name:<{_LABEL}}  {shown:<{width}}  {'  '.join(told)}".rstrip()
        return
    for index, (shown, text) in enumerate(rows):
        yield f"            {piece.name if index == 0 else '':<{_LABEL}}  {shown:<{width}}  {text}".rstrip()
    if piece.note:
        yield f"            {'':<{_LABEL}}  = {piece.note}"
