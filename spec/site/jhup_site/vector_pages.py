"""The vectors as pages, the bytes of each and what they mean; and a table from each clause to its vectors."""

from collections.abc import Iterator, Sequence
from typing import Final

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from jhup.clauses import clauses
from jhup_site.domain import SpecificationDomain, mention
from jhup_site.mentions import split_mentions
from jhup_site.tables import cell_of, paragraph, table
from jhup_site.vector_files import Fact, Part, Shown, shown, vectors_of
from jhup_site.wire import Row, rows_of_bytes, rows_of_text

__all__ = ["Vectors", "VectorsByClause"]

MOST: Final = 8
"""The most rows that a page shows of one part; the file has them all."""

_PICTURES: Final = {number: chr(0x2400 + number) for number in range(0x20)} | {0x7F: "\u2421"}
"""What stands for a control character."""


class Vectors(SphinxDirective):
    """``{vectors} FILE``: a section for each vector of a file."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the sections, and note where each vector stands."""
        file = self.arguments[0]
        domain = self.env.domains["jhup"]
        assert isinstance(domain, SpecificationDomain)  # noqa: S101  # tells the type
        for each in shown(file):
            domain.note("vector", each.anchor, self.env.docname, each.anchor)
        return [_section(each) for each in shown(file)]


def _section(vector: Shown) -> nodes.section:
    section = nodes.section("", nodes.title("", vector.name), ids=[vector.anchor], names=[], classes=["vector"])
    section += paragraph(*_joined([mention("clause", identifier) for identifier in vector.clauses]))
    section += table(("bytes", "text"), list(_wire(vector.wire)), ["wire"])
    section += table(("", "meaning"), [([nodes.Text(fact.what)], _fact(fact)) for fact in vector.facts], ["facts"])
    return section


def _joined(links: Sequence[nodes.Node]) -> list[nodes.Node]:
    return [node for link in links for node in (nodes.Text(", "), link)][1:]


def _wire(parts: Sequence[Part]) -> Iterator[nodes.row]:
    if not parts:
        yield nodes.row("", cell_of(""), cell_of("no bytes at all"), classes=["meaning"])
    for part in parts:
        rows = _rows(part)
        for row in rows[:MOST]:
            beside = [nodes.literal("", row.beside.translate(_PICTURES))] if row.beside else ""
            yield nodes.row("", cell_of([nodes.literal("", row.hex)]), cell_of(beside), classes=["text"])
        said = [f"{len(rows) - MOST:,} more rows like these"] if len(rows) > MOST else []
        said += [f"all of this {part['times']:,} times"] if "times" in part else []
        if said:
            yield nodes.row("", cell_of(""), cell_of("; ".join(said)), classes=["meaning"])


def _rows(part: Part) -> Sequence[Row]:
    return rows_of_bytes(bytes.fromhex(part["hex"]), "") if "hex" in part else rows_of_text(part["text"])


def _fact(fact: Fact) -> Sequence[nodes.Node]:
    if fact.parts:
        return _joined([nodes.literal("", _in_short(parts)) for parts in fact.parts])
    code = [nodes.literal("", fact.code), nodes.Text(" ")] if fact.code else []
    return [*code, *split_mentions(fact.text)] or [nodes.Text("none")]


def _in_short(parts: Sequence[Part]) -> str:
    r"""Write bytes in a line: what is not a printable character as ``\xNN``, repetitions by their number."""
    return "".join(map(_part_in_short, parts)) or "(empty)"


def _part_in_short(part: Part) -> str:
    if "hex" in part:
        text = "".join(f"\\x{byte:02x}" for byte in bytes.fromhex(part["hex"]))
    else:
        text = "".join(each if each.isprintable() else f"\\x{ord(each):02x}" for each in part["text"])
    short = text if len(text) <= 160 else f"{text[:120]}…{text[-30:]}"
    return f"({short}) × {part['times']:,}" if "times" in part else short


class VectorsByClause(SphinxDirective):
    """``{vectors-by-clause}``: a table that leads from each clause to its vectors."""

    def run(self) -> list[nodes.Node]:
        """Return the table."""
        domain = self.env.domains["jhup"]
        assert isinstance(domain, SpecificationDomain)  # noqa: S101  # tells the type
        rows = []
        for identifier in clauses():
            found = vectors_of(identifier)
            anchor = f"vectors-of-{identifier}"
            domain.note("vectors", identifier, self.env.docname, anchor)
            links = [mention("vector", each.anchor, nodes.inline("", each.name)) for each in found]
            rows.append(
                nodes.row("", cell_of([mention("clause", identifier)]), cell_of(_joined(links) or "none"), ids=[anchor])
            )
        return [table(("clause", "vectors"), rows, ["by-clause"])]
