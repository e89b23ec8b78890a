"""The reader is the state machine of its table, and says so when its own program errs (chapters 2 and 6)."""

from collections.abc import Callable

import pytest

from jhup.errors import LocalError
from jhup.limits import HEADER_CEILING, MAX_HEADER
from jhup.messages import Hello, Put
from jhup.reader import TRANSITIONS, BodyRead, Broken, Event, HeaderRead, Input, PutRead, Reader, State, StreamEnded

PREFIX = b"\x29\x00\x00\x00"
HEADER = b'{"cmd":"put","filename":"a","filesize":3}'
BODY = b"abc"

WAYS_TO: dict[State, bytes] = {
    State.PREFIX: b"",
    State.HEADER: PREFIX,
    State.BODY: PREFIX + HEADER,
    State.BROKEN: b"\xff\xff\xff\xff",
}
"""Bytes that bring a new reader into a state."""

HAPPENINGS: dict[tuple[State, Input], bytes] = {
    (State.PREFIX, Input.PREFIX): PREFIX,
    (State.PREFIX, Input.FAULT): b"\x00\x00\x00\x00",
    (State.HEADER, Input.HEADER): b'{"cmd":"get"}'.ljust(41),
    (State.HEADER, Input.PUT_HEADER): HEADER,
    (State.HEADER, Input.FAULT): b"!" * 41,
    (State.BODY, Input.BODY_END): BODY,
}
"""Bytes that make something happen in a state; the end of the stream is `receive_eof`."""


def reader_in(state: State) -> Reader:
    reader = Reader()
    if state is State.CLOSED:
        reader.receive_eof()
        return reader
    list(reader.receive(WAYS_TO[state]))
    return reader


@pytest.mark.parametrize("state", State)
def test_a_reader_can_be_in_each_state(state: State) -> None:
    assert reader_in(state).state is state


def test_the_table_has_a_row_for_each_state_and_uses_each_input() -> None:
    assert TRANSITIONS.keys() == set(State)
    assert {happened for row in TRANSITIONS.values() for happened in row} == set(Input)
    assert {reached for row in TRANSITIONS.values() for reached in row.values()} == set(State)


def test_the_table_says_what_can_happen_in_each_state() -> None:
    cells = {(state, happened) for state, row in TRANSITIONS.items() for happened in row}

    assert cells == {*HAPPENINGS, *((state, Input.END) for state in State if state is not State.CLOSED)}


@pytest.mark.parametrize(("state", "happened"), HAPPENINGS)
def test_the_reader_goes_where_the_table_says(state: State, happened: Input) -> None:
    reader = reader_in(state)

    list(reader.receive(HAPPENINGS[state, happened]))

    assert reader.state is TRANSITIONS[state][happened]


@pytest.mark.parametrize("state", [each for each in State if each is not State.CLOSED])
def test_the_end_of_the_stream_closes_from_every_state(state: State) -> None:
    reader = reader_in(state)

    reader.receive_eof()

    assert reader.state is State.CLOSED


@pytest.mark.parametrize(
    ("received", "reason"),
    [
        (b"", None),
        (PREFIX[:1], "the stream ended after 1 of the 4 bytes of a prefix"),
        (PREFIX[:3], "the stream ended after 3 of the 4 bytes of a prefix"),
        (PREFIX, "the stream ended 41 bytes before the end of a header"),
        (PREFIX + HEADER[:-1], "the stream ended 1 bytes before the end of a header"),
        (PREFIX + HEADER, "the stream ended 3 bytes before the end of a body"),
        (PREFIX + HEADER + BODY[:-1], "the stream ended 1 bytes before the end of a body"),
        (PREFIX + HEADER + BODY, None),
        (PREFIX + HEADER + BODY + PREFIX[:2], "the stream ended after 2 of the 4 bytes of a prefix"),
        (b"\xff\xff\xff\xff", None),
    ],
)
def test_the_end_of_the_stream_says_what_is_missing(received: bytes, reason: str | None) -> None:
    reader = Reader()
    list(reader.receive(received))

    ended = reader.receive_eof()

    assert ended == StreamEnded(ended.error)
    assert (ended.error.reason if ended.error else None) == reason
    assert ended.error is None or ended.error.clause == "ERR-6"


def test_events_of_a_put_come_in_order() -> None:
    events = list(Reader().receive(PREFIX + HEADER + BODY))

    assert events == [HeaderRead(Put("a", 3)), BodyRead(memoryview(BODY)), PutRead()]


