"""Byte diagrams: the text drawing of the prose as a picture that scales, in the colours of the page around it.

A drawing has three kinds of lines: a ruler of offsets, boxes between borders (``+-----+`` above and below, a gap in the
border for a field of variable length), and spans (``|<---- text --->|``). One column of text is one unit of width.
"""

import re
from dataclasses import dataclass, field
from html import escape
from typing import Final

__all__ = ["Drawing", "Mark", "parse_drawing", "picture"]

_BORDER: Final = re.compile(r"\+[-+ ]+\+")
_SPAN: Final = re.compile(r"<[- ]+(?P<text>[^<>|]*?)[- ]+>")
_OFFSET: Final = re.compile(r"\S+(?: \S+)*")

UNIT: Final = 6.2
"""Width of a column of text in the picture."""
_RULER, _BOX, _BELOW, _GAP = 16.0, 40.0, 34.0, 6.0


@dataclass(frozen=True, slots=True)
class Mark:
    """A text over columns of the drawing: from the first, up to and without the last."""

    start: int
    end: int
    text: str
    is_open: bool = False
    """Whether the border has a gap: as many bytes as it takes."""


@dataclass(slots=True)
class Drawing:
    """What a drawing says, apart from how it is drawn."""

    offsets: list[Mark] = field(default_factory=list)
    boxes: list[Mark] = field(default_factory=list)
    spans: list[Mark] = field(default_factory=list)

    @property
    def width(self) -> int:
        """The columns of the widest part."""
        return max(mark.end for mark in [*self.offsets, *self.boxes, *self.spans])


def parse_drawing(text: str) -> Drawing:
    """Read a drawing.

    Raises:
        ValueError: when it has no boxes, or a line that is none of the three kinds.
    """
    drawing, border = Drawing(), ""
    for line in text.splitlines():
        if _BORDER.fullmatch(line):
            border = line
        elif line.startswith("|") and "<" in line:
            drawing.spans += [Mark(*cell.span(), match["text"]) for cell, match in _cells(line, _SPAN)]
        elif line.startswith("|") and border:
            drawing.boxes += [
                Mark(*cell.span(), cell[0].strip(), " " in border[slice(*cell.span())])
                for cell in re.finditer(r"[^|]+", line)
            ]
        elif not border:
            drawing.offsets += [Mark(*found.span(), found[0]) for found in _OFFSET.finditer(line)]
        else:
            raise ValueError(f"not a line of a drawing: {line!r}")
    if not drawing.boxes:
        raise ValueError("a drawing without boxes")
    return drawing


def _cells(line: str, inside: re.Pattern[str]) -> list[tuple[re.Match[str], re.Match[str]]]:
    found = []
    for cell in re.finditer(r"[^|]+", line):
        match = inside.fullmatch(cell[0].strip())
        if match is None:
            raise ValueError(f"not a span of a drawing: {cell[0]!r}")
        found.append((cell, match))
    return found


def picture(text: str, title: str) -> str:
    """Return a drawing as SVG to be put into a page, with the drawing's own words for those who can't see it."""
    drawing = parse_drawing(text)
    top = _RULER + _GAP
    height = top + _BOX + _BELOW
    said = ". ".join(mark.text for mark in [*drawing.boxes, *drawing.spans])
    size = f"0 0 {drawing.width * UNIT + 2:.1f} {height:.1f}"
    parts = [
        f'<svg class="bytes" role="img" viewBox="{size}" xmlns="http://www.w3.org/2000/svg">',
        f"<title>{escape(title)}</title><desc>{escape(said)}</desc>",
        *(_offset(mark) for mark in drawing.offsets),
        *(_box(mark, top) for mark in drawing.boxes),
        *(_span(mark, top + _BOX + _GAP) for mark in drawing.spans),
        "</svg>",
    ]
    return "".join(parts)


def _x(column: int) -> float:
    return column * UNIT + 1


def _offset(mark: Mark) -> str:
    return f'<text class="offset" x="{_x(mark.start - 1):.1f}" y="{_RULER:g}">{escape(mark.text)}</text>'


def _box(mark: Mark, top: float) -> str:
    left, width = _x(mark.start - 1), (mark.end - mark.start + 1) * UNIT
    kind = "open" if mark.is_open else "closed"
    middle = f'x="{left + width / 2:.1f}" y="{top + _BOX / 2 + 5:.1f}"'
    return (
        f'<rect class="field {kind}" x="{left:.1f}" y="{top:g}" width="{width:.1f}" height="{_BOX:g}"/>'
        f'<text class="name" {middle}>{escape(mark.text)}</text>'
    )


def _span(mark: Mark, top: float) -> str:
    left, right = _x(mark.start - 1) + 2, _x(mark.end) - 2
    return (
        f'<path class="span" d="M{left:.1f},{top:g} v8 H{right:.1f} v-8"/>'
        f'<text class="name" x="{(left + right) / 2:.1f}" y="{top + 23:g}">{escape(mark.text)}</text>'
    )
