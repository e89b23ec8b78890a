"""The fast verdict on histories against two slow ones, written from the definition."""

from collections.abc import Iterator, Sequence
from itertools import combinations, permutations
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jhup.histories import Action, Operation, Value, find_violation

INFINITE = float("inf")


def by_permutations(operations: Sequence[Operation], initial: Value) -> bool:
    """Try every order of every choice of open writes: the definition itself, for at most seven operations."""
    return any(_is_right(order, initial) for chosen in _choices(operations) for order in permutations(chosen))


def _choices(operations: Sequence[Operation]) -> Iterator[tuple[Operation, ...]]:
    closed = [each for each in operations if not each.is_open]
    unended = [each for each in operations if each.is_open]
    for count in range(len(unended) + 1):
        for happened in combinations(unended, count):
            yield (*closed, *happened)


def _is_right(order: Sequence[Operation], value: Value) -> bool:
    if any(later.precedes(earlier) for earlier, later in combinations(order, 2)):
        return False
    for operation in order:
        if operation.is_write:
            value = operation.value
        elif operation.value != value:
            return False
    return True


def by_search(operations: Sequence[Operation], initial: Value) -> bool:
    """Search as Wing and Gong (1993) do, with the states kept that Lowe (2017) adds: nothing is tried twice."""
    tried: set[tuple[frozenset[int], Value]] = set()
    waiting = [(frozenset(range(len(operations))), initial)]
    while waiting:
        left, value = state = waiting.pop()
        if all(operations[each].is_open for each in left):
            return True
        if state in tried:
            continue
        tried.add(state)
        soonest = min(operations[each].end for each in left)
        for each in left:
            operation = operations[each]
            if operation.start <= soonest and (operation.is_write or operation.value == value):
                waiting.append((left - {each}, operation.value))
    return False


def draw_history(random: Random, *, most: int = 9) -> tuple[list[Operation], Value]:
    """Draw a history that is right or nearly so, with its bounds on few points of time, so that many coincide."""
    initial = random.choice([None, "before"])
    writes = random.randint(0, 4)
    span = random.choice([4, 8, 16])
    operations: list[Operation] = []
    for number in range(random.randint(max(writes, 1), most)):
        start = random.randint(0, span if number >= writes else span // 2)
        end: float = start + random.randint(0, random.choice([1, 3, span]))
        if number < writes:
            end = INFINITE if random.random() < 0.15 else end
            operations.append(Operation(Action.WRITE, f"v{number}", start, end))
            continue
        begun = [each.value for each in operations if each.is_write and each.start <= end]
        seen = random.choice([*begun, *begun, initial] if random.random() < 0.95 else ["v0", "v9"])
        operations.append(Operation(Action.READ, seen, start, end))
    random.shuffle(operations)
    return operations, initial


def agree(random: Random) -> bool:
    """Compare the three verdicts on a drawn history, and tell whether it is right; a wrong one has a true witness."""
    history, initial = draw_history(random)
    violation = find_violation(history, initial=initial)
    right = violation is None
    assert by_search(history, initial) is right, (history, initial, violation)
    if len(history) <= 5:
        assert by_permutations(history, initial) is right, (history, initial, violation)
    if violation is not None:
        proves(violation.witness, initial)
    return right


def proves(witness: tuple[Operation, ...], initial: object) -> None:
    """Check that the witness is wrong with unrestricted writes of all it reads, and that no part of it is."""
    assert 1 <= len(witness) <= 4
    for left_out in (None, *witness):
        part = [each for each in witness if each is not left_out]
        written = {each.value for each in part if each.is_write}
        if len(witness) > 1:
            others = {each.value for each in part} - written - {initial}
            part += [Operation(Action.WRITE, value, -1) for value in others if value is not None]
        assert by_search(part, initial) is (left_out is not None), (witness, left_out)


@given(seed=st.integers(0, 2**32))
@settings(max_examples=400, deadline=None)
def test_zones_agree_with_exhaustive_search(seed: int) -> None:
    agree(Random(seed))


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_zones_agree_on_a_hundred_thousand_histories() -> None:
    random = Random(20)

    right = sum(agree(random) for _ in range(100_000))

    assert 20_000 < right < 80_000  # both verdicts were tried often
