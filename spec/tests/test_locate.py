"""Every clause has one place that a finding can link to."""

import pytest

from jhup.clauses import chapter_text, clauses
from jhup.locate import Place, locate


def test_a_clause_is_found_in_its_chapter_under_its_identifier() -> None:
    assert locate("FRAME-3") == Place(chapter="02-framing.md", anchor="FRAME-3")


def test_a_link_without_a_base_leads_into_the_text() -> None:
    assert locate("FRAME-3").link() == "spec/02-framing.md#FRAME-3"


@pytest.mark.parametrize("base", ["build/site", "build/site/"])
def test_a_link_with_a_base_leads_into_the_site(base: str) -> None:
    assert locate("FRAME-3").link(base) == "build/site/02-framing.html#FRAME-3"


def test_no_two_clauses_have_the_same_place() -> None:
    places = {locate(identifier) for identifier in clauses()}

    assert len(places) == len(clauses())


def test_the_chapter_of_a_place_holds_the_clause() -> None:
    for identifier in clauses():
        assert f"\n**{identifier}** " in chapter_text(locate(identifier).chapter)


def test_an_unknown_clause_has_no_place() -> None:
    with pytest.raises(KeyError):
        locate("FRAME-0")
