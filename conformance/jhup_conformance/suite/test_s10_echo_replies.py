"""Section 10.2 to 10.6: what upper, greet and worker reply to one message, whatever it comes in."""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import partial

import pytest

from jhup.echo import NAME_END, Service, Shape, is_worker_name
from jhup_conformance.echo.asking import CONTENT, Ask, Breach, Tried
from jhup_conformance.echo.inputs import HIGH, NOT_WHITE, SMALL, WHITE, around, edges, letters, singles
from jhup_conformance.echo.judge import EchoJudge
from jhup_conformance.findings import Finding, NotSeen
from jhup_conformance.verify.marks import check
from jhup_conformance.verify.stream import End
from jhup_conformance.wire.dump import show_bytes

LASTING = (Shape.SESSION, Shape.LINE)
_ENDS = re.compile(rb"\A[^a-z]+|[^a-z]+\Z")
LINES = (Shape.LINE, Shape.LINE_ONE_SHOT)


def each_around(echo: EchoJudge, items: Sequence[bytes]) -> list[bytes]:
    """Return messages around each of some bytes, first all of the shortest."""
    return sorted((message for item in echo.sample(items) for message in around(item)), key=len)


def lost_at_ends(tried: Tried, echo: EchoJudge) -> bool:
    """Tell whether an answer is right for the message without its ends: ECHO-4 and ECHO-5 are about those."""
    middle = _ENDS.sub(b"", tried.ask.data)
    return bool(middle) and middle != tried.ask.data and echo.wire.right(Ask(middle)).contains(tried.answer)


