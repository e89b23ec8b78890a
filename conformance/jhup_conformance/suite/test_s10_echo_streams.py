"""Section 10.10: the beginning and the end of a stream, whatever the shape."""

from jhup_conformance.echo.asking import CONTENT, Ask, Breach
from jhup_conformance.echo.inputs import letters
from jhup_conformance.echo.judge import EchoJudge
from jhup_conformance.echo.streams import leave
from jhup_conformance.findings import Finding
from jhup_conformance.verify.marks import check
from jhup_conformance.verify.stream import End
from jhup_conformance.wire.driving import drive
from jhup_conformance.wire.dump import show_bytes
from jhup_conformance.wire.transcript import Closed

_LOOKS = 4


@check("ECHO-46")
def test_nothing_is_sent_before_the_first_byte(echo: EchoJudge) -> None:
    line = echo.streams.dial()
    try:
        if not echo.is_iterative:
            echo.is_alive()  # the positive, after which a greeting would have come
        drive([line], until=lambda line: bool(line.received), patience=4 * echo.pace.settle, at_most=5.0)
        if line.received:
            raise Finding("nothing before the first byte", show_bytes(bytes(line.received)), line.transcript)
    finally:
        leave(line)


@check("ECHO-48")
def test_a_client_that_has_half_closed_gets_its_replies(echo: EchoJudge) -> None:
    ends = (End.FINISH_AT_ONCE, End.FINISH)
    asks = [Ask(echo.message(letters(size)).data, end=end) for size in (1, 2, 3, 100) for end in ends]
    echo.expect(asks, breaches=CONTENT - {Breach.EXTRA}, control=echo.message(b"abc"))


@check("ECHO-49")
def test_no_answer_is_lost_because_input_was_unread(echo: EchoJudge) -> None:
    data = letters(64 * 1024) + (b"\n" if b"\n" in echo.message(b"").data else b"")
    lost = 0
    for _ in range(_LOOKS):
        tried = echo.wire.run([Ask(data, end=End.FINISH)], patience=echo.pace.last_patience)[0]
        reset = any(entry.how == Closed.RESET.value for entry in tried.transcript.entries)
        lost += reset and not tried.answer and not tried.ask.must_close
    if lost > _LOOKS // 2:
        raise Finding(
            "an answer, then input discarded for a while", f"a reset that took the answer, {lost} times of {_LOOKS}"
        )
