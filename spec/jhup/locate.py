"""Where a clause stands: the file and the anchor, for whoever wants to link to it.

The anchor is the identifier itself, in the site that `tox -e spec` builds. The project has no address of its own on the
web, so the base is the caller's: a folder, or an address under which that site was put.
"""

from dataclasses import dataclass

from jhup.clauses import clause

__all__ = ["Place", "locate"]


@dataclass(frozen=True, slots=True)
class Place:
    """The place of a clause in the book.

    Attributes:
        chapter: name of the chapter's file in ``spec/``, such as ``"02-framing.md"``.
        anchor: the identifier, such as ``"FRAME-3"``.
    """

    chapter: str
    anchor: str

    @property
    def source(self) -> str:
        """The place in the text, as a path from the top of the repository: ``"spec/02-framing.md#FRAME-3"``."""
        return f"spec/{self.chapter}#{self.anchor}"

    @property
    def page(self) -> str:
        """The place in the site, as a path from its top: ``"02-framing.html#FRAME-3"``."""
        return f"{self.chapter.removesuffix('.md')}.html#{self.anchor}"

    def link(self, base: str | None = None) -> str:
        """Return a link to the clause.

        Args:
            base: where the site was put: an address or a folder, with or without a slash at its end. Without
                one the link is `source`.
        """
        return self.source if base is None else f"{base.rstrip('/')}/{self.page}"


def locate(identifier: str) -> Place:
    """Return the place of a clause.

    Raises:
        KeyError: when the specification has no such clause.
    """
    return Place(chapter=clause(identifier).chapter, anchor=identifier)
