"""Conversations step by step against the model, and what is learnt of a target before it is judged."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from peers import Hurried, Peer, Seen, runner_for, stored

from jhup.messages import Greeting, Hello, Reply, Request, Stat
from jhup_conformance.findings import Finding
from jhup_conformance.profiles import EFFORTS, Profile
from jhup_conformance.target.knowledge import Knowledge
from jhup_conformance.target.store_by_stat import ReplyObserver
from jhup_conformance.verify.exchange import End
from jhup_conformance.verify.first_contact import acquaint, no_replies
from jhup_conformance.verify.judge import Judge
from jhup_conformance.verify.runner import Runner
from jhup_conformance.verify.script import Conversation, Move, frame, part_of_put, rest_of_put, whole_put
from jhup_conformance.verify.stream import Names
from jhup_conformance.wire.channel import Unreachable
from jhup_conformance.wire.dialer import Dialer


@contextmanager
def conversation_with(peer: Peer, *names: str, observer: Seen | None = None) -> Iterator[Conversation]:
    judge = Judge(runner_for(peer, observer=observer), Knowledge(), EFFORTS[Profile.QUICK])
    made = Conversation(judge, names)
    yield made
    made.leave()


def test_what_is_put_is_remembered_from_step_to_step() -> None:
    with Peer() as peer, conversation_with(peer, "a", "b") as talk:
        first, second = talk.join(), talk.join()

        talk.step(whole_put(first, "a", b"abc"))
        talk.step(whole_put(second, "b", b"x", reply=True))
        talk.step(whole_put(second, "a", b""))
        talk.confirm()

        assert talk.store == {"a": b"", "b": b"x"}
        assert {name: peer.store[name] for name in "ab"} == {"a": b"", "b": b"x"}
        assert (first.number, second.number, len(talk.parties)) == (1, 2, 2)


@pytest.mark.parametrize("sent", [2, 10, -1])
def test_a_put_may_be_sent_in_two_steps(sent: int) -> None:
    with Peer() as peer, conversation_with(peer, "a") as talk:
        party = talk.join()

        begun = part_of_put(party, "a", b"abc", sent)
        talk.step(begun)
        assert (talk.store, party.under_way, party.under_way + party.rest) == ({}, begun.data, begun.data + begun.rest)
        talk.step(rest_of_put(party))

        assert talk.store == {"a": b"abc"}
        assert (party.under_way, party.rest) == (b"", b"")


def test_something_may_be_sent_without_a_look_at_what_comes_of_it() -> None:
    with Peer() as peer, conversation_with(peer, "a") as talk:
        party = talk.join()
        talk.send(part_of_put(party, "a", b"abc", 10))
        talk.step(rest_of_put(party))

        assert talk.store == {"a": b"abc"}


def test_a_half_request_that_is_left_changes_nothing() -> None:
    with Peer() as peer, conversation_with(peer, "a") as talk:
        with talk.join() as party:
            talk.step(part_of_put(party, "a", b"abc", 45))
        talk.confirm()

        assert talk.parties == []
        assert talk.store == {}


@pytest.mark.parametrize("end", [End.FINISH, End.FINISH_AT_ONCE])
def test_a_connection_that_was_ended_has_left(end: End) -> None:
    with Peer() as peer, conversation_with(peer, "a") as talk:
        party = talk.join()
        put = whole_put(party, "a", b"abc")

        talk.step(Move(party, put.data, put.note, end=end))

        assert talk.store == {"a": b"abc"}
        assert talk.parties == []


def test_what_can_not_be_seen_itself_is_followed_by_a_put_that_can() -> None:
    with Peer() as peer, conversation_with(peer, "a") as talk:
        party = talk.join()

        talk.step(Move(party, frame(cmd="nonsense"), "says nonsense"), sealed=True)

        assert list(peer.store.values()) == [b"!"]
        assert party.number == 1


class Losing(Peer):
    """Stores nothing under "a" once it has stored something there."""

    def keep(self, name: str, body: bytes) -> None:
        if name != "a" or "a" not in self.store:
            super().keep(name, body)


def test_a_finding_tells_its_story() -> None:
    with Losing() as peer, conversation_with(peer, "a") as talk:
        party = talk.join()
        talk.step(whole_put(party, "a", b"abc"))

        with pytest.raises(Finding) as found:
            talk.step(whole_put(party, "a", b"x"))

    assert found.value.expected.startswith("a stored (1 bytes")
    assert "[connection #1, after #1 puts 3 bytes as a; #1 puts 1 bytes as a]" in found.value.actual
    assert found.value.timed_out
    assert found.value.transcript is not None


def test_a_long_story_is_told_from_its_last_steps() -> None:
    with Losing() as peer, conversation_with(peer, "a", "b") as talk:
        party = talk.join()
        for _ in range(10):
            talk.step(whole_put(party, "b", b"abc"))
        talk.step(whole_put(party, "a", b"abc"))

        with pytest.raises(Finding, match=r"after 4 steps, then #1 puts 3 bytes as b; .* as a; #1 puts 1 bytes as a\]"):
            talk.step(whole_put(party, "a", b"x"))


def test_a_name_may_be_watched_later() -> None:
    with Losing() as peer, conversation_with(peer, "b") as talk:
        party = talk.join()
        talk.track("a")
        talk.step(whole_put(party, "a", b"abc"))

        assert talk.store == {"a": b"abc"}


def step_and_confirm(talk: Conversation, move: Move) -> None:
    talk.step(move)
    talk.confirm()


def test_on_a_connection_that_was_left_alone_nothing_may_happen() -> None:
    class Gossips(Peer):
        said: list[socket.socket] = []  # noqa: RUF012

        def accepted(self, sock: socket.socket) -> None:
            self.said.append(sock)
            super().accepted(sock)

        def keep(self, name: str, body: bytes) -> None:
            super().keep(name, body)
            self.said[0].sendall(b"!")

    class Closes(Gossips):
        said: list[socket.socket] = []  # noqa: RUF012

        def keep(self, name: str, body: bytes) -> None:
            Peer.keep(self, name, body)
            self.said[0].shutdown(socket.SHUT_RDWR)

    for kind, seen in ((Gossips, "bytes came"), (Closes, "closed by the target")):
        with kind() as peer, conversation_with(peer, "a") as talk:
            bystander, party = talk.join(), talk.join()
            talk.step(Move(bystander, frame(cmd="nonsense"), "says nonsense"))
            with pytest.raises(Finding, match=f"nothing on connection #1, which was left alone; actual: {seen}"):
                step_and_confirm(talk, whole_put(party, "a", b"abc"))


def test_of_puts_that_race_one_remains_whole() -> None:
    with Peer() as peer, conversation_with(peer, "a", "b") as talk:
        parties = [talk.join() for _ in range(3)]

        talk.race("a", [whole_put(party, "a", b"%d" % party.number * 9) for party in parties])

        assert talk.store["a"] == peer.store["a"]
        assert len(peer.store["a"]) == 9


def test_a_mixture_of_racing_puts_is_a_finding() -> None:
    class Mixes(Peer):
        def keep(self, name: str, body: bytes) -> None:
            super().keep(name, b"mixed" if name == "a" else body)

    with Mixes() as peer, conversation_with(peer, "a") as talk:
        parties = [talk.join() for _ in range(2)]

        with pytest.raises(Finding, match=r"a stored \(1 bytes.* or 1 bytes.*actual: a: 5 bytes"):
            talk.race("a", [whole_put(party, "a", b"%d" % party.number) for party in parties])


def test_racing_puts_may_have_begun_before_and_leave_nothing_behind() -> None:
    with Peer() as peer, conversation_with(peer, "a", "b") as talk:
        parties = [talk.join() for _ in range(2)]
        for party in parties:
            talk.send(part_of_put(party, "a", b"%d" % party.number * 9, 30))

        talk.race("a", [rest_of_put(party) for party in parties])
        for party in parties:
            talk.step(whole_put(party, "b", b"%d" % party.number))

        assert talk.store["b"] == b"2"


def test_what_a_race_does_to_other_names_is_found() -> None:
    class Forgets(Peer):
        def keep(self, name: str, body: bytes) -> None:
            super().keep(name, body)
            if name == "b":
                self.store.pop("a", None)
                self.store.pop("c", None)

    for other in ("a", "c"):
        with Forgets() as peer, conversation_with(peer, "a", "b", "c") as talk:
            parties = [talk.join() for _ in range(2)]
            talk.step(whole_put(parties[0], other, b"abc"))

            with pytest.raises(Finding, match=f"{other} stored"):
                talk.race("b", [whole_put(party, "b", b"x") for party in parties])


MALFORMED = b"\x02\0\0\0[]"


class StaysOpen(Peer):
    """Goes on to read, and to drop, what comes behind a malformed request."""

    def accepted(self, sock: socket.socket) -> None:
        super().accepted(sock)
        while sock.recv(65_536):
            pass


@pytest.mark.parametrize("kind", [Peer, StaysOpen])
def test_behind_what_is_malformed_nothing_more_is_said(kind: type[Peer]) -> None:
    with kind() as peer, conversation_with(peer, "a") as talk:
        party = talk.join()

        talk.step(Move(party, MALFORMED, "says nothing that is a request"))

        assert talk.parties == []
        assert party.line.dropped


def test_where_a_server_may_close_or_not_it_gets_a_moment_to_go_wrong() -> None:
    with StaysOpen() as peer:
        seen = Seen(peer.store, lambda look: look > 2 and peer.store.update({"a": b"abc"}))
        with conversation_with(peer, "a", observer=seen) as talk, pytest.raises(Finding, match="a not stored"):
            talk.step(Move(talk.join(), MALFORMED, "says nothing that is a request"))


def test_what_changes_after_a_step_is_found_when_it_is_confirmed() -> None:
    with Peer() as peer, conversation_with(peer, "a") as talk:
        talk.step(whole_put(talk.join(), "a", b"abc"))
        peer.store["a"] = b"x"

        with pytest.raises(Finding, match=r"a: 3 bytes.*actual: a: 1 bytes"):
            talk.confirm()
        del peer.store["a"]
        with pytest.raises(Finding, match="actual: a: not stored"):
            talk.confirm()


def test_a_target_that_serves_nobody_else_is_found_when_it_is_confirmed() -> None:
    class Deaf(Peer):
        deaf = False

        def keep(self, name: str, body: bytes) -> None:
            if not self.deaf:
                super().keep(name, body)

    with Deaf() as peer, conversation_with(peer, "a") as talk:
        talk.step(whole_put(talk.join(), "a", b"abc"))
        assert talk._judge.lanes > 1
        peer.deaf = True

        with pytest.raises(Finding, match="a put on another connection takes effect; actual: it does not"):
            talk.confirm()


# Getting to know a target


def acquainted(peer: Peer, observer: Seen | None = None) -> tuple[Knowledge, Runner]:
    runner = Runner(Dialer(peer.address), Hurried(), Names("00000000"), no_replies())
    return acquaint(runner, observer), runner


def test_a_target_that_greets_is_seen_by_its_replies() -> None:
    class Limited(Peer):
        def answer(self, request: Request) -> Reply:
            if isinstance(request, Hello):
                return Greeting(server="x", features=("replies",), max_header=70_000, max_filesize=500)
            return super().answer(request)

    with Limited() as peer:
        known, runner = acquainted(peer)

        assert known.greeting is not None
        assert (known.gate, known.unsolicited) == ("", b"")
        assert isinstance(runner.observer, ReplyObserver)
        assert (runner.server.replies, runner.server.max_header, runner.server.max_filesize) == (True, 70_000, 500)
        assert runner.pace.is_known
        assert list(peer.store.values()) == [b"calibration"] * 3
        runner.lay({"x": b"body"}, 1)
        assert peer.store["x"] == b"body"


class Silent(Peer):
    replies = False


@pytest.fixture
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jhup_conformance.verify.first_contact._WORTH_ASKING", 0.05)
    monkeypatch.setattr("jhup_conformance.verify.first_contact._UNHURRIED_PAUSE", 0.001)


@pytest.mark.usefixtures("_hurried")
def test_a_silent_target_is_seen_where_its_store_is_given() -> None:
    with Silent() as peer:
        known, runner = acquainted(peer, Seen(peer.store))

        assert (known.greeting, known.gate, known.unsolicited, runner.server.replies) == (None, "", b"", False)
        assert isinstance(runner.observer, Seen)
        blind, runner = acquainted(peer)
        assert (blind.gate, runner.observer) == ("", None)


@pytest.mark.usefixtures("_hurried")
def test_a_target_that_speaks_first_and_greets_nobody_is_remembered_for_it() -> None:
    class Speaks(Silent):
        def accepted(self, sock: socket.socket) -> None:
            sock.sendall(b"\x02\0\0\0{}welcome")
            super().accepted(sock)

    with Speaks() as peer:
        known, _ = acquainted(peer)

        assert known.greeting is None
        assert known.unsolicited.startswith(b"\x02\0\0\0{}")


@pytest.mark.usefixtures("_hurried")
def test_where_no_plain_put_works_nothing_can_be_learnt() -> None:
    class Losing(Silent):
        def keep(self, name: str, body: bytes) -> None:
            pass

    with Losing() as peer:
        known, _ = acquainted(peer, Seen(peer.store))

        assert known.gate.startswith("a plain put fails: expected ")


@pytest.mark.usefixtures("_hurried")
def test_replies_that_find_stored_what_never_was_are_no_view() -> None:
    class Claims(Peer):
        def answer(self, request: Request) -> Reply:
            if isinstance(request, Stat) and request.filename is not None:
                return stored(request.filename, self.store.get(request.filename, b"nothing"))
            return super().answer(request)

    with Claims() as peer:
        known, runner = acquainted(peer)

        assert (known.gate, runner.observer) == ("", None)
        assert "a stat of a name that was never stored is not answered with not-found" in known.blind_for
        seen, runner = acquainted(peer, Seen(peer.store))
        assert (seen.gate, type(runner.observer)) == ("", Seen)


def test_a_target_that_is_not_there_is_unreachable() -> None:
    with Peer() as peer:
        runner = Runner(Dialer(peer.address), Hurried(), Names("00000000"), no_replies())
        peer.close_listener()

        with pytest.raises(Unreachable):
            acquaint(runner, None)
