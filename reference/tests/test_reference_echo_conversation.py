"""What an echo server says to the bytes of a connection, however they are cut (sections 10.7 to 10.9)."""

import tracemalloc
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jhup.echo import Rules, Service, Shape, right_answers
from jhup_reference.echo.conversation import begin_conversation
from jhup_reference.echo.service import EchoService

STREAMS = [shape for shape in Shape if shape is not Shape.DATAGRAM]
LINES = [Shape.LINE, Shape.LINE_ONE_SHOT]


def converse(
    pieces: list[bytes], *, service: Service, shape: Shape, limit: int | None = None, ended: bool = True
) -> tuple[bytes, bool]:
    """What is said to a stream that comes in pieces, and whether the conversation is over after them."""
    talk = EchoService(rules=Rules(service=service, max_message=limit), shape=shape).conversation(b"w1")
    answer = b""
    for piece in pieces:
        if talk.closing:
            break
        answer += b"".join(talk.receive(piece))
    if ended and not talk.closing:
        answer += b"".join(talk.receive_eof())
    return answer, talk.closing


def cuttings(data: bytes) -> list[list[bytes]]:
    """All ways to cut some bytes into segments."""
    places = range(1, len(data))
    return [
        [data[start:end] for start, end in zip((0, *cuts), (*cuts, len(data)), strict=True)]
        for count in range(len(data))
        for cuts in combinations(places, count)
    ]


class TestOneShot:
    @pytest.mark.parametrize(
        ("service", "answer"),
        [(Service.UPPER, b"A"), (Service.GREET, b"Hello, b'a'"), (Service.WORKER, b"w1: a\t")],
    )
    def test_answers_the_first_segment_and_is_over(self, service, answer):
        assert converse([b"a\t", b"b"], service=service, shape=Shape.ONE_SHOT, ended=False) == (answer, True)

    @pytest.mark.parametrize(
        ("service", "answer"), [(Service.UPPER, b""), (Service.GREET, b"Hello, b''"), (Service.WORKER, b"w1: ")]
    )
    def test_answers_the_empty_message_to_a_stream_that_ends_at_once(self, service, answer):
        assert converse([], service=service, shape=Shape.ONE_SHOT) == (answer, True)

    def test_says_nothing_to_an_end_behind_its_answer(self):
        talk = EchoService(rules=Rules(service=Service.GREET), shape=Shape.ONE_SHOT).conversation(b"w1")
        assert b"".join(talk.receive(b"a")) == b"Hello, b'a'"
        assert list(talk.receive_eof()) == []

    def test_takes_no_more_than_the_limit(self):
        assert converse([b"abcde"], service=Service.UPPER, shape=Shape.ONE_SHOT, limit=3) == (b"ABC", True)
        assert converse([b"a" * 1025], service=Service.UPPER, shape=Shape.ONE_SHOT) == (b"A" * 1024, True)

    def test_has_no_answer_of_a_worker_to_what_is_not_ascii(self):
        assert converse([b"a\x80"], service=Service.WORKER, shape=Shape.ONE_SHOT, ended=False) == (b"", True)


class TestSession:
    def test_answers_each_segment_and_nothing_to_the_end(self):
        assert converse([b" a", b"b "], service=Service.GREET, shape=Shape.SESSION) == (
            b"Hello, b'a'Hello, b'b'",
            False,
        )
        assert converse([], service=Service.GREET, shape=Shape.SESSION) == (b"", False)

    def test_answers_a_segment_of_white_space_alone(self):
        assert converse([b" "], service=Service.GREET, shape=Shape.SESSION, ended=False) == (b"Hello, b''", False)

    def test_cuts_at_the_limit(self):
        assert converse([b"abcde"], service=Service.WORKER, shape=Shape.SESSION, limit=2) == (
            b"w1: abw1: cdw1: e",
            False,
        )

    def test_of_a_worker_ends_at_what_is_not_ascii_and_earlier_replies_stand(self):
        pieces = [b"a", b"b\xffc", b"d"]
        assert converse(pieces, service=Service.WORKER, shape=Shape.SESSION, ended=False) == (b"w1: a", True)
        assert converse([b"a\xffbc"], service=Service.WORKER, shape=Shape.SESSION, limit=1) == (b"w1: a", True)


