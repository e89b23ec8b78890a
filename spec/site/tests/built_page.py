"""A built page, as far as its tests ask."""

import re
from html.parser import HTMLParser
from pathlib import Path

__all__ = ["Page"]


class Page(HTMLParser):
    """What a page offers and asks for: addresses within it, links, and what a browser loads on its own."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.anchors: list[str] = []
        self.links: list[str] = []
        self.loads: list[str] = []
        self.text = ""
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if "id" in found:
            self.anchors.append(found["id"])
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
        if tag == "link" and not {"search", "next", "prev", "index"} & set(found.get("rel", "").split()):
            self.loads.append(found["href"])
        if tag in {"script", "img", "iframe", "audio", "video", "source", "embed", "object", "use"}:
            self.loads += [found[name] for name in ("src", "data", "href", "xlink:href", "srcset") if name in found]
        if "style" in found:
            self.loads += re.findall(r"url\(([^)]*)\)", found["style"])

    def handle_data(self, data: str) -> None:
        self.text += data
