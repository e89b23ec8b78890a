"""How the judge of clients reads what came: prefixes and headers by hand, in any segments."""

import hashlib
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jhup_conformance.clients.headers import header_faults, own_members, prefix_fault
from jhup_conformance.clients.inbox import Inbox, SentRequest

PLAIN = b'{"cmd":"put","filename":"a.txt","filesize":3}'


def framed(header: bytes, body: bytes = b"") -> bytes:
    return len(header).to_bytes(4, "little") + header + body


def inbox_of(*segments: bytes) -> Inbox:
    inbox = Inbox()
    for segment in segments:
        inbox.feed(segment)
    return inbox


def faults_of(header: bytes) -> list[str]:
    return [fault.clause for fault in header_faults(SentRequest(len(header), header))]


@given(st.lists(st.binary(max_size=40), max_size=4), st.lists(st.integers(0, 400), max_size=8))
def test_requests_are_read_alike_however_they_arrive(bodies: list[bytes], cuts: list[int]) -> None:
    headers = [b'{"cmd":"put","filename":"%d","filesize":%d}' % pair for pair in enumerate(map(len, bodies))]
    stream = b"".join(framed(header, body) for header, body in zip(headers, bodies, strict=True))
    borders = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})

    inbox = inbox_of(*(stream[start:end] for start, end in pairwise(borders)))

    assert [(request.header, bytes(request.kept)) for request in inbox.requests] == list(
        zip(headers, bodies, strict=True)
    )
    assert [request.sha256 for request in inbox.requests] == [hashlib.sha256(body).hexdigest() for body in bodies]
    assert inbox.count == len(stream)


def test_a_body_that_is_cut_off_is_not_whole() -> None:
    request = inbox_of(framed(PLAIN, b"ab")).current

    assert request is not None
    assert (request.came, request.filesize, request.is_whole) == (2, 3, False)


def test_what_follows_a_body_and_is_no_request_is_kept_apart() -> None:
    inbox = inbox_of(framed(PLAIN, b"abc") + b"\0\0\0\0more")

    assert inbox.is_lost
    assert bytes(inbox.stray) == b"\0\0\0\0more"


@pytest.mark.parametrize(
    "header",
    [
        PLAIN,
        b' { "filesize" : 0 , "filename" : "\\u0061", "cmd" : "put", "reply" : true, "x-more" : [1.5, {"cmd": 1}] }',
        '{"cmd":"put","filename":"日本","filesize":9223372036854775807,"reply":false}'.encode(),
    ],
)
def test_a_right_header_in_any_spelling_has_no_fault(header: bytes) -> None:
    assert faults_of(header) == []


@pytest.mark.parametrize(
    ("header", "clause"),
    [
        (b"\xef\xbb\xbf" + PLAIN, "CLIENT-2"),
        (b'{"cmd":"put","filename":"\xe9","filesize":3}', "CLIENT-2"),
        (b'{"cmd":"put","filename":"a","filename":"b","filesize":3}', "CLIENT-2"),
        (b'{"cmd":"put","filename":"a","filesize":3.0}', "CLIENT-2"),
        (b'{"cmd":"put","filename":"a","filesize":3e0}', "CLIENT-2"),
        (b'{"cmd":"put","filename":"a","filesize":-0}', "CLIENT-2"),
        (b'{"cmd":"put","filename":"a","filesize":"3"}', "CLIENT-2"),
        (b'{"cmd":"put","filename":"a","filesize":NaN}', "CLIENT-2"),
        (b"{'cmd':'put','filename':'a','filesize':3}", "CLIENT-2"),
        (b'[{"cmd":"put"}]', "CLIENT-2"),
        (b'{"cmd":"put","filename":"a","filesize":3,}', "CLIENT-2"),
        (b'{"cmd":"PUT","filename":"a","filesize":3}', "CLIENT-6"),
        (b'{"cmd":"put","filename":["a"],"filesize":3}', "CLIENT-6"),
        (b'{"cmd":"put","name":"a","filesize":3}', "CLIENT-6"),
        (b'{"cmd":"put","filename":"a","filesize":3,"reply":"me"}', "CLIENT-6"),
    ],
)
def test_a_header_that_is_wrong_in_one_way_breaks_one_clause(header: bytes, clause: str) -> None:
    assert faults_of(header) == [clause]


def test_a_header_may_have_65536_bytes_and_not_one_more() -> None:
    assert faults_of(PLAIN + b" " * (65_536 - len(PLAIN))) == []
    assert faults_of(PLAIN + b" " * (65_537 - len(PLAIN))) == ["CLIENT-2"]


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        (len(PLAIN).to_bytes(4, "big") + PLAIN + b"abc", "the prefix is big-endian"),
        (b"\x29\0\0\0" + '{"cmd":"put","filename":"日","filesize":3}abc'.encode(), "counts characters"),
        (b"45 " + PLAIN, "written as digits"),
        (PLAIN, "without a prefix"),
        (b"PUT /a.txt HTTP/1.1\r\n\r\n", "speaks HTTP"),
        (b"\x16\x03\x01\x02\x00\x01\x00", "speaks TLS"),
        (b"hello server\n", "a dialect of its own"),
        (b"\0\0\0\0", "no length of a header"),
        (b"\x2d\0\0\0" + PLAIN[:9], "9 bytes follow it"),
        (b"\x2d\0", "only 2 bytes"),
        (b"", "sent nothing"),
    ],
)
def test_bytes_that_are_no_request_are_described(sent: bytes, words: str) -> None:
    assert words in prefix_fault(inbox_of(sent))


def test_a_right_request_has_a_right_prefix() -> None:
    assert prefix_fault(inbox_of(framed(PLAIN, b"abc"))) == ""


def test_members_of_its_own_are_those_without_an_x() -> None:
    header = b'{"cmd":"put","filename":"a","filesize":3,"x-mode":1,"mode":2}'

    assert own_members(SentRequest(len(header), header)) == ["mode"]
