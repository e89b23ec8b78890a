"""Several connections led step by step: what is remembered, what is found, and how a finding tells of it."""

import socket
from random import Random

import pytest
from peers import Peer, Seen, runner_for

from jhup.clauses import clause
from jhup_conformance.differences import WrongBody
from jhup_conformance.findings import Finding
from jhup_conformance.profiles import EFFORTS, Profile
from jhup_conformance.target.body import Body
from jhup_conformance.target.knowledge import Knowledge
from jhup_conformance.verify.bench import Bench
from jhup_conformance.verify.judge import Judge
from jhup_conformance.verify.peer import Step
from jhup_conformance.verify.requests import NOTHING, command, frame, put
from jhup_conformance.verify.script import Script
from jhup_conformance.verify.stream import End, Stream


def script_with(peer: Peer, *names: str, observer: Seen | None = None, about: str = "STORE-1") -> Script:
    bench = Bench(runner_for(peer, observer=observer), Knowledge(), EFFORTS[Profile.QUICK])
    return Script(Judge(bench, clause(about), Random(0)), *names)


def named(body: bytes, name: str = "a") -> Stream:
    return put(body, name=name)


def test_what_is_put_is_remembered_from_step_to_step() -> None:
    with Peer() as peer, script_with(peer, "a", "b") as script:
        first, second = script.connect(), script.connect()

        script.step(first.sends(named(b"abc")))
        script.step(second.sends(named(b"x", "b")))
        script.step(second.sends(named(b"")))
        script.confirm()

        assert script.store == {"a": b"", "b": b"x"}
        assert {name: peer.store[name] for name in "ab"} == {"a": b"", "b": b"x"}


@pytest.mark.parametrize("count", [2, 10, -1])
def test_a_put_may_be_sent_in_two_steps(count: int) -> None:
    with Peer() as peer, script_with(peer, "a") as script:
        one = script.connect()

        script.step(one.begins(named(b"abc"), count))
        assert script.store == {}
        script.step(one.completes())

        assert script.store == {"a": b"abc"}
        assert (one.under_way, one.rest) == (b"", b"")


def test_a_put_may_go_on_in_many_steps_unseen() -> None:
    with Peer() as peer, script_with(peer, "a") as script:
        one = script.connect()

        script.send(one.begins_half(named(b"abcd")))
        script.send(one.goes_on(1))
        script.step(one.completes())

        assert script.store == {"a": b"abcd"}


def test_a_half_request_that_is_left_changes_nothing() -> None:
    with Peer() as peer, script_with(peer, "a") as script:
        with script.connect() as one:
            script.step(one.begins(named(b"abc"), 45))
        script.confirm()

        assert (script.peers, script.store) == ([], {})


@pytest.mark.parametrize("end", [End.FINISH, End.FINISH_AT_ONCE])
def test_a_connection_that_was_ended_has_left(end: End) -> None:
    with Peer() as peer, script_with(peer, "a") as script:
        script.step(script.connect().sends(named(b"abc").ending(end)))

        assert (script.store, script.peers) == ({"a": b"abc"}, [])


def test_what_can_not_be_seen_itself_is_followed_by_a_put_that_can() -> None:
    with Peer() as peer, script_with(peer, "a") as script:
        script.step(script.connect().sends(command("nonsense")), sealed=True)

        assert list(peer.store.values()) == [b"!"]


def test_names_have_to_be_known() -> None:
    with Peer() as peer, script_with(peer, "a") as script, pytest.raises(ValueError, match="names that are known"):
        script.connect().sends(put(b"abc"))


class Losing(Peer):
    """Stores nothing under "a" once it has stored something there."""

    def keep(self, name: str, body: bytes) -> None:
        if name != "a" or "a" not in self.store:
            super().keep(name, body)


def test_a_finding_tells_its_last_steps_and_what_differs() -> None:
    with Losing() as peer, script_with(peer, "a", "b") as script:
        one = script.connect()
        for _ in range(10):
            script.step(one.sends(named(b"abc", "b"), "puts b"))
        script.step(one.sends(named(b"abc"), "puts a"))

        with pytest.raises(Finding) as found:
            script.step(one.sends(named(b"x"), "puts a again"))

    assert found.value.points == (WrongBody("a", (Body.of(b"x"),), Body.of(b"abc")),)
    assert found.value.where.startswith("connection #1, after 4 steps, then #1 puts b; ")
    assert found.value.where.endswith("; #1 puts a; #1 puts a again")
    assert found.value.timed_out
    assert found.value.transcript is not None


def test_a_name_may_be_watched_later() -> None:
    with Peer() as peer, script_with(peer, "b") as script:
        script.track("a")
        script.step(script.connect().sends(named(b"abc")))

        assert script.store == {"a": b"abc"}


