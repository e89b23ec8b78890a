"""What is asked of echo servers over connections and in datagrams, and what is made of the answers."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any, Self

import pytest
from peers import Hurried, Peer

from jhup.address import Address, Transport
from jhup.echo import Rules, Service, Shape
from jhup_conformance.echo import datagrams as datagrams_module
from jhup_conformance.echo.asking import Ask, Breach
from jhup_conformance.echo.datagrams import DatagramWire
from jhup_conformance.echo.streams import StreamWire
from jhup_conformance.findings import NotSeen
from jhup_conformance.verify.stream import End
from jhup_conformance.wire.channel import Unreachable
from jhup_conformance.wire.datagrams import Sender
from jhup_conformance.wire.dialer import Dialer, TargetGone
from jhup_conformance.wire.transcript import Kind

UPPER = Rules(service=Service.UPPER)
PATIENCE = 0.08

Conversation = Callable[[socket.socket], None]


class Says(Peer):
    """Leads a conversation that is given as a function on each connection."""

    def __init__(self, conversation: Conversation) -> None:
        super().__init__()
        self.conversation = conversation

    def accepted(self, sock: socket.socket) -> None:
        self.conversation(sock)


def upper(sock: socket.socket) -> None:
    sock.sendall(sock.recv(1024).strip().upper())


def upper_and_stay(sock: socket.socket) -> None:
    upper(sock)
    while sock.recv(1024):
        pass


def wire_to(
    peer: Peer, *, shape: Shape = Shape.ONE_SHOT, revive: Callable[[], Address | None] | None = None
) -> StreamWire:
    return StreamWire(Dialer(peer.address, revive=revive), Hurried(), UPPER, shape)


# Connections


def test_each_ask_has_a_connection_of_its_own_and_its_own_answer() -> None:
    with Says(upper) as peer:
        wire = wire_to(peer)

        tried = wire.run([Ask(b"abc"), Ask(b"x", end=End.FINISH), Ask(b"y", must_close=True)], patience=PATIENCE)

        assert [(each.answer, each.mismatch, each.lost) for each in tried] == [
            (b"ABC", None, False),
            (b"X", None, False),
            (b"Y", None, False),
        ]
        assert wire.executions == 3
        assert all(peer.ended.acquire(timeout=5) for _ in range(3))


def test_an_answer_time_is_noted_of_a_single_right_answer_only() -> None:
    with Says(upper) as peer, Says(lambda sock: sock.sendall(b"!")) as wrong, Says(lambda sock: None) as silent:
        known = []
        for other, asks in ((peer, [Ask(b"a")]), (peer, [Ask(b"a")] * 2), (wrong, [Ask(b"a")]), (silent, [Ask(b"a")])):
            wire = wire_to(other)
            wire.run(asks, patience=PATIENCE)
            known.append(wire._pace.is_known)

        assert known == [True, False, False, False]


def test_a_wrong_answer_on_an_open_connection_says_so() -> None:
    with Says(lambda sock: sock.sendall(sock.recv(9) + b"!") or upper_and_stay(sock)) as peer:  # type: ignore[func-returns-value]
        [tried] = wire_to(peer).run([Ask(b"abc")], patience=PATIENCE)

    assert tried.mismatch is not None
    assert tried.mismatch.breach is Breach.WRONG
    assert tried.mismatch.actual.endswith("; the connection is still open")
    assert tried.mismatch.timed_out


def test_a_wrong_answer_on_a_closed_connection_is_final() -> None:
    with Says(lambda sock: sock.sendall(sock.recv(9))) as peer:
        [tried] = wire_to(peer).run([Ask(b"abc")], patience=PATIENCE)

    assert tried.mismatch is not None
    assert tried.mismatch.actual == "abc, which differs in byte 0"
    assert not tried.mismatch.timed_out


def test_a_connection_that_stays_open_where_it_has_to_be_closed_is_a_breach(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jhup_conformance.echo.streams.CLOSE_PATIENCE", 0.05)
    with Says(upper_and_stay) as peer:
        [tried] = wire_to(peer).run([Ask(b"abc", must_close=True)], patience=0.01)
        [free] = wire_to(peer).run([Ask(b"abc")], patience=0.01)

    assert tried.mismatch is not None
    assert (tried.mismatch.breach, tried.mismatch.expected) == (Breach.OPEN, "the connection closed within 5 s")
    assert free.mismatch is None


@pytest.mark.parametrize("ask", [Ask(b"abc", end=End.FINISH), Ask(b"abc", must_close=True)])
def test_where_the_connection_has_to_end_it_is_listened_to_until_it_does(ask: Ask) -> None:
    moment = threading.Event()

    def afterthought(sock: socket.socket) -> None:
        upper(sock)
        moment.wait(0.02)
        sock.sendall(b"X")

    with Says(afterthought) as peer:
        [tried] = wire_to(peer).run([ask], patience=PATIENCE)

    assert tried.mismatch is not None
    assert (tried.mismatch.breach, tried.answer) == (Breach.EXTRA, b"ABCX")


def reset_after(said: bytes) -> Conversation:
    def conversation(sock: socket.socket) -> None:
        sock.recv(1024)
        sock.sendall(said)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    return conversation


@pytest.mark.parametrize(("said", "lost", "right"), [(b"", True, True), (b"X", False, False)])
def test_a_reset_may_have_taken_the_answer_but_makes_none_right(said: bytes, lost: bool, right: bool) -> None:
    with Says(reset_after(said)) as peer:
        [tried] = wire_to(peer).run([Ask(b"abc")], patience=PATIENCE)

    assert (tried.lost, tried.mismatch is None) == (lost, right)


def test_after_a_reset_of_ours_nothing_is_expected() -> None:
    with Says(upper_and_stay) as peer:
        [tried] = wire_to(peer).run([Ask(b"abc", end=End.RESET)], patience=PATIENCE)

    assert tried.mismatch is None


def test_a_session_is_listened_to_until_its_answer_is_whole() -> None:
    turn = threading.Event()

    def in_parts(sock: socket.socket) -> None:
        data = sock.recv(1024).upper()
        sock.sendall(data[:1])
        turn.wait(0.02)
        sock.sendall(data[1:])
        sock.recv(1)

    with Says(in_parts) as peer:
        [tried] = wire_to(peer, shape=Shape.SESSION).run([Ask(b"abc")], patience=PATIENCE)

    assert (tried.answer, tried.mismatch) == (b"ABC", None)


def test_a_server_that_was_started_again_is_asked_at_its_new_address() -> None:
    with Says(upper) as second, Says(upper) as first:
        wire = wire_to(first, revive=lambda: second.address)
        first.close_listener()

        assert wire.run([Ask(b"abc")], patience=PATIENCE)[0].mismatch is None
        assert (wire.dialer.revived, wire.dialer.address) == (1, second.address)


# Datagrams


class Datagrams:
    """Answers each datagram as a function says: what to send back, as often as it likes."""

    def __init__(self, answer: Callable[[bytes, int], list[bytes]]) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.received: list[bytes] = []
        self.sources: list[Any] = []
        self._answer = answer
        self._thread = threading.Thread(target=self._serve)

    @property
    def address(self) -> Address:
        return Address(Transport.UDP, *self.socket.getsockname())

    def send(self, data: bytes, source: Any) -> None:
        self.socket.sendto(data, source)

    def _serve(self) -> None:
        while True:
            data, source = self.socket.recvfrom(65_536)
            if data == b"the end of the test":
                return
            self.received.append(data)
            self.sources.append(source)
            for each in self._answer(data, self.received.count(data)):
                self.send(each, source)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.sendto(b"the end of the test", self.socket.getsockname())
        self._thread.join()
        self.socket.close()


@contextlib.contextmanager
def wire_for(peer: Datagrams, rules: Rules = UPPER) -> Iterator[DatagramWire]:
    wire = DatagramWire(peer.address, Hurried(), rules)
    yield wire
    wire.close()


def right(data: bytes, times: int) -> list[bytes]:
    return [data.strip().upper()]


def breach_of(answer: Callable[[bytes, int], list[bytes]], ask: Ask) -> Breach | None:
    with Datagrams(answer) as peer, wire_for(peer) as wire:
        [tried] = wire.run([ask], patience=PATIENCE)
    return tried.mismatch.breach if tried.mismatch else None


def test_each_datagram_has_its_answer() -> None:
    with Datagrams(right) as peer, wire_for(peer) as wire:
        tried = wire.run([Ask(b"abc"), Ask(b""), Ask(b" x ")], patience=PATIENCE)

        assert [(each.answer, each.mismatch) for each in tried] == [(b"ABC", None), (b"", None), (b"X", None)]
        assert wire.executions == 3
        assert not wire._pace.is_known
        wire.run([Ask(b"abc")], patience=PATIENCE)
        assert wire._pace.is_known


@pytest.mark.parametrize(
    ("answer", "breach"),
    [
        (lambda data, times: [data], Breach.WRONG),
        (lambda data, times: [data.upper()[:2]], Breach.WRONG),
        (lambda data, times: [data.upper() + b"!"], Breach.EXTRA),
        (lambda data, times: [data.upper()] * (2 if times > 1 or data != b"abc" else 1), None),
    ],
)
def test_an_answer_in_a_datagram_is_right_or_wrong_in_one_way(
    answer: Callable[[bytes, int], list[bytes]], breach: Breach | None
) -> None:
    assert breach_of(answer, Ask(b"abc")) is breach


def test_what_is_lost_once_or_twice_is_asked_for_again() -> None:
    def lossy(data: bytes, times: int) -> list[bytes]:
        return right(data, times) if times > losses else []

    for losses in (1, 2):  # noqa: B007  # the function above looks at it
        assert breach_of(lossy, Ask(b"xyz")) is None


def test_what_is_never_answered_is_held_against_the_server_after_several_tries() -> None:
    with Datagrams(lambda data, times: [] if data == b"xyz" else right(data, 1)) as peer, wire_for(peer) as wire:
        wire.has_answered = True
        [tried] = wire.run([Ask(b"xyz")], patience=PATIENCE)

        assert tried.mismatch is not None
        assert (tried.mismatch.breach, tried.mismatch.timed_out) == (Breach.NOTHING, True)
        assert peer.received.count(b"xyz") == datagrams_module._TRIES
        assert datagrams_module.CONTROL in peer.received


def test_two_answers_to_one_datagram_are_too_many() -> None:
    with Datagrams(lambda data, times: [b"ABC", b"ABC"]) as peer, wire_for(peer) as wire:
        wire.run([Ask(b"abc")], patience=PATIENCE)
        letter = wire.sender.open[-1]
        wire.wait([letter], until=lambda: len(letter.arrived) > 1, seconds=5.0)
        mismatch = wire._mismatch(Ask(b"abc"), letter, wire.right(Ask(b"abc")))

    assert mismatch is not None
    assert (mismatch.breach, mismatch.actual) == (Breach.TWICE, "2 datagrams, the second ABC")


def test_an_answer_from_another_address_is_told() -> None:
    class FromElsewhere(Datagrams):
        def send(self, data: bytes, source: Any) -> None:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
                sock.sendto(data, source)

    with FromElsewhere(right) as peer, wire_for(peer) as wire:
        [tried] = wire.run([Ask(b"abc")], patience=PATIENCE)

    assert tried.mismatch is not None
    assert tried.mismatch.breach is Breach.ELSEWHERE
    assert any(entry.how.startswith("from ") for entry in tried.transcript.entries if entry.kind is Kind.RECEIVED)


def test_an_answer_that_went_to_another_sender_is_told() -> None:
    class ToTheFormer(Datagrams):
        def send(self, data: bytes, source: Any) -> None:
            super().send(data, self.sources[-2] if len(self.sources) > 1 else source)

    with ToTheFormer(right) as peer, wire_for(peer) as wire:
        wire.run([Ask(b"first")], patience=PATIENCE)
        [tried] = wire.run([Ask(b"second")], patience=PATIENCE)

    assert tried.mismatch is not None
    assert (tried.mismatch.breach, tried.mismatch.actual) == (Breach.ASTRAY, "it went to the sender of first")


def test_a_silence_that_is_required_is_proven_by_a_control_behind_it() -> None:
    worker = Rules(service=Service.WORKER)

    def named(data: bytes, times: int) -> list[bytes]:
        return [b"w: " + data] if data.isascii() else []

    with Datagrams(named) as peer, wire_for(peer, worker) as wire:
        assert wire.run([Ask(b"\xff")], patience=PATIENCE)[0].mismatch is None
        assert peer.received == [b"\xff", datagrams_module.CONTROL]
    with Datagrams(lambda data, times: [b"w: " + data]) as peer, wire_for(peer, worker) as wire:
        [tried] = wire.run([Ask(b"\xff")], patience=PATIENCE)
        assert tried.mismatch is not None
        assert tried.mismatch.expected == "no answer to \\xff"
    with Datagrams(lambda data, times: []) as peer, wire_for(peer, worker) as wire, pytest.raises(NotSeen):
        wire.run([Ask(b"\xff")], patience=PATIENCE)


def test_what_no_datagram_can_carry_is_not_judged() -> None:
    with Datagrams(right) as peer, wire_for(peer) as wire, pytest.raises(NotSeen, match="no datagram of 70000 bytes"):
        wire.run([Ask(b"x" * 70_000)], patience=PATIENCE)


def test_a_target_that_answers_no_control_any_more_is_gone() -> None:
    with Datagrams(lambda data, times: []) as peer:
        wire = DatagramWire(peer.address, Hurried(), UPPER)
        wire.has_answered = True
        with pytest.raises(TargetGone, match="control is not answered any more"):
            wire.run([Ask(b"xyz")], patience=0.02)
        wire.close()


def test_only_the_newest_letters_are_kept_and_none_in_the_end() -> None:
    with Datagrams(right) as peer:
        sender = Sender(peer.address)
        letters = [sender.send(b"x") for _ in range(5)]

        sender.close_old(2)
        assert sender.open == letters[3:]
        sender.close()
        assert sender.open == []
        assert all(letter.socket.fileno() == -1 for letter in letters)


def test_an_address_that_nobody_has_is_told() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        free = Address(Transport.UDP, *sock.getsockname())
    assert "nobody receives datagrams" in Sender(free).refuses()
    with pytest.raises(Unreachable, match="can't find"):
        Sender(Address(Transport.UDP, "no.such.host.invalid", 9999))
    with Datagrams(right) as peer:
        assert Sender(peer.address).refuses() == ""
