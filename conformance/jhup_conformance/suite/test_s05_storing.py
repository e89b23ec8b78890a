"""Section 5.1, storing: what a put does to the store when all goes well."""

from collections.abc import Iterable
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jhup_conformance.checks import BUFFER_EDGES, End, Judge, Script, Stream, check, name, pattern, put, requests, sizes
from jhup_conformance.suite.support.earlier import EARLIER, after, only_where_it_goes_on
from jhup_conformance.suite.support.fairness import needs_bodies_of, only_where
from jhup_conformance.suite.support.idle import keep_idle

SMALL = 512
OLD = b"what was stored before\n" * 3
MEBIBYTE = 1024 * 1024


FILE = name("file")
PUT = put(b"abc").paced()


def overwrite(old: bytes, new: bytes) -> Stream:
    return put(new, name=FILE).having({FILE: old}).paced()


@check("STORE-1")
@pytest.mark.parametrize("size", [1, 2, 3, 16, 255, 256, 257, 511, SMALL])
def test_the_body_of_an_unhurried_put_is_stored(judge: Judge, size: int) -> None:
    judge.check(put(pattern(size, 1)).paced())


@check("STORE-1")
@given(size=sizes(SMALL).filter(bool), data=st.randoms(use_true_random=False))
def test_any_small_body_is_stored_byte_for_byte(judge: Judge, size: int, data: Random) -> None:
    judge.check(put(data.randbytes(size)).paced())


@check("STORE-1")
def test_each_body_is_stored_under_its_own_name(judge: Judge) -> None:
    names = [judge.names.new() for _ in range(8)]
    script = Script(judge, *names)
    for number, file in enumerate(names):
        with script.connect() as peer:
            script.step(peer.sends(put(b"body %d" % number, name=file).paced()))


@check("STORE-2")
@pytest.mark.parametrize(
    "stream",
    [put(b"").paced(), overwrite(OLD, b""), overwrite(b"", b"")],
    ids=["a new name", "over a body", "over an empty body"],
)
def test_an_empty_body_is_stored(judge: Judge, stream: Stream) -> None:
    judge.check(stream)


@check("STORE-3")
@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"long" * 100, b"x"),
        (b"x", b"long" * 100),
        (pattern(300), pattern(300, 7)),
        (pattern(5_000), pattern(4_999) + b"!"),
        (pattern(5_000), pattern(600) + bytes(4_400)),
        (pattern(300), pattern(299)),
        (pattern(299), pattern(300)),
        (b"", b"abc"),
        (b"abc", b""),
    ],
    ids=[
        "shorter",
        "longer",
        "as long",
        "but for the last byte",
        "after 600 bytes",
        "a byte less",
        "a byte more",
        "over nothing",
        "by nothing",
    ],
)
def test_a_put_replaces_the_whole_body(judge: Judge, old: bytes, new: bytes) -> None:
    needs_bodies_of(judge, max(len(old), len(new)))
    only_where(judge, *(put(body).paced() for body in (old, new)))

    judge.check(overwrite(old, new))


@check("STORE-3")
def test_the_last_of_several_puts_of_a_name_is_what_remains(judge: Judge) -> None:
    for _ in range(judge.effort.examples // 2):
        script = Script(judge, file := judge.names.new())
        for seed in range(judge.random.randint(2, 4)):
            with script.connect() as peer:
                script.step(peer.sends(put(pattern(judge.random.randint(1, SMALL), seed), name=file).paced()))


@check("STORE-4")
@pytest.mark.parametrize("size", [1, 100, 5_001, 9_001, 70_001, 200_001])
def test_a_put_is_visible_while_its_connection_stays_open(judge: Judge, size: int) -> None:
    keep_idle(judge)  # as early as another connection may be open: see CONN-5

    stream = put(pattern(min(size, judge.limits.max_filesize))).paced()
    judge.check(stream, requires=stream.ending(End.FINISH))


@check("STORE-4")
@pytest.mark.parametrize("count", [2, 12])
def test_each_put_is_visible_before_the_next_is_sent(judge: Judge, count: int) -> None:
    bodies = [b"body %d" % number for number in range(count)]
    judge.require(PUT)
    only_where(judge, requests(*map(put, bodies)).by_request().ending(End.FINISH))
    names = [judge.names.new() for _ in bodies]

    script = Script(judge, *names)
    with script.connect() as peer:
        for body, file in zip(bodies, names, strict=True):
            script.step(peer.sends(put(body, name=file).paced()))


def long_body(size: int) -> bytes:
    """A body of any length, cheap to make; none of its megabytes is like another."""
    return b"".join(pattern(min(MEBIBYTE, size - start), start) for start in range(0, size, MEBIBYTE))


def check_up_to_the_limit(judge: Judge, sizes: Iterable[int]) -> None:
    most = min(judge.effort.largest_body, judge.limits.max_filesize)
    judge.check(*(put(long_body(size)).paced() for size in sizes if 0 < size <= most))


@check("STORE-5")
@pytest.mark.parametrize("around", BUFFER_EDGES[1::3])
def test_a_body_as_long_as_a_buffer_or_beside_it_is_stored(judge: Judge, around: int) -> None:
    at = BUFFER_EDGES.index(around)
    check_up_to_the_limit(judge, BUFFER_EDGES[at - 1 : at + 2])


@check("STORE-5")
@pytest.mark.parametrize("buffer", [512, 1000, 1024, 1460, 4096, 8192, 16_384, 65_536])
def test_a_body_of_several_buffers_is_stored(judge: Judge, buffer: int) -> None:
    check_up_to_the_limit(judge, [buffer * times + off for times in (2, 3, 5) for off in (-1, 0, 1)])


@check("STORE-5")
def test_a_body_of_any_length_is_stored(judge: Judge) -> None:
    check_up_to_the_limit(judge, [int(2 ** judge.random.uniform(1, 18)) for _ in range(judge.effort.examples)])


@check("STORE-5")
def test_the_longest_body_of_a_run_is_stored(judge: Judge) -> None:
    check_up_to_the_limit(judge, [judge.effort.largest_body])


@check("STORE-5")
def test_a_long_body_replaces_a_longer_one(judge: Judge) -> None:
    new = long_body(min(judge.effort.largest_body, judge.limits.max_filesize) // 2)
    only_where(judge, overwrite(OLD, b"short"))

    judge.check(overwrite(new + new, new))


# What came before on the connection is forgotten


@check("STORE-1")
@pytest.mark.parametrize("earlier", EARLIER.values(), ids=EARLIER.keys())
def test_a_small_body_is_stored_whatever_came_before(judge: Judge, earlier: Stream) -> None:
    small = put(b"xy")
    needs_bodies_of(judge, len(earlier))
    only_where(judge, after(PUT, PUT))
    only_where_it_goes_on(judge, earlier)

    judge.check(after(earlier, small), blameless_if=small.paced())


@check("STORE-2")
@pytest.mark.parametrize("earlier", EARLIER.values(), ids=EARLIER.keys())
def test_an_empty_body_replaces_whatever_came_before(judge: Judge, earlier: Stream) -> None:
    empty = overwrite(OLD, b"")
    needs_bodies_of(judge, len(earlier))
    only_where(judge, after(PUT, PUT))
    only_where_it_goes_on(judge, earlier)

    judge.check(after(earlier, empty), blameless_if=empty)
