"""The log by itself: what it drops, what it counts, and that no caller waits for it."""

import re
import threading

import pytest
import structlog

from jhup_reference.runtime.health import Health
from jhup_reference.runtime.journal import Journal
from jhup_reference.runtime.logs import Budget, Outlet


class Slow:
    """A place for lines that takes them when it is let."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.data = b""

    def write(self, data: bytes) -> int:
        self.open.wait(30)
        self.data += data[:7]
        return len(data[:7])  # the rest is for the next call


class TestOutlet:
    def test_writes_lines_in_order_and_whole(self):
        place = Slow()
        place.open.set()
        outlet = Outlet(place.write)
        for number in range(100):
            outlet.add(f"line {number} {'x' * number}")
        assert outlet.drain(30)
        assert place.data.decode() == "".join(f"line {number} {'x' * number}\n" for number in range(100))

    def test_drops_what_has_no_room_and_says_how_much(self):
        place = Slow()
        outlet = Outlet(place.write, room=1000)
        for number in range(100):
            outlet.add(f"{number:99}")
        assert not outlet.drain(0)
        assert outlet.dropped == 90
        place.open.set()
        assert outlet.drain(30)
        outlet.add("last")
        assert outlet.drain(30)
        told = re.findall(rb"event='lines dropped' count=(\d+)\n", place.data)  # two, where the writer began late
        assert sum(map(int, told)) == 90
        assert place.data.endswith(b"last\n")

    @pytest.mark.parametrize("error", [OSError(28, "No space left on device"), ValueError("closed")])
    def test_counts_lines_that_cannot_be_written(self, error):
        def fail(data: bytes) -> int:
            raise error

        outlet = Outlet(fail)
        outlet.add("a")
        outlet.add("b")
        assert outlet.drain(30)
        assert outlet.dropped == 2

    def test_cuts_a_line_that_is_very_long(self):
        place = Slow()
        place.open.set()
        outlet = Outlet(place.write)
        outlet.add("x" * 100_000)
        assert outlet.drain(30)
        assert len(place.data) < 20_000


class TestBudget:
    def test_lets_a_burst_through_and_then_a_rate(self):
        now = [0.0]
        budget = Budget(rate=2, burst=3, clock=lambda: now[0])

        def passes(name: str = "info") -> bool:
            try:
                budget(None, name, {})
            except structlog.DropEvent:
                return False
            return True

        assert [passes() for _ in range(5)] == [True, True, True, False, False]
        assert passes("error")  # has its own
        now[0] += 1
        assert [passes() for _ in range(3)] == [True, True, False]
        assert budget.dropped == 3


class TestHealth:
    def test_is_told_when_asked_and_each_minute_in_which_something_happened(self):
        now = [0.0]
        health = Health(lambda: 7, clock=lambda: now[0])
        with structlog.testing.capture_logs() as logs:
            health.tick()
            assert logs == []
            health.stored(3)
            health.count("timed out")
            health.ask()
            health.tick()
            health.tick()
            now[0] = 61
            health.tick()
            health.stored(4, files=2)
            health.tick()
            now[0] = 122
            health.tick()
        told = [(log["open"], log["puts"], log["bytes"], log["timed_out"]) for log in logs]
        assert told == [(7, 1, 3, 1), (7, 3, 7, 1)]


class TestJournal:
    def test_counts_what_it_does_not_log(self):
        health = Health()
        with structlog.testing.capture_logs() as logs:
            journal = Journal("1.2.3.4:5", health)
            for number in range(5):
                journal.note("refused", "storage", reason=f"reason {number}")
            journal.note("refused", "busy")
            journal.stored("a", 3)
            journal.end()
            journal.end()
        assert [(log["event"], log.get("count")) for log in logs] == [
            ("refused", None),
            ("refused", None),
            ("stored", None),
            ("refused, again", 4),
        ]
        assert {log["peer"] for log in logs} == {"1.2.3.4:5"}
        assert health.totals() == {"puts": 1, "bytes": 3, "refused": 6}
