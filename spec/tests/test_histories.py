"""Histories of one name: what is right, what is not, and the fewest operations that prove it."""

import pytest

from jhup.histories import Action, HistoryError, Kind, Operation, find_violation

INFINITE = float("inf")


def put(value: str, start: float, end: float = INFINITE) -> Operation:
    return Operation(Action.WRITE, value, start, end)


def stat(value: str | None, start: float, end: float) -> Operation:
    return Operation(Action.READ, value, start, end)


RIGHT = [
    ("nothing happened", []),
    ("a name that is not stored is read", [stat(None, 0, 1)]),
    ("a put is read", [put("a", 0, 1), stat("a", 2, 3)]),
    ("a put is read while it is under way", [put("a", 0, 5), stat("a", 1, 2), stat("a", 3, 4)]),
    ("a put under way is not read yet", [put("a", 0, 5), stat(None, 1, 2), stat("a", 3, 4)]),
    ("of two puts at a time either may be the last", [put("a", 0, 5), put("b", 1, 4), stat("a", 6, 7)]),
    ("an open put never took effect", [put("a", 0), stat(None, 9, 10)]),
    ("an open put took effect late", [put("a", 0), stat(None, 9, 10), stat("a", 11, 12), stat("a", 13, 14)]),
    ("an open put comes after one that ended", [put("a", 0), put("b", 1, 2), stat("b", 3, 4), stat("a", 5, 6)]),
    ("operations that touch may overlap", [put("a", 0, 1), stat(None, 1, 2)]),
    ("a read inside a put, the other one around it", [put("a", 0, 9), put("b", 2, 3), stat("b", 4, 5)]),
]

WRONG = [
    ("nobody wrote it", Kind.NEVER_WRITTEN, [put("a", 0, 1), stat("torn", 2, 3)], "torn"),
    ("read before its put began", Kind.TOO_EARLY, [stat("a", 0, 1), put("a", 2, 3)], "aa"),
    ("an open put is read before it began", Kind.TOO_EARLY, [stat("a", 0, 1), put("a", 2)], "aa"),
    ("a put that ended is not there", Kind.LOST, [put("a", 0, 1), stat(None, 2, 3)], "a-"),
    ("a value that was read is gone", Kind.LOST, [put("a", 0, 9), stat("a", 1, 2), stat(None, 3, 4)], "a-"),
    ("a replaced value comes back", Kind.CAME_BACK, [put("a", 0, 1), put("b", 2, 3), stat("a", 4, 5)], "aba"),
    (
        "reads go back and forth between two puts under way",
        Kind.CAME_BACK,
        [put("a", 0, 9), put("b", 0, 9), stat("a", 1, 2), stat("b", 3, 4), stat("a", 5, 6)],
        "aba",
    ),
    (
        "each of two puts had to be the first",
        Kind.NO_ORDER,
        [put("a", 0, 1), put("b", 0, 2), stat("b", 7, 10), stat("a", 8, 9)],
        "abba",
    ),
    (
        "two reads of one value contradict a third and a fourth",
        Kind.NO_ORDER,
        [put("a", 0, 20), put("b", 0, 20), stat("b", 1, 6), stat("a", 2, 5), stat("b", 8, 12), stat("a", 9, 11)],
        "baba",
    ),
]


@pytest.mark.parametrize(("name", "history"), RIGHT, ids=[name for name, _ in RIGHT])
def test_right_histories_have_no_violation(name: str, history: list[Operation]) -> None:
    assert find_violation(history) is None


@pytest.mark.parametrize(("name", "kind", "history", "values"), WRONG, ids=[row[0] for row in WRONG])
def test_wrong_histories_have_their_witness(name: str, kind: Kind, history: list[Operation], values: str) -> None:
    violation = find_violation(reversed(history))

    assert violation is not None
    assert violation.kind is kind
    shown = [str(each.value or "-") for each in violation.witness]
    assert "".join(shown) == values


def test_the_initial_value_may_be_read_until_another_is_there() -> None:
    history = [stat("old", 0, 1), put("a", 0, 5), stat("old", 2, 3), stat("a", 4, 6)]

    assert find_violation(history, initial="old") is None
    violation = find_violation([*history, stat("old", 7, 8)], initial="old")
    assert violation is not None
    assert violation.kind is Kind.LOST
    assert str(violation).startswith("the initial value was read after another value had been there: ")


def test_of_two_violations_the_first_with_fewest_operations_is_found() -> None:
    came_back = [put("a", 0, 1), put("b", 2, 3), stat("a", 4, 5)]
    lost = [put("c", 10, 11), stat(None, 30, 31), stat(None, 20, 21)]

    violation = find_violation([*came_back, *lost])

    assert violation is not None
    assert [each.start for each in violation.witness] == [10, 20]


@pytest.mark.parametrize(
    "history",
    [[put("a", 0, 1), put("a", 2, 3)], [put("old", 0, 1)]],
    ids=["a value is written twice", "the initial value is written"],
)
def test_values_have_to_differ(history: list[Operation]) -> None:
    with pytest.raises(HistoryError, match="written twice"):
        find_violation(history, initial="old")


@pytest.mark.parametrize(
    ("action", "value", "start", "end"),
    [(Action.READ, "a", 2, 1), (Action.READ, "a", 2, INFINITE), (Action.WRITE, None, 1, 2)],
    ids=["ends before it starts", "a read without an end", "a write of nothing"],
)
def test_operations_have_to_make_sense(action: Action, value: str | None, start: float, end: float) -> None:
    with pytest.raises(HistoryError):
        Operation(action, value, start, end)
