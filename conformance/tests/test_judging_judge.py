"""The judge: no blame without a second look, no lesson from a case whose control fails, and the smallest that fails."""

import socket
from collections.abc import Callable, Sequence
from typing import Any, cast

import pytest
from peers import Hurried, Peer, Seen, runner_for

from jhup.clauses import clause
from jhup.messages import Greeting, Put
from jhup.model import Server
from jhup_conformance.findings import Finding, NotOffered, NotSeen, Wavering
from jhup_conformance.profiles import EFFORTS, Profile
from jhup_conformance.target.knowledge import Knowledge
from jhup_conformance.target.store import FolderObserver
from jhup_conformance.target.store_by_stat import ReplyObserver
from jhup_conformance.verify import shrink as shrink_module
from jhup_conformance.verify.exchange import Case, End, Exchange, Mismatch
from jhup_conformance.verify.judge import Judge
from jhup_conformance.verify.laying import lay_bodies
from jhup_conformance.verify.runner import Failed, Runner
from jhup_conformance.verify.shrink import shrink
from jhup_conformance.verify.stream import Names, Talk
from jhup_conformance.wire.channel import Channel
from jhup_conformance.wire.dialer import Dialer
from jhup_conformance.wire.line import Line
from jhup_conformance.wire.network import SystemClock, SystemNetwork

GREETING = Greeting(server="x", features=("replies",), max_header=65_536, max_filesize=None)
WRONG = Mismatch("right", "wrong")
LATE = Mismatch("right", "nothing", may_turn=True, timed_out=True)


class NoChannel:
    """A channel of a line on which nothing is to be sent."""

    def reset(self) -> None:
        pass


class NoDialer(Dialer):
    """Opens lines that lead nowhere, and counts them."""

    def __init__(self) -> None:
        self.network = SystemNetwork()
        self.revived = 0
        self.lines: list[Line] = []

    def dial(self, *, no_delay: bool = True) -> Line:
        self.lines.append(Line(cast(Channel, NoChannel())))
        return self.lines[-1]


Verdict = Callable[[Case, int], Mismatch | None]


class Scripted(Runner):
    """Makes no exchange: a function tells what fails, by the case and by how often it was tried before."""

    def __init__(self, verdict: Verdict = lambda case, tried: None, *, lives_beside: int = 1000) -> None:
        super().__init__(NoDialer(), Hurried(), Names("00000000"), Server())
        self.observer = Seen({})
        self.asked: list[tuple[list[Case], float]] = []
        self._verdict, self._lives_beside = verdict, lives_beside

    def run(self, cases: Sequence[Case], *, patience: float) -> list[Failed]:
        failed = []
        for case in cases:
            tried = sum(case in asked for asked, _ in self.asked)
            if mismatch := self._verdict(case, tried):
                failed.append(Failed(self._exchange(case), mismatch))
        self.asked.append((list(cases), patience))
        return failed

    def _exchange(self, case: Case) -> Exchange:
        exchange = Exchange(case, self.names, self.server)
        exchange.begin(Line(cast(Channel, NoChannel())), 0.0)
        return exchange

    def prove_alive(self) -> bool:
        lines = cast(NoDialer, self.dialer).lines
        return sum(not line.dropped for line in lines) <= self._lives_beside

    @property
    def patiences(self) -> list[float]:
        return [patience for _, patience in self.asked]


def judge_with(runner: Runner, **options: Any) -> Judge:
    return Judge(runner, Knowledge(), EFFORTS[Profile.QUICK], **options)


def fails(*tries: Mismatch | None) -> Verdict:
    """Give what fails in its first tries as told, and then holds."""
    return lambda case, tried: tries[tried] if tried < len(tries) else None


def one_put(talk: Talk) -> None:
    talk.put(b"abc", name="a")


def other_put(talk: Talk) -> None:
    talk.put(b"x", name="b")


PATIENCE, LAST = Hurried().patience, Hurried().last_patience


# A second look


def test_what_holds_is_tried_once() -> None:
    runner = Scripted()

    judge_with(runner).expect(Case(one_put))

    assert runner.asked == [([Case(one_put)], PATIENCE)]


def test_what_fails_twice_is_blamed_with_the_last_of_it() -> None:
    runner = Scripted(fails(LATE, WRONG))

    with pytest.raises(Finding) as found:
        judge_with(runner).expect(Case(one_put))

    assert type(found.value) is Finding
    assert (found.value.expected, found.value.actual, found.value.timed_out) == ("right", "wrong", False)
    assert found.value.transcript is not None
    assert runner.patiences == [PATIENCE, LAST]