def test_an_empty_body_is_complete_at_once() -> None:
    events = list(Reader().receive(PREFIX + HEADER.replace(b"3", b"0")))

    assert events == [HeaderRead(Put("a", 0)), PutRead()]


def test_a_stream_breaks_once_and_what_follows_is_dropped() -> None:
    reader = Reader()

    [broken] = reader.receive(b"\xff\xff\xff\xff" + PREFIX + HEADER + BODY)

    assert isinstance(broken, Broken)
    assert broken.error.clause == "FRAME-14"
    assert list(reader.receive(PREFIX + HEADER + BODY)) == []
    assert reader.receive_eof() == StreamEnded(None)


def test_an_empty_segment_changes_nothing() -> None:
    reader = reader_in(State.BODY)

    assert list(reader.receive(b"")) == []
    assert (reader.state, reader.body_due) == (State.BODY, 3)


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_segments_may_be_in_any_buffer(kind: Callable[[bytes], bytes | bytearray | memoryview]) -> None:
    events: list[Event] = list(Reader().receive(kind(PREFIX + HEADER + BODY)))

    assert events[0] == HeaderRead(Put("a", 3))
    assert events[1] == BodyRead(memoryview(BODY))


def test_what_is_left_of_a_body_can_be_asked() -> None:
    reader = Reader()
    due = [reader.body_due for _ in reader.receive(PREFIX + HEADER + b"a")]

    assert due == [3, 2]
    list(reader.receive(b"bc"))
    assert reader.body_due == 0


def test_a_body_may_be_moved_past_the_reader() -> None:
    reader = reader_in(State.BODY)

    assert reader.body_moved(0) is None
    assert reader.body_moved(2) is None
    assert reader.body_due == 1
    assert reader.body_moved(1) == PutRead()
    assert reader.state is State.PREFIX
    assert list(reader.receive(b"\x0f\0\0\0" + b'{"cmd":"hello"}')) == [HeaderRead(Hello())]


def test_a_body_may_be_moved_in_part() -> None:
    reader = reader_in(State.BODY)
    reader.body_moved(1)

    assert list(reader.receive(b"bc")) == [BodyRead(memoryview(b"bc")), PutRead()]


@pytest.mark.parametrize("count", [-1, 4, 2**63])
def test_more_than_the_body_can_not_be_moved(count: int) -> None:
    reader = reader_in(State.BODY)

    with pytest.raises(LocalError, match=f"FRAME-7: {count} bytes moved of a body of which 3 are due"):
        reader.body_moved(count)
    assert reader.body_due == 3


@pytest.mark.parametrize("state", [each for each in State if each is not State.BODY])
def test_nothing_can_be_moved_outside_a_body(state: State) -> None:
    with pytest.raises(LocalError, match="FRAME-7"):
        reader_in(state).body_moved(0)


def test_nothing_can_be_moved_of_an_empty_body() -> None:
    reader = Reader()

    for event in reader.receive(PREFIX + HEADER.replace(b"3", b"0")):
        if isinstance(event, HeaderRead):
            with pytest.raises(LocalError, match="FRAME-7"):
                reader.body_moved(0)


def test_nothing_can_be_received_behind_the_end() -> None:
    reader = reader_in(State.CLOSED)

    with pytest.raises(LocalError, match="bytes after the end of the stream"):
        next(reader.receive(b"x"))


def test_a_stream_ends_once() -> None:
    reader = reader_in(State.CLOSED)

    with pytest.raises(LocalError, match="the stream ended twice"):
        reader.receive_eof()


@pytest.mark.parametrize("limit", [0, -1, MAX_HEADER - 1, HEADER_CEILING + 1])
def test_a_reader_has_a_limit_that_servers_may_have(limit: int) -> None:
    with pytest.raises(LocalError, match=f"FRAME-13: max_header is {limit}"):
        Reader(max_header=limit)


@pytest.mark.parametrize("limit", [MAX_HEADER, MAX_HEADER + 1, HEADER_CEILING])
def test_a_reader_takes_headers_up_to_its_limit(limit: int) -> None:
    header = HEADER + b" " * (limit - len(HEADER))

    accepted = list(Reader(max_header=limit).receive(limit.to_bytes(4, "little") + header))
    [refused] = Reader(max_header=limit).receive((limit + 1).to_bytes(4, "little") + header + b" ")

    assert accepted == [HeaderRead(Put("a", 3))]
    assert isinstance(refused, Broken)
    assert refused.error.clause == "FRAME-15"
