"""Section 5.1, storing: what a put does to the store when all goes well."""

from collections.abc import Iterable
from functools import partial
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jhup_conformance.sizes import BUFFER_EDGES, pattern, sizes
from jhup_conformance.suite.support.fairness import only_where
from jhup_conformance.suite.support.idle import keep_idle
from jhup_conformance.verify.exchange import Case
from jhup_conformance.verify.judge import Judge
from jhup_conformance.verify.marks import checks
from jhup_conformance.verify.script import Conversation, whole_put
from jhup_conformance.verify.stream import Recipe, Talk

SMALL = 512
OLD = b"what was stored before\n" * 3
MEBIBYTE = 1024 * 1024


def one_put(talk: Talk) -> None:
    talk.put(b"abc")


def put_of(body: bytes, talk: Talk) -> None:
    talk.put(body)


def overwrite(old: bytes, new: bytes, talk: Talk) -> None:
    talk.put(new, name=talk.had(old))


@checks("STORE-1")
@pytest.mark.parametrize("size", [1, 2, 3, 16, 255, 256, 257, 511, SMALL])
def test_the_body_of_an_unhurried_put_is_stored(judge: Judge, size: int) -> None:
    judge.expect_all([Case.unhurried(partial(put_of, pattern(size, 1)), strictly=True)])


@checks("STORE-1")
@given(size=sizes(SMALL).filter(bool), data=st.randoms(use_true_random=False))
def test_any_small_body_is_stored_byte_for_byte(judge: Judge, size: int, data: Random) -> None:
    judge.expect_all([Case.unhurried(partial(put_of, data.randbytes(size)))])


@checks("STORE-1")
def test_each_body_is_stored_under_its_own_name(judge: Judge) -> None:
    talk = Conversation(judge, names := [judge.names.new() for _ in range(8)])
    for number, name in enumerate(names):
        with talk.join() as party:
            talk.step(whole_put(party, name, b"body %d" % number))


def shorter_over_longer(talk: Talk) -> None:
    talk.put(b"short", name=talk.had(OLD))


def put_empty(talk: Talk) -> None:
    talk.put(b"")


@checks("STORE-2")
@pytest.mark.parametrize(
    "recipe",
    [put_empty, partial(overwrite, OLD, b""), partial(overwrite, b"", b"")],
    ids=["a new name", "over a body", "over an empty body"],
)
def test_an_empty_body_is_stored(judge: Judge, recipe: Recipe) -> None:
    judge.expect_all([Case.unhurried(recipe)])


@checks("STORE-3")
@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"long" * 100, b"x"),
        (b"x", b"long" * 100),
        (pattern(300), pattern(300, 7)),
        (pattern(300), pattern(299)),
        (pattern(299), pattern(300)),
        (b"", b"abc"),
        (b"abc", b""),
    ],
    ids=["shorter", "longer", "as long", "a byte less", "a byte more", "over nothing", "by nothing"],
)
def test_a_put_replaces_the_whole_body(judge: Judge, old: bytes, new: bytes) -> None:
    only_where(judge, *(Case.unhurried(partial(put_of, body)) for body in (old, new)))

    judge.expect_all([Case.unhurried(partial(overwrite, old, new))])


@checks("STORE-3")
def test_the_last_of_several_puts_of_a_name_is_what_remains(judge: Judge) -> None:
    for _ in range(judge.effort.examples // 2):
        talk = Conversation(judge, [name := judge.names.new()])
        for seed in range(judge.random.randint(2, 4)):
            with talk.join() as party:
                talk.step(whole_put(party, name, pattern(judge.random.randint(1, SMALL), seed)))


@checks("STORE-4")
@pytest.mark.parametrize("size", [1, 100, 5_001, 9_001, 70_001, 200_001])
def test_a_put_is_visible_while_its_connection_stays_open(judge: Judge, size: int) -> None:
    keep_idle(judge)  # as early as another connection may be open: see CONN-5

    judge.expect_all([Case.unhurried(partial(put_of, pattern(size)), strictly=True)])


@checks("STORE-4")
@pytest.mark.parametrize("count", [2, 12])
def test_each_put_is_visible_before_the_next_is_sent(judge: Judge, count: int) -> None:
    judge.control(Case.unhurried(one_put), why="a plain put fails")

    talk = Conversation(judge, names := [judge.names.new() for _ in range(count)])
    with talk.join() as party:
        for number, name in enumerate(names):
            talk.step(whole_put(party, name, b"body %d" % number))


def long_body(size: int) -> bytes:
    """A body of any length, cheap to make; none of its megabytes is like another."""
    return b"".join(pattern(min(MEBIBYTE, size - start), start) for start in range(0, size, MEBIBYTE))


def expect_up_to_the_limit(judge: Judge, sizes: Iterable[int]) -> None:
    most = min(judge.effort.largest_body, judge.runner.server.max_filesize)
    judge.expect_all(
        Case.unhurried(partial(put_of, long_body(size)), strictly=True) for size in sizes if 0 < size <= most
    )


@checks("STORE-5")
@pytest.mark.parametrize("around", BUFFER_EDGES[1::3])
def test_a_body_as_long_as_a_buffer_or_beside_it_is_stored(judge: Judge, around: int) -> None:
    at = BUFFER_EDGES.index(around)
    expect_up_to_the_limit(judge, BUFFER_EDGES[at - 1 : at + 2])


@checks("STORE-5")
@pytest.mark.parametrize("buffer", [512, 1000, 1024, 1460, 4096, 8192, 16_384, 65_536])
def test_a_body_of_several_buffers_is_stored(judge: Judge, buffer: int) -> None:
    expect_up_to_the_limit(judge, [buffer * times + off for times in (2, 3, 5) for off in (-1, 0, 1)])


@checks("STORE-5")
def test_a_body_of_any_length_is_stored(judge: Judge) -> None:
    expect_up_to_the_limit(judge, [int(2 ** judge.random.uniform(1, 18)) for _ in range(judge.effort.examples)])


@checks("STORE-5")
def test_the_longest_body_of_a_run_is_stored(judge: Judge) -> None:
    expect_up_to_the_limit(judge, [judge.effort.largest_body])


@checks("STORE-5")
def test_a_long_body_replaces_a_longer_one(judge: Judge) -> None:
    new = long_body(min(judge.effort.largest_body, judge.runner.server.max_filesize) // 2)
    only_where(judge, Case.unhurried(shorter_over_longer))

    judge.expect_all([Case.unhurried(partial(overwrite, new + new, new))])
