"""A machine as a picture: SVG without script, which follows the reader's choice of light or dark.

A state is a box, and each of its lines is an edge: what is sent, what is observed, and the state after it. Where that
is another box, an arrow starts beside the line. Boxes stand in columns by their distance from the first one.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import escape
from textwrap import wrap
from typing import Final

from jhup.machine.labels import EdgeKey, Group, group_edges
from jhup.machine.states import Machine

__all__ = ["draw_machine"]

_STYLE: Final = """
.jm{font:12px system-ui,sans-serif;
--ink:#1b1f24;--soft:#4b535d;--line:#848d97;--paper:#fff;--box:#f6f8fa;--mark:#a84b00}
@media (prefers-color-scheme:dark){
.jm{--ink:#e6edf3;--soft:#aab4be;--line:#7d8590;--paper:#0d1117;--box:#161b22;--mark:#ffa657}}
@media print{.jm{--ink:#000;--soft:#333;--line:#777;--paper:#fff;--box:#fff;--mark:#a04000}}
.jm .paper{fill:var(--paper)}.jm .box{fill:var(--box);stroke:var(--line)}.jm .first{stroke-width:2.5}
.jm text{fill:var(--soft)}.jm .title{fill:var(--ink);font-weight:600}.jm text.mark{fill:var(--mark)}
.jm .arrow{fill:none;stroke:var(--line)}.jm .head{fill:var(--line)}
.jm .arrow.mark{stroke:var(--mark);stroke-width:2}.jm .head.mark{fill:var(--mark)}
"""

_BOX: Final = 268
_GAP: Final = 88
_LINE: Final = 15
_SPACE: Final = 26
_EDGE: Final = 16
_CHARACTERS: Final = 36
_TITLE: Final = 18


@dataclass(slots=True)
class _Line:
    text: str
    group: Group
    is_first: bool


@dataclass(slots=True)
class _Box:
    state: int
    column: int
    lines: list[_Line]
    y: float = 0
    incoming: int = field(default=0)

    @property
    def x(self) -> float:
        return _EDGE + self.column * (_BOX + _GAP)

    @property
    def height(self) -> float:
        return 28 + _LINE * len(self.lines)

    def y_of(self, place: int) -> float:
        return self.y + _TITLE + _LINE * (place + 1)


def draw_machine(machine: Machine, *, title: str, marks: Mapping[EdgeKey, str] | None = None) -> str:
    """Return the picture of a machine as an SVG document.

    Args:
        machine: what to draw. A state in which everything is over is not drawn, but named where an edge leads to it.
        title: for readers who don't see it.
        marks: edges to show in colour, each with an address that it links to, or an empty text.
    """
    return _Drawing(machine, marks or {}).svg(title)


@dataclass(frozen=True, slots=True)
class _Drawing:
    machine: Machine
    marks: Mapping[EdgeKey, str]

    def svg(self, title: str) -> str:
        boxes = self._placed()
        width = max(box.x + _BOX for box in boxes.values()) + _EDGE + _GAP / 2
        height = max(box.y + box.height for box in boxes.values()) + _EDGE
        size = f'width="{width:g}" height="{height:g}"'
        view = f'viewBox="0 0 {width:g} {height:g}"'
        return "\n".join(
            [
                f'<svg xmlns="http://www.w3.org/2000/svg" class="jm" role="img" {size} {view}>',
                f"<title>{escape(title)}</title><style>{_STYLE}</style>",
                f'<rect class="paper" {size}/>',
                *self._arrows(boxes),
                *(self._drawn(box) for box in boxes.values()),
                "</svg>\n",
            ]
        )

    def _placed(self) -> dict[int, _Box]:
        """Put the boxes into columns, and into an order in each column in which arrows are short."""
        columns: dict[int, list[_Box]] = {}
        for state, word in enumerate(self.machine.shortest_words()):
            if state == 0 or not self.machine.is_sink(state):
                columns.setdefault(len(word), []).append(_Box(state, len(word), list(self._lines(state))))
        places: dict[int, float] = {}
        for _, column in sorted(columns.items()):
            column.sort(key=lambda box: self._mean_place(box.state, places))
            places |= {box.state: number / len(column) for number, box in enumerate(column)}
        for column in columns.values():
            y: float = _EDGE  # from the top, where a reader with a narrow screen begins
            for box in column:
                box.y = y
                y += box.height + _SPACE
        return {box.state: box for column in columns.values() for box in column}

    def _mean_place(self, state: int, places: Mapping[int, float]) -> float:
        leading = [
            places[source] for source in places for _, _, target in self.machine.successors(source) if target == state
        ]
        return sum(leading) / len(leading) if leading else 0.0

    def _lines(self, state: int) -> Iterator[_Line]:
        for group in group_edges(self.machine, state, self.marks):
            stays = group.target == state
            after = "" if stays else f" → {self.machine.states[group.target]}"
            sign = "✗ " if group.marked else ""
            for place, text in enumerate(wrap(sign + group.text + after, _CHARACTERS, subsequent_indent="\u2003")):
                yield _Line(text, group, is_first=place == 0)

    def _drawn(self, box: _Box) -> str:
        kind = "box first" if box.state == 0 else "box"
        parts = [f'<rect class="{kind}" x="{box.x:g}" y="{box.y:g}" rx="8" width="{_BOX}" height="{box.height:g}"/>']
        parts.append(_text(self.machine.states[box.state], box.x + 9, box.y + _TITLE, "title"))
        for place, line in enumerate(box.lines):
            text = _text(line.text, box.x + 9, box.y_of(place), "mark" if line.group.marked else "")
            href = self.marks.get((box.state, line.group.keys[0]), "") if line.group.marked else ""
            parts.append(f'<a href="{escape(href)}">{text}</a>' if href else text)
        return "".join(parts)

    def _arrows(self, boxes: Mapping[int, _Box]) -> Iterator[str]:
        for box in boxes.values():
            for place, line in enumerate(box.lines):
                target = boxes.get(line.group.target)
                if line.is_first and target and target is not box:
                    yield _arrow(box, box.y_of(place) - 4, target, line.group.marked)


def _arrow(start: _Box, y1: float, end: _Box, marked: bool) -> str:
    """Draw the arrow from a line of one box to the title of another one, on the sides that face each other."""
    end.incoming += 1
    y2 = end.y + 6 + 5 * (end.incoming % 4)
    backward = end.column < start.column
    x1 = start.x if backward else start.x + _BOX
    x2 = end.x if end.column > start.column else end.x + _BOX
    bend = _GAP * 0.7
    one, other = (x1 - bend if backward else x1 + bend), (x2 - bend if end.column > start.column else x2 + bend)
    into = 1 if end.column > start.column else -1
    mark = " mark" if marked else ""
    return (
        f'<path class="arrow{mark}" d="M{x1:g} {y1:g}C{one:g} {y1:g} {other:g} {y2:g} {x2:g} {y2:g}"/>'
        f'<path class="head{mark}" d="M{x2:g} {y2:g}l{-8 * into} -4v8z"/>'
    )


def _text(text: str, x: float, y: float, kind: str) -> str:
    return f'<text class="{kind}" x="{x:g}" y="{y:g}">{escape(text)}</text>'
