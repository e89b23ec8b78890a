"""What the three services reply to one message, and the formats that they are declared in."""

import construct
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from jhup.echo import (
    BytesLiteral,
    Datagram,
    GreetReply,
    Lines,
    LiteralError,
    Rules,
    Service,
    Shape,
    WorkerReply,
    greet,
    read_literal,
    trimmed,
    upper,
    worker,
    write_literal,
)
from jhup.echo.services import WHITE_SPACE, first_non_ascii, is_worker_name

# Mostly the bytes that a literal treats in a way of their own.
contents = st.lists(st.sampled_from(b"\t\n\r\x0b\x00\x7f\x80\xff'\"\\nrtx0a ") | st.integers(0, 255)).map(bytes)


@pytest.mark.parametrize("beside", [b"", b"'", b'"', b"'\"", b"\\"])
def test_literal_of_each_byte_is_that_of_python(beside: bytes) -> None:
    for byte in range(256):
        content = beside + bytes([byte]) + beside
        assert write_literal(content) == repr(content).encode()


@given(contents)
def test_literal_of_any_content_is_that_of_python(content: bytes) -> None:
    assert write_literal(content) == repr(content).encode()


@given(contents, contents)
def test_literal_is_read_back_from_among_other_bytes(content: bytes, after: bytes) -> None:
    text = b"xx" + write_literal(content) + after

    literal = read_literal(text, 2)

    assert literal.data == content
    assert text[2 : literal.end] == write_literal(content)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"'a'",
        b"b'a",
        b"b'a\"",
        b"b'a\\'",
        b"B'a'",
        b'b"a"',
        b"b'\\''",
        b"b'\\\"'",
        b"b'\\x41'",
        b"b'\\xFF'",
        b"b'\\x0a'",
        b"b'\\0'",
        b"b'\\a'",
        b"b'\\q'",
        b"b'\\x8'",
        b"b'\n'",
        b"b'\x80'",
        b"b'\\\n'",
        b"rb'a'",
    ],
)
def test_text_that_is_not_the_prescribed_literal_is_refused(text: bytes) -> None:
    with pytest.raises(LiteralError):
        read_literal(text)


@given(st.binary())
@example(bytes(range(256)))
def test_upper_is_that_of_ascii(content: bytes) -> None:
    assert upper(content) == content.upper()


@given(st.text("\t\n\x0b\x0c\r \x00\x1c\x85\xa0a", max_size=8))
def test_trimming_takes_white_space_and_nothing_else(text: str) -> None:
    message = text.encode("latin-1")

    content = trimmed(message)

    assert content in message
    assert not content or (content[0] not in WHITE_SPACE and content[-1] not in WHITE_SPACE)
    before, _, after = message.partition(content) if content else (message, b"", b"")
    assert not set(before + after) - set(WHITE_SPACE)


@given(st.binary(max_size=20))
def test_worker_owes_a_reply_to_ascii_only(message: bytes) -> None:
    reply = worker(message, name=b"w")

    assert reply == (b"w: " + message if all(byte < 0x80 for byte in message) else None)
    assert (reply is None) == (first_non_ascii(message) < len(message))


def test_names_are_made_of_printable_ascii_without_a_colon() -> None:
    for byte in range(256):
        assert is_worker_name(b"w" + bytes([byte])) == (0x20 <= byte <= 0x7E and byte != 0x3A)


def test_empty_name_is_none() -> None:
    assert not is_worker_name(b"")
    assert not is_worker_name(b"w\n")


@pytest.mark.parametrize("name", [b"", b"a:b", b"\xe9"])
def test_rules_refuse_a_name_that_no_worker_can_have(name: bytes) -> None:
    with pytest.raises(ValueError, match="is not a worker's name"):
        Rules(service=Service.WORKER, name=name)


def test_rules_refuse_a_limit_below_one_byte() -> None:
    with pytest.raises(ValueError, match="max_message is 0"):
        Rules(service=Service.UPPER, max_message=0)


def test_limits_are_those_of_the_shape_unless_declared() -> None:
    assert Rules(service=Service.UPPER).limit(Shape.ONE_SHOT) == 1024
    assert Rules(service=Service.UPPER).limit(Shape.DATAGRAM) == 8192
    assert Rules(service=Service.UPPER, max_message=5).limit(Shape.DATAGRAM) == 5


def test_a_name_known_in_advance_goes_before_any_other() -> None:
    assert Rules(service=Service.WORKER, name=b"w1").reply(b"a", name=b"w2") == b"w1: a"


@pytest.mark.parametrize("member", [*Service, *Shape])
def test_closed_sets_have_a_line_for_people(member: Service | Shape) -> None:
    assert len(member.line) > 10


@given(contents)
def test_greet_format_reads_what_greet_replies(content: bytes) -> None:
    assert GreetReply.parse(greet(content)) == content
    assert GreetReply.build(content) == greet(content)


@pytest.mark.parametrize(
    "text", [b"", b"Hello, ", b"Hello b'a'", b"Hello, b'a'\n", b"Hello, b'a'Hello, b'a'", b'Hello, b"a"']
)
def test_greet_format_refuses_anything_else(text: bytes) -> None:
    with pytest.raises(construct.ConstructError):
        GreetReply.parse(text)


def test_literal_format_reads_one_literal() -> None:
    assert BytesLiteral(construct.GreedyBytes).parse(b"b'\\x00'") == b"\0"


@pytest.mark.parametrize(
    ("text", "name", "message"),
    [(b"w: a", b"w", b"a"), (b"w: ", b"w", b""), (b" : a: b", b" ", b"a: b"), (b"w:  a\n", b"w", b" a\n")],
)
def test_worker_format_splits_name_and_message(text: bytes, name: bytes, message: bytes) -> None:
    parsed = WorkerReply.parse(text)

    assert (parsed.name, parsed.message) == (name, message)
    assert WorkerReply.build({"name": name, "message": message}) == text


@pytest.mark.parametrize("text", [b"", b"w", b"w:", b"w:a", b": a", b"\xe9: a", b"w\n: a", b"w: \xe9"])
def test_worker_format_refuses_anything_else(text: bytes) -> None:
    with pytest.raises(construct.ConstructError):
        WorkerReply.parse(text)


@given(st.lists(st.sampled_from(b"a\n\r ")).map(bytes))
def test_lines_are_cut_behind_each_line_feed_and_nowhere_else(data: bytes) -> None:
    lines = Lines.parse(data)

    assert b"".join(lines) == data == Lines.build(lines)
    assert all(lines)
    assert all(line.endswith(b"\n") for line in lines[:-1])
    assert all(b"\n" not in line[:-1] for line in lines)


def test_datagram_format_ends_at_the_limit() -> None:
    assert Datagram.parse(b"a" * 8192) == b"a" * 8192
    with pytest.raises(construct.ValidationError):
        Datagram.parse(b"a" * 8193)


def test_upper_and_greet_trim_unless_told_otherwise_and_a_worker_never_does() -> None:
    assert Rules(service=Service.UPPER).reply(b" a ") == b"A"
    assert [Rules(service=service).trims for service in (Service.UPPER, Service.GREET, Service.WORKER)] == [
        True,
        True,
        False,
    ]
    assert not Rules(service=Service.UPPER, trim=False).trims


def test_a_literal_is_read_from_the_beginning_unless_told_otherwise() -> None:
    assert read_literal(b"b'a'b'b'").data == b"a"
