"""Section 10.9, line: each line is answered when it has ended, however it was cut; the answer is nearly always one."""

import pytest
from hypothesis import given

from jhup.echo import Shape
from jhup_conformance.echo.asking import Ask, Breach
from jhup_conformance.echo.inputs import ASKS, edges, letters
from jhup_conformance.echo.judge import EchoJudge
from jhup_conformance.echo.streams import CLOSE_PATIENCE, leave
from jhup_conformance.findings import Finding
from jhup_conformance.verify.marks import check
from jhup_conformance.verify.stream import End
from jhup_conformance.wire.dump import show_bytes
from jhup_conformance.wire.transcript import Action, Kind

SEVERAL = b"ab\ncd\nefg\n"
BEHIND = frozenset({Breach.EXTRA, Breach.WRONG})


@check("ECHO-38")
def test_a_line_is_answered_when_it_has_ended(echo: EchoJudge) -> None:
    sizes = [size for size in edges(1, echo.limit - 1) if size < echo.limit]
    echo.expect([Ask(letters(size) + b"\n") for size in sizes], breaches=frozenset({Breach.NOTHING}))


@check("ECHO-42")
@pytest.mark.parametrize("pieces", [[b"abc"], [b"a", b"b"], [b"\n", b"abc"]], ids=["whole", "split", "second line"])
def test_a_line_is_not_answered_before_it_has_ended(echo: EchoJudge, pieces: list[bytes]) -> None:
    line = echo.streams.dial()
    said = b""
    try:
        for piece in pieces:
            said += piece
            line.plan([Action(Kind.SENT, piece, 2 * echo.pace.pause)])
        echo.hear(line, until=lambda _: False, patience=8 * echo.pace.pause + echo.pace.settle)
        early = bytes(line.received)
        if not echo.wire.right(Ask(said)).is_prefix_of_member(early):
            raise Finding(f"no reply to {show_bytes(pieces[-1])} before its 0A", show_bytes(early), line.transcript)
    finally:
        leave(line)


def cuts_of(data: bytes) -> list[Ask]:
    """Return a stream cut at each place, and byte by byte."""
    return [*(Ask(data, (cut,)) for cut in range(1, len(data))), Ask(data, tuple(range(1, len(data))))]


@check("ECHO-39")
@pytest.mark.parametrize("data", [b"a\n", SEVERAL, b"a\rb\r\nc\n"], ids=ascii)
def test_lines_are_cut_behind_their_ends_however_they_arrive(echo: EchoJudge, data: bytes) -> None:
    echo.expect([Ask(data), *cuts_of(data)])


@check("ECHO-39")
def test_many_lines_at_once_are_answered_all(echo: EchoJudge) -> None:
    many = b"".join(b"%d\n" % number for number in range(200))
    echo.expect([Ask(b"1\n2\n" * 8), Ask(many), Ask(many, end=End.FINISH), Ask((letters(99) + b"\n") * 30)])


@check("ECHO-39", late=True)
@given(ask=ASKS)
def test_any_bytes_in_any_segments_are_answered_rightly(echo: EchoJudge, ask: Ask) -> None:
    most = echo.limit
    if (b"\n" in ask.data or ask.ended) and all(len(line) < most for line in ask.data.split(b"\n")) and ask.data:
        echo.expect_any(ask)


@check("ECHO-40")
def test_a_last_line_without_end_is_answered_at_end_of_stream(echo: EchoJudge) -> None:
    asks = [Ask(data, end=end) for data in (b"x", b"abc", letters(500)) for end in (End.FINISH, End.FINISH_AT_ONCE)]
    more = [Ask(b"a\nbc", end=End.FINISH), Ask(b"a\nbc", (2, 3), End.FINISH)] if echo.shape is Shape.LINE else []
    echo.expect([*asks, *more])


@check("ECHO-41")
def test_an_empty_line_is_answered(echo: EchoJudge) -> None:
    end = End.FINISH
    first = [Ask(b"\n", end=end), Ask(b"\nabc\n", end=end), Ask(b"\n\n", (1,), end)]
    echo.expect([*first, Ask(b"a\n\nb\n", end=end), Ask(b"a\n\n", end=end), Ask(b"a\n\n\n\nb\n", (2, 3, 4), end)])


@check("ECHO-43")
def test_end_of_stream_behind_a_line_is_not_answered(echo: EchoJudge) -> None:
    ends = (End.FINISH, End.FINISH_AT_ONCE)
    asks = [Ask(data, end=end) for data in (b"", b"abc\n", SEVERAL) for end in ends]
    echo.expect(asks, breaches=BEHIND, control=Ask(b"abc\n"))


@check("ECHO-44")
def test_only_the_first_line_is_answered(echo: EchoJudge) -> None:
    asks = [Ask(b"a\nb\n"), Ask(b"a\nb\n", (2,), pause=0.02), Ask(b"a\n", end=End.FINISH), Ask(SEVERAL, end=End.FINISH)]
    echo.expect(asks, breaches=BEHIND, control=Ask(b"a\n"))


@check("ECHO-45")
@pytest.mark.parametrize("more", [1, 1024, 20_000], ids=lambda more: f"{more} bytes more")
def test_a_line_longer_than_the_limit_is_answered_whole_or_not_at_all(echo: EchoJudge, more: int) -> None:
    ask = Ask(letters(echo.limit + more - 1) + b"\n")
    echo.expect([ask])
    line = echo.streams.dial()
    try:
        line.plan([Action(Kind.SENT, ask.data)])
        if not echo.hear(line, until=lambda line: bool(line.received or line.closed), patience=CLOSE_PATIENCE):
            raise Finding("a reply to the whole line, or the connection closed", "neither", line.transcript)
    finally:
        leave(line)
