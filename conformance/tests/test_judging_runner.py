"""Many exchanges at a time: what is waited for, what settles, and what tells that a target serves nobody any more."""

import socket
import threading
from collections.abc import Mapping

import pytest
from peers import Hurried, Peer, Seen, runner_for

from jhup.messages import Put
from jhup_conformance.findings import Finding
from jhup_conformance.target.store import Body
from jhup_conformance.verify import runner as runner_module
from jhup_conformance.verify.exchange import Case
from jhup_conformance.verify.stream import Talk
from jhup_conformance.wire.dialer import TargetGone

PATIENCE = 0.08


def silent(talk: Talk) -> None:
    talk.put(b"abc")


def asks(talk: Talk) -> None:
    talk.put(b"abc", reply=True)


def cut_off(talk: Talk) -> None:
    name = talk.new_name()
    talk.frame(b'{"cmd":"put","filename":"%s","filesize":4}' % name.encode(), b"abc")


def broken(talk: Talk) -> None:
    talk.raw(b"\xff\xff\xff\xff", "prefix")


class Losing(Peer):
    """Stores nothing."""

    def keep(self, name: str, body: bytes) -> None:
        pass

    def reply(self, *_: object) -> None:
        pass


class Keeping(Peer):
    """Never closes a connection by itself."""

    def accepted(self, sock: socket.socket) -> None:
        while sock.recv(65_536):
            pass


def test_what_is_right_gives_no_failure_and_is_counted() -> None:
    with Peer() as peer:
        runner = runner_for(peer)

        failed = runner.run([Case(silent), Case(asks), Case(cut_off)], patience=PATIENCE)

        assert failed == []
        assert sorted(peer.store.values()) == [b"abc", b"abc", b"alive"]
        assert runner.executions == 4  # and one for a sign of life, since a cut-off put shows none


def test_connections_are_let_go_of_in_the_end() -> None:
    with Keeping() as peer:
        runner = runner_for(peer)

        runner.run([Case(silent)] * 3, patience=PATIENCE)

        assert all(peer.ended.acquire(timeout=5) for _ in range(3))


@pytest.mark.parametrize(("recipe", "waited"), [(silent, "stored"), (asks, "replies: ok")])
def test_what_never_comes_is_a_failure_by_time_out(recipe: object, waited: str) -> None:
    with Losing() as peer:
        [failed] = runner_for(peer).run([Case(recipe)], patience=PATIENCE)  # type: ignore[arg-type]

        assert waited in failed.mismatch.expected
        assert failed.mismatch.timed_out


def test_only_those_that_failed_are_given() -> None:
    class LosingOne(Peer):
        def keep(self, name: str, body: bytes) -> None:
            if body != b"abc":
                super().keep(name, body)

    def other(talk: Talk) -> None:
        talk.put(b"x")

    with LosingOne() as peer:
        cases = [Case(other), Case(silent), Case(other)]

        assert [each.exchange.case for each in runner_for(peer).run(cases, patience=PATIENCE)] == [cases[1]]


def test_the_store_is_looked_at_until_it_shows_what_is_right() -> None:
    class Late(Losing):
        def __init__(self) -> None:
            super().__init__()
            self.late: dict[str, bytes] = {}

        def keep(self, name: str, body: bytes) -> None:
            self.late[name] = body

    with Late() as peer:
        seen = Seen(peer.store, lambda look: look > 3 and peer.store.update(peer.late))
        runner = runner_for(peer, observer=seen)

        assert runner.run([Case(silent)], patience=5.0) == []
        assert seen.looks >= 4


def test_what_can_not_come_right_any_more_is_not_waited_for() -> None:
    class Wrong(Peer):
        def reply(self, sock: socket.socket, *_: object) -> None:
            sock.sendall(b"\x02\x00\x00\x00[]")

    with Wrong() as peer:
        seen = Seen(peer.store)

        [failed] = runner_for(peer, observer=seen).run([Case(asks)], patience=60.0)

        assert not failed.mismatch.may_turn


