"""What the tests of the suite share: servers, each stopped by its own id, and runs of the suite with their reports."""

import json
import subprocess
import sys
from collections.abc import Generator, Iterator

import hypothesis
import pytest
from reported import Reported, judge_echo, judge_reference, judge_taught
from running import Judge, Judged, Servers, as_users_have_it
from sharing import MACHINE, once_for_all

hypothesis.settings.register_profile("conformance", deadline=None)  # a busy machine is no fault of the code
hypothesis.settings.load_profile("conformance")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Keep a test that needs the whole machine apart from those of other workers; its time-out begins then."""
    with MACHINE.alone() if item.get_closest_marker("alone") else MACHINE.shared():
        return (yield)


def pytest_unconfigure() -> None:
    """Leave no locks behind."""
    MACHINE.leave()


@pytest.fixture(scope="session")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Judge:
    """Runs the suite in a process of its own, as a user does."""

    def run(*arguments: object, reported: bool = True, limit: float = 500.0) -> Judged:
        report = tmp_path_factory.mktemp("report")
        command = [sys.executable, "-m", "jhup_conformance", *map(str, arguments)]
        command += ["--report", str(report)] if reported else []
        environment = {**as_users_have_it(), "NO_COLOR": "1", "LC_ALL": "C.UTF-8"}
        done = subprocess.run(command, cwd=report, env=environment, capture_output=True, timeout=limit, check=False)
        written = report / "report.json"
        return Judged(
            done.returncode,
            done.stdout.decode() + done.stderr.decode(),
            json.loads(written.read_text("utf-8")) if written.exists() else {},
            report,
        )

    return run


@pytest.fixture
def servers() -> Iterator[Servers]:
    """Servers of one test."""
    running = Servers()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def module_servers() -> Iterator[Servers]:
    """Servers that all tests of a module look at."""
    running = Servers()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def taught(tmp_path_factory: pytest.TempPathFactory) -> Reported:
    """The reports on the taught server, by clauses of every kind of finding."""
    return once_for_all(tmp_path_factory, "taught", judge_taught, alone=True)


@pytest.fixture(scope="session")
def shouting(tmp_path_factory: pytest.TempPathFactory) -> Reported:
    """The reports on an echo server that upper-cases as Unicode."""
    return once_for_all(tmp_path_factory, "shouting", lambda folder: judge_echo(folder, "upper", "upper-cases Unicode"))


@pytest.fixture(scope="session")
def faultless(tmp_path_factory: pytest.TempPathFactory) -> Reported:
    """The reports on the reference, at which nothing is found."""
    return once_for_all(tmp_path_factory, "faultless", judge_reference)
