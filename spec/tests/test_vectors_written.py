"""Our writer gives exactly the canonical bytes, and what it writes is read as what was meant (sections 2.2, 8.1)."""

from collections.abc import Callable, Iterable

from jhup.formats import Frame, ReplyFrame
from jhup.messages import Failure, Greeting, Put, Stored
from jhup.vectors import End, Meaning, Stream, Vector
from jhup.writer import write_reply, write_request


def written(meaning: Meaning) -> bytes:
    """Write the events of a meaning one after the other."""
    stream = b""
    for seen in meaning.events:
        if isinstance(seen.message, Stored | Failure | Greeting):
            stream += write_reply(seen.message)
        else:
            stream += write_request(seen.message) + (seen.body or b"")
    return stream


def test_writer_gives_exactly_the_bytes_of_a_canonical_vector(canonical_vector: Vector) -> None:
    assert written(canonical_vector.meanings[0]) == canonical_vector.wire


def test_valid_vector_is_marked_canonical_if_the_writer_gives_its_bytes(valid_vector: Vector) -> None:
    assert valid_vector.canonical == (written(valid_vector.meanings[0]) == valid_vector.wire) or not valid_vector.wire


def test_what_is_written_of_a_valid_vector_means_the_same(
    valid_vector: Vector, read_vector: Callable[[Vector, Iterable[bytes]], Meaning]
) -> None:
    assert read_vector(valid_vector, [written(valid_vector.meanings[0])]) == valid_vector.meanings[0]


def test_declared_formats_build_the_bytes_of_a_canonical_vector(canonical_vector: Vector) -> None:
    built = b""
    for seen in canonical_vector.meanings[0].events:
        if canonical_vector.stream is Stream.REPLIES:
            built += ReplyFrame.build(seen.message)
        else:
            built += Frame.build({"header": seen.message, "body": seen.body})

    assert built == canonical_vector.wire


def test_declared_formats_parse_a_whole_vector_like_the_reader(
    valid_vector: Vector, read_vector: Callable[[Vector, Iterable[bytes]], Meaning]
) -> None:
    meaning = read_vector(valid_vector, [valid_vector.wire])
    rest = valid_vector.wire
    for seen in meaning.events:
        if valid_vector.stream is Stream.REPLIES:
            assert ReplyFrame.parse(rest) == seen.message
            rest = rest[4 + int.from_bytes(rest[:4], "little") :]
        else:
            frame = Frame.parse(rest)
            assert frame.header == seen.message
            assert frame.body == seen.body
            assert frame.filesize == (seen.message.filesize if isinstance(seen.message, Put) else None)
            rest = rest[4 + int.from_bytes(rest[:4], "little") + len(seen.body or b"") :]

    assert meaning.end is End.BETWEEN
    assert rest == b""
