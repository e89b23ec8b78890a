"""Renderings of chapters in other languages (``spec/zh/``): which English text each follows, and whether it is behind.

`python -m jhup_site.renderings accept [CHAPTER…]` records that a rendering follows the English text of today: run it
after the rendering was changed, never in its place.
"""

import argparse
import re
import sys
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Final

__all__ = ["Rendering", "digest_of", "main", "rendered_clauses", "renderings", "titles"]

SPEC: Final = Path(__file__).parents[2]
_CLAUSE: Final = re.compile(r"^\*\*([A-Z]+-\d+)\*\* `", re.MULTILINE)
_HEAD: Final = re.compile(r"<!-- english: sha256 (?P<digest>[0-9a-f]{64}) -->\n")


@dataclass(frozen=True, slots=True)
class Rendering:
    """A chapter in another language.

    Attributes:
        language: the name of its folder, such as ``"zh"``.
        chapter: the file of the chapter in English.
        text: its Markdown without the line that records the digest.
        follows: digest of the English text that it renders; empty where that was not recorded.
        is_behind: whether the English text has changed since.
    """

    language: str
    chapter: str
    text: str
    follows: str
    is_behind: bool

    @property
    def name(self) -> str:
        """The address of its page without an ending."""
        return f"{self.language}/{self.chapter.removesuffix('.md')}"


def digest_of(chapter: str, spec: Path = SPEC) -> str:
    """Return the digest of the English text of a chapter."""
    return sha256((spec / chapter).read_bytes().replace(b"\r\n", b"\n")).hexdigest()


def renderings(language: str, spec: Path = SPEC) -> list[Rendering]:
    """Return the chapters that have a rendering, in the order of the book."""
    found = []
    for path in sorted((spec / language).glob("*.md")):
        text = path.read_text("utf-8")
        head = _HEAD.match(text)
        follows = head["digest"] if head else ""
        behind = follows != digest_of(path.name, spec)
        found.append(Rendering(language, path.name, text[head.end() if head else 0 :], follows, behind))
    return found


@cache
def rendered_clauses(language: str, spec: Path = SPEC) -> frozenset[str]:
    """Return the identifiers of the clauses that stand in the renderings of a language."""
    return frozenset(name for each in renderings(language, spec) for name in _CLAUSE.findall(each.text))


def titles(language: str, spec: Path = SPEC) -> list[tuple[Rendering, str]]:
    """Return the renderings with the titles of their chapters."""
    return [(each, each.text.splitlines()[0].removeprefix("# ")) for each in renderings(language, spec)]


def main() -> int:
    """Read the command line, and record the digests."""
    parser = argparse.ArgumentParser(prog="python -m jhup_site.renderings", description=__doc__)
    parser.add_argument("what", choices=["accept", "check"], help="record that they follow, or say which are behind")
    parser.add_argument("chapter", nargs="*", help="file of a chapter; all without one")
    given = parser.parse_args()
    chosen = [each for each in renderings("zh") if not given.chapter or each.chapter in given.chapter]
    behind = [each for each in chosen if each.is_behind]
    for each in behind:
        if given.what == "accept":
            head = f"<!-- english: sha256 {digest_of(each.chapter)} -->\n"
            (SPEC / each.language / each.chapter).write_text(head + each.text, "utf-8", newline="\n")
        else:
            sys.stderr.write(f"spec/{each.language}/{each.chapter} is behind the English text\n")
    return 1 if behind and given.what == "check" else 0


if __name__ == "__main__":
    sys.exit(main())
