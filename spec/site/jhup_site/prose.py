"""The prose as the reader of the site sees it: clauses with their address and labels, examples as tables, drawings."""

import re
from typing import Any, ClassVar, Final

from docutils import nodes
from sphinx.transforms import SphinxTransform

from jhup.clauses import Clause, chapters, clause, parse
from jhup_site.diagram import picture
from jhup_site.domain import SpecificationDomain, mention
from jhup_site.tables import Cell, cell_of, paragraph, table
from jhup_site.trust import trust
from jhup_site.vector_files import vectors_of
from jhup_site.wire import Example, Line, parse_example

__all__ = ["Clauses", "Drawings", "Examples", "Sections", "labels"]

_IDENTIFIER: Final = re.compile(r"[A-Z]+-\d+", re.ASCII)
_NUMBER: Final = re.compile(r"(\d+(?:\.\d+)?) ", re.ASCII)


class _Transform(SphinxTransform):
    @property
    def page(self) -> str:
        """The page that is being read."""
        return str(self.env.docname)

    @property
    def domain(self) -> SpecificationDomain:
        """Where objects are noted."""
        domain = self.env.domains["jhup"]
        assert isinstance(domain, SpecificationDomain)  # noqa: S101  # tells the type
        return domain


class Sections(_Transform):
    """Return each numbered section an address made of its number, which outlives a change of its title."""

    default_priority: ClassVar[int] = 400

    def apply(self, **_: Any) -> None:
        """Set the addresses of the page's sections."""
        if f"{self.page}.md" not in chapters():
            return
        for section in self.document.findall(nodes.section):
            if match := _NUMBER.match(section[0].astext()):
                anchor = f"section-{match[1].replace('.', '-')}"
                section["ids"] = [anchor]
                self.domain.note("section", match[1], self.page, anchor)


class Clauses(_Transform):
    """Make a box of each clause, whose address is its identifier."""

    default_priority: ClassVar[int] = 410

    def apply(self, **_: Any) -> None:
        """Find the page's clauses.

        Raises:
            ValueError: when they are not the ones that `jhup.clauses` reads in this chapter.
        """
        rendered = self.page.startswith("zh/")
        chapter = f"{self.page.removeprefix('zh/')}.md"
        if chapter not in chapters():
            return  # other pages name clauses, some of them in bold
        found = []
        for node in list(self.document.findall(nodes.paragraph)):
            head = next((child for child in node if child.astext()), None)
            if isinstance(head, nodes.strong) and _IDENTIFIER.fullmatch(head.astext()):
                each = clause(head.astext())
                node.replace_self(_box(each, node, rendered=rendered))
                self.domain.note("rendered" if rendered else "clause", each.id, self.page, each.id)
                found.append(each.id)
        expected = [each.id for each in parse(chapter, self._source)]
        if found != expected:
            raise ValueError(f"{chapter}: these are not the clauses of the chapter: {set(found) ^ set(expected)}")

    @property
    def _source(self) -> str:
        return self.env.doc2path(self.page).read_text("utf-8")


def labels(each: Clause) -> list[nodes.Node]:
    """Return class, role and level of a clause as small labels."""
    marked = (("class", each.conformance_class), ("role", each.role), ("level", each.level))
    return [nodes.inline("", value, classes=["tag", f"tag-{kind}", f"is-{value.lower()}"]) for kind, value in marked]


def _box(each: Clause, node: nodes.paragraph, *, rendered: bool) -> nodes.container:
    """Return the box of a clause; that of a rendering leads to the English text."""
    line = next(place for place, child in enumerate(node) if isinstance(child, nodes.Text) and "\n" in child)
    head = paragraph(nodes.reference("", each.id, refid=each.id, classes=["identifier"]), *labels(each))
    if vectors := len(vectors_of(each.id)):
        count = "1 vector" if vectors == 1 else f"{vectors} vectors"
        head += mention("vectors", each.id, nodes.inline("", count, classes=["to-vectors"]))
    if known := trust().get(each.id):
        head += nodes.inline("", str(known), classes=["trust"])
    head["classes"].append("clause-head")
    if rendered:
        head += mention("clause", each.id, nodes.inline("", "English", classes=["to-vectors"]))
    text = paragraph(*node[line + 1 :])
    return nodes.container("", head, text, ids=[each.id], classes=["clause", f"is-{each.level.lower()}"])


class Examples(_Transform):
    """Lay the bytes of each example out in a table, hexadecimal digits beside text."""

    default_priority: ClassVar[int] = 420

    def apply(self, **_: Any) -> None:
        """Replace the page's blocks marked ``wire``."""
        for block in list(self.document.findall(nodes.literal_block)):
            if block.get("language") == "wire":
                block.replace_self(_example(parse_example(block.astext())))


def _example(example: Example) -> nodes.container:
    rows = [row for line in example.lines for row in _rows(line)]
    results = [paragraph(nodes.inline("", result, classes=[_kind(result)])) for result in example.results]
    return nodes.container(
        "",
        table(("from", "bytes", "text or meaning"), rows, ["wire"]),
        nodes.container("", *results, classes=["results"]),
        classes=["example"],
    )


def _kind(result: str) -> str:
    return "good" if result.startswith(("stored", "right")) else "bad"


def _rows(line: Line) -> list[nodes.row]:
    rows = []
    for number, row in enumerate(line.rows):
        side = [] if number else [nodes.inline("", line.side, classes=["side"])]
        beside = nodes.literal("", row.beside) if line.is_text else nodes.Text(row.beside)
        classes = [f"from-{line.side.lower()}", "text" if line.is_text else "meaning"]
        cells: tuple[Cell, ...] = (side, [nodes.literal("", row.hex)], [beside])
        rows.append(nodes.row("", *map(cell_of, cells), classes=classes))
    return rows


class Drawings(_Transform):
    """Draw the byte diagrams."""

    default_priority: ClassVar[int] = 430

    def apply(self, **_: Any) -> None:
        """Replace the page's drawings in text."""
        for block in list(self.document.findall(nodes.literal_block)):
            if block.get("language") == "text" and "\n+--" in block.astext():
                image = nodes.raw("", picture(block.astext(), "The bytes of a frame"), format="html")
                block.replace_self(nodes.figure("", image, classes=["drawing"]))
