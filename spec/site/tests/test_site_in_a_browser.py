"""The site in a real browser: its search finds clauses, its index filters them, and it prints."""

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote_plus

import pytest

from jhup.clauses import clauses

Browse = Callable[..., str]


@pytest.fixture(params=["server", "folder"])
def top(request: pytest.FixtureRequest, site: Path) -> str:
    """The site as a plain static server gives it, and as the browser reads it from disk."""
    return str(request.getfixturevalue("address")) if request.param == "server" else site.resolve().as_uri()


def results(page: str) -> list[str]:
    listed = re.search(r'<ul[^>]*class="search".*?</ul>', page, re.DOTALL)
    return re.findall(r'href="([^"]+)"', listed[0]) if listed else []


def test_a_search_for_an_identifier_leads_to_the_clause(browse: Browse, top: str) -> None:
    page = browse("--dump-dom", f"{top}/search.html?q=FRAME-3")

    assert results(page)[0].endswith("02-framing.html#FRAME-3")


def test_a_search_for_words_leads_to_the_chapter_and_to_the_clauses_with_them(browse: Browse, top: str) -> None:
    page = browse("--dump-dom", f"{top}/search.html?q=lone+surrogate")

    assert any("03-headers.html" in result for result in results(page))
    assert 'href="clauses.html?words=lone+surrogate"' in page


@pytest.mark.parametrize(
    ("words", "clause"),
    [
        ("traversal", "NAME-6"),
        ("symlink", "NAME-11"),
        ("sticky packet", "FRAME-7"),
        ("粘包", "FRAME-7"),
        ("timeout", "CONN-5"),
        ("endianness", "FRAME-1"),
        ("atomic rename", "STORE-8"),
        ("duplicate key", "HEAD-17"),
        ("symbolic link", "NAME-11"),
        ("fd leak", "CONN-9"),
        ("byte order mark", "HEAD-5"),
        ("lone surrogate", "NAME-8"),
        ("big-endian", "FRAME-1"),
        ("half-close", "ERR-13"),
        ("BOM", "HEAD-5"),
        ("duplicate", "HEAD-17"),
        ("sha256", "REPLY-6"),
    ],
)
def test_words_that_a_reader_would_try_lead_to_the_clauses_first(
    browse: Browse, site: Path, words: str, clause: str
) -> None:
    page = browse("--dump-dom", f"{site.resolve().as_uri()}/search.html?q={quote_plus(words)}")

    listed = re.search(r'<ul class="clause-hits">.*?</ul>', page, re.DOTALL)
    assert listed is not None
    assert f">{clause}</a>" in listed[0]
    assert page.index('class="clause-hits"') < page.index('id="search-results"')


def test_results_have_excerpts_also_from_a_folder(browse: Browse, top: str) -> None:
    page = browse("--dump-dom", f"{top}/search.html?q=half-close+linger")

    excerpts = re.findall(r'<p class="context">(.*?)</p>', page, re.DOTALL)
    assert any("half-close" in re.sub("<[^>]*>", "", each) for each in excerpts)


def test_the_index_filters_clauses_by_what_the_address_says(browse: Browse, top: str) -> None:
    page = browse("--dump-dom", f"{top}/clauses.html?level=SHOULD&role=client")
    expected = [each.id for each in clauses().values() if (each.level, each.role) == ("SHOULD", "client")]

    assert f"{len(expected)} of {len(clauses())} clauses" in page
    rows = re.findall(r"<tr([^>]*)><td><p><a [^>]*><span[^>]*>([A-Z]+-\d+)</span>", page)
    assert [identifier for attributes, identifier in rows if "hidden" not in attributes] == expected


@pytest.mark.timeout(400)  # some hundred pages on paper
def test_the_page_to_print_becomes_paper(
    browse: Browse, address: str, tmp_path: Path, proof: Callable[[], None]
) -> None:
    paper = tmp_path / "jhup.pdf"

    browse(f"--print-to-pdf={paper}", f"{address}/print/index.html")

    assert paper.read_bytes().startswith(b"%PDF-")
    proof()


@pytest.mark.parametrize("width", [400, 1400])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_chapter_is_drawn_in_every_width_and_light(
    browse: Browse, address: str, tmp_path: Path, width: int, scheme: str
) -> None:
    picture = tmp_path / "page.png"
    colours = f"--blink-settings=preferredColorScheme={0 if scheme == 'dark' else 1}"

    browse(colours, f"--window-size={width},1000", f"--screenshot={picture}", f"{address}/02-framing.html")

    assert picture.read_bytes().startswith(b"\x89PNG")
