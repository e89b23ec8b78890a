"""Tables of docutils from plain rows."""

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from docutils import nodes

__all__ = ["Cell", "cell_of", "paragraph", "table"]

Cell: TypeAlias = Sequence[nodes.Node] | str
"""What stands in a cell: inline nodes, or a text."""


def paragraph(*content: nodes.Node) -> nodes.paragraph:
    """Return a paragraph of inline nodes."""
    return nodes.paragraph("", "", *content)


def cell_of(content: Cell) -> nodes.entry:
    """Return one cell."""
    inline = [nodes.Text(content)] if isinstance(content, str) else list(content)
    return nodes.entry("", paragraph(*inline))


def table(head: Sequence[str], rows: Iterable[Sequence[Cell] | nodes.row], classes: Sequence[str]) -> nodes.table:
    """Return a table.

    Args:
        head: the titles of the columns.
        rows: their cells, or rows that are made already.
        classes: for the style sheet.
    """
    group = nodes.tgroup("", cols=len(head))
    group += [nodes.colspec(colwidth=1) for _ in head]
    group += nodes.thead("", _row(head))
    group += nodes.tbody("", *(row if isinstance(row, nodes.row) else _row(row) for row in rows))
    return nodes.table("", group, classes=[*classes, "colwidths-auto"])


def _row(cells: Sequence[Cell]) -> nodes.row:
    return nodes.row("", *map(cell_of, cells))
