"""Section 10.7, one-shot: any non-empty prefix is answered, once, and the connection closed."""

from functools import partial

import pytest
from hypothesis import given

from jhup.echo import Service
from jhup_conformance.echo.asking import CONTENT, Ask, Breach, Tried
from jhup_conformance.echo.inputs import ASKS, edges, letters
from jhup_conformance.echo.judge import EchoJudge
from jhup_conformance.verify.marks import check
from jhup_conformance.verify.stream import End

MORE = frozenset({Breach.EXTRA})


def is_second_reply(tried: Tried, echo: EchoJudge) -> bool:
    """Tell whether something follows a reply of a server that sends more after plain ones, too; ECHO-27 covers that."""
    return is_more(tried) and sends_more(echo)


def sends_more(echo: EchoJudge) -> bool:
    """Tell whether the server sends more than the reply to a plain message, which ECHO-27 covers; looked up once."""
    return echo.once("more than a reply", lambda: _sends_more(echo))


def _sends_more(echo: EchoJudge) -> bool:
    asks = [Ask(b"abc"), Ask(b"abc", end=End.FINISH), Ask(b"abcdef", (3,), pause=0.02)]
    tried = [echo.wire.run([ask], patience=echo.pace.last_patience)[0] for ask in asks]
    return any(is_more(each) for each in tried)


def is_more(tried: Tried) -> bool:
    """Tell whether something follows a right answer."""
    return tried.mismatch is not None and tried.mismatch.breach is Breach.EXTRA


@check("ECHO-25")
def test_what_has_arrived_is_answered_at_once(echo: EchoJudge) -> None:
    echo.expect([Ask(letters(size)) for size in edges(1, 512)], breaches=frozenset({Breach.NOTHING}))


@check("ECHO-26")
def test_the_message_is_a_beginning_of_what_was_sent(echo: EchoJudge) -> None:
    asks = [Ask(letters(size)) for size in edges(1, 4 * echo.limit)]
    echo.expect(asks, of_others=partial(is_second_reply, echo=echo))


@check("ECHO-26")
@pytest.mark.parametrize("size", [2, 3, 40, 1030], ids=lambda size: f"{size} bytes")
def test_the_segments_do_not_matter(echo: EchoJudge, size: int) -> None:
    data = letters(size)
    cuts = {1, 2, size // 2, size - 1, min(size, 1024)}
    asks = [Ask(data, (cut,), end) for cut in sorted(cuts) if 0 < cut < size for end in (End.HOLD, End.FINISH)]
    echo.expect(
        [*asks, Ask(data, tuple(range(1, min(size, 8))))],
        control=Ask(data),
        of_others=partial(is_second_reply, echo=echo),
    )


@check("ECHO-26", late=True)
@given(ask=ASKS)
def test_any_bytes_in_any_segments_are_answered_rightly(echo: EchoJudge, ask: Ask) -> None:
    if ask.data:
        echo.expect_any(ask, breaches=CONTENT - {Breach.EXTRA} if sends_more(echo) else CONTENT)


@check("ECHO-27")
def test_nothing_stands_behind_the_reply(echo: EchoJudge) -> None:
    echo.expect([Ask(b"x"), Ask(b"abc"), Ask(letters(512))], breaches=MORE)


@check("ECHO-27")
def test_neither_more_bytes_nor_end_of_stream_are_answered_too(echo: EchoJudge) -> None:
    ends = [Ask(b"x", end=End.FINISH), Ask(b"abc", end=End.FINISH), Ask(b"abc", end=End.FINISH_AT_ONCE)]
    echo.expect([*ends, Ask(b"abcdef", (3,), pause=0.02), Ask(b"abcdef", (3,), End.FINISH, pause=0.02)], breaches=MORE)


@check("ECHO-29")
def test_end_of_stream_before_any_byte_is_the_empty_message(echo: EchoJudge) -> None:
    asks = [Ask(b"", end=End.FINISH), Ask(b"", end=End.FINISH_AT_ONCE)]
    echo.expect(asks, of_others=partial(is_second_reply, echo=echo))


@check("ECHO-28")
@pytest.mark.parametrize("data", [b"abc", b"x", letters(512)], ids=["three bytes", "one byte", "512 bytes"])
def test_the_connection_is_closed_after_the_reply(echo: EchoJudge, data: bytes) -> None:
    echo.expect([Ask(echo.message(data).data, must_close=True)], breaches=frozenset({Breach.OPEN}))


@check("ECHO-28")
def test_the_connection_is_closed_after_an_empty_reply(echo: EchoJudge) -> None:
    if echo.service is Service.UPPER and echo.rules.trims:
        echo.expect([Ask(echo.message(b" \t").data, must_close=True)], breaches=frozenset({Breach.OPEN}))
