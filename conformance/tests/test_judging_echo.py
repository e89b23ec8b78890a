"""Judging echo servers: what kind of wrong an answer is, which clause it breaks, and who may be blamed for it."""

import socket
from collections.abc import Callable, Sequence
from typing import Any, cast

import pytest
from peers import Hurried, Peer

from jhup.address import Address, Transport
from jhup.clauses import clause
from jhup.echo import Rules, Service, Serving, Shape, right_answers
from jhup_conformance.echo import shrink as shrink_module
from jhup_conformance.echo.asking import CONTENT, Ask, Breach, Mismatch, Tried, compare, is_whole
from jhup_conformance.echo.datagrams import DatagramWire
from jhup_conformance.echo.declared import Declared
from jhup_conformance.echo.diagnosis import diagnose, diagnose_extra, diagnose_next
from jhup_conformance.echo.judge import EchoJudge
from jhup_conformance.echo.shrink import shrink
from jhup_conformance.echo.streams import StreamWire, leave
from jhup_conformance.findings import Finding, NotOffered, NotSeen, Wavering
from jhup_conformance.profiles import EFFORTS, Profile
from jhup_conformance.suite.support.surviving import surviving
from jhup_conformance.verify.stream import End
from jhup_conformance.wire.channel import Channel
from jhup_conformance.wire.dialer import Dialer, TargetGone
from jhup_conformance.wire.line import Line
from jhup_conformance.wire.network import SystemClock
from jhup_conformance.wire.transcript import Transcript

UPPER, GREET, WORKER = (Rules(service=service) for service in (Service.UPPER, Service.GREET, Service.WORKER))
PATIENCE, LAST = Hurried().patience, Hurried().last_patience


def compared(data: bytes, answer: bytes, *, shape: Shape = Shape.ONE_SHOT, rules: Rules = UPPER) -> Mismatch | None:
    right = right_answers(data, shape=shape, rules=rules, ended=False)
    return compare(Ask(data), right, answer, shape, timed_out=False)


# In which way an answer is wrong


@pytest.mark.parametrize(
    ("shape", "rules", "data", "answer", "breach"),
    [
        (Shape.ONE_SHOT, UPPER, b"abc", b"ABC", None),
        (Shape.ONE_SHOT, UPPER, b"abc", b"A", None),
        (Shape.ONE_SHOT, UPPER, b"abc", b"", Breach.NOTHING),
        (Shape.ONE_SHOT, UPPER, b"abc", b"abc", Breach.WRONG),
        (Shape.ONE_SHOT, UPPER, b"abc", b"ABCABC", Breach.EXTRA),
        (Shape.ONE_SHOT, GREET, b"abc", b"Hello, b'ab", Breach.SHORT),
        (Shape.SESSION, GREET, b"abc", b"Hello, b'a'Hello, b'bc'", None),
        (Shape.SESSION, GREET, b"abc", b"Hello, b'a'", Breach.SHORT),
        (Shape.SESSION, GREET, b"abc", b"Hello, b'abc'!", Breach.EXTRA),
        (Shape.LINE, WORKER, b"a\nb\n", b"w: a\nw: b\n", None),
        (Shape.LINE, WORKER, b"a\nb\n", b"w: a\n", Breach.SHORT),
        (Shape.LINE, WORKER, b"a\nb\n", b"w: a\nv: b\n", Breach.WRONG),
    ],
)
def test_an_answer_is_right_or_wrong_in_one_way(
    shape: Shape, rules: Rules, data: bytes, answer: bytes, breach: Breach | None
) -> None:
    found = compared(data, answer, shape=shape, rules=rules)

    assert (found.breach if found else None) is breach


def test_a_wrong_answer_is_shown_with_the_set_and_the_nearest_of_it() -> None:
    nothing = compared(b"abc", b"")
    ended = compare(
        Ask(b"abc", end=End.FINISH),
        right_answers(b"abc", shape=Shape.SESSION, rules=UPPER, ended=True),
        b"ABX",
        Shape.SESSION,
        timed_out=True,
    )

    assert nothing is not None
    assert nothing.expected.startswith(
        "the reply to one of the non-empty prefixes (up to the limit) of abc; the nearest"
    )
    assert (nothing.actual, nothing.timed_out) == ("nothing", False)
    assert ended is not None
    assert ended.expected == "the replies to all segments of some cutting of abc and end of stream; the nearest is ABC"
    assert (ended.actual, ended.timed_out) == ("ABX, which differs in byte 2", True)


