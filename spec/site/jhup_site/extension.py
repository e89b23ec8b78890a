"""What Sphinx learns here: the domain, the directives, how the prose is shown, and the search."""

from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

from jhup_site.clause_index import ClauseIndex
from jhup_site.domain import SpecificationDomain
from jhup_site.mentions import Mentions
from jhup_site.prose import Clauses, Drawings, Examples, Sections
from jhup_site.search_data import on_build_finished, on_search_page
from jhup_site.vector_pages import Vectors, VectorsByClause
from jhup_site.words import SpecificationSearch

__all__ = ["setup"]


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register everything with Sphinx."""
    app.add_domain(SpecificationDomain)
    app.add_directive("clause-index", ClauseIndex)
    app.add_directive("vectors", Vectors)
    app.add_directive("vectors-by-clause", VectorsByClause)
    for transform in (Sections, Clauses, Examples, Drawings, Mentions):
        app.add_transform(transform)
    app.add_search_language(SpecificationSearch)
    app.connect("html-page-context", on_search_page)
    app.connect("build-finished", on_build_finished)
    return {"version": "1.0", "parallel_read_safe": True, "parallel_write_safe": True}
