"""The permitted readings of headers are those that the vectors list (chapter 3, where a clause says "either")."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jhup.errors import Malformed
from jhup.formats import prefix_fault
from jhup.limits import HEADER_CEILING, MAX_FILESIZE, MAX_HEADER
from jhup.messages import Put, Request, Stat
from jhup.names import name_fault
from jhup.objects import load_object
from jhup.readings import readings
from jhup.requests import read_request
from jhup.vectors import Answer, End, Meaning, Seen, Stream, vectors


def refusal(request: Request, header: bytes) -> str | None:
    if isinstance(request, Put) and request.filesize > MAX_FILESIZE:
        sizes = {each.filesize for each in readings(header) if isinstance(each, Put)}
        others = {each.clause for each in readings(header) if isinstance(each, Malformed)}
        return "HEAD-20" if len(sizes) > 1 or "HEAD-20" in others else "HEAD-14"
    name = request.filename if isinstance(request, Put | Stat) else None
    fault = None if name is None else name_fault(name)
    return fault.clause if fault else None


def meanings(stream: bytes, max_header: int, events: tuple[Seen, ...] = ()) -> Iterator[Meaning]:
    """Yield every meaning of a stream to which the readings of its headers lead."""
    if len(stream) < 4:
        yield Meaning(events, End.INSIDE if stream else End.BETWEEN)
        return
    length = int.from_bytes(stream[:4], "little", signed=True)
    if fault := prefix_fault(length, max_header):
        yield Meaning(events, End.MALFORMED, fault.clause, Answer.NONE)
        return
    header, rest = stream[4 : 4 + length], stream[4 + length :]
    if len(header) < length:
        yield Meaning(events, End.INSIDE)
        return
    for reading in readings(header):
        if isinstance(reading, Malformed):
            answer = Answer.OWED if reading.asks_reply else Answer.NONE
            yield Meaning(events, End.MALFORMED, reading.clause, answer)
        elif not isinstance(reading, Put):
            yield from meanings(rest, max_header, (*events, Seen(reading, None, refusal(reading, header))))
        elif len(rest) < reading.filesize:
            yield Meaning(events, End.INSIDE, unfinished=Seen(reading, rest, refusal(reading, header)))
        else:
            seen = Seen(reading, rest[: reading.filesize], refusal(reading, header))
            yield from meanings(rest[reading.filesize :], max_header, (*events, seen))


def spelled_out(meaning: Meaning) -> set[Meaning]:
    """Return a meaning whose malformed request is answered or not as two."""
    if meaning.answer is not Answer.EITHER:
        return {meaning}
    return {
        Meaning(meaning.events, meaning.end, meaning.breaks, answer, meaning.unfinished)
        for answer in (Answer.OWED, Answer.NONE)
    }


def test_the_readings_of_a_vector_are_the_outcomes_it_lists() -> None:
    for vector in vectors():
        if vector.stream is Stream.REQUESTS:
            listed = {each for meaning in vector.meanings for each in spelled_out(meaning)}
            found = {*meanings(vector.wire, MAX_HEADER), *meanings(vector.wire, HEADER_CEILING)}
            assert found == listed, vector.name


def check_that_ours_is_permitted(header: bytes) -> None:
    try:
        ours: Request | Malformed = read_request(load_object(header))
    except Malformed as error:
        ours = error

    permitted = readings(header)

    if isinstance(ours, Malformed):
        assert any(isinstance(each, Malformed) and each.clause == ours.clause for each in permitted)
    else:
        assert ours in permitted


@given(st.text('{}[]":,\\u0d8123456789.eE-+cmdputflnasizrygh \n', min_size=2, max_size=60).map(str.encode))
def test_what_our_reader_makes_of_any_header_is_a_permitted_reading(header: bytes) -> None:
    check_that_ours_is_permitted(header)


@pytest.mark.parametrize("size", ["3", "-0", "-0.0", "3.0", "1.5", "3.0000000000000000001", "1e19", "-1", '"3"'])
@pytest.mark.parametrize("extra", ["", ',"x":1e400', ',"filesize":2', ',"x":"\\ud800"', ',"reply":true,"reply":1'])
@pytest.mark.parametrize("name", ["a", "../a", "\\ud800"])
def test_what_our_reader_makes_of_a_put_with_choices_is_a_permitted_reading(size: str, extra: str, name: str) -> None:
    check_that_ours_is_permitted(f'{{"cmd":"put","filename":"{name}","filesize":{size}{extra}}}'.encode())


def kinds(header: bytes) -> list[str]:
    """Return the readings of a header in words: the broken clause or the kind of request, ``+`` where it asks."""
    words = {
        f"{each.clause}{'+' * each.asks_reply}"
        if isinstance(each, Malformed)
        else f"{type(each).__name__}{'+' * each.reply}"
        for each in readings(header)
    }
    return sorted(words)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (b'{"cmd":"hello","reply":true}', ["Hello+"]),
        (b'{"cmd":"hello","reply":1,"reply":true}', ["HEAD-17", "HEAD-17+", "Hello", "Hello+"]),
        (b'{"cmd":"stat","reply":1,"reply":true}', ["HEAD-17", "HEAD-17+", "Stat", "Stat+"]),
        (b'{"cmd":"get","reply":1,"reply":true}', ["HEAD-17", "HEAD-17+", "Unknown", "Unknown+"]),
        (b'{"cmd":"get","reply":1,"reply":2}', ["HEAD-17", "Unknown"]),
        (b'{"cmd":"hello","x":%s}' % (b"[" * 30_000 + b"]" * 30_000), ["HEAD-19", "Hello"]),
        (b'{"cmd":null,"x":%s}' % (b"[" * 30_000 + b"]" * 30_000), ["HEAD-10", "HEAD-19"]),
        (b'{"cmd":"hello","x":%s};' % (b"[" * 30_000 + b"]" * 30_000), ["HEAD-7"]),
        (b'{"cmd":"hello","reply":true,"x":%s};' % (b"[" * 30_000 + b"]" * 30_000), ["HEAD-7", "HEAD-7+"]),
        (b'{"cmd":"hello","reply":true,"x":NaN,}', ["HEAD-9"]),
        (b'{"cmd":"hello","reply":true,"x":NaN}', ["HEAD-9", "HEAD-9+"]),
        (b'{"cmd":"hello","reply":true}{', ["HEAD-7", "HEAD-7+"]),
        (b'{"cmd":"hello","a":true}{', ["HEAD-7"]),
        (b'{"cmd":"hello","x":[[1],%s]}' % (b"[" * 30_000 + b"]" * 30_000), ["HEAD-19", "Hello"]),
        (b'{"cmd":"hello","x":[%s,[[1]]],"y":[1]}' % (b"[" * 30_000 + b"]" * 30_000), ["HEAD-19", "Hello"]),
        (
            b'{"cmd":"hello","x":{"y":%s,"z":{}},"cmd":"x"}' % (b"[" * 30_000 + b"]" * 30_000),
            ["HEAD-17", "HEAD-19", "Unknown"],
        ),
        (b'{"cmd":"put","filename":"a","filesize":-0,"reply":1}', ["HEAD-15", "Put"]),
        (b'{"cmd":"put","filename":"a","filesize":3,"reply":1}', ["Put"]),
        (b'{"cmd":"stat","filename":"\\ud800","reply":1}', ["NAME-8", "Stat"]),
        (b'{"cmd":"put","filename":"\\ud800","filesize":3,"reply":1}', ["NAME-8", "Put"]),
        (b'{"cmd":"put","filename":"a","filesize":-1.0}', ["HEAD-12"]),
        (b'{"cmd":"put","filename":"a","filesize":-1e0}', ["HEAD-12"]),
        (
            b'{"cmd":"put","cmd":"put","filename":"a","filename":"a","filesize":3,"filesize":3,"reply":1,"reply":1}',
            ["HEAD-17", "Put"],
        ),
        ('{"cmd":"\ue000"}'.encode(), ["Unknown"]),
        ('{"cmd":"\U0001f600"}'.encode(), ["Unknown"]),
        (b'{"cmd":"\\udfff"}', ["HEAD-21", "Unknown"]),
        (b'{"cmd":"\\udfff","reply":true}', ["HEAD-21", "HEAD-21+", "Unknown+"]),
        (b'\xef\xbb\xbf{"cmd":"hello"}', ["HEAD-5", "Hello"]),
        (b'\xef\xbb\xbf{"cmd":"hello","reply":true}', ["HEAD-5", "HEAD-5+", "Hello+"]),
        (b'\xef\xbb\xbf\xef\xbb\xbf{"cmd":"hello"}', ["HEAD-6"]),
        (b'\xef\xbb\xbf{"cmd":null,"reply":true}', ["HEAD-10+", "HEAD-5", "HEAD-5+"]),
        (b'{"cmd":"hello","x":{"y":1,"y":2}}', ["HEAD-18", "Hello"]),
        (b'{"cmd":"hello","x":[{"y":1,"y":2}],"reply":true}', ["HEAD-18", "HEAD-18+", "Hello+"]),
        (b'{"cmd":"hello","filesize":1e999}', ["HEAD-19", "Hello"]),
        (b'{"cmd":"put","filename":"a","filesize":3,"reply":"\\ud800"}', ["HEAD-19", "Put"]),
        (b'{"cmd":"put","filename":"a","filesize":9007199254740991}', ["Put"]),
        (b'{"cmd":"put","filename":"a","filesize":9007199254740992}', ["HEAD-20", "Put"]),
        (b'{"cmd":"put","filename":"a","filesize":-1e-400}', ["HEAD-16", "Put"]),
        (b'{"cmd":"put","filename":"a","filesize":0}', ["Put"]),
        (b'{"cmd":"put","filename":"a","filesize":1}', ["Put"]),
    ],
)
def test_a_header_with_choices_has_each_of_its_readings(header: bytes, expected: list[str]) -> None:
    assert kinds(header) == expected
