"""The section of a clause as a page shows it: the text of the specification that travels in the package."""

import re
from typing import Final

from markupsafe import Markup, escape

from jhup.clauses import Clause, chapter_text

__all__ = ["section_html", "section_text"]

_BLOCK: Final = re.compile(r"^(```.*?^```[^\n]*|(?:(?!```)[^\n]+\n?)+)", re.MULTILINE | re.DOTALL)
_INLINE: Final = re.compile(r"`([^`]+)`|\*\*([^*]+)\*\*|\[([^\]]+)\]\([^)]*\)")


def section_text(clause: Clause) -> str:
    """Return the section that a clause stands in, its heading first, as Markdown."""
    text = chapter_text(clause.chapter)
    place = text.index(f"**{clause.id}**")
    begin, end = text.rindex("\n## ", 0, place) + 1, text.find("\n## ", place)
    return text[begin : end if end > 0 else len(text)].strip()


def section_html(clause: Clause) -> Markup:
    """Return the section that a clause stands in for a page: paragraphs, lists as text, examples; the clause marked."""
    blocks = _BLOCK.findall(section_text(clause).partition("\n")[2])
    return Markup("\n").join(_block(block.strip("\n"), clause.id) for block in blocks)


def _block(block: str, identifier: str) -> Markup:
    if block.startswith("```"):
        return Markup("<pre>{}</pre>").format(block.partition("\n")[2].rpartition("\n")[0])
    if block.startswith("|"):
        return Markup("<pre>{}</pre>").format(block)
    mark = Markup(' class="this"') if f"**{identifier}**" in block else Markup("")
    return Markup("<p{}>{}</p>").format(mark, _inline(block))


def _inline(text: str) -> Markup:
    made, last = Markup(""), 0
    for found in _INLINE.finditer(text):
        made += escape(text[last : found.start()])
        code, strong, link = found.groups()
        made += Markup("<code>{}</code>").format(code) if code else Markup("<b>{}</b>").format(strong or link)
        last = found.end()
    return made + escape(text[last:])
