"""Our readers read every vector rightly, however its bytes are cut (section 2.3)."""

from collections.abc import Callable, Iterable, Iterator

import pytest

from jhup.limits import HEADER_CEILING
from jhup.vectors import Meaning, Vector, vectors

ReadVector = Callable[[Vector, Iterable[bytes]], Meaning]
IsRight = Callable[[Meaning, Vector], bool]

LONG = 4096
"""Bytes from which on a vector is cut everywhere in the slow run only; in the other at its ends and some places."""


def cuts(length: int) -> Iterator[int]:
    for at in range(length + 1):
        if length < LONG or at < 300 or at > length - 300 or at % 509 == 0:
            yield at


def test_a_vector_is_read_whole(vector: Vector, read_vector: ReadVector, is_right: IsRight) -> None:
    meaning = read_vector(vector, [vector.wire])

    assert is_right(meaning, vector), meaning


def test_a_vector_is_read_byte_by_byte(vector: Vector, read_vector: ReadVector) -> None:
    dripped = read_vector(vector, (vector.wire[at : at + 1] for at in range(len(vector.wire))))

    assert dripped == read_vector(vector, [vector.wire])


def test_a_vector_is_read_alike_at_every_split(vector: Vector, read_vector: ReadVector) -> None:
    whole = read_vector(vector, [vector.wire])

    for at in cuts(len(vector.wire)):
        assert read_vector(vector, [vector.wire[:at], vector.wire[at:]]) == whole, f"cut at byte {at}"


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("long", [each for each in vectors() if len(each.wire) >= LONG], ids=lambda each: each.name)
def test_a_long_vector_is_read_alike_at_every_split(long: Vector, read_vector: ReadVector) -> None:
    whole = read_vector(long, [long.wire])

    for at in range(len(long.wire) + 1):
        assert read_vector(long, [long.wire[:at], long.wire[at:]]) == whole, f"cut at byte {at}"


def test_a_vector_is_read_rightly_with_the_highest_limit_of_a_header(
    request_vector: Vector, read_requests: Callable[..., Meaning], is_right: IsRight
) -> None:
    meaning = read_requests([request_vector.wire], max_header=HEADER_CEILING)

    assert is_right(meaning, request_vector), meaning
