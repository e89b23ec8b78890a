"""What the search needs beside Sphinx's index: clauses by word, and texts of pages for excerpts without a server."""

import json
import tomllib
from pathlib import Path
from typing import Any, Final

from docutils import nodes
from sphinx.application import Sphinx

from jhup.clauses import clauses
from jhup.locate import locate

__all__ = ["hits", "on_build_finished", "on_search_page", "page_texts", "terms"]

TERMS: Final = Path(__file__).parents[1] / "search_terms.toml"
_LONGEST: Final = 20_000
"""Characters of one page that are kept for excerpts."""


def terms() -> dict[str, str]:
    """Return the words that are not in a clause, by its identifier.

    Raises:
        ValueError: when the file names a clause that does not exist.
    """
    found: dict[str, list[str]] = {}
    for words, identifiers in tomllib.loads(TERMS.read_text("utf-8")).items():
        for identifier in identifiers:
            if identifier not in clauses():
                raise ValueError(f"{TERMS.name}: there is no clause {identifier}")
            found.setdefault(identifier, []).append(words)
    return {identifier: " ".join(several) for identifier, several in found.items()}


def hits() -> list[dict[str, str]]:
    """Return all clauses as the search shows them."""
    more = terms()
    return [
        {
            "id": each.id,
            "page": locate(each.id).page,
            "text": each.text.replace("`", ""),
            "terms": more.get(each.id, ""),
        }
        for each in clauses().values()
    ]


def page_texts(doctrees: dict[str, nodes.document]) -> dict[str, list[list[str]]]:
    """Return the sections of each page, as address and text."""
    found = {}
    for page, document in doctrees.items():
        sections, left = [], _LONGEST
        for section in document.findall(nodes.section):
            own = [child.astext() for child in section if not isinstance(child, nodes.section)]
            text = " ".join(" ".join(own).split())[:left]
            left -= len(text)
            sections.append([str(section["ids"][0]) if section["ids"] else "", text])
        found[page] = sections
    return found


def on_search_page(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: object) -> None:  # noqa: ARG001
    """Add the scripts of the search to its page, and name the language of a rendering."""
    if page.startswith("zh/"):
        context["language"] = "zh"
    if page == "search":
        app.add_js_file("excerpts.js", priority=100)
        app.add_js_file("clause-hits.js", priority=100)


def on_build_finished(app: Sphinx, error: Exception | None) -> None:
    """Write the data beside the scripts that read it."""
    if error is not None or app.builder.name != "html":
        return
    folder = Path(app.outdir) / "_static"
    pages = {page: app.env.get_doctree(page) for page in sorted(app.env.found_docs)}
    for name, variable, data in (
        ("clause-hits.js", "JHUP_CLAUSES", hits()),
        ("page-texts.js", "JHUP_PAGES", page_texts(pages)),
    ):
        text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
        (folder / name).write_text(f"window.{variable} = {text};\n", "utf-8")
