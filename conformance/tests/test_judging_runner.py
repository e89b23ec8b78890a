"""Many exchanges at a time: what is waited for, what settles, and what tells that a target serves nobody any more."""

import socket
import threading

import pytest
from peers import Hurried, Peer, Seen, runner_for

from jhup.messages import Put
from jhup_conformance.findings import NotSeen
from jhup_conformance.target.body import Body
from jhup_conformance.verify import runner as runner_module
from jhup_conformance.verify.exchange import Attempt
from jhup_conformance.verify.names import name
from jhup_conformance.verify.requests import command, put, raw
from jhup_conformance.verify.stream import End, Stream
from jhup_conformance.wire.dialer import TargetGone

PATIENCE = 0.08


SILENT = put(b"abc")
ASKS = put(b"abc", reply=True)
CUT_OFF = put(b"abcd").first(-1)
BROKEN = raw(b"\xff\xff\xff\xff", "prefix")
FILE = name("file")


def attempts(*streams: Stream, closes: bool = False) -> list[Attempt]:
    return [Attempt(stream=stream, closes=closes, unsolicited=True) for stream in streams]


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


class Lingering(Peer):
    """Serves, and keeps a connection open after end of stream until it is released."""

    def __init__(self) -> None:
        super().__init__()
        self.released = threading.Event()

    def accepted(self, sock: socket.socket) -> None:
        super().accepted(sock)
        self.released.wait()


def test_what_is_right_gives_no_failure_and_is_counted() -> None:
    with Peer() as peer:
        runner = runner_for(peer)

        failed = runner.run(attempts(SILENT, ASKS, CUT_OFF), patience=PATIENCE)

        assert failed == []
        assert sorted(peer.store.values()) == [b"abc", b"abc", b"alive"]
        assert runner.executions == 4  # and one for a sign of life, since a cut-off put shows none


def test_connections_are_let_go_of_in_the_end() -> None:
    with Keeping() as peer:
        runner = runner_for(peer)

        runner.run(attempts(*[SILENT] * 3), patience=PATIENCE)

        assert all(peer.ended.acquire(timeout=5) for _ in range(3))


@pytest.mark.parametrize(("stream", "waited"), [(SILENT, "stored"), (ASKS, "replies: ok")], ids=["put", "asking"])
def test_what_never_comes_is_a_failure_by_time_out(stream: Stream, waited: str) -> None:
    with Losing() as peer:
        [failed] = runner_for(peer).run(attempts(stream), patience=PATIENCE)

        assert waited in failed.mismatch.expected
        assert failed.mismatch.timed_out


def test_only_those_that_failed_are_given() -> None:
    class LosingOne(Peer):
        def keep(self, name: str, body: bytes) -> None:
            if body != b"abc":
                super().keep(name, body)

    other = put(b"x")
    with LosingOne() as peer:
        failed = runner_for(peer).run(attempts(other, SILENT, other), patience=PATIENCE)

        assert [each.exchange.attempt.stream for each in failed] == [SILENT]


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

        assert runner.run(attempts(SILENT), patience=5.0) == []
        assert seen.looks >= 4


def test_what_can_not_come_right_any_more_is_not_waited_for() -> None:
    class Wrong(Peer):
        def reply(self, sock: socket.socket, *_: object) -> None:
            sock.sendall(b"\x02\x00\x00\x00[]")

    with Wrong() as peer:
        seen = Seen(peer.store)

        [failed] = runner_for(peer, observer=seen).run(attempts(ASKS), patience=60.0)

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

        assert runner.run(attempts(*[SILENT] * 5), patience=0.12) == []


def test_something_wrong_that_shows_late_is_seen_while_things_settle() -> None:
    with Peer() as peer:
        runner = runner_for(peer)
        cut_off = put(b"abcd", name="a").watching("a").first(-1)
        runner.observer = Seen(peer.store, lambda look: look > 1 and peer.store.update({"a": b"abc"}))

        [failed] = runner.run(attempts(cut_off), patience=PATIENCE)

        assert failed.mismatch.actual.startswith("a stored")
        assert b"alive" in peer.store.values()


def test_things_get_time_to_settle_where_nothing_proves_the_end() -> None:
    class Calm(Hurried):
        @property
        def settle(self) -> float:
            return 0.05

    looks = []
    for stream in (SILENT, CUT_OFF):
        with Peer() as peer:
            runner = runner_for(peer, observer=(seen := Seen(peer.store)))
            runner.pace = Calm()
            assert runner.run(attempts(stream), patience=PATIENCE) == []
            looks.append(seen.looks)

    proven, unproven = looks
    assert unproven > proven + 3


def test_no_attempts_give_no_failures() -> None:
    with Peer() as peer:
        assert runner_for(peer).run([], patience=PATIENCE) == []