class TestLine:
    def test_answers_a_line_when_it_ends(self):
        for pieces in cuttings(b"a\r\nb"):
            answer, closing = converse(pieces, service=Service.WORKER, shape=Shape.LINE, ended=False)
            assert (answer, closing) == (b"w1: a\r\n", False)

    def test_answers_empty_lines_and_an_unended_one(self):
        for pieces in cuttings(b"a\n\n b"):
            assert converse(pieces, service=Service.GREET, shape=Shape.LINE) == (
                b"Hello, b'a'Hello, b''Hello, b'b'",
                False,
            )

    @pytest.mark.parametrize("shape", LINES)
    def test_says_nothing_to_the_end_when_no_line_is_left(self, shape):
        assert converse([], service=Service.GREET, shape=shape) == (b"", False)
        assert converse([b"a\n"], service=Service.GREET, shape=shape)[0] == b"Hello, b'a'"

    def test_one_shot_answers_the_first_line_only(self):
        for pieces in cuttings(b"a\nb\nc"):
            assert converse(pieces, service=Service.UPPER, shape=Shape.LINE_ONE_SHOT) == (b"A", True)
        assert converse([b"a"], service=Service.UPPER, shape=Shape.LINE_ONE_SHOT) == (b"A", True)

    @pytest.mark.parametrize("shape", LINES)
    def test_takes_lines_up_to_the_limit(self, shape):
        assert converse([b"abc\n"], service=Service.WORKER, shape=shape, limit=4)[0] == b"w1: abc\n"
        assert converse([b"abcd"], service=Service.WORKER, shape=shape, limit=4)[0] == b"w1: abcd"

    @pytest.mark.parametrize("ended", [False, True])
    def test_is_over_at_a_line_beyond_the_limit_and_earlier_replies_stand(self, ended):
        for data in (b"a\nbcd\n", b"a\nbcd"):
            for pieces in cuttings(data):
                outcome = converse(pieces, service=Service.UPPER, shape=Shape.LINE, limit=2, ended=ended)
                assert outcome == (b"A", True)

    def test_of_a_worker_ends_at_a_line_that_is_not_ascii(self):
        for pieces in cuttings(b"a\n\xff\nb\n"):
            outcome = converse(pieces, service=Service.WORKER, shape=Shape.LINE, ended=False)
            assert outcome == (b"w1: a\n", True)

    def test_without_end_takes_no_more_memory_than_the_limit(self):
        talk = EchoService(rules=Rules(service=Service.UPPER), shape=Shape.LINE).conversation(b"w1")
        tracemalloc.start()
        try:
            for _ in range(10_000):
                if not talk.closing:
                    assert list(talk.receive(b"abc")) == []
            assert tracemalloc.get_traced_memory()[1] < 64 * 1024
        finally:
            tracemalloc.stop()
        assert talk.closing


MESSAGE = st.text("aA \n\t\r\0':\\\"\x80\xff", max_size=40).map(lambda text: text.encode("latin-1"))


@pytest.mark.parametrize("shape", STREAMS)
@pytest.mark.parametrize("service", Service)
@given(pieces=st.lists(MESSAGE.filter(bool), max_size=8), limit=st.sampled_from([1, 2, 7, 1024]), ended=st.booleans())
def test_every_answer_is_right_however_the_stream_is_cut(service, shape, pieces, limit, ended):
    answer, _ = converse(pieces, service=service, shape=shape, limit=limit, ended=ended)
    rules = Rules(service=service, max_message=limit, name=b"w1")
    assert right_answers(b"".join(pieces), shape=shape, rules=rules, ended=ended).contains(answer)


@pytest.mark.parametrize("shape", LINES)
@pytest.mark.parametrize("service", Service)
@given(pieces=st.lists(MESSAGE.filter(bool), max_size=8), limit=st.sampled_from([1, 3, 1024]))
def test_the_answer_to_lines_does_not_depend_on_the_cuts(service, shape, pieces, limit):
    data = b"".join(pieces)
    whole = [data] if data else []
    outcomes = {
        converse(each, service=service, shape=shape, limit=limit)[0]
        for each in (pieces, whole, [data[place : place + 1] for place in range(len(data))])
    }
    assert len(outcomes) == 1


def test_a_datagram_is_no_conversation():
    with pytest.raises(ValueError, match="datagram"):
        begin_conversation(Shape.DATAGRAM, lambda message: message, 1)
