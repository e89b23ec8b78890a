"""Section 2.4, the limits of the prefix: every header that has to be accepted, and every prefix that must not be."""

from functools import partial

import pytest

from jhup_conformance.suite.support.closing_cases import BAD_PREFIXES, expect_closed
from jhup_conformance.verify.exchange import Case, End
from jhup_conformance.verify.judge import Judge
from jhup_conformance.verify.marks import checks, together
from jhup_conformance.verify.stream import Talk, header, prefix

MOST = 65_536
CEILING = 1_048_576
LENGTHS = (64, 127, 128, 129, 255, 256, 257, 1023, 1024, 1025, 4095, 4096, 4097, 8191, 8192, 8193, 65_535, MOST)

TOO_SHORT = {"-2^31": -(2**31), "-2": -2, "-1": -1, "0": 0, "1": 1}
TOO_LONG = {
    "58 sent big-endian": 58 << 24,
    "2^20+1": CEILING + 1,
    "2^24": 2**24,
    "2^30": 2**30,
    "2^31-1": 2**31 - 1,
}


def one_put(talk: Talk) -> None:
    talk.put(b"abc")


def two_puts(talk: Talk) -> None:
    talk.put(b"abc")
    talk.put(b"defgh")


def put_padded(length: int, how: str, talk: Talk) -> None:
    """A put whose header has a length, made up by white space before or behind the object, or by a long member."""
    members = {"cmd": "put", "filename": talk.new_name(), "filesize": 3}
    head = header(**members)
    if how == "before":
        head = head.rjust(length)
    elif how == "behind":
        head = head.ljust(length)
    else:
        bare = len(header(**members, x=""))
        head = header(**members, x="-" * (length - bare)) if length >= bare else head.ljust(length)
    talk.frame(head, b"abc")


@checks("FRAME-12")
@pytest.mark.parametrize("how", ["before", "behind", "inside"])
@together("lengths", LENGTHS, LENGTHS, at_a_time=6)
def test_a_header_of_every_length_is_accepted(judge: Judge, lengths: tuple[int, ...], how: str) -> None:
    judge.expect(*(Case(partial(put_padded, length, how)) for length in lengths), control=Case(one_put))


def bad_prefix(claim: int, talk: Talk) -> None:
    """A put, a bad prefix, and behind it what must not be read as a request."""
    talk.put(b"before")
    talk.raw(prefix(claim), "prefix")
    talk.put(b"trap")


def bad_prefix_behind_a_put(claim: int, talk: Talk) -> None:
    talk.put(b"before")
    talk.raw(prefix(claim), "prefix")


@checks("FRAME-14")
@pytest.mark.parametrize("claim", TOO_SHORT.values(), ids=TOO_SHORT.keys())
def test_nothing_behind_a_prefix_below_two_is_read_as_a_request(judge: Judge, claim: int) -> None:
    judge.expect(Case.unhurried(partial(bad_prefix, claim), End.FINISH), control=Case.unhurried(two_puts))


def put_claiming(factor: int, summand: int, talk: Talk) -> None:
    """A put, and another one whose prefix would be right if some of its bits were left out."""
    talk.put(b"before")
    head = header(cmd="put", filename=talk.new_name(), filesize=4)
    talk.frame(head, b"trap", claim=factor * len(head) + summand)


@checks("FRAME-14")
@pytest.mark.parametrize(("factor", "summand"), [(-1, 0), (1, -(2**31))], ids=["below zero", "with the highest bit"])
def test_a_negative_length_is_not_taken_for_a_positive_one(judge: Judge, factor: int, summand: int) -> None:
    recipe = partial(put_claiming, factor, summand)

    judge.expect(Case.unhurried(recipe, End.FINISH), control=Case.unhurried(two_puts))


@checks("FRAME-15")
@pytest.mark.parametrize("bit", [21, 24, 30])
def test_no_high_bit_of_a_prefix_is_left_out(judge: Judge, bit: int) -> None:
    recipe = partial(put_claiming, 1, 2**bit)

    judge.expect(Case.unhurried(recipe, End.FINISH), control=Case.unhurried(two_puts))


@checks("FRAME-15")
@pytest.mark.parametrize("claim", TOO_LONG.values(), ids=TOO_LONG.keys())
def test_nothing_behind_a_prefix_above_the_limit_is_read_as_a_request(judge: Judge, claim: int) -> None:
    judge.expect(Case.unhurried(partial(bad_prefix, claim), End.FINISH), control=Case.unhurried(two_puts))


@checks("FRAME-15")
def test_a_header_longer_than_the_ceiling_is_not_read_even_if_it_comes(judge: Judge) -> None:
    def put(talk: Talk) -> None:
        talk.frame(header(cmd="put", filename=talk.new_name(), filesize=3).ljust(CEILING + 1), b"abc")

    judge.expect(Case(put, end=End.FINISH), control=Case(partial(put_padded, MOST, "behind")))


@checks("FRAME-16", late=True)
@pytest.mark.parametrize("name", BAD_PREFIXES)
def test_a_connection_with_a_bad_prefix_is_closed_without_waiting_for_more(judge: Judge, name: str) -> None:
    expect_closed(judge, "FRAME-16", name)


@checks("FRAME-16", late=True)
def test_a_connection_with_any_bad_prefix_behind_a_put_is_closed_without_waiting_for_more(judge: Judge) -> None:
    claims = [*TOO_SHORT.values(), *TOO_LONG.values()]
    judge.control(one_put, why="a plain put fails")

    judge.expect_closed(Case(partial(bad_prefix_behind_a_put, claim)) for claim in claims)
