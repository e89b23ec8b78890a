"""Links where the prose names a clause or a section: ``FRAME-3``, ``section 2.4``, ``chapter 6``."""

import re
from collections.abc import Container, Iterator
from typing import Any, ClassVar, Final

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.transforms import SphinxTransform

from jhup.clauses import clauses
from jhup_site.domain import mention
from jhup_site.renderings import rendered_clauses

__all__ = ["Mentions", "split_mentions"]

_PREFIXES: Final = "|".join(sorted({each.prefix for each in clauses().values()}))
_MENTION: Final = re.compile(
    rf"(?P<clause>\b(?:{_PREFIXES})-[1-9]\d*\b)|\b(?:[Ss]ections?|[Cc]hapters?) (?P<section>\d+(?:\.\d+)?\b)",
    re.ASCII,
)
_OPAQUE: Final = (
    nodes.literal,
    nodes.literal_block,
    nodes.reference,
    nodes.raw,
    nodes.title,
    nodes.comment,
    pending_xref,
)


def split_mentions(text: str, rendered: Container[str] = ()) -> Iterator[nodes.Node]:
    """Cut a text into texts and links.

    Args:
        text: a text of the prose.
        rendered: clauses whose mention leads to their rendering.
    """
    place = 0
    for match in _MENTION.finditer(text):
        kind = "clause" if match["clause"] else "section"
        begin = match.start(kind)
        if begin > place:
            yield nodes.Text(text[place:begin])
        yield mention("rendered" if match[kind] in rendered else kind, match[kind])
        place = match.end()
    if place < len(text):
        yield nodes.Text(text[place:])


class Mentions(SphinxTransform):
    """Link every mention of a clause or section outside code, titles and links."""

    default_priority: ClassVar[int] = 600

    def apply(self, **_: Any) -> None:
        """Go through the texts of the page."""
        for text in list(self.document.findall(nodes.Text)):
            if not _MENTION.search(text) or self._is_opaque(text):
                continue
            text.parent.replace(text, list(split_mentions(str(text), rendered=self._rendered)))

    @property
    def _rendered(self) -> frozenset[str]:
        """The clauses that the language of this page has."""
        language, slash, _ = str(self.env.docname).partition("/")
        return rendered_clauses(language) if slash and language == "zh" else frozenset()

    def _is_opaque(self, text: nodes.Text) -> bool:
        parent: nodes.Node | None = text.parent
        while parent is not None:
            if isinstance(parent, _OPAQUE):
                return True
            parent = parent.parent
        return False
