"""JSON as the protocol reads and writes it (sections 3.1 to 3.4)."""

import json
import sys
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from jhup.errors import Malformed
from jhup.objects import NumberText, dump_object, integer_value, load_object

digits = st.text("0123456789", min_size=1, max_size=30)
wholes = st.just("0") | st.builds(str.__add__, st.sampled_from("123456789"), st.text("0123456789", max_size=45))
zeros = st.integers(0, 50).map("0".__mul__)
exponents = st.builds(
    lambda letter, sign, padding, number: f"{letter}{sign}{padding}{number}",
    st.sampled_from("eE"),
    st.sampled_from(["", "+", "-"]),
    zeros,
    st.integers(0, 60),
)
numbers = st.builds(
    lambda sign, whole, fraction, padding, exponent: (
        sign + whole + (f".{fraction}{padding}" if fraction else "") + exponent
    ),
    st.sampled_from(["", "-"]),
    wholes,
    st.just("") | digits | zeros,
    zeros,
    st.just("") | exponents,
)  # fmt: skip


@given(numbers)
@example("3e-00000000000000000000000000000000000000000000000000")
@example("1.5e+0000000000000000000000000000000000000000000000001")
@example("-0.0")
@example("9223372036854775807.0")
def test_the_value_of_a_number_is_exact(number: str) -> None:
    exact = Fraction(number)
    bound = 10**40

    expected = max(-bound, min(bound, int(exact))) if exact.denominator == 1 else None
    assert integer_value(number) == expected


@pytest.mark.parametrize(
    "number", ["", "-", "+1", "1.", ".5", "1e", "0x1", "１", "NaN", "1 ", " 1", "1\n", "--1", "1_0"]
)
def test_what_is_no_number_has_no_value(number: str) -> None:
    assert integer_value(number) is None


@pytest.mark.parametrize(
    ("number", "value"),
    [
        ("1e1000000000", 10**40),
        ("-1e1000000000", -(10**40)),
        ("1e-1000000000", None),
        ("0e1000000000", 0),
        ("1" + "0" * 100_000, 10**40),
        ("1" + "0" * 100_000 + "e-100000", 1),
        ("0." + "0" * 100_000 + "1e100001", 1),
        ("1e" + "9" * 100_000, 10**40),
        ("1e-" + "9" * 100_000, None),
        ("1e" + "0" * 100_000 + "1", 10),
        ("0." + "3" * 100_000, None),
    ],
)
def test_the_value_of_an_extreme_number_is_found_without_computing_it(number: str, value: int | None) -> None:
    assert integer_value(number) == value


keys = st.text(max_size=8)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(keys, values, max_size=5))
def test_what_is_written_is_read(members: dict[str, object]) -> None:
    header = dump_object(members)

    assert load_object(header) == members == json.loads(header)


@given(st.dictionaries(keys, values, max_size=5))
def test_what_is_written_has_no_white_space_and_no_needless_escape(
    members: dict[str, object],
) -> None:
    expected = json.dumps(members, separators=(",", ":"), ensure_ascii=False)

    assert dump_object(members).decode() == expected


def test_members_are_written_in_the_order_given() -> None:
    assert dump_object({"b": 1, "a": "é"}) == '{"b":1,"a":"é"}'.encode()


def test_a_lone_surrogate_is_written_as_an_escape() -> None:
    assert dump_object({"a": "é\ud800"}) == rb'{"a":"\u00e9\ud800"}'


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_nothing_is_written_that_is_not_json(value: float) -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        dump_object({"a": value})


def test_numbers_with_a_fraction_or_an_exponent_come_as_they_are_written() -> None:
    members = load_object(b'{"a":1.50,"b":1E5,"c":-0.0,"d":-0,"e":7}')

    assert members == {"a": "1.50", "b": "1E5", "c": "-0.0", "d": 0, "e": 7}
    assert [type(each) for each in members.values()] == [NumberText, NumberText, NumberText, int, int]