@pytest.mark.parametrize(
    ("shape", "rules", "data", "answer", "whole"),
    [
        (Shape.ONE_SHOT, UPPER, b"abc", b"ABC", True),
        (Shape.ONE_SHOT, UPPER, b"abc", b"AB", False),
        (Shape.SESSION, UPPER, b"abc", b"ABC", True),
        (Shape.SESSION, UPPER, b"abc", b"AB", False),
        (Shape.LINE, WORKER, b"abc\n", b"w: abc\n", True),
        (Shape.ONE_SHOT, WORKER, b"abc", b"w: abc", True),
        (Shape.ONE_SHOT, WORKER, b"abc", b"w: ab", False),
        (Shape.ONE_SHOT, WORKER, b"abc", b"w: abd", False),
        (Shape.LINE, WORKER, b"abc\n", b"w: abd\n", False),
    ],
)
def test_an_answer_is_whole_when_nothing_is_left_to_wait_for(
    shape: Shape, rules: Rules, data: bytes, answer: bytes, whole: bool
) -> None:
    assert is_whole(right_answers(data, shape=shape, rules=rules, ended=False), answer) is whole


# Which clause a plain exchange breaks


@pytest.mark.parametrize(
    ("shape", "rules", "data", "answer", "broken"),
    [
        (Shape.ONE_SHOT, UPPER, b"abc", b"", "ECHO-25"),
        (Shape.SESSION, UPPER, b"abc", b"", "ECHO-30"),
        (Shape.LINE, UPPER, b"abc\n", b"", "ECHO-38"),
        (Shape.LINE_ONE_SHOT, UPPER, b"abc\n", b"", "ECHO-38"),
        (Shape.LINE, UPPER, b"abc\n", b"ABC\n", "ECHO-4"),
        (Shape.ONE_SHOT, UPPER, b"abc", b"abc", "ECHO-1"),
        (Shape.ONE_SHOT, UPPER, b"abc", b"ABc", "ECHO-1"),
        (Shape.ONE_SHOT, UPPER, b"Hello", b"hELLO", "ECHO-2"),
        (Shape.ONE_SHOT, UPPER, b"Hello", b"HELLo", "ECHO-1"),
        (Shape.ONE_SHOT, UPPER, b"Hello", b"XELLO", "ECHO-2"),
        (Shape.ONE_SHOT, UPPER, b"Hello", b"HXLLO", "ECHO-1"),
        (Shape.ONE_SHOT, UPPER, b"Hello", b"HALLO", "ECHO-1"),
        (Shape.ONE_SHOT, UPPER, b"aBc", b"AbC", "ECHO-2"),
        (Shape.ONE_SHOT, UPPER, b"aBc", b"ABc", "ECHO-1"),
        (Shape.ONE_SHOT, UPPER, b"aBc", b"AXC", "ECHO-2"),
        (Shape.ONE_SHOT, UPPER, b"aBc", b"A C", "ECHO-2"),
        (Shape.ONE_SHOT, UPPER, b"abc", b"XYZW", "ECHO-26"),
        (Shape.ONE_SHOT, UPPER, b"abc", b"XY", "ECHO-26"),
        (Shape.SESSION, UPPER, b"abc", b"AB", "ECHO-31"),
        (Shape.LINE, UPPER, b"abc\n", b"AB", "ECHO-39"),
        (Shape.ONE_SHOT, UPPER, b"abc", b"ABCABC", "ECHO-27"),
        (Shape.SESSION, UPPER, b"abc", b"ABCABC", "ECHO-31"),
        (Shape.LINE, UPPER, b"abc\n", b"ABCABC", "ECHO-39"),
        (Shape.LINE_ONE_SHOT, UPPER, b"abc\n", b"ABCABC", "ECHO-44"),
        (Shape.ONE_SHOT, GREET, b"abc", b"Hello b'abc'", "ECHO-9"),
        (Shape.ONE_SHOT, GREET, b"abc", b"Hello, b'abc'\n", "ECHO-9"),
        (Shape.ONE_SHOT, GREET, b"abc", b"Hello, abc", "ECHO-10"),
        (Shape.ONE_SHOT, GREET, b"abc", b'Hello, b"abc"', "ECHO-17"),
        (Shape.ONE_SHOT, GREET, b"abc", b"Hello, b'\\x61bc'", "ECHO-11"),
        (Shape.ONE_SHOT, GREET, b"abc", b"Hello, b'abc'Hello, b'abc'", "ECHO-27"),
        (Shape.SESSION, GREET, b"abc", b"Hello, b'abc'Hello, b'", "ECHO-33"),
        (Shape.ONE_SHOT, WORKER, b"abc", b"w abc", "ECHO-19"),
        (Shape.ONE_SHOT, WORKER, b"abc", b": abc", "ECHO-20"),
        (Shape.ONE_SHOT, WORKER, b"abc", b"a:b: abc", "ECHO-20"),
        (Shape.ONE_SHOT, WORKER, b"abc", b"w: ABC", "ECHO-19"),
        (Shape.LINE, WORKER, b"abc\n", b"w: abc", "ECHO-39"),
        (Shape.ONE_SHOT, WORKER, b"abc", b"w: abcw: abc", "ECHO-27"),
        (Shape.SESSION, WORKER, b"abc", b"w: abcw: ", "ECHO-33"),
        (Shape.LINE, WORKER, b"abc\n", b"w: abc\nw: ", "ECHO-42"),
    ],
)
def test_a_plain_answer_is_held_against_the_nearest_clause(
    shape: Shape, rules: Rules, data: bytes, answer: bytes, broken: str
) -> None:
    right = right_answers(data, shape=shape, rules=rules, ended=False)
    mismatch = compare(Ask(data), right, answer, shape, timed_out=False)

    assert mismatch is not None
    assert diagnose(data, answer, mismatch.breach, right=right, rules=rules, shape=shape) == broken


