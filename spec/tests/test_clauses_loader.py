"""The loader of clauses reads them from the text, beside the package or inside it."""

import shutil
import sys
import zipfile
from collections.abc import Iterator
from importlib.resources.abc import Traversable
from pathlib import Path

import pytest

from jhup.clauses import (
    Clause,
    ConformanceClass,
    Level,
    Role,
    chapter_text,
    chapters,
    clause,
    clauses,
    parse,
    text_root,
)
from jhup.vectors import vector_files, vectors

SPEC = Path(__file__).parents[1]

GOOD = """# 2 Framing

## 2.1 First

Words before it.

**FRAME-1** `basic` `server` `MUST`
A server MUST read the prefix
as a number of `bytes`.

## 2.2 Second

**FRAME-2** `safe` `client` `SHOULD`
A client SHOULD be quiet.
"""


def forget() -> None:
    for remembered in (chapters, clauses, vector_files, vectors):
        remembered.cache_clear()


@pytest.fixture
def package(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Traversable]]:
    """Yield a list whose last element stands for the folder of the installed package."""
    places: list[Traversable] = []
    monkeypatch.setattr(sys.modules["jhup.clauses"], "files", lambda name: {"jhup": places[-1]}[name])
    forget()
    yield places
    forget()


def lay_out(root: Path) -> Path:
    """Lay files out as a wheel holds them: the text inside the package."""
    package = root / "jhup"
    (package / "text").mkdir(parents=True)
    for chapter in SPEC.glob("*.md"):
        shutil.copy(chapter, package / "text")
    shutil.copytree(SPEC / "vectors", package / "text" / "vectors")
    return package


def test_clauses_are_read_with_all_their_properties() -> None:
    first, second = parse("02-framing.md", GOOD)

    assert first == Clause(
        id="FRAME-1",
        conformance_class=ConformanceClass.BASIC,
        role=Role.SERVER,
        level=Level.MUST,
        text="A server MUST read the prefix as a number of `bytes`.",
        chapter="02-framing.md",
        section="2.1 First",
    )
    assert (second.prefix, second.number, second.section) == ("FRAME", 2, "2.2 Second")
    assert str(second) == "FRAME-2 (safe, client, SHOULD) A client SHOULD be quiet."


@pytest.mark.parametrize(
    "head",
    [
        "**FRAME-1**",
        "**FRAME-1** withdrawn",
        "**FRAME-1** *withdrawn* `basic`",
        "**FRAME-1** basic server MUST",
        "**FRAME-1** `basic` `server`",
        "**FRAME-1** `basic` `server` `MUST` A server MUST.",
        "**FRAME-1** `basic` `server` `MUST NOT`",
        "**FRAME-1** `simple` `server` `MUST`",
        "**FRAME-1** `basic` `proxy` `MUST`",
        "**FRAME-1** `basic` `server` `SHALL`",
    ],
)
def test_a_paragraph_that_begins_like_a_clause_and_is_none_is_an_error(head: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        list(parse("02-framing.md", f"{head}\nA server MUST.\n"))


def test_a_paragraph_that_only_names_a_clause_is_no_clause() -> None:
    assert list(parse("02-framing.md", "As FRAME-1 says.\n\n**Bold** words.\n")) == []


def test_a_clause_that_was_withdrawn_is_left_out() -> None:
    text = GOOD.replace("**FRAME-1** `basic` `server` `MUST`", "**FRAME-1** *withdrawn*")

    assert [each.id for each in parse("02-framing.md", text)] == ["FRAME-2"]


def test_a_clause_is_found_by_its_identifier() -> None:
    assert clause("FRAME-1").chapter == "02-framing.md"
    assert clause("FRAME-1") is clauses()["FRAME-1"]
    with pytest.raises(KeyError):
        clause("FRAME-0")


def test_clauses_can_not_be_changed_by_those_who_read_them() -> None:
    with pytest.raises(TypeError):
        clauses()["FRAME-1"] = clause("FRAME-2")  # type: ignore[index]


def test_in_a_checkout_the_text_is_beside_the_package() -> None:
    assert (text_root() / "README.md").is_file()
    assert chapter_text("01-introduction.md") == (SPEC / "01-introduction.md").read_text("utf-8")


def test_the_same_clauses_are_read_from_inside_an_installed_package(package: list[Traversable], tmp_path: Path) -> None:
    package.append(SPEC / "jhup")
    beside = dict(clauses())
    vectors_beside = vectors()
    forget()
    package.append(lay_out(tmp_path))

    assert text_root() == tmp_path / "jhup" / "text"
    assert dict(clauses()) == beside
    assert vectors() == vectors_beside


def test_the_same_clauses_are_read_from_a_package_inside_an_archive(package: list[Traversable], tmp_path: Path) -> None:
    archive = shutil.make_archive(str(tmp_path / "wheel"), "zip", lay_out(tmp_path / "unpacked").parent)
    package.append(SPEC / "jhup")
    beside = dict(clauses())
    forget()
    with zipfile.ZipFile(archive) as opened:
        package.append(zipfile.Path(opened, "jhup/"))

        assert dict(clauses()) == beside


def test_an_identifier_that_stands_twice_is_an_error(package: list[Traversable], tmp_path: Path) -> None:
    folder = tmp_path / "jhup" / "text"
    folder.mkdir(parents=True)
    (folder / "02-framing.md").write_text(GOOD, "utf-8")
    (folder / "03-headers.md").write_text(GOOD, "utf-8")
    (folder / "README.md").write_text(GOOD, "utf-8")
    package.append(tmp_path / "jhup")

    assert chapters() == ("02-framing.md", "03-headers.md")
    with pytest.raises(ValueError, match=r"FRAME-1 stands in 02-framing\.md and in 03-headers\.md"):
        clauses()
