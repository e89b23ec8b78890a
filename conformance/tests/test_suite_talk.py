"""What the suite says is what it means to say, and it can name every place in it."""

import pytest

from jhup_conformance.verify.exchange import End, script
from jhup_conformance.verify.stream import NAME_LENGTH, Names, Talk, header, prefix
from jhup_conformance.wire.transcript import Action, Kind


def talk_of_two() -> Talk:
    talk = Talk(Names("00000000"))
    talk.put(b"abc", name="é")
    talk.say(cmd="x")
    return talk


def test_a_put_is_prefix_header_and_body() -> None:
    assert talk_of_two().stream == (
        b'\x2a\x00\x00\x00{"cmd":"put","filename":"\xc3\xa9","filesize":3}abc\x0b\x00\x00\x00{"cmd":"x"}'
    )


@pytest.mark.parametrize(
    ("offset", "place"),
    [
        (1, "between byte 1 and 2 of the first request's prefix"),
        (4, "between the first request's prefix and the first request's header"),
        (7, "3 bytes into the first request's header"),
        (30, "26 bytes into the first request's header, inside é"),
        (47, "1 bytes into the first request's body"),
        (49, "between the first request's body and the second request's prefix"),
        (51, "between byte 2 and 3 of the second request's prefix"),
        (64, "behind the second request's header"),
    ],
)
def test_a_cut_is_named_by_its_field(offset: int, place: str) -> None:
    assert talk_of_two().where(offset) == place


def test_offsets_leave_the_borders_of_fields_out() -> None:
    talk = talk_of_two()

    assert list(talk.offsets("prefix")) == [1, 2, 3, 50, 51, 52]
    assert list(talk.offsets("body", request=0)) == [47, 48]


def test_an_unhurried_client_ends_its_segments_at_the_borders() -> None:
    assert talk_of_two().borders() == [4, 46, 49, 53]


def test_names_are_new_each_time_and_of_one_length() -> None:
    names = Names("abcd1234")

    made = [names.new() for _ in range(1000)]

    assert len(set(made)) == 1000
    assert {len(name) for name in made} == {NAME_LENGTH}


def test_a_script_sends_each_segment_after_a_pause() -> None:
    assert script(b"abcdef", [4, 2, 2, 0, 6, 99], End.HOLD, 0.5) == [
        Action(Kind.SENT, b"ab", 0.0),
        Action(Kind.SENT, b"cd", 0.5),
        Action(Kind.SENT, b"ef", 0.5),
    ]


@pytest.mark.parametrize(
    ("end", "last"),
    [
        (End.FINISH, Action(Kind.HALF_CLOSED, b"", 0.5)),
        (End.FINISH_AT_ONCE, Action(Kind.HALF_CLOSED, b"", 0.0)),
        (End.RESET, Action(Kind.RESET, b"", 0.5)),
    ],
)
def test_a_script_ends_as_asked(end: End, last: Action) -> None:
    assert script(b"ab", [], end, 0.5)[-1] == last


def test_a_prefix_is_little_endian_and_signed() -> None:
    assert (prefix(45), prefix(-1)) == (b"\x2d\x00\x00\x00", b"\xff\xff\xff\xff")


def test_a_header_is_compact_and_raw() -> None:
    assert header(cmd="put", filename="é") == b'{"cmd":"put","filename":"\xc3\xa9"}'