def batched(items: Sequence[bytes], size: int) -> Iterator[Sequence[bytes]]:
    """Return items so many at a time."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def inside(echo: EchoJudge, items: Iterable[bytes]) -> list[bytes]:
    """Return the bytes that are handled rightly between two others: the control for what happens at the ends."""
    good = []
    for batch in batched([item for item in items if not (echo.shape in LINES and item == b"\n")], echo.lanes):
        between = echo.wire.run([echo.message(b"m" + item + b"m") for item in batch], patience=echo.pace.patience)
        before = echo.wire.run([echo.message(item + b"a") for item in batch], patience=echo.pace.patience)
        for item, inner, first in zip(batch, between, before, strict=True):
            if inner.mismatch is None and (first.mismatch is None or lost_at_ends(first, echo)):
                good.append(item)
    return good


def at_ends(echo: EchoJudge, items: Iterable[bytes]) -> list[bytes]:
    """Return messages with each byte at both ends, of those that are handled rightly inside.

    Raises:
        NotSeen: when none is.
    """
    good = inside(echo, items)
    if not good:
        raise NotSeen("the control failed: these bytes aren't handled rightly between others either")
    messages = [message for item in good for message in (item, item + b"a", b"a" + item, item + b"a" + item)]
    return sorted(messages, key=len)


# upper


@check("ECHO-1")
def test_small_letters_become_capitals(echo: EchoJudge) -> None:
    echo.expect_messages([*echo.sample(SMALL), b"az", b"".join(SMALL), *map(letters, edges(1, 512))])


@check("ECHO-2")
def test_other_ascii_bytes_stay(echo: EchoJudge) -> None:
    items = [item for item in NOT_WHITE if item not in SMALL]
    messages = [b"\0a", b"a\0b", *each_around(echo, items), b"A" + b"".join(items) + b"A"]
    echo.expect_messages(messages, of_others=partial(lost_at_ends, echo=echo))


@check("ECHO-3")
def test_bytes_that_are_not_ascii_stay(echo: EchoJudge) -> None:
    texts = ["é", "ß", "ÿ", "ŉ", "ǆ", "ա", "ﬁ", "ſ", "µ"]
    encoded = [text.encode() for text in texts] + ["é".encode("latin-1")]
    messages = [*encoded, *each_around(echo, HIGH), b"\xed\xa0\x80", b"\xc3", b"a" + b"".join(HIGH) + b"a"]
    echo.expect_messages(messages, of_others=partial(lost_at_ends, echo=echo))


# Trimming


@check("ECHO-4")
def test_white_space_goes_from_both_ends(echo: EchoJudge) -> None:
    alone = [message for white in WHITE for message in (white + b"a", b"a" + white, white + b"a" + white)]
    all_of_it = b"".join(WHITE)
    echo.expect_messages([*alone, all_of_it + b"a", b"a" + all_of_it, all_of_it + b"a" + all_of_it, b" " * 200 + b"a"])


@check("ECHO-5")
def test_no_other_byte_goes_from_the_ends(echo: EchoJudge) -> None:
    known = [b"\0", b"\x1c", b"\x1d", b"\x1e", b"\x1f", b"\x85", b"\xa0", b"\x7f"]
    others = [item for item in singles(0, 255, without=b"".join(WHITE)) if item not in known]
    spaces = [space.encode() for space in "\u00a0\u2003\u3000"]
    echo.expect_messages(at_ends(echo, known + spaces + echo.sample(others, share=4)))


@check("ECHO-6")
def test_white_space_inside_stays(echo: EchoJudge) -> None:
    whites = [white for white in WHITE if not (white == b"\n" and echo.shape in LINES)]
    if echo.service is Service.GREET:
        whites = [b" "]  # the others are written as escapes, which are for other clauses
    messages = [b"a" + white * times + b"b" for times in (1, 2, 9) for white in whites]
    echo.expect_messages([*messages, b"a" + b"".join(whites) + b"b", b"a" + whites[0] * 2 + b"b c"])


@check("ECHO-7")
def test_nothing_but_white_space_is_the_empty_message(echo: EchoJudge) -> None:
    messages = [*WHITE, b"  ", b"\r\n", b"".join(WHITE), b" " * 500]
    if echo.shape is Shape.DATAGRAM:  # that an empty answer comes at all is for ECHO-57
        echo.expect(map(echo.message, messages), breaches=CONTENT - {Breach.NOTHING})
    else:
        messages = [each for each in messages if echo.shape not in LINES or b"\n" not in each[:-1]]
        end = End.FINISH if echo.shape in LASTING else End.HOLD
        echo.expect([Ask(echo.message(message).data, end=end) for message in messages])


@check("ECHO-8")
def test_white_space_at_the_ends_stays(echo: EchoJudge) -> None:
    whites = [white for white in WHITE if not (white == b"\n" and echo.shape in LINES)]
    echo.expect_messages([*at_ends(echo, whites), b" \t a \t "])


# greet


@check("ECHO-9")
def test_the_greeting_stands_before_the_literal_and_nothing_behind(echo: EchoJudge) -> None:
    echo.expect_messages([b"x", b"abc", b"Hello,", b"b", letters(40)])


@check("ECHO-10")
@pytest.mark.parametrize("size", edges(1, 512))
def test_the_literal_holds_the_whole_content(echo: EchoJudge, size: int) -> None:
    echo.expect_messages([letters(size)])


@check("ECHO-11")
def test_printable_bytes_stand_for_themselves(echo: EchoJudge) -> None:
    items = singles(0x21, 0x7E, without=b"'\"\\")
    echo.expect_messages([*each_around(echo, items), b"a b", b"".join(items)])


@check("ECHO-12")
def test_tab_line_feed_and_carriage_return_have_letters(echo: EchoJudge) -> None:
    whites = [white for white in (b"\t", b"\n", b"\r") if not (white == b"\n" and echo.shape in LINES)]
    echo.expect_messages([b"a" + white * times + b"b" for times in (1, 3) for white in whites])


@check("ECHO-13")
def test_a_backslash_is_doubled(echo: EchoJudge) -> None:
    echo.expect_messages([b"\\", b"\\\\", b"\\n", b"a\\b", b"a\\", b"\\x41", b"\\" * 40])


@check("ECHO-14")
def test_other_control_bytes_are_written_in_hexadecimal(echo: EchoJudge) -> None:
    items = [b"\x7f", *singles(0x00, 0x1F, without=b"\t\n\v\f\r")]
    messages = [*each_around(echo, items), b"a\vb", b"a\fb", b"a" + b"".join(items) + b"a"]
    echo.expect_messages(messages, of_others=partial(lost_at_ends, echo=echo))


@check("ECHO-15")
def test_bytes_that_are_not_ascii_are_written_in_hexadecimal(echo: EchoJudge) -> None:
    messages = ["é".encode(), *each_around(echo, HIGH), b"a" + b"".join(HIGH) + b"a"]
    echo.expect_messages(messages, of_others=partial(lost_at_ends, echo=echo))


@check("ECHO-16")
def test_a_content_with_single_quotes_stands_between_double_ones(echo: EchoJudge) -> None:
    echo.expect_messages([b"'", b"''", b"'a", b"a'", b"it's", b"'quoted'", b"'" * 50])


@check("ECHO-17")
def test_a_content_without_single_quotes_stands_between_single_ones(echo: EchoJudge) -> None:
    echo.expect_messages([b'"', b'""', b'"a', b'a"', b'say "no"', b'"' * 50, b"a"])


@check("ECHO-18")
def test_a_content_with_both_quotes_has_the_single_ones_escaped(echo: EchoJudge) -> None:
    echo.expect_messages([b"'\"", b"\"'", b'it\'s "so"', b"''\"\"", b"'\"" * 30])


# worker


@check("ECHO-19")
def test_the_message_stands_behind_the_name_as_it_is(echo: EchoJudge) -> None:
    messages = [b"\0", b"\0a", *each_around(echo, NOT_WHITE), b": ", b": :", b"a: b", b"".join(NOT_WHITE)]
    echo.expect_messages([*messages, *map(letters, edges(1, 512))])


@check("ECHO-20")
def test_names_are_printable_and_have_no_colon(echo: EchoJudge) -> None:
    for number in range(8):
        tried = echo.wire.run([echo.message(b"%d" % number)], patience=echo.pace.last_patience)[0]
        name, end, _ = tried.answer.partition(NAME_END)
        if end and not is_worker_name(name):
            raise Finding("one or more bytes 20 to 7E without 3A as the name", show_bytes(name), tried.transcript)


@check("ECHO-21")
def test_a_worker_keeps_white_space(echo: EchoJudge) -> None:
    whites = [white for white in WHITE if not (white == b"\n" and echo.shape in LINES)]
    messages = [message for white in whites for message in (white, white + b"a", b"a" + white, white + b"a" + white)]
    echo.expect_messages([*sorted(messages, key=len), b" \t a \t ", b" " * 200])


@check("ECHO-22")
def test_a_worker_does_not_reply_to_what_is_not_ascii(echo: EchoJudge) -> None:
    messages = [*echo.sample(HIGH), b"\xffabc", "é".encode(), bytes(HIGH[0]) + letters(300)]
    echo.expect(map(echo.message, messages), breaches=frozenset({Breach.WRONG, Breach.EXTRA, Breach.SHORT}))


@check("ECHO-23")
@pytest.mark.parametrize("data", [b"\xff", b"\x80abc", "é".encode()], ids=ascii)
def test_a_worker_closes_after_what_is_not_ascii(echo: EchoJudge, data: bytes) -> None:
    echo.expect([Ask(echo.message(data).data, must_close=True)], breaches=frozenset({Breach.OPEN}))