@pytest.mark.parametrize(
    ("breach", "broken"), [(Breach.TWICE, "ECHO-53"), (Breach.ELSEWHERE, "ECHO-54"), (Breach.ASTRAY, "ECHO-55")]
)
def test_where_datagrams_went_is_a_matter_of_clauses_of_its_own(breach: Breach, broken: str) -> None:
    right = right_answers(b"abc", shape=Shape.DATAGRAM, rules=UPPER, ended=False)

    assert diagnose(b"abc", b"ABC", breach, right=right, rules=UPPER, shape=Shape.DATAGRAM) == broken
    assert diagnose(b"abc", b"", Breach.NOTHING, right=right, rules=UPPER, shape=Shape.DATAGRAM) == "ECHO-51"


@pytest.mark.parametrize(
    ("rules", "shape", "reply", "broken"),
    [
        (UPPER, Shape.SESSION, b"", "ECHO-35"),
        (UPPER, Shape.SESSION, b"X", "ECHO-31"),
        (UPPER, Shape.LINE, b"X", "ECHO-39"),
        (WORKER, Shape.SESSION, b"v: abc", "ECHO-24"),
        (WORKER, Shape.SESSION, b"w: abc", "ECHO-31"),
        (WORKER, Shape.SESSION, b"v: ab", "ECHO-31"),
        (WORKER, Shape.SESSION, b"v: abd", "ECHO-31"),
        (WORKER, Shape.LINE, b"\xff: abc", "ECHO-39"),
    ],
)
def test_a_later_reply_is_held_against_what_lasts(rules: Rules, shape: Shape, reply: bytes, broken: str) -> None:
    assert diagnose_next(b"abc", reply, b"w", rules=rules, shape=shape) == broken


