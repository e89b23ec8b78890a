"""Section 3.3, sizes: exact up to 2^63-1, and nothing beyond wrapped, rounded or stored."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jhup_conformance.checks import End, Judge, Stream, check, pattern, together
from jhup_conformance.suite.support.followed import check_followed, followed
from jhup_conformance.suite.support.malformed import FILE, put_of
from jhup_conformance.suite.support.malformed_rows import PLAIN

SOUND = put_of(PLAIN)


def announced(size: str, body: bytes = b"abc", *, reply: bool = False) -> Stream:
    """Return the put of a size as it is written, with a body of some bytes."""
    return put_of(PLAIN.replace(b"3}", size.encode() + b"}"), body, reply=reply)


@check("HEAD-13")
@pytest.mark.parametrize("digits", [1, 2, 3, 4, 5])
def test_small_sizes_are_understood_exactly(judge: Judge, digits: int) -> None:
    sizes = [0, 1, 9] if digits == 1 else [10 ** (digits - 1), 10**digits - 1]

    check_followed(judge, (announced(str(size), pattern(size)) for size in sizes), requires=SOUND)


BELOW_2_53 = {
    "2^16+3": 2**16 + 3,
    "2^31+3": 2**31 + 3,
    "2^32-1": 2**32 - 1,
    "2^32": 2**32,
    "2^32+3": 2**32 + 3,
    "2^33+3": 2**33 + 3,
    "2^40+3": 2**40 + 3,
    "2^48+3": 2**48 + 3,
    "2^53-1": 2**53 - 1,
}
FROM_2_53_ON = {
    "2^53": 2**53,
    "2^53+1": 2**53 + 1,
    "2^53+3": 2**53 + 3,
    "2^62+3": 2**62 + 3,
    "2^63-2^32+3": 2**63 - 2**32 + 3,
    "2^63-1": 2**63 - 1,
}


@check("HEAD-13")
@together("sizes", BELOW_2_53.values(), BELOW_2_53, at_a_time=4)
def test_a_size_that_takes_many_bits_is_not_taken_for_a_small_one(judge: Judge, sizes: tuple[int, ...]) -> None:
    check_not_small(judge, sizes)


@check("HEAD-20")
@together("sizes", FROM_2_53_ON.values(), FROM_2_53_ON, at_a_time=4)
def test_a_size_beyond_53_bits_is_not_taken_for_a_small_one(judge: Judge, sizes: tuple[int, ...]) -> None:
    check_not_small(judge, sizes)


def check_not_small(judge: Judge, sizes: tuple[int, ...]) -> None:
    """As long as the body is not complete, nothing after its beginning is a request, nor later when it can't be."""
    puts = [announced(str(size), reply=reply).unwatched().doubting(FILE) for size in sizes for reply in (False, True)]

    judge.check(  # too-large, of a size that is not, shows that it was taken for another
        *(followed(each).ending(end) for each in puts for end in (End.HOLD, End.FINISH)),
        requires=followed(SOUND),
        codes=True,
    )


BEYOND = {
    "2^63": str(2**63),
    "2^63+3": str(2**63 + 3),
    "2^64-1": str(2**64 - 1),
    "2^64": str(2**64),
    "2^64+3": str(2**64 + 3),
    "2^65+3": str(2**65 + 3),
    "2^128+3": str(2**128 + 3),
    "10^19": "1" + "0" * 19,
    "10^40": "1" + "0" * 40,
    "1e19": "1e19",
    "9.3e18": "9.3e18",
    "1e309": "1e309",
    "1e1000000000": "1e1000000000",
    "a thousand digits": "9" * 1000,
    "ten thousand digits": "9" * 10_000,
    "2^64+3 after ten thousand zeros of a fraction": f"{2**64 + 3}." + "0" * 10_000,
}


@check("HEAD-14")
@together("sizes", BEYOND.values(), BEYOND, at_a_time=4)
def test_a_size_beyond_63_bits_is_never_wrapped_rounded_or_stored(judge: Judge, sizes: tuple[str, ...]) -> None:
    puts = (each for size in sizes for each in (announced(size), announced(size, b"")))

    check_followed(judge, puts, requires=SOUND)


@check("HEAD-14")
@given(factor=st.integers(1, 2**70), rest=st.integers(0, 40), bits=st.sampled_from([63, 64]))
def test_no_multiple_of_the_word_of_a_machine_is_lost(judge: Judge, factor: int, rest: int, bits: int) -> None:
    check_followed(judge, [announced(str((factor << bits) + rest), pattern(rest))], requires=SOUND)


WRITTEN = {
    **dict.fromkeys(("3.0", "3.000", "3e0", "3E0", "3e+0", "3e-0", "3E+00", "0.3e1", "0.03E+2", "30e-1", "300e-2"), 3),
    **dict.fromkeys(("3000.0e-3", "3e000000000000000000000", "3." + "0" * 1000), 3),
    **dict.fromkeys(("1e1", "1E1", "100E-1"), 10),
    "1.2e1": 12,
    **dict.fromkeys(("-0", "-0.0", "0.0", "0e0", "0e5", "0E-5", "-0e1", "0e1000000000"), 0),
}


@check("HEAD-15")
@together("sizes", WRITTEN.items(), [size[:24] for size in WRITTEN], at_a_time=7)
def test_a_size_written_in_another_way_is_that_size_or_malformed(
    judge: Judge, sizes: tuple[tuple[str, int], ...]
) -> None:
    check_followed(judge, (announced(size, pattern(value)) for size, value in sizes), requires=SOUND)


ROUNDED = {
    "3.0000000000000000001": 3,
    "2.9999999999999999999": 3,
    "3.0000000000000000000000000000000000000001": 3,
    "30000000000000000001e-19": 3,
    "0.30000000000000000001e1": 3,
    "1e-400": 0,
    "1e-1000000000": 0,
    "0.99999999999999999999": 1,
    "3." + "0" * 5000 + "1": 3,
}


@check("HEAD-16")
@pytest.mark.parametrize(("size", "rounded"), ROUNDED.items(), ids=[size[:24] for size in ROUNDED])
def test_a_size_that_a_double_rounds_is_that_integer_or_malformed(judge: Judge, size: str, rounded: int) -> None:
    check_followed(judge, [announced(size, pattern(rounded))], requires=SOUND)


@check("HEAD-20")
@pytest.mark.parametrize("size", ["9007199254740992.5", "9007199254740993.5", "9007199254740993e0"])
def test_a_large_size_that_a_double_rounds_is_never_taken_for_a_small_one(judge: Judge, size: str) -> None:
    check_followed(judge, [announced(size)], requires=SOUND)
