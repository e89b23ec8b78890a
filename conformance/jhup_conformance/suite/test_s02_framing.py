"""Section 2.2 and 2.3, framing: the frame, and requests on one connection, as long as each arrives whole."""

from dataclasses import replace
from functools import partial

import pytest

from jhup_conformance.sizes import pattern
from jhup_conformance.verify.exchange import Case, End
from jhup_conformance.verify.judge import Judge
from jhup_conformance.verify.marks import checks, together
from jhup_conformance.verify.stream import NAME_LENGTH, Recipe, Talk, header


def one_put(talk: Talk) -> None:
    talk.put(b"abc")


def two_puts(talk: Talk) -> None:
    talk.put(b"abc")
    talk.put(b"defgh")


def put_of(body: bytes, talk: Talk) -> None:
    talk.put(body)


def put_request_like(talk: Talk) -> None:
    inner = header(cmd="put", filename=talk.new_name(), filesize=3)
    talk.put(len(inner).to_bytes(4, "little") + inner + b"abc")


def many_puts(count: int, talk: Talk) -> None:
    for number in range(count):
        talk.put(b"%d" % number * (1 + number % 7))


def unknown_between(talk: Talk) -> None:
    talk.put(b"before")
    talk.say(cmd="x-nothing", filename="ignored")
    talk.put(b"after")


def two_puts_of_a_name(talk: Talk) -> None:
    name = talk.new_name()
    talk.put(b"the first body", name=name)
    talk.put(b"the second", name=name)


BODIES = {
    "three bytes": b"abc",
    "one byte": b"x",
    "every byte value": bytes(range(256)),
    "zeros": bytes(64),
    "line ends": b"a\r\nb\nc\r\n",
    "high bytes": bytes(range(128, 256)) * 2,
    "JSON": b'{"cmd":"put","filename":"x","filesize":1}',
    "512 bytes": pattern(512),
}

PAIRS: dict[str, Recipe] = {
    "two puts": two_puts,
    "three puts": partial(many_puts, 3),
    "eight puts": partial(many_puts, 8),
    "forty puts": partial(many_puts, 40),
    "an unknown command between puts": unknown_between,
    "two puts of a name": two_puts_of_a_name,
}


@checks("FRAME-1")
@pytest.mark.parametrize("size", [1, 3, 200])
def test_the_prefix_of_an_unhurried_put_is_read_as_the_length_of_its_header(judge: Judge, size: int) -> None:
    judge.expect_all([Case.unhurried(partial(put_of, pattern(size)), strictly=True)])


def put_with_header_of(length: int, talk: Talk) -> None:
    """A put whose header has a length, by the name of its file."""
    bare = len(header(cmd="put", filename="", filesize=3)) + NAME_LENGTH
    talk.put(b"abc", name=talk.new_name("-" * (length - bare)))


@checks("FRAME-1")
@pytest.mark.parametrize("length", [127, 128, 129, 255, 256, 257])
def test_the_prefix_of_a_longer_header_is_read_as_its_length(judge: Judge, length: int) -> None:
    judge.expect_all([Case.unhurried(partial(put_with_header_of, length), strictly=True)])


@checks("FRAME-2")
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_the_body_is_exactly_the_bytes_behind_the_header(judge: Judge, body: bytes) -> None:
    judge.expect_all([Case.unhurried(partial(put_of, body), strictly=True)])


@checks("FRAME-6")
@pytest.mark.parametrize("recipe", [one_put, put_request_like], ids=["put", "body that looks like a request"])
@pytest.mark.parametrize(
    "pieces", [(), (1,), (0,)], ids=["all in one", "prefix and header glued", "header and body glued"]
)
def test_neighbouring_parts_may_arrive_glued(judge: Judge, recipe: Recipe, pieces: tuple[int, ...]) -> None:
    def cuts(talk: Talk) -> list[int]:
        return [talk.borders()[piece] for piece in pieces]

    judge.expect(Case(recipe, cuts if pieces else ()), control=Case.unhurried(recipe))


def within_the_body(talk: Talk) -> list[int]:
    return [talk.fields[2].start, talk.fields[2].start + 1]


@checks("FRAME-7")
def test_a_whole_request_behind_the_end_of_a_body_is_not_read_as_body(judge: Judge) -> None:
    def cuts_apart(talk: Talk) -> list[int]:
        return [*within_the_body(talk), talk.fields[3].start]

    judge.expect(Case(two_puts, within_the_body, apart=Case(two_puts, cuts_apart)), control=Case.unhurried(two_puts))


@checks("FRAME-7")
@together("bytes_glued", range(1, 60, 2), range(1, 60, 2), at_a_time=6)
def test_the_next_request_is_not_read_as_body(judge: Judge, bytes_glued: tuple[int, ...]) -> None:
    def cuts(glued: int, talk: Talk) -> list[int]:
        return [*within_the_body(talk), talk.fields[3].start + glued]

    def cuts_apart(glued: int, talk: Talk) -> list[int]:
        return [*cuts(glued, talk), talk.fields[3].start]

    cases = (
        Case(two_puts, partial(cuts, glued), apart=Case(two_puts, partial(cuts_apart, glued))) for glued in bytes_glued
    )
    judge.expect(*cases, control=Case.unhurried(two_puts))


@checks("FRAME-8")
@pytest.mark.parametrize("recipe", PAIRS.values(), ids=PAIRS.keys())
def test_requests_in_one_segment_are_all_carried_out(judge: Judge, recipe: Recipe) -> None:
    judge.expect(Case(recipe), control=Case(recipe, Talk.requests))


@checks("FRAME-10")
@pytest.mark.parametrize("count", [2, 5, 30])
def test_a_connection_carries_any_number_of_requests(judge: Judge, count: int) -> None:
    judge.expect(Case.unhurried(partial(many_puts, count)), control=Case.unhurried(one_put))


@checks("FRAME-10")
def test_a_connection_carries_more_than_a_hundred_requests(judge: Judge) -> None:
    judge.expect_all([Case(partial(many_puts, 120), Talk.requests, apart=Case.unhurried(one_put))])


@checks("FRAME-11")
@pytest.mark.parametrize("recipe", [one_put, partial(put_of, b""), two_puts, unknown_between, partial(many_puts, 12)])
def test_a_request_is_carried_out_while_nothing_follows_it(judge: Judge, recipe: Recipe) -> None:
    followed = Case.unhurried(recipe, End.FINISH)
    judge.expect(replace(Case.unhurried(recipe), apart=followed), control=Case.unhurried(one_put))
