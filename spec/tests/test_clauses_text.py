"""The text of the specification keeps its own rules about clauses (section 1.3, spec/README.md)."""

import re

import pytest

from jhup.clauses import ConformanceClass, Role, chapter_text, chapters, clauses, text_root

KEYWORD = re.compile(r"\b(MUST(?: NOT)?|SHOULD(?: NOT)?|MAY|SHALL(?: NOT)?|REQUIRED|(?:NOT )?RECOMMENDED|OPTIONAL)\b")
IDENTIFIER = re.compile(r"\b([A-Z]{2,})-(\d+)\b")
README = (text_root() / "README.md").read_text("utf-8")
CONTENTS = re.findall(r"^\| \[(\d+) ([^\]]+)\]\(([\w-]+\.md)\) \| ?([A-Z]*) \| .+ \|$", README, re.MULTILINE)
PREFIXES = {file: prefix for _, _, file, prefix in CONTENTS}
STATED = re.compile(r"^\*\*([A-Z]+)-(\d+)\*\*", re.MULTILINE)
UPLOAD = [each for each in clauses().values() if each.prefix != "ECHO"]
EXAMPLE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`[^`\n]*`")
HEADING = re.compile(r"^#{1,2} (\d+(?:\.\d+)?) .+$", re.MULTILINE)


def prose(chapter: str) -> str:
    """Return the text of a chapter without its examples, its code and its clauses."""
    text = CODE.sub("", EXAMPLE.sub("", chapter_text(chapter)))
    return "\n\n".join(part for part in text.split("\n\n") if not part.lstrip("\n").startswith("**"))


def test_every_chapter_has_a_line_in_the_contents() -> None:
    assert [file for _, _, file, _ in CONTENTS] == list(chapters())


@pytest.mark.parametrize(("number", "title", "file", "prefix"), CONTENTS)
def test_a_chapter_has_the_number_and_title_of_its_line_in_the_contents(
    number: str, title: str, file: str, prefix: str
) -> None:
    assert chapter_text(file).splitlines()[0] == f"# {number} {title}"
    assert file.startswith(f"{int(number):02}-")


@pytest.mark.parametrize("chapter", chapters())
def test_sections_of_a_chapter_are_numbered_without_gaps(chapter: str) -> None:
    numbers = HEADING.findall(chapter_text(chapter))
    number = str(int(chapter[:2]))

    assert numbers == [number, *(f"{number}.{index}" for index in range(1, len(numbers)))]


@pytest.mark.parametrize("chapter", chapters())
def test_clauses_of_a_chapter_have_the_prefix_of_the_contents(chapter: str) -> None:
    prefixes = {each.prefix for each in clauses().values() if each.chapter == chapter}

    assert prefixes == ({PREFIXES[chapter]} - {""})


def test_numbers_of_clauses_have_no_gaps_and_none_stands_twice() -> None:
    for chapter, prefix in PREFIXES.items():
        stated = STATED.findall(chapter_text(chapter))
        assert sorted(stated, key=lambda each: int(each[1])) == [(prefix, str(n + 1)) for n in range(len(stated))]


def test_every_paragraph_that_begins_with_an_identifier_is_a_clause_or_withdrawn() -> None:
    for chapter in chapters():
        stated = [f"{prefix}-{number}" for prefix, number in STATED.findall(chapter_text(chapter))]
        withdrawn = re.findall(r"^\*\*([A-Z]+-\d+)\*\* \*withdrawn\*$", chapter_text(chapter), re.MULTILINE)
        assert [each for each in stated if each not in withdrawn] == [
            each.id for each in clauses().values() if each.chapter == chapter
        ]


def test_a_clause_says_its_level_once_and_no_other() -> None:
    for clause in clauses().values():
        keywords = [keyword.removesuffix(" NOT") for keyword in KEYWORD.findall(clause.text)]
        assert keywords == [clause.level], clause.id


def test_a_clause_is_a_sentence_in_a_section() -> None:
    for clause in clauses().values():
        assert clause.text[0].isupper(), clause.id
        assert clause.text.endswith("."), clause.id
        assert re.match(r"\d+\.\d+ ", clause.section), clause.id


def test_a_clause_of_the_upload_protocol_begins_with_whom_it_binds() -> None:
    for clause in UPLOAD:
        assert clause.text.startswith(f"A {clause.role} "), clause.id


def test_a_clause_has_a_class_of_its_kind_of_server() -> None:
    echo = {ConformanceClass.BASIC, ConformanceClass.FULL}
    upload = set(ConformanceClass) - {ConformanceClass.FULL}

    for clause in clauses().values():
        assert clause.conformance_class in (echo if clause.prefix == "ECHO" else upload), clause.id


def test_clauses_of_clients_stand_in_chapters_about_clients() -> None:
    assert {each.prefix for each in UPLOAD if each.role is Role.CLIENT} == {"CLIENT", "EXT"}


@pytest.mark.parametrize("chapter", chapters())
def test_keywords_in_capitals_stand_in_clauses_only(chapter: str) -> None:
    text = prose(chapter)
    if chapter == "01-introduction.md":  # section 1.2 introduces the words
        text = re.sub(r"^## 1\.2 .*?^## 1\.3 ", "", text, flags=re.MULTILINE | re.DOTALL)

    assert KEYWORD.findall(text) == []


@pytest.mark.parametrize("name", [*chapters(), "README.md"])
def test_a_text_refers_to_clauses_that_exist(name: str) -> None:
    prefixes = set(PREFIXES.values()) - {""}
    named = {found[0] for found in IDENTIFIER.finditer(chapter_text(name)) if found[1] in prefixes}

    assert named <= clauses().keys()


@pytest.mark.parametrize("name", [*chapters(), "README.md"])
def test_a_text_refers_to_sections_and_chapters_that_exist(name: str) -> None:
    headings = {number for chapter in chapters() for number in HEADING.findall(chapter_text(chapter))}
    text = EXAMPLE.sub("", chapter_text(name))
    named = set(re.findall(r"\b(?:[Ss]ections?|[Cc]hapters?) (\d+(?:\.\d+)?)", text))
    named |= set(re.findall(r"\((\d+\.\d+)(?: to \d+\.\d+)?\)", text))

    assert named <= headings


@pytest.mark.parametrize("name", [*chapters(), "README.md"])
def test_links_of_a_text_lead_to_files(name: str) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)\)", chapter_text(name)):
        assert (text_root() / target).is_file(), target
