"""Section 10.8, session: the replies to all segments of some cutting, in order, as they arrive, until end of stream."""

import pytest
from hypothesis import given

from jhup.echo import Shape, worker_name
from jhup.limits import IDLE_AT_LEAST
from jhup_conformance.echo.asking import CONTENT, Ask, Breach, is_whole
from jhup_conformance.echo.inputs import ASKS, edges, letters
from jhup_conformance.echo.judge import EchoJudge
from jhup_conformance.echo.streams import leave
from jhup_conformance.findings import Finding, NotSeen
from jhup_conformance.suite.support.idle import require_silence
from jhup_conformance.verify.marks import check
from jhup_conformance.verify.stream import End
from jhup_conformance.wire.driving import drive
from jhup_conformance.wire.dump import show_bytes
from jhup_conformance.wire.line import Line
from jhup_conformance.wire.transcript import Action, Kind

BEHIND = frozenset({Breach.EXTRA, Breach.WRONG})


def in_step(echo: EchoJudge, pieces: list[bytes]) -> tuple[bytes, bytes]:
    """Say pieces on one connection, each once the last one was answered; gives what was said, and what came."""
    line = echo.streams.dial()
    said = b""
    try:
        for piece in pieces:
            said += piece
            right = echo.wire.right(Ask(said))
            line.plan([Action(Kind.SENT, piece)])
            if not echo.hear(line, until=lambda line, right=right: is_whole(right, bytes(line.received))):  # type: ignore[misc]
                raise Finding(
                    f"the replies to {show_bytes(said)}, such as {show_bytes(right.closest(bytes(line.received)))}",
                    show_bytes(bytes(line.received)) or "nothing",
                    line.transcript,
                )
        return said, bytes(line.received)
    finally:
        leave(line)


@check("ECHO-30")
def test_what_has_arrived_is_answered_at_once(echo: EchoJudge) -> None:
    echo.expect([Ask(letters(size)) for size in edges(1, 512)], breaches=frozenset({Breach.NOTHING}))


@check("ECHO-32")
def test_replies_come_in_the_order_of_their_segments(echo: EchoJudge) -> None:
    for number in range(6):
        pieces = [b"%s%d" % (name, number) for name in (b"first", b"second", b"third")]
        ask = Ask(b"".join(pieces), (len(pieces[0]), len(pieces[0] + pieces[1])), End.FINISH)
        if shuffled(echo, ask) and (again := shuffled(echo, ask)):
            raise again


def shuffled(echo: EchoJudge, ask: Ask) -> Finding | None:
    """Return what is wrong with an answer that has all bytes of a right one, but in another order."""
    tried = echo.wire.run([ask], patience=echo.pace.last_patience)[0]
    if tried.mismatch is None or not is_shuffled(echo, ask, tried.answer):
        return None
    return Finding("the replies in the order of the segments", tried.mismatch.actual, tried.transcript)


def is_shuffled(echo: EchoJudge, ask: Ask, answer: bytes) -> bool:
    """Tell whether an answer is no right one, but would be with the segments in another order."""
    first, second = (*ask.cuts, len(ask.data))[:2]
    parts = [ask.data[:first], ask.data[first:second], ask.data[second:]]
    orders = [(0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)]
    return any(echo.wire.right(Ask(b"".join(parts[part] for part in order))).contains(answer) for order in orders)


def expect_cutting(echo: EchoJudge, asks: list[Ask]) -> None:
    """Expect right answers, unless replies only come in the wrong order, which is for ECHO-32."""
    probe = Ask(b"onetwothree", (3, 6), End.FINISH)
    if echo.once("shuffles", lambda: any(shuffled(echo, probe) for _ in range(3))):
        raise NotSeen("replies come in the wrong order, which ECHO-32 is about")
    echo.expect(asks)


@check("ECHO-31")
def test_every_byte_of_one_send_is_answered_once(echo: EchoJudge) -> None:
    expect_cutting(echo, [Ask(letters(size), end=End.FINISH) for size in edges(1, 4 * echo.limit + 1)])