def test_what_fails_by_time_out_twice_is_blamed_as_such() -> None:
    with pytest.raises(Finding) as found:
        judge_with(Scripted(fails(LATE, LATE))).expect(Case(one_put))

    assert found.value.timed_out


def test_what_was_only_slow_is_not_blamed() -> None:
    runner = Scripted(fails(LATE))

    judge_with(runner).expect(Case(one_put))

    assert runner.patiences == [PATIENCE, LAST]


@pytest.mark.parametrize(("tries", "times"), [((WRONG, None, None), 1), ((WRONG, None, WRONG), 2)])
def test_what_fails_and_holds_wavers(tries: tuple[Mismatch | None, ...], times: int) -> None:
    runner = Scripted(fails(*tries))

    with pytest.raises(Wavering) as found:
        judge_with(runner).expect(Case(one_put))

    assert (found.value.expected, found.value.actual) == (
        "right",
        f"wrong; failed {times} times of 3 under the same bytes",
    )
    assert found.value.transcript is not None
    assert len(runner.asked) == 3


def test_a_cut_case_is_looked_at_again_with_longer_pauses() -> None:
    cut, own = Case(one_put, (3,)), Case(one_put, (5,), pause=0.25)
    runner = Scripted(lambda case, tried: WRONG if case in (cut, own) and not tried else None)

    with pytest.raises(Wavering):
        judge_with(runner).expect_all([cut])
    assert [case.pause for cases, _ in runner.asked for case in cases] == [None, *[4 * Hurried().pause] * 2]
    with pytest.raises(Wavering):
        judge_with(runner).expect_all([own, Case(other_put)])
    assert own in runner.asked[-1][0] or runner.asked[-1][0][0].pause == 0.25


def test_a_failing_cut_is_named_by_its_place() -> None:
    def verdict(case: Case, tried: int) -> Mismatch | None:
        return WRONG if case.cuts == (3,) else None

    with pytest.raises(Finding) as found:
        judge_with(Scripted(verdict)).expect(Case(one_put, (3,)))

    assert found.value.actual == "wrong [cut between byte 3 and 4 of the first request's prefix]"


@pytest.mark.parametrize(
    ("cuts", "shown"),
    [
        ((1, 2), "wrong [cut between byte 1 and 2 of the first request's prefix, between byte 2 and 3 of the"),
        ((1, 2, 5, 6, 7), ", and 2 more]"),
        ((0, 48), "wrong"),
    ],
)
def test_many_cuts_are_named_in_part_and_those_outside_not_at_all(cuts: tuple[int, ...], shown: str) -> None:
    def verdict(case: Case, tried: int) -> Mismatch | None:
        return WRONG if case.cuts == cuts else None

    with pytest.raises(Finding) as found:
        judge_with(Scripted(verdict)).expect(Case(one_put, cuts))

    assert found.value.actual.startswith(shown) or found.value.actual.endswith(shown)
    assert ("cut" in found.value.actual) is ("cut" in shown or "more" in shown)


def test_the_first_failure_of_a_batch_ends_the_trying() -> None:
    runner = Scripted(lambda case, tried: WRONG)

    with pytest.raises(Finding):
        judge_with(runner).expect(Case(one_put), Case(other_put))

    assert [cases for cases, _ in runner.asked] == [[Case(one_put), Case(other_put)], [Case(one_put)]]


# Controls


def test_the_control_of_a_cut_case_is_the_same_in_one_segment() -> None:
    runner = Scripted()

    judge_with(runner).expect(Case(one_put, (3,)), Case(one_put, (5,), End.FINISH))

    assert [cases for cases, _ in runner.asked] == [
        [Case(one_put)],
        [Case(one_put, (), End.FINISH)],
        [Case(one_put, (3,)), Case(one_put, (5,), End.FINISH)],
    ]


def test_nothing_is_learnt_when_the_control_fails_twice() -> None:
    runner = Scripted(lambda case, tried: None if case.cuts else WRONG)
    judge = judge_with(runner)

    for _ in range(2):
        with pytest.raises(NotSeen, match=r"same bytes in one segment fail too.*: expected right; actual: wrong"):
            judge.expect(Case(one_put, (3,)))

    assert runner.asked == [([Case(one_put)], PATIENCE), ([Case(one_put)], LAST)]  # and remembered


