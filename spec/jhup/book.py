"""The whole text in one piece: as Markdown, and as plain text of 72 columns that is laid out like an RFC."""

import re
import textwrap
from collections.abc import Iterator
from typing import Final

from jhup.clauses import chapter_text, chapters
from jhup.versions import CURRENT

__all__ = ["markdown", "plain_text"]

_TITLE: Final = f"The JSON-Header Upload Protocol, version {CURRENT}"
_LINK: Final = re.compile(r"!?\[([^\]]+)\]\([^)]*\)")
_WIDTH: Final = 72
_INDENT: Final = " " * 3


def markdown() -> str:
    """Return the whole text as one Markdown file, with its contents at the top."""
    text = "\n\n".join(_deeper(chapter_text(chapter).strip()) for chapter in chapters())
    contents = "\n".join(f"- {title}" for title in re.findall(r"^## (.+)$", text, re.MULTILINE))
    plain = _LINK.sub(r"\g<1>", text)
    return f"# {_TITLE}\n\n{contents}\n\n{plain}\n"


def _deeper(text: str) -> str:
    """Move the headings of a chapter down by one level, those in code blocks left alone."""
    return re.sub(
        r"^(```.*?^```$)|^(#+ )", lambda match: match[1] or f"#{match[2]}", text, flags=re.MULTILINE | re.DOTALL
    )


def plain_text() -> str:
    """Return the whole text without marks: headings at the margin, the rest indented and filled to 72 columns."""
    lines = [_TITLE.center(_WIDTH).rstrip(), ""]
    for chapter in chapters():
        lines += ["", *_laid_out(chapter_text(chapter))]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _laid_out(text: str) -> Iterator[str]:
    """Yield the lines of a chapter."""
    for block in _blocks(text.splitlines()):
        first = block[0]
        if first.startswith("```"):
            yield from (f"{_INDENT}{line}" for line in block[1:-1])
        elif first.startswith("    "):
            yield from (f"{_INDENT}{line}" for line in block)
        elif first.startswith("#"):
            yield _unmarked(first.lstrip("# "))
        elif first.startswith("|"):
            yield from _table(block)
        elif re.match(r"(- |\d+\. )", first):
            yield from _items(block)
        elif re.match(r"\*\*[A-Z]+-\d+\*\*", first):
            yield f"{_INDENT}{_unmarked(first)}"
            yield from _filled(" ".join(block[1:]), _INDENT * 2)
        else:
            yield from _filled(" ".join(block), _INDENT)
        yield ""


def _blocks(lines: list[str]) -> Iterator[list[str]]:
    """Yield paragraphs, tables, lists and code blocks; what stands between fences is one block."""
    block: list[str] = []
    fenced = False
    for line in lines:
        if line.startswith("```"):
            fenced = not fenced
            block.append(line)
            if not fenced:
                yield block
                block = []
        elif fenced or line.strip():
            block.append(line)
        elif block:
            yield block
            block = []
    if block:
        yield block


def _unmarked(text: str) -> str:
    return re.sub(
        r"\*\*([^*]+)\*\*|\*([^*]+)\*|`([^`]+)`", lambda m: next(filter(None, m.groups())), _LINK.sub(r"\1", text)
    )


def _filled(text: str, indent: str, first: str | None = None) -> list[str]:
    start = indent if first is None else first
    return textwrap.wrap(
        _unmarked(text), _WIDTH, initial_indent=start, subsequent_indent=indent, break_long_words=False,
        break_on_hyphens=False,
    )  # fmt: skip


def _items(block: list[str]) -> Iterator[str]:
    items: list[str] = []
    for line in block:
        if re.match(r"(- |\d+\. )", line):
            items.append(line)
        else:
            items[-1] += " " + line.strip()
    for item in items:
        mark, _, text = item.partition(" ")
        yield from _filled(text, _INDENT * 2, f"{_INDENT}{'o' if mark == '-' else mark}".ljust(6))


def _table(block: list[str]) -> Iterator[str]:
    """Yield a table as a list: the first cell of a row, then each other cell after the title of its column."""
    titles, _, *rows = ([_unmarked(cell.strip()) for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in block)
    for cells in rows:
        told = [f"{title}: {cell}" if title else cell for title, cell in zip(titles, cells, strict=False) if cell]
        yield from _filled("; ".join(told), _INDENT * 2, f"{_INDENT}o".ljust(6))
