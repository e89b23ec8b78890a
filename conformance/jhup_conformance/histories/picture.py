"""A history as a picture: a lane for each connection, a bar for each operation, what proves the fault in colour."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from jhup_conformance.histories.finding import Accusation
from jhup_conformance.histories.recording import FOLDER, Recorded, Recording

__all__ = ["draw_history", "print_history"]

_STYLE: Final = """
.jh{font:12px system-ui,sans-serif;
--ink:#1b1f24;--soft:#4b535d;--line:#d0d7de;--paper:#fff;--put:#b6cdea;--read:#dfe3e8;--mark:#a84b00;--lit:#ffd8b0}
@media (prefers-color-scheme:dark){.jh{
--ink:#e6edf3;--soft:#aab4be;--line:#30363d;--paper:#0d1117;--put:#1f4068;--read:#2b3138;--mark:#ffa657;--lit:#5a3510}}
@media print{.jh{--ink:#000;--soft:#333;--line:#999;--paper:#fff;--put:#ccd;--read:#eee;--mark:#a04000;--lit:#fff}}
.jh .paper{fill:var(--paper)}.jh text{fill:var(--soft)}.jh .lane{stroke:var(--line)}
.jh .put{fill:var(--put)}.jh .read{fill:var(--read)}.jh .bar text{fill:var(--ink)}
.jh .mark rect{fill:var(--lit);stroke:var(--mark);stroke-width:2}.jh .mark text{fill:var(--mark);font-weight:600}
"""
_LEFT: Final = 104
_WIDTH: Final = 900
_ROW: Final = 30
_BAR: Final = 20
_CHARACTER: Final = 7
_MOST_AROUND: Final = 40
"""Operations beside the witness that are shown."""
_COLUMNS: Final = 88
_LABELS: Final = 14


@dataclass(frozen=True, slots=True)
class _View:
    """The part of a history that is shown, and its scale: from 0 at its begin to 1 at its end."""

    shown: Sequence[Recorded]
    begin: float
    end: float

    def at(self, moment: float) -> float:
        """Return a place on the scale."""
        return min(max((moment - self.begin) / (self.end - self.begin), 0.0), 1.0)

    @property
    def lanes(self) -> list[int]:
        """The connections, then the looks."""
        lanes = sorted({each.lane for each in self.shown})
        return [lane for lane in lanes if lane != FOLDER] + [FOLDER] * (FOLDER in lanes)


def _view(accusation: Accusation, recording: Recording) -> _View:
    """Choose what is around the witness: operations on the same name, the nearest ones."""
    witness = accusation.witness
    begin = min(each.operation.start for each in witness)
    end = max(_end(each) for each in witness)
    margin = max((end - begin) * 0.15, 1e-4)
    begin, end = begin - margin, end + margin
    near = [
        each
        for each in recording.of_name(accusation.name)
        if each in witness or (_end(each) >= begin and each.operation.start <= end)
    ]
    others = [each for each in near if each not in witness]
    thinned = others[:: max(1, len(others) // _MOST_AROUND)]
    return _View([*thinned, *witness], begin, end)


def _end(each: Recorded) -> float:
    return each.operation.start if each.operation.is_open else each.operation.end


def _label(each: Recorded) -> str:
    value = "nothing" if each.operation.value is None else str(each.operation.value)
    return f"put {value}" if each.operation.is_write else f"→ {value}"


def _lane_name(lane: int) -> str:
    return "looks" if lane == FOLDER else f"connection {lane}"


def draw_history(accusation: Accusation, recording: Recording) -> str:
    """Return the history around a witness as an SVG document without script.

    Args:
        accusation: what was found; it has a witness.
        recording: what it was found in.
    """
    view = _view(accusation, recording)
    lanes = view.lanes
    width, height = _LEFT + _WIDTH + 16, _ROW * (len(lanes) + 1) + 12
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="jh" role="img" {size}>',
        f"<title>{escape(accusation.sentence)}</title><style>{_STYLE}</style>",
        f'<rect class="paper" width="{width}" height="{height}"/>',
    ]
    for row, lane in enumerate(lanes):
        y = 8 + row * _ROW + _ROW / 2
        parts.append(f'<text x="8" y="{y + 4:g}">{_lane_name(lane)}</text>')
        parts.append(f'<path class="lane" d="M{_LEFT} {y:g}h{_WIDTH}"/>')
    parts += [_bar(each, view, lanes.index(each.lane), marked=each in accusation.witness) for each in view.shown]
    y = height - 10
    span = (view.end - view.begin) * 1000
    parts.append(f'<text x="{_LEFT}" y="{y}">0 ms</text>')
    parts.append(f'<text x="{_LEFT + _WIDTH}" y="{y}" text-anchor="end">{span:.1f} ms</text>')
    return "\n".join([*parts, "</svg>", ""])


def _bar(each: Recorded, view: _View, row: int, *, marked: bool) -> str:
    x = _LEFT + view.at(each.operation.start) * _WIDTH
    wide = max(_LEFT + view.at(each.operation.end) * _WIDTH - x, 3)
    y = 8 + row * _ROW + (_ROW - _BAR) / 2
    label = _label(each)
    kind = "put" if each.operation.is_write else "read"
    shown = marked or len(label) * _CHARACTER < wide
    anchor, at = ("end", x - 4) if marked and x > _LEFT + _WIDTH * 0.75 and wide < len(label) * _CHARACTER else (
        "start", x + 4)  # fmt: skip
    text = f'<text x="{at:g}" y="{y + 14:g}" text-anchor="{anchor}">{escape(label)}</text>' if shown else ""
    hint = f"{_lane_name(each.lane)}: {label} {each.reply}".strip()
    return (
        f'<g class="bar{" mark" if marked else ""}"><title>{escape(hint)}</title>'
        f'<rect class="{kind}" x="{x:g}" y="{y:g}" width="{wide:g}" height="{_BAR}" rx="3"/>{text}</g>'
    )


def print_history(accusation: Accusation, recording: Recording) -> str:
    """Return the same as text: a line for each lane, ``█`` where the witness is, ``·`` and ``─`` for the rest."""
    view = _view(accusation, recording)
    lines = []
    for lane in view.lanes:
        row = [" "] * _COLUMNS
        for each in (one for one in view.shown if one.lane == lane):
            first, last = (int(view.at(moment) * (_COLUMNS - 1)) for moment in (each.operation.start, _end(each)))
            marked = each in accusation.witness
            for column in range(first, last + 1):
                if marked or row[column] != "█":
                    row[column] = "█" if marked else ("─" if each.operation.is_write else "·")
        lines.append(f"{_lane_name(lane):<{_LABELS}}│{''.join(row)}│")
        lines += _captions(view, [each for each in accusation.witness if each.lane == lane])
    span = (view.end - view.begin) * 1000
    lines.append(f"{'':<{_LABELS}}0 ms{f'{span:.1f} ms':>{_COLUMNS - 2}}")
    return "\n".join(lines)


def _captions(view: _View, witness: Iterable[Recorded]) -> list[str]:
    lines = []
    for each in witness:
        label = _label(each) + (f" ({each.reply})" if each.reply else "")
        at = min(int(view.at(each.operation.start) * (_COLUMNS - 1)), max(0, _COLUMNS - len(label)))
        lines.append(f"{'':<{_LABELS}}│{'':<{at}}{label}".ljust(_LABELS + _COLUMNS + 1) + "│")
    return lines
