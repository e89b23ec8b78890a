"""Names: our check against a second definition, written apart from it (section 4.1)."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from jhup.clauses import clauses
from jhup.errors import Refused
from jhup.names import check_name, is_valid_name, name_fault


def size_in_utf8(name: str) -> int:
    """Count bytes by the ranges of UTF-8, without encoding anything; three for a lone surrogate."""
    return sum(1 + (ord(each) > 0x7F) + (ord(each) > 0x7FF) + (ord(each) > 0xFFFF) for each in name)


def broken_clauses(name: str) -> set[str]:
    """Return every clause of section 4.1 that a name breaks, one by one from the text."""
    conditions = {
        "NAME-3": name == "",
        "NAME-4": size_in_utf8(name) > 255,
        "NAME-5": any(ord(each) <= 0x1F or ord(each) == 0x7F for each in name),
        "NAME-6": "/" in name or "\\" in name,
        "NAME-7": name in (".", ".."),
        "NAME-8": any(0xD800 <= ord(each) <= 0xDFFF for each in name),
    }
    return {clause for clause, holds in conditions.items() if holds}


characters = st.one_of(
    st.sampled_from("ab.é日\U0001f600 -~:"),
    st.sampled_from("/\\\0\t\n\x1f\x7f\x80\x9f\u2028\ud7ff\ud800\udfff\ue000\uffff"),
    st.characters(exclude_categories=()),
)
lengths = st.sampled_from([0, 1, 2, 63, 64, 85, 86, 127, 128, 254, 255, 256]) | st.integers(0, 300)


@st.composite
def names(draw: st.DrawFn) -> str:
    """Draw a name of a length near the limits, of one character all through but for a few."""
    filler = draw(st.sampled_from("aé日\U0001f600"))
    few = draw(st.lists(characters, max_size=3))
    rest = max(draw(lengths) - len(few), 0)
    at = draw(st.integers(0, rest))
    return filler * at + "".join(few) + filler * (rest - at)


@given(names() | st.text(characters, max_size=5))
@example(".")
@example("..")
@example("...")
def test_a_name_is_refused_for_a_clause_that_it_breaks(name: str) -> None:
    broken = broken_clauses(name)
    fault = name_fault(name)

    assert (fault is None) == (broken == set())
    assert fault is None or fault.clause in broken


@given(names() | st.text(characters, max_size=5))
def test_the_three_ways_to_ask_agree(name: str) -> None:
    fault = name_fault(name)

    assert is_valid_name(name) == (fault is None)
    if fault is None:
        assert check_name(name) == name
    else:
        with pytest.raises(Refused) as caught:
            check_name(name)
        assert (caught.value.clause, caught.value.reason) == (fault.clause, fault.reason)


@given(names())
def test_a_reason_is_one_line_that_can_be_printed(name: str) -> None:
    fault = name_fault(name)

    if fault is not None:
        assert fault.reason.isprintable()
        assert str(fault) == f"{fault.clause}: {fault.reason}"


@pytest.mark.parametrize(
    ("name", "clause"),
    [
        ("", "NAME-3"),
        ("n" * 256, "NAME-4"),
        ("日" * 86, "NAME-4"),
        ("a\nb", "NAME-5"),
        ("\x7f", "NAME-5"),
        ("a/b", "NAME-6"),
        ("a\\b", "NAME-6"),
        (".", "NAME-7"),
        ("..", "NAME-7"),
        ("\ud800", "NAME-8"),
    ],
)
def test_each_rule_has_its_clause(name: str, clause: str) -> None:
    fault = name_fault(name)

    assert fault is not None
    assert fault.clause == clause
    assert clause in clauses()


@pytest.mark.parametrize(
    "name", ["a", "...", " ", "-rf", "日本", "n" * 255, "日" * 85, "\x80", ".hidden", "CON", "a:b"]
)
def test_names_of_the_table_are_valid(name: str) -> None:
    assert is_valid_name(name)