class Gossips(Peer):
    """Tells the first connection of each put."""

    def __init__(self) -> None:
        super().__init__()
        self.connected: list[socket.socket] = []

    def accepted(self, sock: socket.socket) -> None:
        self.connected.append(sock)
        super().accepted(sock)

    def keep(self, name: str, body: bytes) -> None:
        super().keep(name, body)
        self.tell(self.connected[0])

    def tell(self, sock: socket.socket) -> None:
        sock.sendall(b"!")


class Closes(Gossips):
    """Ends the first connection at each put."""

    def tell(self, sock: socket.socket) -> None:
        sock.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize(("kind", "seen"), [(Gossips, "bytes came"), (Closes, "closed by the target")])
def test_on_a_connection_that_was_left_alone_nothing_may_happen(kind: type[Gossips], seen: str) -> None:
    with kind() as peer, script_with(peer, "a") as script:
        script.send(script.connect().begins(named(b"abc"), 10))
        one = script.connect()

        with pytest.raises(Finding, match=f"nothing on connection #1, which was left alone; actual: {seen}"):
            step_and_confirm(script, one.sends(named(b"abc")))


def test_a_connection_that_was_served_may_be_closed() -> None:
    with Closes() as peer, script_with(peer, "a") as script:
        script.step(script.connect().sends(command("nonsense")))

        step_and_confirm(script, script.connect().sends(named(b"abc")))

        assert len(script.peers) <= 2


def step_and_confirm(script: Script, step: Step) -> None:
    script.step(step)
    script.confirm()


def test_of_puts_that_race_one_remains_whole() -> None:
    with Peer() as peer, script_with(peer, "a", "b") as script:
        peers = [script.connect() for _ in range(3)]
        script.send(peers[0].begins_half(named(b"0" * 9)))

        script.race("a", [peers[0].completes(), *(each.sends(named(b"%d" % each.number * 9)) for each in peers[1:])])

        assert script.store["a"] == peer.store["a"]
        assert len(set(peer.store["a"])) == 1


def test_a_mixture_of_racing_puts_is_a_finding() -> None:
    class Mixes(Peer):
        def keep(self, name: str, body: bytes) -> None:
            super().keep(name, b"mixed" if name == "a" else body)

    with Mixes() as peer, script_with(peer, "a") as script:
        peers = [script.connect() for _ in range(2)]

        with pytest.raises(Finding) as found:
            script.race("a", [each.sends(named(b"%d" % each.number)) for each in peers])

    assert found.value.points == (WrongBody("a", (Body.of(b"1"), Body.of(b"2")), Body.of(b"mixed")),)


def test_what_a_race_does_to_other_names_is_found() -> None:
    class Forgets(Peer):
        def keep(self, name: str, body: bytes) -> None:
            super().keep(name, body)
            if name == "b":
                self.store.pop("a", None)

    with Forgets() as peer, script_with(peer, "a", "b") as script:
        peers = [script.connect() for _ in range(2)]
        script.step(peers[0].sends(named(b"abc")))

        with pytest.raises(Finding, match="expected a stored"):
            script.race("b", [each.sends(named(b"x", "b")) for each in peers])


class StaysOpen(Peer):
    """Goes on to read, and to drop, what comes after a malformed request."""

    def accepted(self, sock: socket.socket) -> None:
        super().accepted(sock)
        while sock.recv(65_536):
            pass


@pytest.mark.parametrize("kind", [Peer, StaysOpen])
def test_after_what_is_malformed_nothing_more_is_sent(kind: type[Peer]) -> None:
    with kind() as peer, script_with(peer, "a") as script:
        one = script.connect()

        script.step(one.sends(frame(b"[]")))

        assert script.peers == []
        assert one.line.dropped


def test_where_a_server_may_close_or_not_it_gets_a_moment_to_go_wrong() -> None:
    with StaysOpen() as peer:
        seen = Seen(peer.store, lambda look: look > 2 and peer.store.update({"a": b"abc"}))
        with script_with(peer, "a", observer=seen) as script, pytest.raises(Finding, match="a not stored"):
            script.step(script.connect().sends(frame(b"[]")))


def test_what_changes_after_a_step_is_found_when_it_is_confirmed() -> None:
    with Peer() as peer, script_with(peer, "a") as script:
        script.step(script.connect().sends(named(b"abc")))
        del peer.store["a"]

        with pytest.raises(Finding) as found:
            script.confirm()

    assert found.value.points == (WrongBody("a", (Body.of(b"abc"),), None),)


def test_a_target_that_serves_nobody_else_is_found_when_it_is_confirmed() -> None:
    class Deaf(Peer):
        deaf = False

        def keep(self, name: str, body: bytes) -> None:
            if not self.deaf:
                super().keep(name, body)

    with Deaf() as peer, script_with(peer, "a") as script:
        one = script.connect()
        script.step(one.sends(named(b"abc")))
        script.step(one.sends(NOTHING), sealed=True)
        script.confirm()
        peer.deaf = True

        with pytest.raises(Finding, match="a put on another connection takes effect; actual: it does not"):
            script.confirm()
