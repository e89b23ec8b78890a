"""Section 10.11: each datagram is a message, and answered by one. Losses are nobody's fault."""

import pytest
from hypothesis import given

from jhup.echo import Service
from jhup_conformance.echo.asking import CONTENT, Ask, Breach
from jhup_conformance.echo.inputs import MESSAGES, edges, letters
from jhup_conformance.echo.judge import EchoJudge
from jhup_conformance.findings import Finding, NotOffered, NotSeen
from jhup_conformance.verify.marks import check
from jhup_conformance.wire.dump import show_bytes

BASIC = [b"x", b"abc", letters(40), letters(511), letters(512)]


@check("ECHO-51")
def test_a_basic_message_is_answered(echo: EchoJudge) -> None:
    echo.expect_messages(BASIC)


@check("ECHO-52")
def test_a_datagram_of_any_length_is_answered_whole(echo: EchoJudge) -> None:
    echo.expect_messages([letters(size) for size in edges(1, echo.limit)])


@check("ECHO-52")
@pytest.mark.parametrize("count", [2, 5])
def test_datagrams_sent_at_once_are_answered_one_by_one(echo: EchoJudge, count: int) -> None:
    messages = [b"%d of %d" % (number, count) for number in range(count)]
    for _ in range(3):
        letter = echo.datagrams.send(messages[0])
        for message in messages[1:]:
            echo.datagrams.sender.again(letter, message)
        arrived = letter.arrived
        echo.datagrams.wait([letter], until=lambda: len(arrived) >= count, seconds=echo.pace.patience)  # noqa: B023
        for answer, _source in letter.arrived:
            if not any(echo.datagrams.right(Ask(message)).contains(answer) for message in messages):
                raise Finding(
                    f"a reply to one of {count} datagrams of one sender, such as {show_bytes(messages[0])}",
                    show_bytes(answer),
                    letter.transcript,
                )
        if len(letter.arrived) >= count:
            return  # what is lost is sent again, all three times
    raise Finding(f"{count} answers to {count} datagrams", f"{len(letter.arrived)}, in three tries", letter.transcript)


@check("ECHO-52", late=True)
@given(data=MESSAGES)
def test_any_bytes_are_answered_rightly(echo: EchoJudge, data: bytes) -> None:
    if data and len(data) <= echo.limit and (echo.service is not Service.WORKER or data.isascii()):
        breaches = CONTENT if data.strip() else CONTENT - {Breach.NOTHING}
        echo.expect_any(Ask(data), breaches=breaches)


@check("ECHO-53")
def test_a_datagram_is_answered_once(echo: EchoJudge) -> None:
    wire = echo.datagrams
    letters_sent = [wire.send(data) for data in BASIC]
    wire.wait(letters_sent, until=lambda: all(each.arrived for each in letters_sent), seconds=echo.pace.patience)
    wire.wait(letters_sent, until=lambda: False, seconds=2 * echo.pace.settle)
    for letter in letters_sent:
        if len(letter.arrived) > 1:
            raise Finding("one datagram for one", f"{len(letter.arrived)} datagrams", letter.transcript)


@check("ECHO-54")
def test_the_answer_comes_from_where_the_datagram_was_sent_to(echo: EchoJudge) -> None:
    echo.expect(map(Ask, BASIC * 3), breaches=frozenset({Breach.ELSEWHERE}))


@check("ECHO-55")
def test_each_sender_gets_its_own_answers(echo: EchoJudge) -> None:
    wire = echo.datagrams
    names = [b"sender%d" % number for number in range(4)]
    for _ in range(3):
        sent = [wire.send(name) for name in names]
        wire.wait(sent, until=lambda: all(each.arrived for each in sent), seconds=echo.pace.patience)  # noqa: B023
        for letter in sent:
            for answer, _source in letter.arrived:
                others = [name for name in names if name != letter.data]
                if any(wire.right(Ask(name)).contains(answer) for name in others):
                    raise Finding(f"answers to {show_bytes(letter.data)} alone", show_bytes(answer), letter.transcript)


@check("ECHO-57")
def test_an_empty_reply_is_an_empty_datagram(echo: EchoJudge) -> None:
    if echo.service is not Service.UPPER or not echo.rules.trims:
        raise NotOffered("no message but the empty one has an empty reply, and that is for ECHO-56")
    echo.expect(map(Ask, [b" ", b"\n", b" \t\r\n"]), breaches=frozenset({Breach.NOTHING}))


@check("ECHO-56")
def test_an_empty_datagram_is_answered(echo: EchoJudge) -> None:
    control = Ask(b" ") if echo.service is Service.UPPER and echo.rules.trims else Ask(b"x")
    echo.expect([Ask(b"")], control=control)


@check("ECHO-58")
@pytest.mark.parametrize("data", [b"\xff", b"abc\x80", "é".encode(), letters(8000) + b"\xff"], ids=len)
def test_a_worker_does_not_answer_what_is_not_ascii(echo: EchoJudge, data: bytes) -> None:
    echo.expect([Ask(data)])


@check("ECHO-59")
def test_a_datagram_longer_than_the_limit_is_cut_answered_or_dropped(echo: EchoJudge) -> None:
    for size in (echo.limit + 1, echo.limit + 2000, 2 * echo.limit, 60_000):
        if size > echo.limit:
            echo.expect([Ask(letters(size))])


@check("ECHO-52")
def test_senders_that_take_turns_are_answered(echo: EchoJudge) -> None:
    first, second = echo.datagrams.send(b"first"), echo.datagrams.send(b"second")
    if not echo.datagrams.control():
        raise NotSeen("the control is not answered")
    for number in range(3):
        echo.datagrams.sender.again(first, b"first%d" % number)
        echo.datagrams.sender.again(second, b"second%d" % number)
    both = [first, second]
    echo.datagrams.wait(both, until=lambda: all(len(each.arrived) >= 4 for each in both), seconds=echo.pace.patience)
    if not all(each.arrived for each in both):
        raise Finding("answers to both of two senders that take turns", "none to one of them", first.transcript)
