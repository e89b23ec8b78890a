"""One-shot, line and datagram answers, and the report about a wrong one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jhup.echo import (
    Answers,
    DatagramAnswers,
    LineAnswers,
    Nearest,
    OneShotAnswers,
    Rules,
    Service,
    Shape,
    Silence,
    right_answers,
    worker_name,
)
from jhup.echo.answers import agreement

UPPER = Rules(service=Service.UPPER)
GREET = Rules(service=Service.GREET)
WORKER = Rules(service=Service.WORKER)
messages = st.lists(st.sampled_from(b" \na'\"\\\xe9:"), max_size=10).map(bytes)
rules = st.builds(Rules, service=st.sampled_from(Service), trim=st.booleans(), max_message=st.integers(1, 12))


@given(messages, rules)
def test_one_shot_answers_are_the_replies_to_non_empty_prefixes(data: bytes, rules: Rules) -> None:
    answers = OneShotAnswers(data, rules)
    prefixes = [data[:length] for length in range(1, min(rules.limit(Shape.ONE_SHOT), len(data)) + 1)] or [b""]
    right = {rules.reply(prefix, name=b"w") or b"" for prefix in prefixes}

    assert set(answers.members(b"w")) == right
    assert all(map(answers.contains, right))


@given(messages, rules, st.sampled_from(Shape), st.booleans(), messages)
def test_nearest_member_is_right_and_agrees_longest(
    data: bytes, rules: Rules, shape: Shape, ended: bool, answer: bytes
) -> None:
    answers = right_answers(data, shape=shape, rules=rules, ended=ended)
    if isinstance(answers, DatagramAnswers) and answers.silence is Silence.REQUIRED:
        assert not answers.contains(answer)
        with pytest.raises(ValueError, match="no answer is right"):
            answers.nearest(answer)
        return

    nearest = answers.nearest(answer)

    assert answers.contains(nearest.member)
    assert answers.contains(answer) == (nearest.at is None)
    if nearest.at is not None and shape is not Shape.DATAGRAM:
        assert answers.is_prefix_of_member(answer[: nearest.at])
        assert answers.is_prefix_of_member(answer) == (nearest.at == len(answer))


@given(messages, rules)
def test_line_answers_do_not_depend_on_what_follows_a_line(data: bytes, rules: Rules) -> None:
    whole = LineAnswers(data + b"\n", rules).lines()

    assert LineAnswers(data + b"\nrest", rules, ended=False).lines() == whole
    assert LineAnswers(data + b"\n", rules, one_shot=True).lines() == whole[:1]


def test_line_answer_is_unique_within_the_limit() -> None:
    assert len({*LineAnswers(b"a b\n\nc\xe9", GREET).members(b"")}) == 1


@pytest.mark.parametrize("service", Service)
def test_nothing_is_right_before_anything_was_sent(service: Service) -> None:
    for shape in (Shape.ONE_SHOT, Shape.LINE, Shape.LINE_ONE_SHOT, Shape.SESSION):
        answers = right_answers(b"", shape=shape, rules=Rules(service=service), ended=False)
        assert answers.contains(b"")
        assert not answers.is_prefix_of_member(b"H")


def test_over_long_datagram_has_the_three_outcomes() -> None:
    answers = DatagramAnswers(b"a" * 8193, UPPER)

    assert set(answers.members(b"")) == {b"A" * 8192, b"A" * 8193}
    assert answers.silence is Silence.ALLOWED


def test_datagram_cut_short_is_no_beginning_of_an_answer() -> None:
    assert not DatagramAnswers(b"abc", UPPER).is_prefix_of_member(b"AB")
    assert DatagramAnswers(b"abc", UPPER).is_prefix_of_member(b"ABC")


def test_silence_is_allowed_when_the_transport_cannot_carry_the_reply() -> None:
    assert DatagramAnswers(b"\0" * 8192, GREET).silence is Silence.WRONG
    assert DatagramAnswers(b"\0" * 8192, GREET, carries=9216).silence is Silence.ALLOWED


@pytest.mark.parametrize("silence", Silence)
def test_silence_has_a_line_for_people(silence: Silence) -> None:
    assert "right" in silence.line or "owed" in silence.line


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        (b"w1: a", b"w1"),
        (b"w1", b"w1"),
        (b"w1:x", b"w1"),
        (b"w\xe91: a", b"w"),
        (b"a\nb: c", b"a"),
        (b"", b"worker"),
        (b": a", b"worker"),
        (b"\n", b"worker"),
    ],
)
def test_worker_name_is_what_can_be_one_before_the_colon(answer: bytes, name: bytes) -> None:
    assert worker_name(answer) == name


@given(st.binary(max_size=12), st.binary(max_size=12), st.binary(max_size=12))
def test_agreement_counts_the_equal_bytes_at_the_beginning(same: bytes, one: bytes, other: bytes) -> None:
    count = agreement(same + one, same + other)

    assert (same + one)[:count] == (same + other)[:count]
    assert (same + one)[: count + 1] != (same + other)[: count + 1] or count == min(len(one), len(other)) + len(same)


def test_report_names_place_bytes_and_both_answers() -> None:
    assert str(OneShotAnswers(b"abc", UPPER).nearest(b"ABX")) == (
        "byte 2: expected 43 (C), got 58 (X); nearest right answer, 3 bytes: b'ABC'; answer, 3 bytes: b'ABX'"
    )


def test_report_says_when_an_answer_ends_too_early_or_too_late() -> None:
    assert "got the end" in str(DatagramAnswers(b"abc", UPPER).nearest(b"AB"))
    assert "expected the end, got 0A" in str(DatagramAnswers(b"abc", UPPER).nearest(b"ABC\n"))


def test_report_shows_the_surroundings_of_a_difference_in_a_long_answer() -> None:
    text = str(DatagramAnswers(b"a" * 4000, UPPER).nearest(b"A" * 2000 + b"x" + b"A" * 1999))

    assert text.startswith("byte 2000: expected 41 (A), got 78 (x)")
    assert len(text) < 300


def test_right_answer_has_no_difference() -> None:
    nearest = OneShotAnswers(b"a", UPPER).nearest(b"A")

    assert nearest == Nearest(answer=b"A", member=b"A", at=None)
    assert nearest.expected is nearest.actual is None
    assert str(nearest) == "a right answer of 1 bytes"


@pytest.mark.parametrize("shape", Shape)
def test_every_shape_has_answers(shape: Shape) -> None:
    answers: Answers = right_answers(b"a", shape=shape, rules=WORKER)

    assert answers.contains(b"w: a")
