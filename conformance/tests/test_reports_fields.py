"""Bytes are told field by field, whatever they are, and no byte is lost or told twice."""

from itertools import accumulate, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jhup.echo import Service
from jhup_conformance.reports.annotated import annotate, hex_lines, step_lines
from jhup_conformance.reports.fields import answer_fields, reply_fields, request_fields
from jhup_conformance.wire.transcript import Action, Kind, Scene, Transcript

PUT = b'\x2d\x00\x00\x00{"cmd":"put","filename":"a.txt","filesize":3}abc'


def told(stream: bytes) -> list[tuple[str, int, int, str]]:
    return [(field.name, field.start, field.end, field.note) for field in request_fields(stream)]


def test_a_request_is_prefix_header_and_body() -> None:
    assert told(PUT) == [
        ("prefix", 0, 4, "45"),
        ("header", 4, 49, '{"cmd":"put","filename":"a.txt","filesize":3}'),
        ("body", 49, 52, "3 bytes"),
    ]


def test_a_command_without_body_is_followed_by_the_next_request() -> None:
    hello = b'\x0f\x00\x00\x00{"cmd":"hello"}'

    assert [name for name, *_ in told(hello + PUT)] == ["prefix", "header", "prefix", "header", "body"]


@pytest.mark.parametrize(
    ("stream", "notes"),
    [
        (b"\x01\x00\x00\x00rest", ["1: malformed, FRAME-14", "behind a prefix that ends the requests"]),
        (b"\xff\xff\xff\x7f", ["2147483647: malformed, FRAME-15"]),
        (b"\x02\x00", ["incomplete"]),
        (b"\x02\x00\x00\x00[]x", ["2", "[]: malformed, HEAD-8", "behind a malformed header: no request"]),
        (b"\x02\x00\x00\x00{}x", ["2", "{}: malformed, HEAD-10", "behind a malformed header: no request"]),
        (b"\x04\x00\x00\x00\x1b[2J", ["4", "\\x1b[2J: malformed, HEAD-6"]),
        (b"\x02\x00\x00\x00\xff\xfe", ["2", "\\xff\\xfe: malformed, HEAD-4"]),
    ],
)
def test_what_is_wrong_is_told_with_its_clause_and_nothing_reaches_a_terminal_raw(
    stream: bytes, notes: list[str]
) -> None:
    assert [note for *_, note in told(stream)] == notes


@given(st.binary(max_size=200) | st.binary(max_size=60).map(lambda data: PUT + data))
def test_fields_of_any_bytes_follow_each_other_without_gap_from_the_first_to_the_last(stream: bytes) -> None:
    for fields in (list(request_fields(stream)), list(reply_fields(stream))):
        edges = [0, *(field.end for field in fields)]

        assert [field.start for field in fields] == edges[:-1]
        assert edges[-1] == len(stream)


@given(st.binary(max_size=60), st.sampled_from(Service))
def test_an_answer_of_an_echo_server_is_told_to_its_last_byte(answer: bytes, service: Service) -> None:
    assert b"".join(answer[field.start : field.end] for field in answer_fields(answer, service)) == answer


def test_names_and_greetings_of_echo_services_are_told_apart() -> None:
    named = [(field.name, field.end) for field in answer_fields(b"w1: abc", Service.WORKER)]
    greeted = [(field.name, field.end) for field in answer_fields(b"Hello, b'abc'", Service.GREET)]

    assert (named, greeted) == ([("name", 4), ("message", 7)], [("greeting", 7), ("literal", 13)])


@given(st.sets(st.integers(1, len(PUT) * 2 - 1), max_size=8))
def test_wherever_a_stream_is_cut_the_pieces_give_it_back(cuts: set[int]) -> None:
    stream, edges = PUT * 2, [0, *sorted(cuts), len(PUT) * 2]
    transcript = Transcript()
    for start, stop in pairwise(edges):
        transcript.add(0.0, Kind.SENT, stream[start:stop])

    pieces = [piece for step in annotate(transcript) for piece in step.pieces]

    assert b"".join(piece.data for piece in pieces) == stream
    assert [piece.offset for piece in pieces] == [0, *accumulate(len(piece.data) for piece in pieces)][:-1]


def test_a_cut_is_told_by_field_and_byte_and_what_was_never_sent_is_told_too() -> None:
    transcript = Transcript()
    transcript.add(0.0, Kind.SENT, PUT[:1])
    transcript.add(0.002, Kind.CLOSED, how="end of stream")
    transcript.scene = Scene(plan=(Action(Kind.SENT, PUT[:1]), Action(Kind.SENT, PUT[1:], 0.001)))

    lines = "\n".join(step_lines(annotate(transcript)))

    assert "segment 1, 1 byte" in lines
    assert "= byte 1 of 4" in lines
    assert "received  end of stream" in lines
    assert "not sent  segment 2, 51 bytes" in lines
    assert "= bytes 2 to 4 of 4: 45" in lines


def test_a_long_body_is_shown_by_head_tail_length_and_digest() -> None:
    rows = list(hex_lines(bytes(1000)))

    assert [text for _, text in rows if "sha256" in text] == ["1000 bytes, sha256 541b3e9daa09b20b…"]
    assert any("952 bytes" in shown for shown, _ in rows)
    assert len(rows) == 4


def test_narrow_terminals_get_lines_that_fit() -> None:
    transcript = Transcript()
    transcript.add(0.0, Kind.SENT, PUT)

    lines = list(step_lines(annotate(transcript), width=60))

    assert max(len(line) for line in lines if "=" not in line) <= 60