def test_patience_begins_anew_with_each_exchange_that_comes_right() -> None:
    # Each look shows one more of the puts; far fewer looks fit into one patience.
    class Late(Losing):
        late: dict[str, bytes] = {}  # noqa: RUF012

        def keep(self, name: str, body: bytes) -> None:
            self.late[name] = body

    with Late() as peer:
        moment = threading.Event()

        def show_one(look: int) -> None:
            moment.wait(0.05)
            for name in list(peer.late)[: max(0, look - 1)]:
                peer.store[name] = peer.late[name]

        runner = runner_for(peer, observer=Seen(peer.store, show_one))

        assert runner.run([Case(silent)] * 5, patience=0.12) == []


def test_something_wrong_that_shows_late_is_seen_while_things_settle() -> None:
    with Peer() as peer:
        runner = runner_for(peer)
        names: list[str] = []

        def watched(talk: Talk) -> None:
            cut_off(talk)
            names[:] = talk.watched

        runner.observer = Seen(peer.store, lambda look: look > 1 and peer.store.update({names[0]: b"abc"}))

        [failed] = runner.run([Case(watched)], patience=PATIENCE)

        assert failed.mismatch.actual.startswith(f"{names[0]} stored")
        assert b"alive" in peer.store.values()


def test_things_get_time_to_settle_where_nothing_proves_the_end() -> None:
    class Calm(Hurried):
        @property
        def settle(self) -> float:
            return 0.05

    looks = []
    for recipe in (silent, cut_off):
        with Peer() as peer:
            runner = runner_for(peer, observer=(seen := Seen(peer.store)))
            runner.pace = Calm()
            assert runner.run([Case(recipe)], patience=PATIENCE) == []
            looks.append(seen.looks)

    proven, unproven = looks
    assert unproven > proven + 3


def test_nothing_is_made_of_no_cases() -> None:
    with Peer() as peer:
        assert runner_for(peer).run([], patience=PATIENCE) == []


@pytest.mark.parametrize(("beside", "longer"), [(1, 1), (5, 1), (20, 4)])
def test_unhurried_cases_pause_longer_beside_many_others_and_cut_ones_do_not(beside: int, longer: int) -> None:
    with Peer() as peer:
        runner = runner_for(peer)

        assert runner._pause(Case.unhurried(silent), beside) == pytest.approx(longer * runner.pace.pause)
        assert runner._pause(Case(silent, (3,)), beside) == runner.pace.pause


def test_who_hurries_leaves_out_the_pauses_of_unhurried_cases_but_where_they_are_the_point() -> None:
    with Peer() as peer:
        runner = runner_for(peer)
        runner.hurries = True

        assert runner._pause(Case.unhurried(silent), 20) == 0.0
        assert runner._pause(Case.unhurried(silent, strictly=True), 1) == pytest.approx(runner.pace.pause)
        assert runner._pause(Case(silent, (3,)), 1) == runner.pace.pause


def test_what_is_said_while_the_store_is_looked_at_is_heard() -> None:
    class Chatty(Peer):
        talking: list[socket.socket] = []  # noqa: RUF012

        def put(self, sock: socket.socket, put: Put, body: bytes) -> None:
            self.talking.append(sock)
            super().put(sock, put, body)

    with Chatty() as peer:
        seen = Seen(peer.store, lambda look: [sock.sendall(b"!") for sock in peer.talking[:1]])

        [failed] = runner_for(peer, observer=seen).run([Case(silent)], patience=PATIENCE)

        assert failed.mismatch.expected == "replies: none"
        assert "bytes of another" in failed.mismatch.actual


def test_without_a_view_of_the_store_only_what_is_said_counts() -> None:
    with Losing() as peer:
        runner = runner_for(peer)
        runner.observer = None

        assert runner.run([Case(silent)], patience=PATIENCE) == []


def test_what_has_to_be_there_before_is_laid_with_as_many_at_a_time_as_there_are_cases() -> None:
    def replaces(talk: Talk) -> None:
        talk.put(b"abc", name=talk.had(b"old"))

    with Peer() as peer:
        runner = runner_for(peer)
        laid: list[tuple[Mapping[str, bytes], int]] = []

        def lay(bodies: Mapping[str, bytes], at_a_time: int) -> None:
            laid.append((bodies, at_a_time))
            peer.store.update(bodies)

        runner.lay = lay

        assert runner.run([Case(replaces), Case(replaces)], patience=PATIENCE) == []
        [(bodies, at_a_time)] = laid
        assert (list(bodies.values()), at_a_time) == ([b"old", b"old"], 2)
        runner.run([Case(silent)], patience=PATIENCE)
        assert len(laid) == 1


