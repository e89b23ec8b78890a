"""What can be linked to by name: clauses, sections, chapters and vectors, wherever a page puts them."""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import Any, ClassVar, Final

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.builders import Builder
from sphinx.builders.singlehtml import SingleFileHTMLBuilder
from sphinx.domains import Domain, ObjType
from sphinx.environment import BuildEnvironment
from sphinx.roles import XRefRole
from sphinx.util.nodes import make_refnode

__all__ = ["SpecificationDomain", "mention"]

_PRIORITIES: Final = {"clause": 0, "rendered": -1, "section": -1, "vectors": -1, "vector": 1}
"""Where the search lists an object: 0 first, 1 after it, -1 not as an object."""


def mention(kind: str, name: str, *content: nodes.Node) -> pending_xref:
    """Return a link to an object that any page may hold.

    Args:
        kind: ``"clause"``, ``"rendered"`` (one in another language), ``"section"`` (chapters as well),
            ``"vector"`` or ``"vectors"`` (those of a clause).
        name: the identifier, the number, or the name.
        content: what the reader sees; the name without it.
    """
    content = content or (nodes.inline("", name, classes=["name"]),)
    inner = content[0] if len(content) == 1 else nodes.inline("", "", *content)
    return pending_xref("", inner, refdomain="jhup", reftype=kind, reftarget=name, refwarn=True, refexplicit=True)


class SpecificationDomain(Domain):
    """Clauses, sections and vectors, each by its name."""

    name = "jhup"
    label = "JHUP"
    object_types: ClassVar[dict[str, ObjType]] = {kind: ObjType(kind, kind) for kind in _PRIORITIES}
    roles: ClassVar[dict[str, Any]] = {kind: XRefRole() for kind in _PRIORITIES}
    initial_data: ClassVar[dict[str, Any]] = {"objects": {}}
    data_version = 1

    @property
    def objects(self) -> dict[tuple[str, str], tuple[str, str]]:
        """From kind and name to the page and the anchor."""
        objects: dict[tuple[str, str], tuple[str, str]] = self.data["objects"]
        return objects

    def note(self, kind: str, name: str, page: str, anchor: str) -> None:
        """Remember where an object stands.

        Raises:
            ValueError: when it stands in another place as well.
        """
        known = self.objects.setdefault((kind, name), (page, anchor))
        if known != (page, anchor):
            raise ValueError(f"{kind} {name!r} stands at {known} and at {(page, anchor)}")

    def clear_doc(self, docname: str) -> None:
        """Forget what a page held."""
        for key in [key for key, (page, _) in self.objects.items() if page == docname]:
            del self.objects[key]

    def merge_domaindata(self, docnames: AbstractSet[str], otherdata: dict[str, Any]) -> None:
        """Take over what another process read."""
        for (kind, name), (page, anchor) in otherdata["objects"].items():
            if page in docnames:
                self.note(kind, name, page, anchor)

    def resolve_xref(
        self,
        env: BuildEnvironment,  # noqa: ARG002  # the signature is Sphinx's
        fromdocname: str,
        builder: Builder,
        typ: str,
        target: str,
        node: pending_xref,  # noqa: ARG002
        contnode: nodes.Element,
    ) -> nodes.reference | None:
        """Turn a mention into a link; None, a warning, where nothing has this name."""
        if (typ, target) not in self.objects:
            return None
        page, anchor = self.objects[typ, target]
        if isinstance(builder, SingleFileHTMLBuilder):
            fromdocname = page  # all pages are one, and an anchor is enough
        return make_refnode(builder, fromdocname, page, anchor, contnode)

    def resolve_any_xref(self, *_: object) -> list[tuple[str, nodes.reference]]:
        """Return nothing: a mention always says what kind of thing it is about."""
        return []

    def get_objects(self) -> Iterator[tuple[str, str, str, str, str, int]]:
        """Yield all objects to the search."""
        for (kind, name), (page, anchor) in self.objects.items():
            yield name, name, kind, page, anchor, _PRIORITIES[kind]