def test_an_integer_of_more_digits_than_the_interpreter_reads_comes_as_it_is_written() -> None:
    limit = sys.get_int_max_str_digits()

    members = load_object(b'{"long":%s,"short":12}' % (b"9" * (limit + 1)))

    assert members == {"long": "9" * (limit + 1), "short": 12}
    assert type(members["long"]) is NumberText


@pytest.mark.parametrize("limit", [0, 640])
def test_integers_are_read_alike_whatever_limit_the_interpreter_has(limit: int) -> None:
    before = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(limit)
    try:
        members = load_object(b'{"a":%s,"filesize":5}' % (b"9" * 700))
    finally:
        sys.set_int_max_str_digits(before)

    assert members["filesize"] == 5
    assert members["a"] == ("9" * 700 if limit else 10**700 - 1)


def test_of_a_name_that_stands_twice_the_last_value_is_kept() -> None:
    assert load_object(b'{"a":1,"b":2,"a":3}') == {"a": 3, "b": 2}


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        (b"[]", "an array"),
        (b'"a"', "a string"),
        (b"12", "a number"),
        (b"1.5", "a number"),
        (b"9" * 5000, "a number"),
        (b"true", "a boolean"),
        (b"null", "null"),
    ],
)
def test_what_is_not_an_object_is_named(header: bytes, kind: str) -> None:
    with pytest.raises(Malformed, match=f"HEAD-8: the header is not a JSON object but {kind}"):
        load_object(header)


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (b'{"a":"\xff"}', "HEAD-4: the header is not UTF-8: invalid start byte at byte 6"),
        (b"\xef\xbb\xbf{}", "HEAD-5: the header begins with a byte order mark"),
        (b'{"a":}', "HEAD-6: the header is not JSON: Expecting value at character 5"),
        (b"{}x", "HEAD-7: the header goes on after its value, at character 2"),
        (b'{"a":NaN}', "HEAD-9: the header holds NaN, which is not JSON"),
        (b'{"a":-Infinity}', "HEAD-9: the header holds -Infinity, which is not JSON"),
    ],
)
def test_a_fault_says_what_was_wrong_and_where(header: bytes, message: str) -> None:
    with pytest.raises(Malformed) as caught:
        load_object(header)

    assert str(caught.value) == message
    assert not caught.value.asks_reply


def test_a_header_deeper_than_the_interpreter_takes_is_malformed(monkeypatch: pytest.MonkeyPatch) -> None:
    def overflow(decoder: json.JSONDecoder, text: str) -> None:
        raise RecursionError(text)

    monkeypatch.setattr(json.JSONDecoder, "raw_decode", overflow)
    monkeypatch.setattr(json.JSONDecoder, "decode", overflow)

    with pytest.raises(Malformed, match="HEAD-19: the header is nested deeper than this reader takes"):
        load_object(b"{}")


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_a_deep_header_is_read_or_malformed_and_does_not_end_the_program(opening: str, closing: str) -> None:
    depth = 65_000 // len(opening + closing)
    header = ('{"x":' + opening * depth + "0" + closing * depth + "}").encode()

    try:
        outcome = list(load_object(header))
    except Malformed as error:
        outcome = [error.clause]

    assert outcome in (["x"], ["HEAD-19"])


def test_an_error_of_syntax_behind_a_long_integer_is_still_one_of_syntax() -> None:
    with pytest.raises(Malformed, match="HEAD-6"):
        load_object(b'{"a":%s,}' % (b"9" * 5000))


@given(st.binary(max_size=40) | st.text('{}[]":,\\u0123456789.eE-+ntrulfas \n', max_size=40).map(str.encode))
def test_any_bytes_are_an_object_or_malformed(header: bytes) -> None:
    try:
        members: object = load_object(header)
    except Malformed as error:
        members, clause = None, error.clause
    else:
        clause = ""

    assert (type(members) is dict) == (clause == "")
    assert clause in {"", "HEAD-4", "HEAD-5", "HEAD-6", "HEAD-7", "HEAD-8", "HEAD-9"}
