"""The index of all clauses, which a reader can filter by class, role, level and words."""

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from jhup.clauses import Clause, ConformanceClass, Level, Role, clauses
from jhup_site.domain import mention
from jhup_site.mentions import split_mentions
from jhup_site.prose import labels
from jhup_site.tables import cell_of, table
from jhup_site.vector_files import vectors_of

__all__ = ["ClauseIndex"]


class ClauseIndex(SphinxDirective):
    """``{clause-index}``: the filters, which only a browser with JavaScript shows, and the table of all clauses."""

    def run(self) -> list[nodes.Node]:
        """Return filters and table."""
        listed = table(("clause", "kind", "what it says", "vectors"), map(_row, clauses().values()), ["clause-index"])
        return [nodes.raw("", _filters(), format="html"), listed]


def _row(each: Clause) -> nodes.row:
    vectors = len(vectors_of(each.id))
    number = [mention("vectors", each.id, nodes.inline("", str(vectors)))] if vectors else "0"
    text = each.text.replace("`", "")
    cells = ([mention("clause", each.id)], labels(each), list(split_mentions(text)), number)
    return nodes.row("", *map(cell_of, cells))


def _filters() -> str:
    return (
        '<form class="clause-filters" role="search" aria-label="Filter the clauses" hidden>'
        + _choice("class", [each.value for each in ConformanceClass])
        + _choice("role", [each.value for each in Role])
        + _choice("level", [each.value for each in Level])
        + '<label>words <input type="search" name="words" placeholder="segment, FRAME-3"></label>'
        + '<output aria-live="polite"></output></form>'
    )


def _choice(name: str, values: list[str]) -> str:
    options = "".join(f"<option>{value}</option>" for value in values)
    return f'<label>{name} <select name="{name}"><option value="">any</option>{options}</select></label>'
