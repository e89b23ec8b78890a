"""The built site holds everything, leads nowhere in vain, and needs nothing from elsewhere."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from built_page import Page

from jhup.clauses import chapters, clauses
from jhup.locate import locate
from jhup_site.__main__ import build, is_current
from jhup_site.renderings import renderings
from jhup_site.search_data import hits
from jhup_site.trust import trust_in
from jhup_site.vector_files import page_of, shown, vector_files


def test_every_clause_has_the_address_that_locate_gives(pages: dict[str, Page]) -> None:
    for identifier in clauses():
        path, _, anchor = locate(identifier).page.partition("#")
        assert pages[path].anchors.count(anchor) == 1, identifier


def test_every_clause_stands_in_its_page_with_its_text_and_labels(pages: dict[str, Page]) -> None:
    for each in clauses().values():
        text = " ".join(pages[f"{each.chapter.removesuffix('.md')}.html"].text.split())
        words = " ".join(each.text.replace("`", "").split())
        shown_as = rf"{each.id}{each.conformance_class}{each.role}{each.level}(\d+ vectors?)?\s*{re.escape(words)}"

        assert re.search(shown_as.replace(r"\ ", r"\s+"), text.replace(f"{each.id} ", each.id)), each


def test_every_clause_is_in_the_index_and_on_the_page_to_print(pages: dict[str, Page]) -> None:
    for identifier in clauses():
        assert f"{locate(identifier).page}" in pages["clauses.html"].links
        assert pages["print/index.html"].anchors.count(identifier) == 1, identifier


def test_every_chapter_has_a_page_that_the_first_page_leads_to(pages: dict[str, Page]) -> None:
    for chapter in chapters():
        assert f"{chapter.removesuffix('.md')}.html" in pages["index.html"].links


@pytest.mark.parametrize("file", vector_files())
def test_every_vector_is_listed_under_its_name(pages: dict[str, Page], file: str) -> None:
    page = pages[f"{page_of(file)}.html"]
    text = " ".join(page.text.split())

    for vector in shown(file):
        assert page.anchors.count(vector.anchor) == 1, vector.name
        assert " ".join(vector.name.split()) in text, vector.name


def test_no_address_stands_twice_in_a_page(pages: dict[str, Page]) -> None:
    for name, page in pages.items():
        twice = {anchor for anchor in page.anchors if page.anchors.count(anchor) > 1}
        assert not twice, name


def test_no_link_inside_leads_nowhere(site: Path, pages: dict[str, Page]) -> None:
    checked = 0
    for name, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            path = (page.path.parent / unquote(parts.path)).resolve() if parts.path else page.path
            target = path.relative_to(site.resolve()).as_posix()
            assert path.is_file(), f"{name}: {link}"
            if parts.fragment and target in pages:
                assert unquote(parts.fragment) in ["", *pages[target].anchors], f"{name}: {link}"
            checked += 1
    assert checked > 2000


@pytest.mark.timeout(400)  # it asks for every address
def test_a_checker_of_links_that_is_not_ours_finds_nothing(
    address: str, tmp_path: Path, proof: Callable[[], None]
) -> None:
    program = shutil.which("linkchecker", path=str(Path(sys.executable).parent))
    assert program is not None, "the group `site` installs it"
    settings = tmp_path / "linkcheckerrc"
    settings.write_text("[checking]\nmaxrequestspersecond=10000\n[filtering]\nignorewarnings=url-content-duplicate\n")

    done = subprocess.run(
        [program, "--config", str(settings), "--no-status", f"{address}/index.html"],
        capture_output=True, text=True, timeout=380, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout
    assert re.search(r"(\d+) links in", done.stdout)
    proof()


def test_no_page_loads_anything_from_elsewhere(site: Path, pages: dict[str, Page]) -> None:
    for name, page in pages.items():
        for address in page.loads:
            parts = urlsplit(address)
            if address.startswith("#"):
                continue
            assert parts.scheme in {"", "data"}, f"{name}: {address}"
            assert not parts.netloc, f"{name}: {address}"
            assert parts.scheme or (page.path.parent / unquote(parts.path)).is_file(), f"{name}: {address}"
    for sheet in site.rglob("*.css"):
        for address in re.findall(r"url\(['\"]?([^)'\"]*)|@import\s+['\"]([^'\"]*)", sheet.read_text("utf-8")):
            assert not re.match(r"(https?:)?//", "".join(address)), f"{sheet.name}: {address}"


def test_every_rendering_has_a_page_that_leads_to_the_english_text(pages: dict[str, Page]) -> None:
    for each in renderings("zh"):
        page = pages[f"{each.name}.html"]
        assert f"../{each.chapter.removesuffix('.md')}.html" in page.links
        assert ("译文落后于英文" in page.text) is each.is_behind
        assert 'lang="zh"' in page.path.read_text("utf-8")[:200]
        for identifier in re.findall(r"^\*\*([A-Z]+-\d+)\*\* `", each.text, re.MULTILINE):
            assert identifier in page.anchors
    assert "zh/index.html" in pages["index.html"].links


def test_the_search_knows_other_words_for_clauses() -> None:
    found = {each["id"]: each["terms"] for each in hits()}

    assert found.keys() == clauses().keys()
    assert "symlink" in found["NAME-11"]


def test_trust_counts_the_wrong_servers_of_a_clause_and_those_that_were_caught(tmp_path: Path) -> None:
    artefact = tmp_path / "kill-matrix.json"
    suspects = [
        {"group": "upload fault", "blamed": ["FRAME-3", "FRAME-9"], "found": {"FRAME-3": "FAIL"}},
        {"group": "upload fault", "blamed": ["FRAME-3"], "found": {"FRAME-3": "FAIL"}},
        {"group": "correct server", "blamed": [], "found": {}},
    ]
    artefact.write_text(json.dumps({"format": 1, "seconds": 1, "suspects": suspects}), "utf-8")

    found = trust_in(artefact)

    assert {clause: str(each) for clause, each in found.items()} == {
        "FRAME-3": "2 wrong servers, all caught",
        "FRAME-9": "1 wrong server, 0 caught",
    }
    assert trust_in(tmp_path / "none.json") == {}


def test_an_unchanged_site_is_not_built_again(
    site: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("jhup_site.__main__.build_main", lambda _: pytest.fail("it was built again"))
    monkeypatch.setattr("jhup_site.__main__.stage", lambda _: pytest.fail("it was staged again"))
    if not is_current(site.absolute()):
        pytest.skip("the sources have changed since the site was built")

    assert build(site.absolute()) == 0

    assert "nothing has changed" in capsys.readouterr().out


def test_the_drawing_of_the_frame_is_a_picture_with_words(pages: dict[str, Page]) -> None:
    page = (pages["02-framing.html"].path).read_text("utf-8")

    assert '<svg class="bytes" role="img"' in page
    assert "<desc>n: 0-7. 8-15. " in page
    assert "+-----" not in page
