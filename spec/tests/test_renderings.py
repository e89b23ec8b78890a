"""The Chinese rendering has the clauses, examples and sections of the English text that it follows."""

import re
from pathlib import Path

import pytest

from jhup.clauses import chapter_text, chapters

pytest.importorskip("jhup_site.renderings")
from jhup_site.renderings import Rendering, digest_of, renderings

RENDERED = renderings("zh")
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
HEAD = re.compile(r"^\*\*[A-Z]+-\d+\*\* `.*$", re.MULTILINE)
NUMBER = re.compile(r"^#+ (\d+(?:\.\d+)?) ", re.MULTILINE)
CHINESE = re.compile(r"[\u4e00-\u9fff]")
IN_STEP = [each for each in RENDERED if not each.is_behind]


def name_of(rendering: Rendering) -> str:
    return rendering.chapter


def test_chapters_1_to_9_and_14_are_rendered() -> None:
    assert [each.chapter for each in RENDERED] == [each for each in chapters() if int(each[:2]) in {*range(1, 10), 14}]


@pytest.mark.parametrize("rendering", IN_STEP, ids=name_of)
def test_examples_clauses_and_sections_are_those_of_the_english_text(rendering: Rendering) -> None:
    english = chapter_text(rendering.chapter)

    assert FENCE.findall(rendering.text) == FENCE.findall(english)
    assert HEAD.findall(rendering.text) == HEAD.findall(english)
    assert NUMBER.findall(FENCE.sub("", rendering.text)) == NUMBER.findall(FENCE.sub("", english))


@pytest.mark.parametrize("rendering", IN_STEP, ids=name_of)
def test_a_clause_is_chinese_and_names_its_keyword(rendering: Rendering) -> None:
    for head in HEAD.findall(rendering.text):
        sentence = rendering.text.partition(head + "\n")[2].partition("\n")[0]
        level = head.rstrip("`").rpartition("`")[2]
        assert CHINESE.search(sentence), head
        assert f"（{level}）" in sentence or f"（{level} NOT）" in sentence, head


@pytest.mark.parametrize("rendering", IN_STEP, ids=name_of)
def test_code_in_a_clause_is_that_of_the_english_clause(rendering: Rendering) -> None:
    english = chapter_text(rendering.chapter)
    for head in HEAD.findall(rendering.text):
        ours, theirs = (
            sorted(re.findall(r"`[^`]+`", text.partition(head + "\n")[2].partition("\n\n")[0]))
            for text in (rendering.text, english)
        )
        assert set(ours) == set(theirs), head


def test_a_rendering_is_behind_when_the_english_text_changes(tmp_path: Path) -> None:
    (tmp_path / "zh").mkdir()
    (tmp_path / "02-framing.md").write_text("# 2 Framing\n", "utf-8")
    digest = digest_of("02-framing.md", tmp_path)
    (tmp_path / "zh" / "02-framing.md").write_text(f"<!-- english: sha256 {digest} -->\n# 2 成帧\n", "utf-8")
    assert [each.is_behind for each in renderings("zh", tmp_path)] == [False]

    (tmp_path / "02-framing.md").write_text("# 2 Framing\n\nMore.\n", "utf-8")

    [found] = renderings("zh", tmp_path)
    assert (found.is_behind, found.text, found.name) == (True, "# 2 成帧\n", "zh/02-framing")