@pytest.mark.parametrize(
    ("rules", "shape", "extra", "broken"),
    [
        (GREET, Shape.SESSION, b"Hello, ", "ECHO-33"),
        (GREET, Shape.SESSION, b"Hello, b'", "ECHO-33"),
        (GREET, Shape.SESSION, b"Hello, b''", "ECHO-31"),
        (GREET, Shape.LINE, b"Hel", "ECHO-42"),
        (GREET, Shape.LINE_ONE_SHOT, b"Hel", "ECHO-44"),
        (WORKER, Shape.SESSION, b"w: ", "ECHO-33"),
        (WORKER, Shape.SESSION, b"w: x", "ECHO-31"),
        (UPPER, Shape.SESSION, b"X", "ECHO-31"),
        (UPPER, Shape.ONE_SHOT, b"X", "ECHO-27"),
    ],
)
def test_what_comes_unasked_was_begun_too_early_or_is_one_too_many(
    rules: Rules, shape: Shape, extra: bytes, broken: str
) -> None:
    assert diagnose_extra(extra, b"w", rules=rules, shape=shape) == broken


# Making it smaller


def shrunk(ask: Ask, is_bad: Callable[[Ask], bool], *, shape: Shape = Shape.ONE_SHOT, late: bool = False) -> Ask:
    def fails(tried: Ask) -> Tried | None:
        mismatch = Mismatch(Breach.WRONG, "right", "wrong", timed_out=late)
        return Tried(tried, b"", mismatch, Transcript()) if is_bad(tried) else None

    first = fails(ask)
    assert first is not None
    return shrink(first, fails, shape=shape, clock=SystemClock()).ask


def test_bytes_and_cuts_that_are_not_needed_go() -> None:
    ask = Ask(b"0123456789" * 5 + b"\xff" + b"z" * 40, (3, 50, 52, 60))

    assert shrunk(ask, lambda ask: b"\xff" in ask.data) == Ask(b"\xff")
    assert shrunk(ask, lambda ask: len(ask.data) > 4) == Ask(b"aaaaa")
    assert shrunk(ask, lambda ask: len(ask.cuts) > 0 and len(ask.data) > 5).cuts != ()
    assert len(shrunk(ask, lambda ask: len(ask.cuts) > 0).data) == 2


def test_cuts_stay_where_they_were_in_what_is_left() -> None:
    def is_bad(ask: Ask) -> bool:
        return any(ask.data[cut - 1 : cut + 1] == b"\xff\xfe" for cut in ask.cuts)

    small = shrunk(Ask(b"abcdefgh\xff\xfeijkl", (2, 9, 11)), is_bad)

    assert small == Ask(b"\xff\xfe", (1,))


def test_each_cut_that_is_not_needed_goes_where_all_bytes_are() -> None:
    for needed in (1, 2, 3, 5):
        small = shrunk(Ask(b"aaaaaa", (1, 2, 3, 5)), lambda ask: needed in ask.cuts and len(ask.data) == 6)  # noqa: B023

        assert small == Ask(b"aaaaaa", (needed,))


@pytest.mark.parametrize("place", [1, 5, 13, 22, 37])
def test_a_cut_moves_with_the_bytes_around_it(place: int) -> None:
    data = bytearray(b"a" * 40)
    data[place - 1 : place + 1] = b"\xff\xfe"

    small = shrunk(
        Ask(bytes(data), (place,)), lambda ask: any(ask.data[cut - 1 : cut + 1] == b"\xff\xfe" for cut in ask.cuts)
    )

    assert small == Ask(b"\xff\xfe", (1,))


def test_the_end_of_a_line_stays() -> None:
    assert shrunk(Ask(b"hello\n"), lambda ask: True, shape=Shape.LINE) == Ask(b"a\n")
    assert shrunk(Ask(b"hello\n"), lambda ask: True, shape=Shape.LINE_ONE_SHOT) == Ask(b"a\n")
    assert shrunk(Ask(b"hello\n"), lambda ask: True) == Ask(b"a")


def test_what_shows_by_silence_alone_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shrunk(Ask(b"hello"), lambda ask: True, late=True) == Ask(b"hello")
    monkeypatch.setattr(shrink_module, "_BUDGET", -1.0)
    assert shrunk(Ask(b"hello"), lambda ask: True) == Ask(b"hello")


# The judge


