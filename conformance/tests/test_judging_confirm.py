"""No blame without a confirmed failure, no lesson where a control fails, and the smallest attempt that fails."""

from collections.abc import Callable, Sequence
from random import Random
from typing import Any, cast

import pytest
from peers import Hurried, Peer, Seen, runner_for

from jhup.address import Address, Transport
from jhup.clauses import clause
from jhup.messages import Greeting
from jhup.model import Server
from jhup_conformance.differences import Other
from jhup_conformance.findings import Finding, NotOffered, NotSeen, Wavering
from jhup_conformance.profiles import EFFORTS, Profile
from jhup_conformance.target.knowledge import Knowledge
from jhup_conformance.verify.bench import Bench
from jhup_conformance.verify.confirm import TRIES
from jhup_conformance.verify.exchange import Attempt, Exchange, Mismatch
from jhup_conformance.verify.judge import Judge
from jhup_conformance.verify.names import Names
from jhup_conformance.verify.requests import put, requests
from jhup_conformance.verify.runner import Failed, Runner
from jhup_conformance.verify.stream import Stream
from jhup_conformance.wire.channel import Channel
from jhup_conformance.wire.dialer import Dialer
from jhup_conformance.wire.line import Line

GREETING = Greeting(server="x", features=("replies",), max_header=65_536, max_filesize=None)
WRONG = Mismatch((Other("right", "wrong"),))
LATE = Mismatch((Other("right", "nothing"),), may_turn=True, timed_out=True)
PATIENCE, LAST = Hurried().patience, Hurried().last_patience
PUT = put(b"abc", name="a")
OTHER = put(b"x", name="b")

Verdict = Callable[[Stream, int], Mismatch | None]


class NoChannel:
    """A channel of a line on which nothing is to be sent."""

    def reset(self) -> None:
        pass

    def receive(self) -> bytes | None:
        return None


class NoDialer(Dialer):
    """Opens lines that lead nowhere, and counts them."""

    def __init__(self) -> None:
        super().__init__(Address(Transport.TCP, "127.0.0.1", 1))
        self.lines: list[Line] = []

    def dial(self, *, no_delay: bool = True) -> Line:
        self.lines.append(Line(cast(Channel, NoChannel())))
        return self.lines[-1]


class Scripted(Runner):
    """Makes no exchange: a function tells what fails, by the stream and by how often it was tried before."""

    def __init__(self, verdict: Verdict = lambda stream, tried: None, *, lives_beside: int = 1000) -> None:
        super().__init__(NoDialer(), Hurried(), Names("00000000"), Server())
        self.observer = Seen({})
        self.asked: list[tuple[list[Attempt], float]] = []
        self._verdict, self._lives_beside = verdict, lives_beside

    def run(self, attempts: Sequence[Attempt], *, patience: float) -> list[Failed]:
        failed = []
        for attempt in attempts:
            tried = sum(_plain(attempt) in map(_plain, asked) for asked, _ in self.asked)
            if mismatch := self._verdict(attempt.stream, tried):
                failed.append(Failed(self._begun(attempt), mismatch))
        self.asked.append((list(attempts), patience))
        return failed

    def _begun(self, attempt: Attempt) -> Exchange:
        exchange = Exchange(attempt, self.names, self.server)
        exchange.begin(Line(cast(Channel, NoChannel())), 0.0)
        return exchange

    def prove_alive(self, patience: float | None = None) -> bool:
        lines = cast(NoDialer, self.dialer).lines
        return sum(not line.dropped for line in lines) <= self._lives_beside

    @property
    def patiences(self) -> list[float]:
        return [patience for _, patience in self.asked]

    @property
    def streams(self) -> list[list[Stream]]:
        return [[each.stream for each in attempts] for attempts, _ in self.asked]


def _plain(attempt: Attempt) -> Stream:
    return attempt.stream.sent()


def judge_for(runner: Runner, clause_id: str = "STORE-1", **options: Any) -> Judge:
    bench = Bench(runner, Knowledge(), EFFORTS[Profile.QUICK], **options)
    return Judge(bench, clause(clause_id), Random(0))


def fails(*tries: Mismatch | None) -> Verdict:
    """Return what fails in its first tries as told, and then succeeds."""
    return lambda stream, tried: tries[tried] if tried < len(tries) else None


def always(stream: Stream, mismatch: Mismatch = WRONG) -> Verdict:
    """Return what fails with one stream however it is cut, and with no other."""
    return lambda each, tried: mismatch if each.whole().sent() == stream.whole() else None


# Confirmation


def test_what_succeeds_is_tried_once() -> None:
    runner = Scripted()

    judge_for(runner).check(PUT)

    assert runner.patiences == [PATIENCE]