def test_a_control_that_fails_once_and_then_holds_is_one() -> None:
    runner = Scripted(fails(WRONG))

    judge_with(runner).control(one_put)

    assert runner.patiences == [PATIENCE, LAST]


def test_a_named_control_takes_the_place_of_the_same_bytes() -> None:
    runner = Scripted()
    judge = judge_with(runner)

    judge.expect(Case(one_put, (3,)), control=Case(other_put))
    judge.expect(Case(one_put, (4,)), control=Case(other_put))

    assert [cases for cases, _ in runner.asked] == [[Case(other_put)], [Case(one_put, (3,))], [Case(one_put, (4,))]]


def test_a_failing_control_says_why_it_was_one() -> None:
    with pytest.raises(NotSeen, match="nearest plain exchange fails too"):
        judge_with(Scripted(lambda case, tried: WRONG)).expect(Case(one_put), control=Case(other_put))


def two_puts(talk: Talk) -> None:
    talk.put(b"1")
    talk.put(b"2")


def two_others(talk: Talk) -> None:
    talk.put(b"3")
    talk.say(cmd="x")


def is_glued(case: Case) -> bool:
    talk = Talk(Names("00000000"))
    case.recipe(talk)
    return not case.cuts and len(talk.requests()) > 0


def test_that_two_requests_in_a_segment_are_taken_is_learnt_once_for_all_that_is_glued_like_them() -> None:
    runner = Scripted(lambda case, tried: WRONG if is_glued(case) else None)
    judge = judge_with(runner)

    for recipe in (two_others, two_puts):
        with pytest.raises(NotSeen, match="same bytes in one segment fail too"):
            judge.expect(Case(recipe, (3,)))
    assert not judge.takes_two_at_once
    assert len(runner.asked) == 2  # the plain puts, twice
    assert two_others not in [case.recipe for cases, _ in runner.asked for case in cases]
    judge.control(one_put)
    judge.control(Case(two_others, Talk.borders), why="not glued")


def test_where_two_requests_in_a_segment_are_taken_each_control_is_tried() -> None:
    runner = Scripted()
    judge = judge_with(runner)

    judge.control(two_others)
    judge.control(two_others)

    assert judge.takes_two_at_once
    assert [case.recipe for cases, _ in runner.asked for case in cases][1:] == [two_others]


# How many at a time


@pytest.mark.parametrize(("lives_beside", "lanes"), [(1000, 28), (27, 28), (26, 8), (7, 8), (6, 2), (1, 2), (0, 1)])
def test_as_many_connections_are_used_as_the_target_serves(lives_beside: int, lanes: int) -> None:
    runner = Scripted(lives_beside=lives_beside)
    judge = judge_with(runner)

    assert judge.lanes == lanes
    opened = len(cast(NoDialer, runner.dialer).lines)
    assert judge.lanes == lanes
    assert len(cast(NoDialer, runner.dialer).lines) == opened  # looked up once
    assert all(line.dropped for line in cast(NoDialer, runner.dialer).lines)


def test_cases_are_tried_in_batches_of_that_many() -> None:
    runner = Scripted(lives_beside=7)

    judge_with(runner).expect_all([Case(one_put, (cut,)) for cut in range(1, 20)])

    assert [len(cases) for cases, _ in runner.asked] == [8, 8, 3]


def test_a_single_case_needs_no_knowledge_of_that() -> None:
    runner = Scripted()

    judge_with(runner).expect_all([Case(one_put)])

    assert cast(NoDialer, runner.dialer).lines == []


@pytest.mark.parametrize(("lives_beside", "keeps"), [(0, False), (1, True)])
def test_replies_are_asked_for_on_a_kept_connection_only_where_others_are_served(
    lives_beside: int, keeps: bool
) -> None:
    runner = Scripted(lives_beside=lives_beside)
    runner.observer = observer = ReplyObserver(runner.dialer, runner.pace)

    judge_with(runner).lanes  # noqa: B018  # looked up for what it settles

    assert observer.keeps is keeps


def test_closes_are_expected_of_cases() -> None:
    runner = Scripted()

    judge_with(runner).expect_closed([Case(one_put), Case(other_put, end=End.FINISH)])

    assert [cases for cases, _ in runner.asked] == [
        [Case(one_put, must_close=True), Case(other_put, end=End.FINISH, must_close=True)]
    ]


# What a check needs