class ScriptedWire(StreamWire):
    """Asks nobody: a function gives what comes, by the ask and by how often it was tried before."""

    def __init__(
        self, answer: Callable[[Ask, int], bytes | Tried], *, shape: Shape = Shape.ONE_SHOT, rules: Rules = UPPER
    ) -> None:
        super().__init__(Dialer(Address(Transport.TCP, "127.0.0.1", 1)), Hurried(), rules, shape)
        self.asked: list[tuple[list[Ask], float]] = []
        self.gone = False
        self._answer = answer

    def run(self, asks: Sequence[Ask], *, patience: float) -> list[Tried]:
        if self.gone:
            raise TargetGone("gone")
        tries = []
        for ask in asks:
            tried = sum(each.data == ask.data for earlier, _ in self.asked for each in earlier)
            came = self._answer(ask, tried)
            tries.append(came if isinstance(came, Tried) else self._tried(ask, came))
        self.asked.append((list(asks), patience))
        return tries

    def _tried(self, ask: Ask, answer: bytes) -> Tried:
        timed_out = not answer
        mismatch = compare(ask, self.right(ask), answer, self.shape, timed_out=timed_out)
        return Tried(ask, answer, mismatch, Transcript())


def judge_of(
    wire: ScriptedWire, *, serving: Serving | None = None, lanes: int | None = 1, spawned: Any = None
) -> EchoJudge:
    judge = EchoJudge(
        Declared(service=wire.rules.service, shape=wire.shape, serving=serving),
        wire,
        Hurried(),
        EFFORTS[Profile.QUICK],
        transport_facts=["facts"],
        does_not_apply=lambda clause: f"not {clause}",
        spawned=spawned,
    )
    judge._lanes = lanes
    return judge


def right(ask: Ask, tried: int) -> bytes:
    return ask.data.strip().upper()


def answers(*tries: bytes) -> Callable[[Ask, int], bytes]:
    """Return what answers in its first tries as told, and then rightly."""
    return lambda ask, tried: tries[tried] if tried < len(tries) else right(ask, tried)


def test_a_right_answer_is_asked_for_once() -> None:
    wire = ScriptedWire(right)

    judge_of(wire).expect([Ask(b"abc")])

    assert wire.asked == [([Ask(b"abc")], PATIENCE)]


def test_a_wrong_answer_that_comes_twice_is_blamed() -> None:
    wire = ScriptedWire(answers(b"x", b"y"))

    with pytest.raises(Finding) as found:
        judge_of(wire).expect([Ask(b"abc", (1,))])

    assert type(found.value) is Finding
    assert found.value.actual == "y, which differs in byte 0 [cut at 1]"
    assert [patience for _, patience in wire.asked] == [PATIENCE, LAST]
    assert [ask.pause for asks, _ in wire.asked for ask in asks] == [None, 4 * Hurried().pause]


def test_a_silence_that_was_only_slow_is_not_blamed() -> None:
    wire = ScriptedWire(answers(b""))

    judge_of(wire).expect([Ask(b"abc")])

    assert len(wire.asked) == 2
    with pytest.raises(Finding) as found:
        judge_of(ScriptedWire(answers(b"", b""))).expect([Ask(b"abc")])
    assert found.value.timed_out


@pytest.mark.parametrize(("tries", "times"), [((b"x",), 1), ((b"x", b"ABC", b"x"), 2)])
def test_a_wrong_answer_that_turns_right_wavers(tries: tuple[bytes, ...], times: int) -> None:
    with pytest.raises(Wavering, match=f"failed {times} of 3 times"):
        judge_of(ScriptedWire(answers(*tries))).expect([Ask(b"abc")])


def test_only_the_breaches_that_the_clause_is_about_are_blamed() -> None:
    judge_of(ScriptedWire(answers(b"x", b"x"))).expect([Ask(b"abc")], breaches=frozenset({Breach.EXTRA}))
    judge_of(ScriptedWire(answers(b"x", b"x"))).expect([Ask(b"abc")], of_others=lambda tried: tried.answer == b"x")
    with pytest.raises(Finding):
        judge_of(ScriptedWire(answers(b"ABCX", b"ABCX"))).expect([Ask(b"abc")], breaches=frozenset({Breach.EXTRA}))