@check("ECHO-31")
@pytest.mark.parametrize("size", [2, 3, 40, 1030, 2100], ids=lambda size: f"{size} bytes")
def test_every_byte_is_answered_once_whatever_the_segments(echo: EchoJudge, size: int) -> None:
    data = letters(size)
    cuts = sorted({cut for cut in (1, 2, size // 2, size - 1, 1023, 1024, 1025) if 0 < cut < size})
    asks = [Ask(data, (cut,), end) for cut in cuts for end in (End.HOLD, End.FINISH)]
    expect_cutting(echo, [*asks, Ask(data, tuple(range(1, min(size, 8))), End.FINISH)])


@check("ECHO-31")
def test_a_long_stream_is_answered_to_its_last_byte(echo: EchoJudge) -> None:
    sizes = [16 * 1024] if echo.effort.offsets else [16 * 1024, 65_537]
    expect_cutting(echo, [Ask(letters(size), end=End.FINISH) for size in sizes])


@check("ECHO-31", late=True)
@given(ask=ASKS)
def test_any_bytes_in_any_segments_are_answered_rightly(echo: EchoJudge, ask: Ask) -> None:
    expect_cutting(echo, [])
    echo.expect_any(ask)


@check("ECHO-33")
def test_no_reply_begins_before_its_segment(echo: EchoJudge) -> None:
    line = echo.streams.dial()
    said = b""
    try:
        for piece in (b"abc", b"de", b"f"):
            early = bytes(line.received)
            said += piece
            right = echo.wire.right(Ask(said))
            line.plan([Action(Kind.SENT, piece)])
            echo.hear(line, until=lambda line, right=right: is_whole(right, bytes(line.received)))  # type: ignore[misc]
            whole = len(line.received)
            echo.hear(line, until=lambda line, whole=whole: len(line.received) > whole, patience=echo.pace.settle)  # type: ignore[misc]
            received = bytes(line.received)
            if not right.is_prefix_of_member(received):
                raise Finding(
                    f"after {show_bytes(said)} the beginning of a right answer to it, and no more",
                    f"{show_bytes(early)}, then {show_bytes(received[len(early) :])}",
                    line.transcript,
                )
    finally:
        leave(line)


@check("ECHO-34")
def test_end_of_stream_itself_is_not_answered(echo: EchoJudge) -> None:
    asks = [Ask(b"abc", end=End.FINISH), Ask(b"abc", end=End.FINISH_AT_ONCE), Ask(letters(300), end=End.FINISH)]
    empty = [Ask(b"", end=End.FINISH), Ask(b"", end=End.FINISH_AT_ONCE)]
    echo.expect([*empty, *asks], breaches=BEHIND, control=Ask(b"abc"))


@check("ECHO-35")
def test_it_goes_on_to_reply(echo: EchoJudge) -> None:
    for pieces in ([b"a", b"b"], [b"%d" % number for number in range(20)], [letters(200)] * 8):
        in_step(echo, [echo.message(piece).data for piece in pieces])


@check("ECHO-24")
def test_all_replies_on_a_connection_have_one_name(echo: EchoJudge) -> None:
    pieces = [echo.message(b"%d" % number).data for number in range(12)]
    _, answer = in_step(echo, pieces)
    if answer.count(worker_name(answer) + b": ") < len(pieces):
        raise Finding("one name in all replies", show_bytes(answer))


@check("ECHO-36")
@pytest.mark.parametrize("bad", [b"\xff", b"x\x80", "é".encode()], ids=ascii)
def test_nothing_behind_what_is_not_ascii_is_answered(echo: EchoJudge, bad: bytes) -> None:
    good, after = echo.message(b"abc").data, echo.message(b"ghi").data
    bad = echo.message(bad).data
    asks = [Ask(bad + after, (len(bad),)), Ask(good + bad + after, (len(good), len(good + bad)), End.FINISH)]
    echo.expect(asks, breaches=BEHIND)


@check("ECHO-37")
def test_replies_before_what_is_not_ascii_are_sent(echo: EchoJudge) -> None:
    good, bad = echo.message(b"abc").data, echo.message(b"\xff").data
    if echo.shape is Shape.LINE:  # in a session, what comes in one segment may be taken for one message
        echo.expect([Ask(good + bad), Ask(good * 20 + bad)], breaches=CONTENT)
    line = echo.streams.dial()
    try:
        line.plan([Action(Kind.SENT, good)])
        right = echo.wire.right(Ask(good))
        # Until the reply is there, or surely won't come before more does: else the two may arrive as one message.
        echo.hear(line, until=lambda line: right.contains(bytes(line.received)) or line.closed is not None)
        line.plan([Action(Kind.SENT, bad)])
        echo.hear(line, until=lambda line: line.closed is not None)
        received = bytes(line.received)
        if not right.contains(received):
            raise Finding(f"the reply to {show_bytes(good)}", show_bytes(received) or "nothing", line.transcript)
    finally:
        leave(line)


@check("ECHO-47")
@pytest.mark.parametrize("end", [End.FINISH, End.FINISH_AT_ONCE])
@pytest.mark.parametrize("data", [b"abc", letters(512)], ids=["three bytes", "512 bytes"])
def test_the_connection_is_closed_after_end_of_stream(echo: EchoJudge, data: bytes, end: End) -> None:
    ask = Ask(echo.message(data).data, end=end, must_close=True)
    echo.expect([ask], breaches=frozenset({Breach.OPEN}))


IDLE_FOR = 0.2
"""Seconds for which a connection is silent at the least; the thorough profile waits longer."""


@check("ECHO-78")
def test_an_idle_session_is_not_closed(echo: EchoJudge) -> None:
    seconds = max(IDLE_FOR, echo.effort.idle)
    lines = [echo.streams.dial() for _ in range(1 if echo.is_iterative else 2)]
    said = {line: b"" if number else b"abc\n" for number, line in enumerate(lines)}
    try:
        for line, data in said.items():
            answered(echo, line, data)
        drive(lines, until=lambda line: line.closed is not None, patience=seconds, at_most=seconds + 1.0)
        for line in lines:
            if line.closed:
                raise Finding(
                    f"no connection closed for silence within {IDLE_AT_LEAST:.0f} s",
                    f"closed ({line.closed}) after less than {seconds:.1f} s without a byte",
                    line.transcript,
                )
        for line, data in said.items():
            answered(echo, line, data + b"def\n", said=len(data))
    finally:
        for line in lines:
            leave(line)
    require_silence(seconds)


def answered(echo: EchoJudge, line: Line, data: bytes, said: int = 0) -> None:
    """Say what was not said yet of some data, and wait for the answer to all of it."""
    if not data:
        return
    right = echo.wire.right(Ask(data))
    line.plan([Action(Kind.SENT, data[said:])])
    if not echo.hear(line, until=lambda line: is_whole(right, bytes(line.received))):
        raise NotSeen("what comes is not the answer, which other clauses are about")