def test_what_fails_twice_is_blamed_with_the_last_of_it() -> None:
    runner = Scripted(always(PUT))

    with pytest.raises(Finding) as found:
        judge_for(runner).check(PUT)

    assert (found.value.expected, found.value.actual) == ("right", "wrong")
    assert found.value.points == WRONG.points
    assert runner.patiences[:2] == [PATIENCE, LAST]


def test_what_was_only_slow_is_not_blamed() -> None:
    runner = Scripted(fails(LATE))

    judge_for(runner).check(PUT)

    assert runner.patiences == [PATIENCE, LAST]


@pytest.mark.parametrize(("tries", "times"), [((WRONG,), 1), ((WRONG, None, WRONG), 2)])
def test_what_fails_and_succeeds_wavers(tries: tuple[Mismatch | None, ...], times: int) -> None:
    with pytest.raises(Wavering) as found:
        judge_for(Scripted(fails(*tries))).check(PUT)

    assert found.value.times == (times, TRIES)
    assert f"failed {times} of {TRIES} times with the same bytes" in found.value.actual


def test_what_fails_beside_others_alone_teaches_nothing() -> None:
    def beside(stream: Stream, tried: int) -> Mismatch | None:
        return WRONG if stream == PUT and len(runner.asked) in (1, 4) else None

    runner = Scripted(beside)

    with pytest.raises(NotSeen, match="fails beside 1 other connections, and never alone"):
        judge_for(runner).check(PUT, OTHER, requires=OTHER)


def test_cuts_are_tried_again_with_longer_pauses() -> None:
    runner = Scripted(fails(WRONG))
    with pytest.raises(Wavering):
        judge_for(runner).check(PUT.cut(3), requires=())

    first, again = runner.streams[0][0], runner.streams[1][0]
    assert first.pause is None
    assert again.pause is not None
    assert again.pause > 0


def test_a_failing_cut_is_named_by_its_place() -> None:
    cut = PUT.cut(2, 30, 60)
    runner = Scripted(lambda stream, tried: WRONG if 30 in stream.cuts else None)

    with pytest.raises(Finding) as found:
        judge_for(runner).check(cut)

    assert found.value.where == "cut 26 bytes into the first request's header"


def test_one_cut_is_not_for_a_check_of_several() -> None:
    runner = Scripted(lambda stream, tried: WRONG if 30 in stream.cuts else None)

    with pytest.raises(NotSeen, match="one cut is enough to trigger this; see FRAME-3 to FRAME-7"):
        judge_for(runner).check(PUT.cut(2, 30), several_cuts=True)


def test_shrinking_keeps_the_borders_of_requests_where_glued_ones_fail() -> None:
    two = requests(put(b"abc", name="a"), put(b"d", name="b"))
    border = two.prefix(1).start
    runner = Scripted(lambda stream, tried: None if stream == two.paced() and tried > 9 else WRONG)

    with pytest.raises(Finding):
        judge_for(runner).check(two.cut(2, border, border + 2), requires=())

    tried = {each[0].cuts for each in runner.streams if each[0].whole().sent() == two and each[0].cuts}
    assert all(border in cuts for cuts in tried)


# Controls and acquittal


def test_a_cut_stream_requires_the_same_bytes_in_one_segment() -> None:
    runner = Scripted(lambda stream, tried: None if stream.cuts else WRONG)

    with pytest.raises(NotSeen, match=r"a control failed \(the same bytes in one segment fail too\)"):
        judge_for(runner).check(PUT.cut(5))


def test_what_is_required_takes_the_place_of_the_same_bytes() -> None:
    runner = Scripted(lambda stream, tried: WRONG if stream == PUT else None)

    judge_for(runner).check(PUT.cut(5), requires=OTHER)

    assert [OTHER] in runner.streams
    assert [PUT] not in runner.streams


def test_a_control_that_fails_once_is_tried_again_and_then_remembered() -> None:
    runner = Scripted(lambda stream, tried: WRONG if stream == OTHER and tried == 0 else None)
    judge = judge_for(runner)

    judge.require(OTHER)
    judge.require(OTHER)

    assert runner.patiences == [PATIENCE, LAST]


def test_a_control_that_fails_is_not_tried_again() -> None:
    runner = Scripted(always(OTHER))
    judge = judge_for(runner)

    for _ in range(3):
        with pytest.raises(NotSeen):
            judge.require(OTHER)

    assert len(runner.asked) == 2


def test_where_three_controls_have_failed_another_is_tried_once() -> None:
    runner = Scripted(lambda stream, tried: WRONG)
    judge = judge_for(runner)

    tries = []
    for length in range(1, 6):
        before = len(runner.asked)
        with pytest.raises(NotSeen):
            judge.require(put(b"x" * length))
        tries.append(len(runner.asked) - before)

    assert tries == [2, 2, 2, 1, 1]


def test_where_two_requests_in_a_segment_fail_no_other_glued_control_is_tried() -> None:
    runner = Scripted(lambda stream, tried: WRONG if stream.is_glued else None)
    judge = judge_for(runner)
    three = requests(PUT, OTHER, PUT)

    assert not judge.takes_two_at_once
    with pytest.raises(NotSeen):
        judge.require(three)

    assert [three] not in runner.streams