def test_nothing_is_learnt_without_the_control() -> None:
    def deaf(ask: Ask, tried: int) -> bytes:
        return b"" if ask.data == b"control" else right(ask, tried)

    wire = ScriptedWire(deaf)
    with pytest.raises(NotSeen, match="a control failed"):
        judge_of(wire).expect([Ask(b"abc")], control=Ask(b"control"))
    assert [patience for _, patience in wire.asked] == [PATIENCE, LAST]

    slow = ScriptedWire(answers(b""))
    judge_of(slow).expect([Ask(b"abc")], control=Ask(b"control"))
    assert [asks for asks, _ in slow.asked][-1] == [Ask(b"abc")]


def test_an_answer_that_a_reset_took_is_asked_for_again() -> None:
    def lost(ask: Ask, tried: int) -> bytes | Tried:
        return Tried(ask, b"", None, Transcript(), lost=True) if tried < losses else final

    final, losses = b"ABC", 3
    judge_of(ScriptedWire(lost)).expect([Ask(b"abc")])
    final, losses = b"x", 1
    with pytest.raises(Finding):
        judge_of(ScriptedWire(lost)).expect([Ask(b"abc")])
    losses = 4
    with pytest.raises(NotSeen, match="each time a reset took the answer to abc"):
        judge_of(ScriptedWire(lost)).expect([Ask(b"abc")])


class NoChannel:
    """A channel of a line on which nothing is to be sent."""

    def close(self) -> None:
        pass


class Opening(ScriptedWire):
    """Opens lines that lead nowhere, and answers nobody while more than so many are open."""

    def __init__(self, answer: Callable[[Ask, int], bytes | Tried], *, serves_beside: int = 100, **how: Any) -> None:
        super().__init__(lambda ask, tried: answer(ask, tried) if self.open <= serves_beside else b"", **how)
        self.lines: list[Line] = []

    @property
    def open(self) -> int:
        return sum(not line.dropped for line in self.lines)

    def dial(self) -> Line:
        self.lines.append(Line(cast(Channel, NoChannel())))
        return self.lines[-1]


def test_four_are_asked_at_a_time_where_each_gets_its_own_answer_beside_others() -> None:
    wire = Opening(right)
    judge = judge_of(wire, lanes=None)

    judge.expect([Ask(b"abc")])
    assert wire.lines == []  # a single one needs no knowledge of that
    assert (judge.lanes, judge.lanes) == (4, 4)
    assert (len(wire.lines), wire.open) == (3, 0)
    assert [len(asks) for asks, _ in wire.asked] == [1, 1, 4, 4]


def test_one_is_asked_at_a_time_where_others_get_none_or_another_one() -> None:
    def confused(ask: Ask, tried: int) -> bytes:
        return b"X" if tried == turn and ask.data == b"11111" else right(ask, tried)

    assert judge_of(Opening(right, serves_beside=2), lanes=None).lanes == 1
    assert judge_of(Opening(right, serves_beside=3), lanes=None).lanes == 4
    for turn in (0, 1):  # noqa: B007  # the function above looks at it
        assert judge_of(Opening(confused), lanes=None).lanes == 1


def test_asks_are_made_as_many_at_a_time_as_are_served() -> None:
    asks = [Ask(b"%d" % number) for number in range(7)]
    wire = ScriptedWire(right)

    judge_of(wire, lanes=3).expect(asks)

    assert [len(each) for each, _ in wire.asked] == [3, 3, 1]


def test_a_server_that_is_iterative_is_asked_one_at_a_time() -> None:
    wire = Opening(right)

    assert judge_of(wire, serving=Serving.ITERATIVE, lanes=None).lanes == 1
    assert (wire.lines, wire.asked) == ([], [])


