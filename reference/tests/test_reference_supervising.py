"""Several processes: they share the work and the limit, are replaced when they die, and don't outlive their parent."""

import os
import signal
from pathlib import Path

import psutil
import pytest

from jhup import Stored

pytest.importorskip("fcntl", reason="this platform lacks fork")

from jhup_reference.fast.prefork import Pauses  # needs it


def workers(server) -> list[psutil.Process]:
    return psutil.Process(server.process.pid).children()


def test_there_is_one_ready_line_and_as_many_workers_as_asked_for(start, connect):
    server = start("--processes", "3")
    assert server.line == f"listening tcp 127.0.0.1:{server.address.port}"
    assert len(workers(server)) == 3
    assert isinstance(connect(server.address).put("a", b"abc"), Stored)


def test_a_worker_that_dies_is_replaced(start, connect, eventually):
    server = start("--processes", "2")
    victims = {worker.pid for worker in workers(server)}
    for pid in victims:
        os.kill(pid, signal.SIGKILL)
    eventually(lambda: len({worker.pid for worker in workers(server)} - victims) == 2)
    assert isinstance(connect(server.address).put("a", b"abc"), Stored)


def test_a_server_whose_workers_die_again_and_again_goes_on(start, connect, eventually):
    server = start("--processes", "2")
    killed: set[int] = set()
    while len(killed) < 6:
        alive = [worker for worker in workers(server) if worker.pid not in killed]
        for worker in alive:
            worker.kill()
            killed.add(worker.pid)
    assert isinstance(connect(server.address).put("a", b"abc"), Stored)
    assert server.process.poll() is None


class TestPauses:
    @pytest.fixture
    def now(self) -> list[float]:
        return [0.0]

    @pytest.fixture
    def pauses(self, now) -> Pauses:
        return Pauses(lambda: now[0])

    def test_grow_while_a_worker_dies_soon_and_are_bounded(self, pauses):
        seen = []
        for _ in range(12):
            pauses.begun(0)
            seen.append(pauses.before(0))
        assert seen[:4] == [0.0, 0.1, 0.2, 0.4]
        assert seen[-2:] == [30.0, 30.0]

    def test_begin_anew_after_a_worker_has_lived(self, pauses, now):
        for _ in range(5):
            pauses.begun(0)
            pauses.before(0)
        pauses.begun(0)
        now[0] += 60
        assert pauses.before(0) == 0.0

    def test_are_those_of_each_worker(self, pauses):
        for number in (0, 0, 1):
            pauses.begun(number)
        assert [pauses.before(0), pauses.before(0), pauses.before(1)] == [0.0, 0.1, 0.0]


@pytest.mark.parametrize("options", [["--processes", "2"], ["--serving", "forking"]], ids=str)
def test_children_do_not_outlive_a_killed_parent(start, connect, eventually, options, storage):
    server = start(*options)
    client = connect(server.address)
    client.put("a", b"abc")
    children = workers(server)
    assert children
    server.process.kill()
    server.wait()
    eventually(lambda: not any(child.is_running() and child.status() != "zombie" for child in children))
    start(*options)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_the_parent_ends_all(start, connect, number):
    server = start("--processes", "2")
    children = workers(server)
    client = connect(server.address)
    client.put("a", b"abc")
    server.process.send_signal(number)
    assert server.wait() == 0
    assert not any(child.is_running() for child in children)
    assert "Traceback" not in server.errors.read_text("utf-8")


def test_a_signal_to_the_whole_group_ends_all_once(start, connect):
    server = start("--processes", "2")
    children = workers(server)
    for process in [*children, server.process]:
        os.kill(process.pid, signal.SIGINT)
    assert server.wait() == 0
    assert "Traceback" not in server.errors.read_text("utf-8")


def test_the_connection_limit_holds_for_all_processes_together(start, connect):
    server = start("--processes", "2", "--max-connections", "32")
    served = [connect(server.address) for _ in range(32)]
    for number, client in enumerate(served):
        assert isinstance(client.put(f"f{number}", b"abc"), Stored)
    assert not isinstance(connect(server.address).put("a", b"abc"), Stored)


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc to see descriptors")
def test_a_worker_holds_neither_end_of_its_parents_signals(start, eventually):
    server = start("--processes", "2")
    parent, (first, second) = psutil.Process(server.process.pid), workers(server)
    eventually(lambda: abs(first.num_fds() - second.num_fds()) <= 1)  # one may not be up yet
    assert first.num_fds() < parent.num_fds() + 10