def test_what_can_not_be_seen_is_said_with_what_would_help() -> None:
    runner = Scripted()
    runner.observer = None
    judge = judge_with(runner)

    with pytest.raises(NotSeen, match="--storage DIR"):
        judge.expect(Case(one_put))
    with pytest.raises(NotSeen, match="--storage DIR"):
        judge.admit(clause("STORE-1"), tried=False)
    with pytest.raises(NotSeen, match="--storage DIR"):
        judge.require_folder()
    with pytest.raises(NotSeen, match="--pid N"):
        judge.require_vitals()
    with pytest.raises(NotSeen, match="--spawn COMMAND"):
        judge.require_spawned()
    with pytest.raises(NotOffered):
        judge.require_replies()
    assert runner.asked == []


def test_what_is_there_is_given(tmp_path: Any) -> None:
    folder, vitals, spawned = FolderObserver(tmp_path), object(), object()
    judge = judge_with(Scripted(), folder=folder, vitals=vitals, spawned=spawned)
    judge.known.greeting = GREETING

    assert judge.require_folder() is folder
    assert judge.require_vitals() is vitals
    assert judge.require_spawned() is spawned
    assert judge.require_replies() is GREETING


def test_where_no_put_works_only_the_first_check_of_each_basic_clause_is_admitted() -> None:
    judge = judge_with(Scripted())
    basic, safe = clause("STORE-1"), clause("ERR-6")

    judge.admit(safe, tried=True)
    judge.known.gate = "a plain put fails"
    judge.admit(basic, tried=False)
    with pytest.raises(NotSeen, match="a plain put fails"):
        judge.admit(basic, tried=True)
    with pytest.raises(NotSeen, match="a plain put fails"):
        judge.admit(safe, tried=False)
    assert judge.gate == "a plain put fails"


def test_the_ways_of_seeing_are_named() -> None:
    judge = judge_with(Scripted())

    assert judge.observed_by == ["storage"]
    judge.known.greeting = GREETING
    assert judge.observed_by == ["replies", "storage"]
    judge.runner.observer = ReplyObserver(judge.runner.dialer, judge.pace)
    assert judge.observed_by == ["replies"]
    judge.runner.observer, judge.known.greeting = None, None
    assert judge.observed_by == []


def test_what_is_made_once_is_kept() -> None:
    judge = judge_with(Scripted())

    made = [judge.once("list", list), judge.once("list", list), judge.once("other", list)]

    assert made[0] is made[1]
    assert made[0] is not made[2]


def test_a_check_may_lead_a_conversation_of_its_own() -> None:
    with Peer() as peer:
        runner = runner_for(peer)
        judge = judge_with(runner)
        line = judge.dial()
        heard = judge.hear(line, until=lambda line: bool(line.received), patience=0.01)
        line.drop()

        assert (heard, runner.executions, judge.executions) == (False, 1, 1)
        assert not judge.hear(line, until=lambda line: bool(line.received))  # in its own time
        assert judge.names is runner.names


# What nobody asked for


@pytest.mark.parametrize("moment", ["first", "put", "end"])
def test_a_target_that_says_something_unasked_is_known_by_a_plain_put(moment: str) -> None:
    with Speaking(moment) as peer:
        judge = judge_with(runner_for(peer))

        assert judge.speaks_unasked
        judge.about_replies = True
        assert not judge.runner.hears_all


def test_a_target_that_speaks_when_asked_is_heard_out_where_replies_are_judged() -> None:
    with Peer() as peer:
        judge = judge_with(runner_for(peer))
        judge.runner.hears_all = False

        judge.about_replies = True
        assert (judge.runner.hears_all, judge.runner.weighs_codes) == (True, True)
        judge.about_replies = False
        assert (judge.runner.hears_all, judge.runner.weighs_codes) == (False, False)


def test_codes_count_for_a_while_where_a_check_says_so() -> None:
    judge = judge_with(Scripted())

    with judge.weighing_codes():
        assert judge.runner.weighs_codes
    assert not judge.runner.weighs_codes


class Speaking(Peer):
    """Says something unasked: at first, when a put is stored, or in the end."""

    def __init__(self, moment: str) -> None:
        super().__init__()
        self.moment = moment

    def accepted(self, sock: socket.socket) -> None:
        if self.moment == "first":
            sock.sendall(b"220 ready")
        super().accepted(sock)
        if self.moment == "end":
            sock.sendall(b"221 bye")

    def put(self, sock: socket.socket, put: Put, body: bytes) -> None:
        super().put(sock, put, body)
        if self.moment == "put":
            sock.sendall(b"done")


