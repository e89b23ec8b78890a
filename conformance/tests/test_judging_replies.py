"""The store seen by the target's own replies: what a stat tells, and what it can't."""

import socket

import pytest
from peers import Hurried, Peer

from jhup.messages import Code, Failure, Reply, Request, Stat
from jhup.writer import write_reply
from jhup_conformance.findings import NotSeen
from jhup_conformance.target.store import Body, ObservedBy
from jhup_conformance.target.store_by_stat import ReplyObserver
from jhup_conformance.wire.dialer import Dialer


def observer_of(peer: Peer, *, keeps: bool = False) -> ReplyObserver:
    observer = ReplyObserver(Dialer(peer.address), Hurried())
    observer.keeps = keeps
    return observer


def test_a_stat_tells_length_and_digest_or_that_nothing_is_stored() -> None:
    with Peer() as peer:
        peer.store = {"a": b"abc", "é": b""}

        seen = observer_of(peer).look(["a", "absent", "é", "a"])

        assert seen == {"a": Body.of(b"abc"), "absent": None, "é": Body.of(b"")}
        assert ReplyObserver.way is ObservedBy.REPLIES


def test_names_that_are_not_valid_are_not_asked_for() -> None:
    with Peer() as peer:
        observer = observer_of(peer)

        assert observer.look([".."]) == {"..": None}
        assert observer.look(["a/b", "a"]) == {"a/b": None, "a": None}
        assert peer.requests == [Stat("a", reply=True)]


@pytest.mark.parametrize(("keeps", "connections"), [(False, 3), (True, 1)])
def test_the_connection_is_kept_where_that_is_allowed(keeps: bool, connections: int) -> None:
    with Peer() as peer:
        observer = observer_of(peer, keeps=keeps)

        for _ in range(3):
            observer.look(["a"])
        observer.forget()

        assert all(peer.ended.acquire(timeout=5) for _ in range(connections))
        assert not peer.ended.acquire(blocking=False)


def test_each_look_is_answered_by_what_comes_after_it() -> None:
    with Peer() as peer:
        observer = observer_of(peer, keeps=True)

        assert observer.look(["a"]) == {"a": None}
        peer.store["a"] = b"abc"
        assert observer.look(["a"]) == {"a": Body.of(b"abc")}
        observer.forget()


def test_a_connection_that_was_closed_is_replaced_once() -> None:
    class ClosesOnce(Peer):
        closed = False

        def accepted(self, sock: socket.socket) -> None:
            if self.closed:
                super().accepted(sock)
            self.closed = True

    class AlwaysCloses(Peer):
        def accepted(self, sock: socket.socket) -> None:
            pass

    with ClosesOnce() as peer:
        assert observer_of(peer).look(["a"]) == {"a": None}
    with AlwaysCloses() as peer:
        with pytest.raises(NotSeen, match="answered 0 of 2 stats"):
            observer_of(peer).look(["a", "b"])
        assert all(peer.ended.acquire(timeout=5) for _ in range(2))
        assert not peer.ended.acquire(blocking=False)


def test_answers_that_stop_short_show_nothing() -> None:
    class AnswersOne(Peer):
        def reply(self, sock: socket.socket, request: Request, reply: Reply) -> None:
            if request == Stat("a", reply=True):
                super().reply(sock, request, reply)

    with AnswersOne() as peer, pytest.raises(NotSeen, match="answered 1 of 2 stats"):
        observer_of(peer).look(["a", "b"])


def test_more_answers_than_were_asked_for_show_nothing() -> None:
    class AnswersTwice(Peer):
        def reply(self, sock: socket.socket, request: Request, reply: Reply) -> None:
            sock.sendall(2 * write_reply(reply))

    with AnswersTwice() as peer, pytest.raises(NotSeen, match="answered 2 of 1 stats"):
        observer_of(peer).look(["a"])


def test_a_connection_is_not_kept_unless_that_is_allowed() -> None:
    with Peer() as peer:
        assert not ReplyObserver(Dialer(peer.address), Hurried()).keeps


@pytest.mark.parametrize(
    ("code", "absent"), [(Code.NOT_FOUND, True), (Code.STORAGE, True), (Code.BAD_FILENAME, False), (Code.BUSY, False)]
)
def test_only_two_codes_say_that_nothing_is_stored(code: Code, absent: bool) -> None:
    class Failing(Peer):
        def answer(self, request: Request) -> Reply:
            return Failure(code, "no", False)

    with Failing() as peer:
        observer = observer_of(peer)
        if absent:
            assert observer.look(["a"]) == {"a": None}
        else:
            with pytest.raises(NotSeen, match="answered a stat of a valid name with"):
                observer.look(["a"])


def test_what_is_no_reply_shows_nothing() -> None:
    class Babbles(Peer):
        def reply(self, sock: socket.socket, request: Request, reply: Reply) -> None:
            sock.sendall(b"\x02\x00\x00\x00[]")

    with Babbles() as peer:
        observer = observer_of(peer)
        with pytest.raises(NotSeen, match="no reply"):
            observer.look(["a"])
        observer.forget()
