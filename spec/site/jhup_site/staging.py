"""The sources of the site: Markdown of the repository, and the pages that are made from data."""

import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from jhup.clauses import chapters
from jhup_site.renderings import titles
from jhup_site.vector_files import page_of, shown, vector_files

__all__ = ["Page", "pages", "stage"]

ROOT: Final = Path(__file__).parents[3]
"""The top of the repository."""

_LINK: Final = re.compile(
    r"(?P<code>^(?P<fence>```+).*?^(?P=fence)$|`[^`\n]+`)|(?P<image>!?)\[(?P<text>[^\[\]]+)\]\((?P<target>[^()\s]+)\)",
    re.MULTILINE | re.DOTALL,
)
"""A link, or code, in which nothing is one."""
_LANGUAGES: Final = {".json": "json", ".ksy": "yaml", ".lua": "lua", ".py": "python"}
_HIDDEN: Final = "```{{toctree}}\n:hidden:\n:caption: {caption}\n\n{pages}\n```\n"


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the site.

    Attributes:
        name: its address without an ending.
        text: its Markdown.
        source: the file of the repository that it is made from; None where it is made from data alone.
    """

    name: str
    text: str
    source: Path | None = None


def pages(root: Path = ROOT) -> list[Page]:
    """Return all pages, with links that lead to other pages or are taken away."""
    found = list(_pages(root))
    by_source = {page.source: page.name for page in found if page.source is not None}
    return [Page(page.name, _relinked(page, by_source), page.source) for page in found]


def stage(folder: Path, root: Path = ROOT) -> list[Page]:
    """Write all pages into a folder, which is emptied first, and give them."""
    shutil.rmtree(folder, ignore_errors=True)
    found = pages(root)
    for page in found:
        path = folder / f"{page.name}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(page.text, "utf-8")
    shutil.copytree(root / "spec" / "formats", folder / "files", ignore=shutil.ignore_patterns("*.md", "__pycache__"))
    return found


def _pages(root: Path) -> Iterator[Page]:
    spec = root / "spec"
    groups: dict[str, list[str]] = {"The book": [], "Reference": [], "Test vectors": [], "For implementers": []}
    for chapter in chapters():
        name = chapter.removesuffix(".md")
        groups["The book"].append(name)
        yield _from_file(name, spec / chapter)
    groups["Reference"] += ["clauses", "CHANGES"]
    yield Page("clauses", _CLAUSES)
    yield _from_file("CHANGES", spec / "CHANGES.md")
    for path in sorted((root / "conformance" / "docs").glob("*.md")):
        groups["Reference"].append(f"suite/{path.stem}")
        yield _from_file(f"suite/{path.stem}", path)
    groups["Test vectors"] += ["vectors", *map(page_of, vector_files())]
    readme = _from_file("vectors", spec / "vectors" / "README.md")
    yield Page(readme.name, readme.text + _BY_CLAUSE, readme.source)
    yield from map(_vector_page, vector_files())
    groups["For implementers"].append("formats")
    yield _from_file("formats", spec / "formats" / "README.md")
    for path in _format_files(spec / "formats"):
        groups["For implementers"].append(f"formats/{path.name.replace('.', '-')}")
        yield _listing(path)
    yield from _renderings(spec)
    index = _from_file("index", spec / "README.md")
    trees = "\n".join(_HIDDEN.format(caption=caption, pages="\n".join(names)) for caption, names in groups.items())
    yield Page(index.name, f"{index.text}\n{_CHINESE}\n{_PRINT}\n{trees}", index.source)


def _renderings(spec: Path) -> Iterator[Page]:
    """Yield the pages in Chinese, which stand outside of the book and of the page to print."""
    rendered = titles("zh", spec)
    rows = [
        f"| [{title}]({each.chapter}) | {'落后于英文' if each.is_behind else '与英文一致'} |"
        for each, title in rendered
    ]
    listed = "\n".join(["| 章 | 状态 |", "|---|---|", *rows])
    yield Page("zh/index", f"{_ORPHAN}# JHUP 规范：中文译文\n\n{_ZH_INTRODUCTION}\n\n{listed}\n")
    for place, (each, _) in enumerate(rendered):
        around = [("上一章", place - 1), ("下一章", place + 1)]
        links = [f"[{word}]({rendered[at][0].chapter})" for word, at in around if 0 <= at < len(rendered)]
        links = [f"[English](../{each.chapter})", "[目录](index.md)", *links]
        head, _, rest = each.text.partition("\n")
        state = _ZH_BEHIND if each.is_behind else _ZH_IN_STEP
        yield Page(
            each.name,
            f"{_ORPHAN}{head}\n\n{state.format(links=' · '.join(links))}\n{rest}",
            spec / "zh" / each.chapter,
        )


def _from_file(name: str, path: Path) -> Page:
    return Page(name, path.read_text("utf-8"), path)


def _format_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix in _LANGUAGES)


def _listing(path: Path) -> Page:
    text = path.read_text("utf-8")
    head = f"# {path.name}\n\n{{download}}`Download {path.name} <../files/{path.name}>`\n\n"
    body = f"````{_LANGUAGES[path.suffix]}\n{text}````\n"
    return Page(f"formats/{path.name.replace('.', '-')}", head + body, path)


def _vector_page(file: str) -> Page:
    title = file.removesuffix(".json").replace("-", ": ")
    head = f"---\ntocdepth: 1\n---\n# {title.capitalize()}\n\n{len(shown(file))} vectors of `{file}`.\n\n"
    return Page(page_of(file), f"{head}```{{vectors}} {file}\n```\n")


def _relinked(page: Page, by_source: dict[Path, str]) -> str:
    """Lead the links between files of the repository to their pages; one to a file without a page stays as its text."""

    def relinked(match: re.Match[str]) -> str:
        target, _, anchor = (match["target"] or "").partition("#")
        if page.source is None or not target or ":" in target:
            return match[0]
        if match["image"]:
            return (
                f"![{match['text']}]({os.path.relpath(target.replace('formats/', 'files/'), Path(page.name).parent)})"
            )
        name = by_source.get(Path(os.path.normpath(page.source.parent / target)))
        if name is None:
            return match["text"]
        path = os.path.relpath(name, Path(page.name).parent).replace(os.sep, "/")
        return f"[{match['text']}]({path}.md{'#' + anchor if anchor else ''})"

    return _LINK.sub(relinked, page.text)


_CLAUSES: Final = """# All clauses