def test_an_answer_time_is_noted_of_exchanges_that_change_the_store() -> None:
    with Peer() as peer:
        alone, several, nothing, failing = (runner_for(peer) for _ in range(4))

        alone.run([Case(silent)], patience=PATIENCE)
        several.run([Case(silent), Case(silent)], patience=PATIENCE)
        nothing.observer = None
        nothing.run([Case(lambda talk: talk.say(cmd="x"))], patience=PATIENCE)
        failing.observer = Seen({})
        failing.run([Case(silent)], patience=PATIENCE)

        assert [each.pace.is_known for each in (alone, several, nothing, failing)] == [True, True, False, False]
        assert 0 < alone.pace.beat < 1


# Is it still there?


def test_a_target_that_stops_to_serve_is_found_out() -> None:
    class FirstOnly(Peer):
        served = False

        def accepted(self, sock: socket.socket) -> None:
            if not self.served:
                self.served = True
                super().accepted(sock)
            elif sock.recv(1):
                self.ended.acquire()

    with FirstOnly() as peer:
        runner = runner_for(peer)
        with pytest.raises(Finding) as found:
            runner.run([Case(cut_off)], patience=PATIENCE)
        peer.ended.release()

    assert found.value.expected == "a target that goes on serving"
    assert "takes no effect any more" in found.value.actual
    assert found.value.transcript is not None
    assert found.value.transcript.sent.endswith(b"abc")


def test_a_target_that_was_started_again_is_a_finding() -> None:
    with Peer() as second, Peer() as first:
        second.store = first.store
        stopped = threading.Event()

        def stop(look: int) -> None:
            if not stopped.is_set():
                stopped.set()
                first.close_listener()

        runner = runner_for(first, observer=Seen(first.store, stop), revive=lambda: second.address)

        with pytest.raises(Finding, match="its process has ended"):
            runner.run([Case(cut_off)], patience=PATIENCE)
        assert runner.run([Case(silent)], patience=PATIENCE) == []


def test_a_target_that_accepts_nobody_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jhup_conformance.wire.dialer._RETRIES", 1)
    with Peer() as peer:
        runner = runner_for(peer)
        peer.close_listener()

        with pytest.raises(TargetGone):
            runner.run([Case(silent)], patience=PATIENCE)


@pytest.mark.parametrize(("kind", "alive"), [(Peer, True), (Losing, False)])
def test_a_plain_put_tells_whether_a_target_lives(kind: type[Peer], alive: bool) -> None:
    with kind() as peer:
        assert runner_for(peer).prove_alive() is alive


def test_no_sign_of_life_is_asked_for_where_the_outcome_proves_itself() -> None:
    with Peer() as peer:
        runner_for(peer).run([Case(silent)], patience=PATIENCE)

        assert list(peer.store.values()) == [b"abc"]


# Closing


def test_a_close_is_waited_for_longer_than_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner_module, "CLOSE_WITHIN", 5.0)
    moment = threading.Event()

    class Slow(Peer):
        def accepted(self, sock: socket.socket) -> None:
            sock.recv(65_536)
            moment.wait(0.2)

    with Slow() as peer:
        runner = runner_for(peer)
        runner.observer = None

        assert runner.run([Case(broken, must_close=True)], patience=0.01) == []


def test_a_close_that_never_comes_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner_module, "CLOSE_WITHIN", -0.4)
    with Keeping() as peer:
        runner = runner_for(peer)
        runner.observer = None

        [failed] = runner.run([Case(broken, must_close=True)], patience=0.01)

        assert failed.mismatch.expected == "the connection closed within 5 s"


def test_a_body_of_another_content_is_told_by_its_digest() -> None:
    class Reversing(Peer):
        def keep(self, name: str, body: bytes) -> None:
            super().keep(name, body[::-1])

    with Reversing() as peer:
        [failed] = runner_for(peer).run([Case(silent)], patience=PATIENCE)

        assert str(Body.of(b"cba")) in failed.mismatch.actual
        assert not failed.mismatch.timed_out
