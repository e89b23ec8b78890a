"""From a record alone, and what lies in the store, it can be said where things went wrong."""

from pathlib import Path

import pytest

from jhup.echo import Rules, Service, Shape
from jhup_conformance.reports.right import (
    Answering,
    echo_pattern,
    exchange_of,
    first_difference,
    right_bodies,
    stored_differences,
)
from jhup_conformance.wire.transcript import Action, Kind, Scene, Transcript

FIRST = b'\x29\x00\x00\x00{"cmd":"put","filename":"a","filesize":3}abc'
SECOND = b'\x29\x00\x00\x00{"cmd":"put","filename":"b","filesize":2}de'


def pair(**changes: object) -> Transcript:
    """Two puts in one segment, and what else there is to know of them."""
    transcript = Transcript()
    transcript.add(0.0, Kind.SENT, FIRST + SECOND)
    plan = (Action(Kind.SENT, FIRST + SECOND),)
    settings: dict[str, object] = {"plan": plan, "watched": ("a", "b"), "limits": (65536, 2**63 - 1, False)}
    transcript.scene = Scene(**settings | changes)  # type: ignore[arg-type]
    return transcript


def test_the_right_bodies_come_from_the_model() -> None:
    assert right_bodies(pair()) == {"a": [b"abc"], "b": [b"de"]}


def test_where_a_name_may_be_refused_both_are_right() -> None:
    transcript = pair(doubtful=frozenset({"b"}))
    exchange = exchange_of(transcript)

    assert exchange is not None
    assert exchange.bound.doubtful == {"b"}


@pytest.mark.parametrize("scene", [None, Scene(watched=("a",))])
def test_nothing_is_said_of_a_record_that_does_not_tell_enough(scene: Scene | None, tmp_path: Path) -> None:
    transcript = pair()
    transcript.scene = scene

    assert right_bodies(transcript) == {}
    assert exchange_of(transcript) is None
    assert list(stored_differences(transcript, tmp_path)) == []


def test_bytes_too_many_are_traced_to_the_field_that_they_came_from(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc" + SECOND)

    (said,) = stored_differences(pair(), tmp_path)

    assert said.startswith("a: its 3 bytes are right, and 47 bytes too many stand behind them: ")
    assert said.endswith("from the second request's prefix on, offset 48 of the stream")


def test_right_bodies_and_absent_ones_have_no_difference(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")

    assert list(stored_differences(pair(), tmp_path)) == []


@pytest.mark.parametrize(
    ("right", "actual", "said"),
    [
        (b"abcdef", b"abc", "ends after 3 of 6 bytes"),
        (b"abc", b"abcdef", "its 3 bytes are right, and 3 bytes too many stand behind them"),
        (b"abcd", b"abxd", "byte 2 is 78, where 63 is right; 4 bytes for 4"),
    ],
)
def test_the_first_difference_is_said_in_words(right: bytes, actual: bytes, said: str) -> None:
    assert first_difference(right, actual) == said


@pytest.mark.parametrize(
    ("service", "shape", "sent", "pattern"),
    [
        (Service.UPPER, Shape.ONE_SHOT, b"ab", rb"AB|A"),
        (Service.UPPER, Shape.DATAGRAM, b" a ", rb"A"),
        (Service.GREET, Shape.LINE, b"a\n", rb"Hello,\ b'a'"),
        (Service.WORKER, Shape.ONE_SHOT, b"a", rb"[\x20-\x39\x3b-\x7e]+:\ a"),
        (Service.WORKER, Shape.DATAGRAM, b"\xff", b""),
    ],
)
def test_right_answers_are_told_by_a_pattern(service: Service, shape: Shape, sent: bytes, pattern: bytes) -> None:
    transcript = Transcript()
    transcript.add(0.0, Kind.SENT, sent)

    assert echo_pattern(transcript, Answering(Rules(service=service), shape)) == pattern


def test_a_session_has_a_pattern_only_while_its_cuttings_are_few() -> None:
    answering = Answering(Rules(service=Service.GREET), Shape.SESSION)
    few, many = Transcript(), Transcript()
    few.add(0.0, Kind.SENT, b"ab")
    many.add(0.0, Kind.SENT, b"a" * 30)

    found = echo_pattern(few, answering)

    assert found is not None
    assert sorted(found.split(b"|")) == [rb"Hello,\ b'a'Hello,\ b'b'", rb"Hello,\ b'ab'"]
    assert echo_pattern(many, answering) is None
