"""Section 2.2 and 2.3, framing: the frame, and requests on one connection, as long as each arrives whole."""

from collections.abc import Sequence

import pytest

from jhup.limits import PREFIX_SIZE
from jhup_conformance.checks import (
    NAME_LENGTH,
    End,
    Judge,
    Stream,
    check,
    command,
    header,
    name,
    pattern,
    put,
    requests,
)

PUT = put(b"abc")
TWO_PUTS = requests(put(b"abc"), put(b"defgh"))
LIKE_A_REQUEST = put(put(b"abc"))
FILE = name("file")


def many_puts(count: int) -> Stream:
    return requests(*(put(b"%d" % number * (1 + number % 7)) for number in range(count)))


UNKNOWN_BETWEEN = requests(put(b"before"), command("x-nothing", filename="ignored"), put(b"after"))

BODIES = {
    "three bytes": b"abc",
    "one byte": b"x",
    "every byte value": bytes(range(256)),
    "zeros": bytes(64),
    "line ends": b"a\r\nb\nc\r\n",
    "high bytes": bytes(range(128, 256)) * 2,
    "JSON": b'{"cmd":"put","filename":"x","filesize":1}',
    "512 bytes": pattern(512),
}

SPILLS = {
    "part of its prefix": (1, 2, 3),
    "its prefix": (PREFIX_SIZE,),
    "part of its header": range(PREFIX_SIZE + 1, 60, 2),
}
"""How many bytes of the next request stand in the segment with the end of a body."""

GLUED = {
    "two puts": TWO_PUTS,
    "three puts": many_puts(3),
    "eight puts": many_puts(8),
    "forty puts": many_puts(40),
    "an unknown command between puts": UNKNOWN_BETWEEN,
    "two puts of a name": requests(put(b"the first body", name=FILE), put(b"the second", name=FILE)),
}


@check("FRAME-1")
@pytest.mark.parametrize("size", [1, 3, 200])
def test_the_prefix_is_read_as_the_length_of_the_header(judge: Judge, size: int) -> None:
    judge.check(put(pattern(size)).paced())


@check("FRAME-1")
@pytest.mark.parametrize("length", [127, 128, 129, 255, 256, 257])
def test_the_prefix_of_a_longer_header_is_read_as_its_length(judge: Judge, length: int) -> None:
    bare = len(header(cmd="put", filename="", filesize=3)) + NAME_LENGTH
    judge.check(put(b"abc", name=FILE + "-" * (length - bare)).paced())


@check("FRAME-2")
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_the_body_is_exactly_the_bytes_after_the_header(judge: Judge, body: bytes) -> None:
    judge.check(put(body).paced())


@check("FRAME-6")
@pytest.mark.parametrize("stream", [PUT, LIKE_A_REQUEST], ids=["put", "body that looks like a request"])
@pytest.mark.parametrize("cut_at", ["nothing", "header", "body"])
def test_neighbouring_fields_may_arrive_glued(judge: Judge, stream: Stream, cut_at: str) -> None:
    cuts = [stream.field(cut_at).start] if cut_at != "nothing" else []

    judge.check(stream.cut(*cuts), requires=stream.paced())


@check("FRAME-7")
def test_a_whole_request_after_a_body_is_not_read_as_body(judge: Judge) -> None:
    body, following = TWO_PUTS.body(0), TWO_PUTS.prefix(1)

    judge.check(
        TWO_PUTS.cut(body.start, body.start + 1),
        requires=TWO_PUTS.paced(),
        blameless_if=TWO_PUTS.cut(body.start, body.start + 1, following.start),
    )


@check("FRAME-7")
@pytest.mark.parametrize("spills", SPILLS.values(), ids=SPILLS.keys())
def test_the_start_of_the_next_request_is_not_read_as_body(judge: Judge, spills: Sequence[int]) -> None:
    body, following = TWO_PUTS.body(0), TWO_PUTS.prefix(1)
    streams = [TWO_PUTS.cut(body.start, body.start + 1, following.start + spill) for spill in spills]

    judge.check(
        *streams,
        requires=TWO_PUTS.paced(),
        blameless_if=lambda stream: stream.cut(*stream.cuts, following.start),
    )


@check("FRAME-8")
@pytest.mark.parametrize("stream", GLUED.values(), ids=GLUED.keys())
def test_requests_in_one_segment_are_all_carried_out(judge: Judge, stream: Stream) -> None:
    judge.check(stream, requires=stream.by_request())


@check("FRAME-10")
@pytest.mark.parametrize("count", [2, 5, 30])
def test_a_connection_carries_any_number_of_requests(judge: Judge, count: int) -> None:
    judge.check(many_puts(count).paced(), requires=PUT.paced(), stays_open=True)


@check("FRAME-10")
def test_a_connection_carries_more_than_a_hundred_requests(judge: Judge) -> None:
    judge.check(many_puts(120).by_request(), blameless_if=PUT.paced(), stays_open=True)


@check("FRAME-11")
@pytest.mark.parametrize(
    "stream",
    [PUT, put(b""), TWO_PUTS, UNKNOWN_BETWEEN, many_puts(12)],
    ids=["put", "empty put", "two puts", "an unknown command between", "twelve puts"],
)
def test_a_request_is_carried_out_while_nothing_follows_it(judge: Judge, stream: Stream) -> None:
    judge.check(stream.paced(), requires=PUT.paced(), blameless_if=stream.paced().ending(End.FINISH))
