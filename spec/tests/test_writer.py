"""The writer gives canonical bytes, and refuses what the specification forbids to send (chapters 2, 8 and 9)."""

import pytest

from jhup.errors import LocalError
from jhup.limits import MAX_FILESIZE, MAX_HEADER
from jhup.messages import Code, Failure, Greeting, Hello, Put, Reply, Request, Stat, Stored, Unknown
from jhup.replies import reply_members
from jhup.requests import request_members
from jhup.writer import check_request, write_reply, write_request

DIGEST = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.mark.parametrize(
    ("request_", "wire"),
    [
        (Put("a", 3), b'\x29\0\0\0{"cmd":"put","filename":"a","filesize":3}'),
        (Put("a", 3, reply=True), b'\x36\0\0\0{"cmd":"put","filename":"a","filesize":3,"reply":true}'),
        (Put("é", 0), b'\x2a\0\0\0{"cmd":"put","filename":"\xc3\xa9","filesize":0}'),
        (Stat("a", reply=True), b'\x2a\0\0\0{"cmd":"stat","filename":"a","reply":true}'),
        (Stat(None), b'\x0e\0\0\0{"cmd":"stat"}'),
        (Hello(reply=True), b'\x1c\0\0\0{"cmd":"hello","reply":true}'),
        (Unknown("x"), b'\x0b\0\0\0{"cmd":"x"}'),
        (Unknown("\ud800"), b'\x10\0\0\0{"cmd":"\\ud800"}'),
    ],
)
def test_a_request_is_written_in_canonical_form(request_: Request, wire: bytes) -> None:
    assert write_request(request_) == wire


@pytest.mark.parametrize(
    ("reply", "wire"),
    [
        (Failure(Code.BUSY, "x", closing=True), b'{"status":"error","code":"busy","message":"x","closing":true}'),
        (
            Stored("a", 3, DIGEST),
            b'{"status":"ok","filename":"a","filesize":3,"sha256":"%s"}' % DIGEST.encode(),
        ),
        (
            Greeting(server="s", features=("replies",), max_header=65536, max_filesize=None),
            b'{"status":"ok","protocol":1,"server":"s","features":["replies"],"max_header":65536,"max_filesize":null}',
        ),
    ],
)  # fmt: skip
def test_a_reply_is_written_in_canonical_form(reply: Reply, wire: bytes) -> None:
    assert write_reply(reply) == len(wire).to_bytes(4, "little") + wire


@pytest.mark.parametrize("write", [check_request, write_request])
@pytest.mark.parametrize(
    ("request_", "clause"),
    [
        (Put("", 1), "NAME-3"),
        (Put("a/b", 1), "NAME-6"),
        (Put("\ud800", 1), "NAME-8"),
        (Stat(".."), "NAME-7"),
        (Put("a", -1), "HEAD-13"),
        (Put("a", MAX_FILESIZE + 1), "HEAD-13"),
    ],
)
def test_nothing_is_written_that_a_server_would_refuse(write: object, request_: Request, clause: str) -> None:
    assert callable(write)
    with pytest.raises(LocalError) as caught:
        write(request_)

    assert caught.value.clause == clause
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize("request_", [Put("a", 0), Put("a", MAX_FILESIZE), Stat(None), Hello(), Unknown("")])
def test_a_request_within_all_limits_is_sent(request_: Request) -> None:
    check_request(request_)


def test_the_longest_header_has_65536_bytes() -> None:
    cmd = "x" * (MAX_HEADER - len('{"cmd":""}'))

    assert len(write_request(Unknown(cmd))) == 4 + MAX_HEADER
    with pytest.raises(LocalError, match="CLIENT-2: the header would be 65537 bytes long, more than 65536"):
        write_request(Unknown(cmd + "x"))


def test_a_reply_too_long_to_be_read_is_not_sent() -> None:
    with pytest.raises(LocalError, match="REPLY-4: the header would be"):
        write_reply(Failure(Code.INTERNAL, "x" * MAX_HEADER, closing=True))


def test_members_are_plain_values_in_the_order_of_the_tables() -> None:
    assert list(request_members(Put("a", 3, reply=True)).items()) == [
        ("cmd", "put"),
        ("filename", "a"),
        ("filesize", 3),
        ("reply", True),
    ]
    assert list(reply_members(Failure(Code.BUSY, "m", closing=False))) == ["status", "code", "message", "closing"]