def test_what_is_sent_while_the_store_is_looked_at_counts() -> None:
    class Chatty(Peer):
        talking: list[socket.socket] = []  # noqa: RUF012

        def put(self, sock: socket.socket, put: Put, body: bytes) -> None:
            self.talking.append(sock)
            super().put(sock, put, body)

    with Chatty() as peer:
        seen = Seen(peer.store, lambda look: [sock.sendall(b"!") for sock in peer.talking[:1]])

        [failed] = runner_for(peer, observer=seen).run(attempts(SILENT), patience=PATIENCE)

        assert failed.mismatch.expected == "replies: none"
        assert "bytes of another" in failed.mismatch.actual


def test_without_a_view_of_the_store_only_the_connection_counts() -> None:
    with Losing() as peer:
        runner = runner_for(peer)
        runner.observer = None

        assert runner.run(attempts(SILENT), patience=PATIENCE) == []


def test_what_has_to_be_stored_before_is_put_first() -> None:
    replaces = put(b"abc", name=FILE).having({FILE: b"old"})
    with Peer() as peer:
        runner = runner_for(peer)

        assert runner.run(attempts(replaces, replaces), patience=PATIENCE) == []
        puts = [request.filesize for request in peer.requests if isinstance(request, Put)]
        assert puts == [3, 3, 3, 3]
        assert runner.executions == 4


def test_a_body_that_can_not_be_stored_before_teaches_nothing() -> None:
    with Losing() as peer, pytest.raises(NotSeen, match="a control failed"):
        runner_for(peer).run(attempts(put(b"abc", name=FILE).having({FILE: b"old"})), patience=PATIENCE)


def test_an_answer_time_is_noted_of_exchanges_that_change_the_store() -> None:
    with Peer() as peer:
        alone, several, nothing, failing = (runner_for(peer) for _ in range(4))

        alone.run(attempts(SILENT), patience=PATIENCE)
        several.run(attempts(SILENT, SILENT), patience=PATIENCE)
        nothing.observer = None
        nothing.run(attempts(command("x")), patience=PATIENCE)
        failing.observer = Seen({})
        failing.run(attempts(SILENT), patience=PATIENCE)

        assert [each.pace.is_known for each in (alone, several, nothing, failing)] == [True, True, False, False]
        assert 0 < alone.pace.beat < 1


def test_a_connection_that_stays_open_after_end_of_stream_is_no_answer_time() -> None:
    with Lingering() as peer:
        runner = runner_for(peer)

        failed = runner.run(attempts(SILENT.ending(End.FINISH)), patience=PATIENCE)
        peer.released.set()

        assert (failed, runner.pace.is_known) == ([], False)
        assert runner.run(attempts(SILENT.ending(End.FINISH)), patience=PATIENCE) == []
        assert runner.pace.is_known


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
        doubts: list[float] = []
        runner.after_failure = lambda: doubts.append(runner.proven_at)
        runner.run(attempts(CUT_OFF), patience=PATIENCE)
        peer.ended.release()

    assert doubts == [0.0]


def test_a_target_that_accepts_nobody_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jhup_conformance.wire.dialer._RETRIES", 1)
    with Peer() as peer:
        runner = runner_for(peer)
        peer.close_listener()

        with pytest.raises(TargetGone):
            runner.run(attempts(SILENT), patience=PATIENCE)


@pytest.mark.parametrize(("kind", "alive"), [(Peer, True), (Losing, False)])
def test_a_plain_put_tells_whether_a_target_lives(kind: type[Peer], alive: bool) -> None:
    with kind() as peer:
        assert runner_for(peer).prove_alive() is alive


def test_no_sign_of_life_is_asked_for_where_the_outcome_proves_itself() -> None:
    with Peer() as peer:
        runner_for(peer).run(attempts(SILENT), patience=PATIENCE)

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

        assert runner.run(attempts(BROKEN, closes=True), patience=0.01) == []


def test_a_close_that_never_comes_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner_module, "CLOSE_WITHIN", -0.4)
    with Keeping() as peer:
        runner = runner_for(peer)
        runner.observer = None

        [failed] = runner.run(attempts(BROKEN, closes=True), patience=0.01)

        assert failed.mismatch.expected == "the connection closed within 5 s"


def test_a_body_of_another_content_is_told_by_its_digest() -> None:
    class Reversing(Peer):
        def keep(self, name: str, body: bytes) -> None:
            super().keep(name, body[::-1])

    with Reversing() as peer:
        [failed] = runner_for(peer).run(attempts(SILENT), patience=PATIENCE)

        assert str(Body.of(b"cba")) in failed.mismatch.actual
        assert not failed.mismatch.timed_out
