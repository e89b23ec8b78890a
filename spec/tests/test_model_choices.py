"""The model where the text leaves a choice about replies and endings: every right way is among its outcomes."""

import pytest

from jhup.messages import Code, Failure, Reply, Stored
from jhup.model import Ending, Outcome, Server, outcomes, replies_match
from jhup.objects import load_object
from jhup.replies import read_reply

SHA256_OF_Z = "594e519ae499312b29433b7dd8a97ff068defcba9755b6d5d00e84c524d67b06"
MALFORMED = Failure(Code.MALFORMED, "", closing=True)
STORED = Stored("a", 1, SHA256_OF_Z)


def frame(header: bytes) -> bytes:
    return len(header).to_bytes(4, "little") + header


def ways(stream: bytes, *, ended: bool = False, server: Server | None = None) -> tuple[Outcome, ...]:
    return outcomes(stream, server=server or Server(), ended=ended)


def admits(found: tuple[Outcome, ...], *replies: Reply, stored: bool = False) -> bool:
    return any(
        replies_match(outcome.replies, replies) and (outcome.store == ({"a": b"z"} if stored else {}))
        for outcome in found
    )


@pytest.mark.parametrize(
    "header",
    [
        b'{"cmd":"put","filename":"a","filesize":1,"x":NaN,"reply":true}',
        b'{"cmd":"put","filename":"a","filesize":1,"reply":true,"x":[-Infinity]}',
        b' {"cmd":"put","filename":"a","filesize":1,"reply":true};',
        b'{"cmd":"put","filename":"a","filesize":1,"reply":true}\x00',
        b'{"cmd":"put","filename":"a","filesize":1,"reply":true,"x":' + b"9" * 5000 + b"}}",
    ],
)
def test_nan_and_bytes_behind_the_object_are_answered_or_not(header: bytes) -> None:
    found = ways(frame(header) + b"z")

    assert admits(found)
    assert admits(found, MALFORMED)
    assert not admits(found, STORED, stored=True)


@pytest.mark.parametrize(
    "header",
    [
        b'{"cmd":"put","filename":"a","filesize":1,"x":NaN}',
        b'{"cmd":"put","filename":"a","filesize":1,"x":{"reply":true},"y":NaN}',
        b'{"cmd":"put","filename":"a","filesize":1,"reply":1};',
        b'[{"cmd":"hello","reply":true}]',
        b'[]{"cmd":"hello","reply":true}',
        b'{"cmd":"put","filename":"a","filesize":1,"reply":true,}',
    ],
)
def test_a_header_that_asks_for_nothing_or_is_no_object_is_not_answered(header: bytes) -> None:
    found = ways(frame(header) + b"z")

    assert admits(found)
    assert not admits(found, MALFORMED)


@pytest.mark.parametrize(("first", "last"), [(b"true", b"null"), (b"false", b"true"), (b"true", b"true")])
def test_a_reply_that_stands_twice_may_go_unanswered(first: bytes, last: bytes) -> None:
    header = b'{"cmd":"put","filename":"a","filesize":1,"reply":' + first + b',"reply":' + last + b"}"

    found = ways(frame(header) + b"z")

    assert admits(found, stored=True)
    assert admits(found, STORED, stored=True) == (last == b"true")
    assert admits(found)
    assert admits(found, MALFORMED)


def test_another_member_that_stands_twice_is_carried_out_or_malformed() -> None:
    header = b'{"cmd":"put","filename":"b","filename":"a","filesize":1,"reply":true}'

    found = ways(frame(header) + b"z")

    assert admits(found, STORED, stored=True)
    assert admits(found, MALFORMED)
    assert admits(found)
    assert not admits(found, stored=True)


def test_a_byte_order_mark_is_ignored_or_malformed_with_a_reply_or_without() -> None:
    header = b'\xef\xbb\xbf{"cmd":"put","filename":"a","filesize":1,"reply":true}'

    found = ways(frame(header) + b"z")

    assert admits(found, STORED, stored=True)
    assert admits(found, MALFORMED)
    assert admits(found)
    assert not admits(found, stored=True)


@pytest.mark.parametrize("filesize", [b"9007199254740993", b"9223372036854775807", b"9007199254740993.5"])
def test_a_size_that_a_double_rounds_is_never_taken_for_another(filesize: bytes) -> None:
    header = b'{"cmd":"put","filename":"a","filesize":' + filesize + b',"reply":true}'

    found = ways(frame(header) + b"z")

    assert admits(found, MALFORMED)
    assert admits(found, Failure(Code.TOO_LARGE, "", closing=True))
    assert all(not outcome.store for outcome in found)


def test_what_is_no_stored_file_is_refused_or_replaced() -> None:
    stream = frame(b'{"cmd":"put","filename":"a","filesize":1,"reply":true}') + b"z"

    found = ways(stream, server=Server(occupied=frozenset({"a"})))

    assert admits(found, STORED, stored=True)
    assert admits(found, Failure(Code.STORAGE, "", closing=False))
    assert not admits(found, STORED)


def test_a_header_with_an_extreme_is_carried_out_or_malformed_with_a_reply_or_without() -> None:
    header = b'{"cmd":"put","filename":"a","filesize":1,"reply":true,"x":' + b"[" * 9000 + b"]" * 9000 + b"}"

    found = ways(frame(header) + b"z")

    assert admits(found, STORED, stored=True)
    assert admits(found, MALFORMED)
    assert admits(found)
    assert not admits(found, stored=True)


@pytest.mark.parametrize("filesize", [b"9" * 10_000, b"1e1000000000", b"-" + b"9" * 40, b"0.000000000000000000001"])
def test_a_header_that_is_malformed_by_an_extreme_is_answered_or_not(filesize: bytes) -> None:
    found = ways(frame(b'{"cmd":"put","filename":"a","reply":true,"filesize":' + filesize + b"}"))

    assert admits(found)
    assert admits(found, MALFORMED)


def test_a_refused_put_that_is_all_there_ends_in_the_next_request_or_in_a_close() -> None:
    refused = frame(b'{"cmd":"put","filename":"a/b","filesize":1}') + b"z"

    found = ways(refused + frame(b'{"cmd":"put","filename":"a","filesize":1}') + b"z")

    assert {(outcome.ending, "a" in outcome.store) for outcome in found} == {
        (Ending.CLOSED, False),
        (Ending.OPEN, True),
    }


def test_a_refused_put_whose_body_is_not_all_there_may_be_waited_for() -> None:
    found = ways(frame(b'{"cmd":"put","filename":"a/b","filesize":2}') + b"z")

    assert {outcome.ending for outcome in found} == {Ending.EITHER, Ending.OPEN}


@pytest.mark.parametrize("code", ["storage", "not-found"])
def test_a_stat_of_what_is_no_stored_file_finds_it_in_the_way_or_not_stored(code: str) -> None:
    reply = read_reply(load_object(b'{"status":"error","code":"%s","message":"","closing":false}' % code.encode()))

    found = ways(frame(b'{"cmd":"stat","filename":"a","reply":true}'), server=Server(occupied=frozenset({"a"})))

    assert admits(found, reply)
