"""Section 2.4, the limits of the prefix: every header that has to be accepted, and every prefix that must not be."""

import pytest

from jhup_conformance.checks import End, Judge, Stream, check, frame, header, name, prefix, put, raw, requests, together
from jhup_conformance.suite.support.closing_cases import BAD_PREFIXES, check_closed

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


PUT = put(b"abc")
TWO_PUTS = requests(put(b"abc"), put(b"defgh")).paced()
BEFORE = put(b"before")
FILE = name("file")


def padded(length: int, how: str) -> Stream:
    """Return a put whose header has a length, made up by white space around the object, or by a long member."""
    members = {"cmd": "put", "filename": FILE, "filesize": 3}
    head = header(**members)
    bare = len(header(**members, x=""))
    if how == "before":
        head = head.rjust(length)
    elif how == "inside" and length >= bare:
        head = header(**members, x="-" * (length - bare))
    return frame(head.ljust(length), b"abc").watching(FILE)


@check("FRAME-12")
@pytest.mark.parametrize("how", ["before", "after", "inside"])
@together("lengths", LENGTHS, LENGTHS, at_a_time=6)
def test_a_header_of_every_length_is_accepted(judge: Judge, lengths: tuple[int, ...], how: str) -> None:
    judge.check(*(padded(length, how) for length in lengths), requires=PUT)


def bad_prefix(claim: int) -> Stream:
    """Return a put, a bad prefix, and after it what must not be read as a request."""
    return requests(BEFORE, raw(prefix(claim), "prefix"), put(b"trap")).paced().ending(End.FINISH)


@check("FRAME-14")
@pytest.mark.parametrize("claim", TOO_SHORT.values(), ids=TOO_SHORT.keys())
def test_nothing_after_a_prefix_below_two_is_read_as_a_request(judge: Judge, claim: int) -> None:
    judge.check(bad_prefix(claim), requires=TWO_PUTS)


def claiming(factor: int, summand: int) -> Stream:
    """Return a put, and another one whose prefix would be right if some of its bits were left out."""
    head = header(cmd="put", filename=FILE, filesize=4)
    second = frame(head, b"trap", claim=factor * len(head) + summand).watching(FILE)
    return requests(BEFORE, second).paced().ending(End.FINISH)


@check("FRAME-14")
@pytest.mark.parametrize(("factor", "summand"), [(-1, 0), (1, -(2**31))], ids=["below zero", "with the highest bit"])
def test_a_negative_length_is_not_taken_for_a_positive_one(judge: Judge, factor: int, summand: int) -> None:
    judge.check(claiming(factor, summand), requires=TWO_PUTS)


@check("FRAME-15")
@pytest.mark.parametrize("bit", [21, 24, 30])
def test_no_high_bit_of_a_prefix_is_left_out(judge: Judge, bit: int) -> None:
    judge.check(claiming(1, 2**bit), requires=TWO_PUTS)


@check("FRAME-15")
@pytest.mark.parametrize("claim", TOO_LONG.values(), ids=TOO_LONG.keys())
def test_nothing_after_a_prefix_above_the_limit_is_read_as_a_request(judge: Judge, claim: int) -> None:
    judge.check(bad_prefix(claim), requires=TWO_PUTS)


@check("FRAME-15")
def test_a_header_longer_than_the_ceiling_is_not_read_even_if_it_comes(judge: Judge) -> None:
    longer = frame(header(cmd="put", filename=FILE, filesize=3).ljust(CEILING + 1), b"abc").watching(FILE)

    judge.check(longer.ending(End.FINISH), requires=padded(MOST, "after"))


@check("FRAME-16", late=True)
@pytest.mark.parametrize("name", BAD_PREFIXES)
def test_a_connection_with_a_bad_prefix_is_closed_without_waiting_for_more(judge: Judge, name: str) -> None:
    check_closed(judge, name)


@check("FRAME-16", late=True)
def test_a_bad_prefix_after_a_put_closes_the_connection_without_more(judge: Judge) -> None:
    claims = [*TOO_SHORT.values(), *TOO_LONG.values()]
    streams = [requests(BEFORE, raw(prefix(claim), "prefix")) for claim in claims]
    if not judge.takes_two_at_once:
        streams = [each.by_request() for each in streams]

    judge.check(*streams, requires=TWO_PUTS, closes=True)
