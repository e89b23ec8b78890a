"""Which clauses were asked for, by identifier and by section."""

from collections.abc import Iterator

from jhup.clauses import clauses
from jhup_conformance.run.usage import UsageError

__all__ = ["selected"]


def selected(identifiers: tuple[str, ...], sections: tuple[str, ...]) -> frozenset[str] | None:
    """Return the clauses that were asked for; None for all.

    Args:
        identifiers: of clauses.
        sections: chapters by their names, prefixes or numbers.

    Raises:
        UsageError: when the specification has no such clause or section.
    """
    if not identifiers and not sections:
        return None
    known = clauses()
    chosen = set()
    for identifier in identifiers:
        if identifier.upper() not in known:
            raise UsageError(f"--clause: the specification has no {identifier}; --list shows what it has")
        chosen.add(identifier.upper())
    for section in sections:
        found = set(_in_section(section))
        if not found:
            names = ", ".join(sorted({each.prefix for each in known.values()}))
            raise UsageError(f"--section: there is no {section}; expected one of {names}, or a chapter's name")
        chosen |= found
    return frozenset(chosen)


def _in_section(section: str) -> Iterator[str]:
    for each in clauses().values():
        chapter = each.chapter.removesuffix(".md")
        if section.lower() in {each.prefix.lower(), chapter, chapter[3:], each.section.partition(" ")[0]}:
            yield each.id
