"""Many connections in one thread: what is sent when, what is heard, and when enough is heard."""

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator

import pytest

from jhup_conformance.wire.driving import drive
from jhup_conformance.wire.line import Line, overhear
from jhup_conformance.wire.transcript import Action, Closed, Kind

LONG = 30.0
"""Seconds that are never used up."""


class Half:
    """A channel over one end of a pair of sockets in this process."""

    has_unsent = False

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        self.socket = sock

    def fileno(self) -> int:
        return self.socket.fileno()

    def unread(self) -> int | None:
        return None

    def send(self, data: memoryview) -> int:
        try:
            return self.socket.send(data)
        except BlockingIOError:
            return 0

    def receive(self) -> bytes | None:
        try:
            return self.socket.recv(65_536)
        except BlockingIOError:
            return None

    def half_close(self) -> None:
        self.socket.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def close(self) -> None:
        self.socket.close()


@contextlib.contextmanager
def connected() -> Iterator[tuple[Line, socket.socket]]:
    """Return a line, and the target's end of it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        near = socket.create_connection(listener.getsockname())
        near.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        far, _ = listener.accept()
    with near, far:
        yield Line(Half(near)), far


def sent(*segments: bytes, pause: float = 0.0) -> list[Action]:
    return [Action(Kind.SENT, segment, pause if index else 0.0) for index, segment in enumerate(segments)]


def run(*lines: Line, patience: float = LONG, at_most: float = LONG, enough: int = 1) -> None:
    drive(lines, until=lambda line: len(line.received) >= enough, patience=patience, at_most=at_most)


def kinds(line: Line) -> list[Kind]:
    return [entry.kind for entry in line.transcript.entries]


def test_what_is_planned_is_sent_in_order_and_what_comes_is_heard() -> None:
    with connected() as (line, far):
        line.plan(sent(b"ab", b"cd"))
        far.sendall(b"xyz")

        run(line)

        assert far.recv(100) == b"abcd"
        assert (line.received, line.closed, line.is_sending) == (b"xyz", None, False)
        assert line.transcript.sent == b"abcd"
        assert line.transcript.received == b"xyz"
        assert line.transcript.segments == 2


def test_segments_wait_for_their_pauses_and_for_nothing_else() -> None:
    with connected() as (line, far):
        line.plan([*sent(b"a", b"b", b"c", pause=0.02), Action(Kind.SENT, b"d")])

        drive([line], until=lambda line: True, patience=LONG, at_most=LONG)

        first, second, third, fourth = (entry.at for entry in line.transcript.entries)
        assert second - first >= 0.02
        assert third - second >= 0.02
        assert fourth - third < 0.02
        assert line.last_sent == pytest.approx(line.opened + fourth)
        assert far.recv(100) == b"abcd"


def test_while_one_waits_the_others_go_on() -> None:
    with connected() as (slow, _), connected() as (fast, far):
        slow.plan(sent(b"a", b"b", pause=0.05))
        fast.plan(sent(b"c"))
        far.sendall(b"x")

        run(slow, fast, patience=0.01)

        [_, last] = slow.transcript.entries
        heard = next(entry for entry in fast.transcript.entries if entry.kind is Kind.RECEIVED)
        assert fast.opened + heard.at < slow.opened + last.at


def test_a_script_can_be_added_to() -> None:
    with connected() as (line, far):
        line.plan(sent(b"a"))
        assert line.is_sending
        line.plan(sent(b"b"))
        drive([line], until=lambda line: True, patience=LONG, at_most=LONG)
        line.plan(sent(b"c"))
        drive([line], until=lambda line: True, patience=LONG, at_most=LONG)

        assert far.recv(100) == b"abc"


def test_end_of_stream_is_given_where_it_stands_in_the_script() -> None:
    with connected() as (line, far):
        line.plan([*sent(b"a"), Action(Kind.HALF_CLOSED)])
        drive([line], until=lambda line: True, patience=LONG, at_most=LONG)

        assert (far.recv(100), far.recv(100)) == (b"a", b"")
        assert kinds(line) == [Kind.SENT, Kind.HALF_CLOSED]
        far.sendall(b"x")
        run(line)
        assert line.received == b"x"


def test_a_client_that_has_left_meets_what_still_comes_with_a_reset() -> None:
    with connected() as (line, far):
        line.plan([*sent(b"a"), Action(Kind.LEFT)])
        run(line)

        assert (line.dropped, kinds(line)) == (True, [Kind.SENT, Kind.LEFT])
        assert (far.recv(100), far.recv(100)) == (b"a", b"")
        far.sendall(b"b")
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            far.sendall(bytes(100_000_000))


def test_a_reset_ends_the_connection() -> None:
    with connected() as (line, far):
        line.plan([Action(Kind.RESET)])
        run(line)

        with pytest.raises(ConnectionResetError):
            far.recv(100)
        assert (line.dropped, line.is_sending) == (True, False)
        line.drop()


@pytest.mark.parametrize(
    ("linger", "how"), [(struct.pack("ii", 0, 0), Closed.END_OF_STREAM), (struct.pack("ii", 1, 0), Closed.RESET)]
)
def test_how_the_target_closes_is_told(linger: bytes, how: Closed) -> None:
    with connected() as (line, far):
        far.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        far.close()

        run(line)
        overhear([line])

        assert line.closed is how
        assert [(entry.kind, entry.how) for entry in line.transcript.entries] == [(Kind.CLOSED, how.value)]


def test_what_came_before_the_end_is_heard() -> None:
    with connected() as (line, far):
        far.sendall(b"xyz")
        far.close()

        run(line, enough=100)

        assert (line.received, line.closed) == (b"xyz", Closed.END_OF_STREAM)


def test_a_target_that_has_ended_its_side_is_still_sent_the_rest() -> None:
    with connected() as (line, far):
        far.shutdown(socket.SHUT_WR)
        line.plan(sent(b"a", b"b", pause=0.01))

        run(line)

        assert line.closed is Closed.END_OF_STREAM
        far.settimeout(5)
        assert far.recv(1) == b"a"


def test_a_target_that_goes_while_it_is_sent_to_is_closed() -> None:
    with connected() as (line, far):
        line.plan(sent(b"a", b"b" * 1_000_000, b"c" * 1_000_000, pause=0.02))
        far.sendall(b"x")
        far.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        far.close()

        run(line, enough=100)

        assert line.closed is Closed.RESET
        assert kinds(line).count(Kind.CLOSED) == 1


def test_a_target_that_ended_its_side_and_then_goes_has_closed_in_order() -> None:
    with connected() as (line, far):
        far.sendall(b"x")
        far.close()  # what is sent to it now is answered by a reset
        line.plan(sent(b"a", b"b", b"c", pause=0.02))

        run(line, enough=100)

        assert (line.received, line.closed) == (b"x", Closed.END_OF_STREAM)


def test_a_silent_target_is_waited_for_with_patience_only() -> None:
    with connected() as (line, _):
        line.plan(sent(b"a"))

        run(line, patience=0.01)

        assert (line.received, line.closed) == (b"", None)


def test_progress_renews_the_patience() -> None:
    with connected() as (line, far):
        heard = threading.Event()

        def drip() -> None:
            for _ in range(6):
                heard.wait(0.03)
                far.sendall(b"x")

        dripping = threading.Thread(target=drip)
        dripping.start()
        run(line, patience=0.12, enough=6)
        dripping.join()

        assert line.received == b"xxxxxx"


def test_all_of_it_ends_after_a_time() -> None:
    with connected() as (line, _):
        line.plan(sent(b"a", b"b", pause=LONG))

        run(line, at_most=0.02)

        assert line.transcript.sent == b"a"
        assert line.is_sending


def test_without_patience_what_has_arrived_is_taken() -> None:
    with connected() as (line, far), connected() as (other, far_other):
        far.sendall(b"x")
        far_other.sendall(b"y")

        drive([line, other], until=lambda line: False, patience=0.0, at_most=1.0)

        assert (line.received, other.received) == (b"x", b"y")


def test_what_is_more_than_anybody_owes_is_not_listened_to() -> None:
    with connected() as (line, far):

        def flood() -> None:
            with contextlib.suppress(OSError):
                far.sendall(b"x" * 8_000_000)

        flooding = threading.Thread(target=flood)
        flooding.start()
        drive([line], until=lambda line: False, patience=LONG, at_most=LONG)
        overhear([line])
        length = len(line.received)
        line.drop()
        flooding.join()

        assert line.flooded
        assert 1024 * 1024 <= length < 4_000_000


def test_a_target_that_does_not_read_takes_a_long_segment_in_parts() -> None:
    with connected() as (line, far):
        data = bytes(range(256)) * 40_000
        received = bytearray()

        def read() -> None:
            while len(received) < len(data) and (piece := far.recv(65_536)):
                received.extend(piece)

        line.plan([*sent(data), Action(Kind.HALF_CLOSED)])
        drive([line], until=lambda line: True, patience=0.02, at_most=LONG)
        assert (line.is_sending, line.wants_write, line.due) == (True, True, None)

        reading = threading.Thread(target=read)
        reading.start()
        drive([line], until=lambda line: True, patience=LONG, at_most=LONG)
        reading.join()

        assert received == data
        assert not line.is_sending


def test_a_segment_that_is_not_taken_whole_is_still_being_sent() -> None:
    with connected() as (line, far):
        line.plan(sent(b"x" * 20_000_000))

        drive([line], until=lambda line: True, patience=0.02, at_most=LONG)

        assert (line.is_sending, line.wants_write) == (True, True)
        assert far.recv(1) == b"x"


def test_a_line_that_was_let_go_of_is_left_alone() -> None:
    with connected() as (line, far):
        line.plan(sent(b"a"))
        line.drop()

        run(line)
        overhear([line])

        assert line.transcript.entries == []
        with pytest.raises(ConnectionResetError):
            far.recv(1)


def test_a_satisfied_line_ends_before_the_others() -> None:
    with connected() as (line, far), connected() as (silent, _):
        far.sendall(b"x")
        asked: list[Line] = []

        def until(line: Line) -> bool:
            asked.append(line)
            return bool(line.received)

        drive([line, silent], until=until, patience=0.03, at_most=LONG)

        assert line.received == b"x"
        assert silent in asked