Each clause has an identifier that never changes its meaning, and three properties (section 1.3): the class of servers
that promises it, whom it binds, and how strongly. The last column leads to the test vectors that illustrate it.

```{clause-index}
```
"""

_BY_CLAUSE: Final = """
## From clauses to vectors

A clause without vectors is about time, about the store or about a running process: things that bytes alone can't show.

```{vectors-by-clause}
```
"""

_ORPHAN: Final = "---\norphan: true\n---\n"
_ZH_INTRODUCTION: Final = """第 1 至 9 章和第 14 章的中文译文，供课程的读者使用。
条款编号、文法、示例和字节图与英文相同；两者不一致时，以[英文](../index.md)为准。
英文改动之后而译文尚未跟上的章节标有“落后于英文”。"""
_ZH_IN_STEP: Final = "```{{rubric}} {links}\n:class: rendering\n```\n"
_ZH_BEHIND: Final = (
    "```{{rubric}} {links}\n:class: rendering\n```\n\n"
    "```{{admonition}} 译文落后于英文\n:class: warning behind\n本章的英文在翻译之后有过改动；请对照英文阅读。\n```\n"
)

_CHINESE: Final = """
````{only} builder_html
```{raw} html
<p class="to-chinese"><a lang="zh" hreflang="zh" href="zh/index.html">中文译文：第 1 至 9 章和第 14 章</a></p>
```
````
"""

_PRINT: Final = """
````{only} builder_html
```{raw} html
<p class="to-print">Everything on <a href="print/index.html">one page that is fit to print</a>.</p>
```
````
"""
