"""The messages that the suite says to people, and their catalogues: `python conformance/tests/catalogue.py --write`.

Messages are collected from the code, the templates, guidance.toml and hints.toml. A catalogue keeps its translations;
messages that are no longer said go, new ones are left empty for a translator, and a test fails until they are filled.
"""

import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

import jhup_conformance
from jhup_conformance.language import LANGUAGES
from jhup_conformance.reports.guidance import guidance
from jhup_conformance.reports.hints import hints

__all__ = ["PLACES", "compiled", "messages", "read"]

PACKAGE: Final = Path(jhup_conformance.__file__).parent
PLACES: Final = {
    language: PACKAGE / "locale" / language / "LC_MESSAGES" / "jhup_conformance.po"
    for language in LANGUAGES
    if language != "en"
}
_METHODS: Final = [("reports/**.py", "python"), ("cli/**.py", "python"), ("reports/**.j2", "jinja2")]
_KEYWORDS: Final = {"say": None, "_say": None, "message": None, "count": (1, 2)}

Message = str | tuple[str, ...]


def messages() -> Iterator[tuple[Message, str]]:
    """Yield each message with where it is said; one that has a plural is a pair."""
    for path, _, message, _, _ in extract_from_dir(PACKAGE, _METHODS, keywords=_KEYWORDS):
        yield message, path
    for identifier, each in guidance().items():
        yield from ((text, f"guidance.toml: {identifier}") for text in (each.why, each.bug, each.how) if text)
    for by_language in dict.fromkeys(tuple(each.items()) for each in hints().values()):
        yield from ((text, f"hints.toml: {language}") for language, text in by_language)


def read(language: str) -> Catalog:
    """Read the catalogue of a language."""
    with PLACES[language].open("rb") as file:
        return read_po(file, locale=language)


def compiled(catalogue: Catalog) -> bytes:
    """Return what gettext reads at run time."""
    out = io.BytesIO()
    write_mo(out, catalogue)
    return out.getvalue()


def renewed(language: str) -> Catalog:
    """Return a catalogue with every message that is said now, and the translations that there are."""
    old = read(language) if PLACES[language].exists() else Catalog(locale=language)
    new = Catalog(locale=language, project="jhup", fuzzy=False, header_comment="# What the suite says to people.")
    new.creation_date = old.creation_date
    new.revision_date = old.creation_date
    for message, where in sorted(messages(), key=lambda each: each[1]):
        known = old.get(message if isinstance(message, str) else message[0])
        new.add(message, known.string if known else None, locations=[(where, None)])
    return new


def _is_said(string: str | tuple[str, ...] | list[str] | None) -> bool:
    return bool(string) if not isinstance(string, (tuple, list)) else all(string)


def main() -> None:
    """Write the catalogues anew, and say what they lack."""
    for language, place in PLACES.items():
        catalogue = renewed(language)
        if "--write" in sys.argv:
            place.parent.mkdir(parents=True, exist_ok=True)
            with place.open("wb") as file:
                write_po(file, catalogue, width=0, sort_by_file=False)
            place.with_suffix(".mo").write_bytes(compiled(catalogue))
        lacking = [each.id for each in catalogue if each.id and not _is_said(each.string)]
        print(f"{language}: {len(catalogue)} messages, {len(lacking)} to translate")
        for message in lacking:
            print(f"  {message}")


if __name__ == "__main__":
    main()
