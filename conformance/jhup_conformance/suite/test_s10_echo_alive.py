"""Section 10.13 and 10.11: what an echo server survives. These come first, so that whoever kills it is named."""

import pytest

from jhup.echo import Service
from jhup_conformance.echo.asking import Ask
from jhup_conformance.echo.inputs import letters
from jhup_conformance.echo.judge import EchoJudge
from jhup_conformance.findings import NotSeen
from jhup_conformance.suite.support.surviving import surviving
from jhup_conformance.verify.marks import check
from jhup_conformance.verify.steps import actions
from jhup_conformance.verify.stream import End
from jhup_conformance.wire.channel import Unreachable
from jhup_conformance.wire.driving import drive

MOMENTS = {
    "before its first byte": (b"", End.RESET),
    "after a byte": (b"a", End.RESET),
    "after a line": (b"abc\n", End.RESET),
    "right after end of stream": (b"", End.FINISH_AT_ONCE),
    "after 1,000 bytes": (letters(1000), End.RESET),
}


@check("ECHO-68")
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_connection_is_broken_off(echo: EchoJudge, moment: str) -> None:
    data, end = MOMENTS[moment]
    with surviving(echo, f"a connection that was broken off {moment}"):
        for _ in range(6):
            line = echo.streams.dial()
            line.plan(actions(data, (), end, 0.0))
            drive([line], until=lambda _: True, patience=echo.pace.patience, at_most=5.0)
            line.drop()


@check("ECHO-68")
def test_a_connection_is_closed_before_its_answer_is_read(echo: EchoJudge) -> None:
    with surviving(echo, "a connection that was closed before its answer was read"):
        for _ in range(6):
            line = echo.streams.dial()
            line.plan(actions(echo.message(letters(300)).data, (), End.HOLD, 0.0))
            drive([line], until=lambda _: True, patience=0.0, at_most=1.0)
            line.channel.close()


@check("ECHO-69")
@pytest.mark.parametrize("data", [b"\xff", "é".encode(), b"abc\x80", bytes(range(128, 256))], ids=ascii)
def test_a_message_is_not_ascii(echo: EchoJudge, data: bytes) -> None:
    with surviving(echo, f"the message {data[:8]!a}"):
        if echo.shape.value == "datagram":
            echo.datagrams.send(data)
        else:
            echo.wire.run([echo.message(data)], patience=echo.pace.patience)


@check("ECHO-70")
@pytest.mark.parametrize("times", [2, 64])
def test_a_connection_sends_more_than_the_limit(echo: EchoJudge, times: int) -> None:
    data = letters(echo.limit + 1) if times == 2 else letters(64 * 1024)
    with surviving(echo, f"a connection that sent {len(data)} bytes"):
        echo.wire.run([Ask(data, end=End.FINISH)], patience=echo.pace.patience)


@check("ECHO-60")
@pytest.mark.parametrize("size", [1, 4096, 40_000, 57_000], ids=lambda size: f"{size} more")
def test_a_datagram_is_longer_than_the_limit(echo: EchoJudge, size: int) -> None:
    size += echo.limit
    with surviving(echo, f"a datagram of {size} bytes"):
        echo.datagrams.send(letters(size))


@check("ECHO-61")
@pytest.mark.parametrize("data", [b"abc", b"", b"\xff"], ids=ascii)
def test_a_datagram_comes_from_a_socket_without_a_path(echo: EchoJudge, data: bytes) -> None:
    if echo.service is Service.WORKER and not data.isascii():
        return
    with surviving(echo, "a datagram whose sender has no address"):
        try:
            echo.datagrams.send(data, named=False)
        except Unreachable as error:
            raise NotSeen(str(error)) from error