# Hurrying


@pytest.mark.parametrize(("profile", "hurries"), [(Profile.DEFAULT, True), (Profile.THOROUGH, False)])
def test_a_target_that_takes_two_puts_at_once_is_not_waited_for_but_in_a_thorough_run(
    profile: Profile, hurries: bool
) -> None:
    judge = Judge(Scripted(), Knowledge(), EFFORTS[profile])

    judge.hurry()

    assert judge.runner.hurries is hurries


def test_a_target_that_fails_with_two_puts_at_once_is_always_waited_for() -> None:
    judge = judge_with(Scripted(lambda case, tried: WRONG))

    judge.hurry()

    assert not judge.runner.hurries


def test_a_body_that_can_not_be_laid_in_a_hurry_is_laid_with_all_pauses() -> None:
    scripted = Scripted(lambda case, tried: None if case.strictly else WRONG)
    scripted.hurries = True

    lay_bodies(scripted, {"a": b"1", "b": b"2"}, 2)

    assert [[case.strictly for case in cases] for cases, _ in scripted.asked] == [[False, False], [True, True]]


# Bodies that are laid


def test_bodies_are_laid_by_unhurried_puts_so_many_at_a_time() -> None:
    with Peer() as peer:
        runner = runner_for(peer)

        lay_bodies(runner, {"a": b"1", "b": b"", "c": b"3"}, 2)

        assert peer.store == {"a": b"1", "b": b"", "c": b"3"}
    scripted = Scripted()
    lay_bodies(scripted, {"a": b"1", "b": b"2", "c": b"3"}, 2)
    lay_bodies(scripted, {})
    lay_bodies(scripted, {"a": b"1", "b": b"2"})
    assert [len(cases) for cases, _ in scripted.asked] == [2, 1, 1, 1]
    assert {patience for _, patience in scripted.asked} == {LAST}


def test_bodies_that_can_not_be_laid_teach_nothing() -> None:
    runner = Scripted(lambda case, tried: WRONG)
    runner.server = Server(max_filesize=3)

    with pytest.raises(NotSeen, match="more than the target takes"):
        lay_bodies(runner, {"a": b"1234", "b": b""})
    with pytest.raises(NotSeen, match="right; actual: wrong"):
        lay_bodies(runner, {"a": b"1", "b": b"2"}, 2)
    with pytest.raises(NotSeen, match="right; actual: wrong"):
        lay_bodies(runner, {"a": b"123"})


# Making it smaller


def shrunk(cuts: Sequence[int], is_bad: Callable[[set[int]], bool]) -> tuple[int, ...]:
    runner = Scripted(lambda case, tried: WRONG if is_bad(set(cast(tuple[int, ...], case.cuts))) else None)
    [first] = runner.run([Case(one_put, tuple(cuts))], patience=0.0)

    def try_again(case: Case) -> Failed | None:
        failed = runner.run([case], patience=0.0)
        return failed[0] if failed else None

    return shrink(first, try_again, SystemClock()).exchange.cuts


@pytest.mark.parametrize("count", [2, 3, 8, 9, 30, 47])
def test_a_single_cut_that_is_to_blame_is_found(count: int) -> None:
    for guilty in {1, 2, count // 2, count - 1} - {0}:
        assert shrunk(range(1, count + 1), lambda cuts, guilty=guilty: guilty in cuts) == (guilty,)  # type: ignore[misc]


@pytest.mark.parametrize("guilty", [(1, 2), (7, 8), (20, 21), (1, 40), (3, 21, 38), (2, 4, 8, 16, 32)])
@pytest.mark.parametrize("count", [40, 47])
def test_cuts_that_are_to_blame_together_are_found_without_the_others(guilty: tuple[int, ...], count: int) -> None:
    assert shrunk(range(1, count + 1), lambda cuts: cuts >= set(guilty)) == guilty


def test_what_needs_all_its_cuts_stays_as_it_is() -> None:
    assert shrunk(range(1, 6), lambda cuts: len(cuts) == 5) == (1, 2, 3, 4, 5)
    assert shrunk([3], lambda cuts: True) == (3,)


def test_making_it_smaller_ends_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shrink_module, "_BUDGET", -1.0)

    assert shrunk(range(1, 6), lambda cuts: True) == (1, 2, 3, 4, 5)