def test_a_plainer_stream_that_fails_too_acquits() -> None:
    runner = Scripted(lambda stream, tried: WRONG)

    with pytest.raises(NotSeen, match="the same without what this is about fails too"):
        judge_for(runner).check(PUT, blameless_if=OTHER)


def test_the_plainer_stream_may_be_made_of_the_one_that_failed() -> None:
    runner = Scripted(always(PUT))

    with pytest.raises(Finding):
        judge_for(runner).check(PUT, blameless_if=lambda stream: OTHER if stream.sent() == PUT else stream)


def test_what_fails_unasked_as_well_says_nothing_of_replies() -> None:
    asking = put(b"abc", name="a", reply=True)
    runner = Scripted(lambda stream, tried: WRONG)
    judge = judge_for(runner, "REPLY-1")
    judge.bench.known.unsolicited = b"!"

    with pytest.raises(NotSeen, match="the same fails when no reply is asked for"):
        judge.check(asking, requires=())


# What a clause is about decides what counts


@pytest.mark.parametrize(("clause_id", "counts"), [("STORE-1", False), ("REPLY-1", True)])
def test_codes_and_unsolicited_bytes_count_in_the_chapter_on_replies(clause_id: str, counts: bool) -> None:
    with Peer() as peer:
        runner = runner_for(peer)
        judge = judge_for(runner, clause_id)
        made: list[Attempt] = []
        run, runner.run = runner.run, lambda attempts, *, patience: made.extend(attempts) or []  # type: ignore[method-assign]
        judge.check(PUT)
        runner.run = run  # type: ignore[method-assign]

    assert [(each.codes, each.unsolicited) for each in made] == [(counts, counts)]


def test_a_check_may_weigh_codes_where_they_show_how_something_else_was_understood() -> None:
    runner = Scripted()

    judge_for(runner).check(PUT, codes=True, closes=True)

    (attempt,) = runner.asked[0][0]
    assert attempt.codes
    assert attempt.closes


# What a target serves and shows


@pytest.mark.parametrize(("lives_beside", "lanes"), [(1000, 28), (10, 8), (1, 2), (0, 1)])
def test_as_many_connections_are_used_as_the_target_serves(lives_beside: int, lanes: int) -> None:
    assert judge_for(Scripted(lives_beside=lives_beside)).lanes == lanes


def test_streams_are_tried_in_batches_of_that_many() -> None:
    runner = Scripted(lives_beside=1)

    judge_for(runner).check(*[PUT] * 5)

    assert [len(attempts) for attempts, _ in runner.asked] == [2, 2, 1]


def test_what_can_not_be_seen_is_said_with_what_would_help() -> None:
    runner = Scripted()
    judge = judge_for(runner)
    runner.observer = None

    with pytest.raises(NotSeen, match="--storage DIR"):
        judge.check(PUT)
    with pytest.raises(NotSeen, match="--storage DIR"):
        judge.require_folder()
    with pytest.raises(NotSeen, match="--spawn"):
        judge.require_vitals()
    with pytest.raises(NotOffered):
        judge.require_replies()


def test_where_no_put_works_only_the_first_check_of_each_basic_clause_is_admitted() -> None:
    runner = Scripted()
    judge = judge_for(runner)
    judge.bench.known.gate = "a plain put fails"

    judge.bench.admit(clause("STORE-1"), tried=False)
    for clause_id, tried in (("STORE-1", True), ("ERR-1", False)):
        with pytest.raises(NotSeen, match="a plain put fails"):
            judge.bench.admit(clause(clause_id), tried=tried)


class Speaking(Peer):
    """Sends a byte that nobody has asked for, at a moment."""

    def __init__(self, moment: str) -> None:
        super().__init__()
        self._moment = moment

    def accepted(self, sock: Any) -> None:
        if self._moment == "first":
            sock.sendall(b"!")
        super().accepted(sock)
        if self._moment == "end":
            sock.sendall(b"!")

    def keep(self, name: str, body: bytes) -> None:
        super().keep(name, body)

    def reply(self, sock: Any, request: Any, reply: Any) -> None:
        if self._moment == "put":
            sock.sendall(b"!")
        super().reply(sock, request, reply)


@pytest.mark.parametrize("moment", ["first", "put", "end"])
def test_a_target_that_sends_unsolicited_bytes_is_known_by_a_plain_put(moment: str) -> None:
    with Speaking(moment) as peer:
        judge = judge_for(runner_for(peer), "REPLY-1")

        assert judge.bench.speaks_unasked()


def test_a_target_that_waits_to_be_asked_does_not_count_as_speaking() -> None:
    with Peer() as peer:
        assert not judge_for(runner_for(peer)).bench.speaks_unasked()
