"""The site's search: English, with the identifiers of clauses and the numbers of sections as words of their own."""

import re

from sphinx.search.en import SearchEnglish

__all__ = ["SpecificationSearch"]


class SpecificationSearch(SearchEnglish):
    """Splits text into words as Sphinx does, but keeps ``FRAME-3`` and ``2.4`` whole; a Chinese character is a word."""

    lang = "jhup"
    _word_re = re.compile(r"[A-Za-z]{2,}-\d+|\d+\.\d+|[\u4e00-\u9fff]|[^\W\u4e00-\u9fff]+")
    js_splitter_code = r"""
var splitQuery = (query) =>
  query.match(/[A-Za-z]{2,}-\d+|\d+\.\d+|[\u4e00-\u9fff]|(?:(?![\u4e00-\u9fff])[\p{Letter}\p{Number}_])+/gu) ?? [];
"""