def test_what_stands_behind_a_right_answer_has_checks_of_its_own() -> None:
    def twice(ask: Ask, tried: int) -> bytes:
        return b"Hello, b'abc'Hello, b''"

    session = ScriptedWire(twice, shape=Shape.SESSION, rules=GREET)
    judge_of(session).expect([Ask(b"abc", end=End.FINISH)])
    with pytest.raises(Finding):
        judge_of(session).expect([Ask(b"abc")])
    with pytest.raises(Finding):
        judge_of(session).expect([Ask(b"abc", end=End.FINISH)], breaches=frozenset({Breach.EXTRA}))

    lines = ScriptedWire(lambda ask, tried: b"Hello, b'abc'Hello, b'x'", shape=Shape.LINE_ONE_SHOT, rules=GREET)
    judge_of(lines).expect([Ask(b"abc\n")])
    in_line = ScriptedWire(lambda ask, tried: b"Hello, b'abc'Hello, b'x'", shape=Shape.LINE, rules=GREET)
    with pytest.raises(Finding):
        judge_of(in_line).expect([Ask(b"abc\n")])
    other = ScriptedWire(lambda ask, tried: b"Hello, b'abc'!", shape=Shape.SESSION, rules=GREET)
    with pytest.raises(Finding):
        judge_of(other).expect([Ask(b"abc", end=End.FINISH)])


def test_what_stands_behind_a_right_answer_excuses_no_other_one() -> None:
    def both(ask: Ask, tried: int) -> bytes:
        return b"Hello, b'abc'Hello, b''" if ask.data == b"abc" else b"wrong"

    with pytest.raises(Finding, match="wrong"):
        judge_of(ScriptedWire(both, shape=Shape.SESSION, rules=GREET), lanes=2).expect(
            [Ask(b"abc", end=End.FINISH), Ask(b"x", end=End.FINISH)]
        )


def test_the_declaration_that_would_make_it_right_is_named() -> None:
    keeps = ScriptedWire(lambda ask, tried: ask.data.upper())

    with pytest.raises(Finding, match=r"--no-trim declares it"):
        judge_of(keeps).expect([Ask(b" abc")])
    untrimming = ScriptedWire(lambda ask, tried: b"x", rules=Rules(service=Service.UPPER, trim=False))
    with pytest.raises(Finding) as found:
        judge_of(untrimming).expect([Ask(b" abc")])
    assert "--no-trim" not in found.value.actual


def test_messages_of_a_line_server_end_in_a_line_feed_and_hold_no_other() -> None:
    wire = ScriptedWire(right, shape=Shape.LINE)
    judge = judge_of(wire, lanes=9)

    judge.expect_messages([b"a", b"b\n", b"c\nd", b"e\n\n"])

    assert [asks for asks, _ in wire.asked] == [[Ask(b"a\n"), Ask(b"b\n")]]
    assert judge_of(ScriptedWire(right)).message(b"a") == Ask(b"a")


def test_generated_bytes_are_shrunk() -> None:
    bad = ScriptedWire(lambda ask, tried: b"x" if b"o\xff" in ask.data else right(ask, tried))

    with pytest.raises(Finding, match=r"of o.xff;"):
        judge_of(bad).expect_any(Ask(b"hello\xffworld"))


@pytest.mark.parametrize(
    "wrong",
    [
        lambda data: b"\xff" in data,
        lambda data: data != data.strip(),
        lambda data: len(data) > 5,
    ],
    ids=["a byte", "white space at an edge", "a length"],
)
def test_generated_bytes_show_nothing_that_plainer_ones_show(wrong: Callable[[bytes], bool]) -> None:
    wire = ScriptedWire(lambda ask, tried: b"?" if wrong(ask.data) else right(ask, tried))

    with pytest.raises(NotSeen, match="is answered wrongly too, which other clauses cover"):
        judge_of(wire).expect_any(Ask(b" a\xffbcd"))


def test_a_server_that_answers_no_more_is_named() -> None:
    def spoil(wire: ScriptedWire, *, deaf: bool = False) -> None:
        with surviving(judge_of(wire), "something"):
            wire.gone = deaf

    spoil(ScriptedWire(right))
    with pytest.raises(Finding, match="abc answered on after something; actual: it is not answered any more"):
        spoil(ScriptedWire(right), deaf=True)
    with pytest.raises(Finding, match="it is not answered any more"):
        spoil(ScriptedWire(lambda ask, tried: b""))


class Letters(DatagramWire):
    """Datagrams that are answered or not, as told."""

    def __init__(self, *, answered: bool) -> None:
        self.rules, self.executions = UPPER, 7
        self.answered, self.closed = answered, False

    def control(self, *, patience: float | None = None) -> bool:
        return self.answered

    def close(self) -> None:
        self.closed = True


def test_whether_datagrams_are_served_shows_in_a_control() -> None:
    assert judge_of(cast(ScriptedWire, Letters(answered=True))).serves()
    assert not judge_of(cast(ScriptedWire, Letters(answered=False))).serves()


def test_what_is_open_towards_datagrams_is_closed() -> None:
    letters = Letters(answered=True)
    judge = judge_of(cast(ScriptedWire, letters))

    judge.close()
    judge_of(ScriptedWire(right)).close()

    assert letters.closed
    assert (judge.executions, judge.datagrams, judge.shape) == (7, letters, Shape.DATAGRAM)
    with pytest.raises(NotOffered):
        judge.streams  # noqa: B018


def test_a_line_is_heard_until_it_has_shown_something() -> None:
    class Answers(Peer):
        def accepted(self, sock: socket.socket) -> None:
            sock.sendall(b"abc")
            sock.recv(1)

    with Answers() as peer:
        wire = StreamWire(Dialer(peer.address), Hurried(), UPPER, Shape.SESSION)
        line = wire.dial()
        judge = judge_of(cast(ScriptedWire, wire))

        assert judge.hear(line, until=lambda line: len(line.received) == 3)
        assert not judge.hear(line, until=lambda line: len(line.received) > 3, patience=0.01)
        leave(line)


def test_a_plain_exchange_that_fails_is_held_against_one_clause_alone() -> None:
    judge = judge_of(ScriptedWire(right))
    judge.plain.clause, judge.plain.finding = "ECHO-25", Finding("an answer", "none")

    with pytest.raises(Finding, match="expected an answer"):
        judge.admit(clause("ECHO-25"), tried=False)
    with pytest.raises(NotSeen, match="nothing can be learnt"):
        judge.admit(clause("ECHO-1"), tried=False)
    assert "ECHO-25" in judge.gate or "none" in judge.gate


def test_a_judge_tells_what_it_knows() -> None:
    judge = judge_of(ScriptedWire(right), serving=Serving.ITERATIVE)

    assert (judge.service, judge.shape, judge.limit, judge.is_iterative) == (Service.UPPER, Shape.ONE_SHOT, 1024, True)
    assert (judge.observed_by, judge.facts, judge.gate) == (["answers"], ["facts"], "")
    assert judge.does_not_apply(clause("ECHO-8")) == "not ECHO-8"
    assert not judge_of(ScriptedWire(right), serving=Serving.CONCURRENT).is_iterative
    with pytest.raises(NotOffered):
        judge.datagrams  # noqa: B018
    assert judge.streams is judge.wire


def test_a_quick_run_takes_a_share_of_a_sweep_with_its_ends() -> None:
    judge = judge_of(ScriptedWire(right))
    most = (judge.effort.offsets or 0) // 2

    drawn = judge.sample(list(range(100)))

    assert len(drawn) == len(set(drawn)) == most
    assert (drawn[0], drawn[-1]) == (0, 99)
    assert drawn == sorted(drawn)
    assert judge.sample(list(range(most))) == list(range(most))
    assert judge.sample([1, 2, 3]) == [1, 2, 3]
    assert len(judge.sample(list(range(100)), share=4)) == most // 2
    judge.effort = EFFORTS[Profile.DEFAULT]
    assert judge.sample(list(range(100))) == list(range(100))


def test_what_is_not_said_of_an_ask_is_not_expected() -> None:
    ask, mismatch = Ask(b"abc"), Mismatch(Breach.WRONG, "this", "that")

    assert (ask.must_close, ask.ended, ask.pause, ask.cuts) == (False, False, None, ())
    assert Ask(b"abc", end=End.FINISH).ended
    assert not mismatch.timed_out
    assert not Tried(ask, b"", mismatch, Transcript()).lost


def test_the_breaches_of_content_are_those_that_bytes_show() -> None:
    assert {Breach.NOTHING, Breach.SHORT, Breach.WRONG, Breach.EXTRA} == CONTENT
