"""Peers that do nothing of what a server does get no PASS on anything, and no run against them hangs."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from running import Judge, Judged, Servers

pytestmark = pytest.mark.timeout(600)  # whole runs of the suite, on a machine that may be busy

KINDS = ("silent", "closing", "echoing", "ok")
"""Those of which little else is tried on real sockets; `tox -e judge` has all eight, simulated."""
ENDING = {"closing"}
"""This one does what many a server does after an upload: what is wrong may be the folder that the user named."""


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory, module_servers: Servers, judge: Judge) -> dict[str, Judged]:
    """Judge all of them at the same time: most of it is waiting. `tox -e judge` tries every check, simulated."""
    addresses = {kind: module_servers.start("null_peers.py", "--kind", kind) for kind in KINDS}
    with ThreadPoolExecutor(len(KINDS)) as pool:
        runs = {
            kind: pool.submit(judge, address, "--storage", tmp_path_factory.mktemp(kind), "--profile", "quick")
            for kind, address in addresses.items()
        }
        return {kind: run.result() for kind, run in runs.items()}


@pytest.mark.parametrize("kind", KINDS)
def test_no_clause_passes(verdicts: dict[str, Judged], kind: str) -> None:
    assert verdicts[kind].outcomes("PASS") == set()


@pytest.mark.parametrize("kind", sorted({*KINDS} - ENDING))
def test_the_verdict_is_that_it_does_not_conform(verdicts: dict[str, Judged], kind: str) -> None:
    assert (verdicts[kind].status, verdicts[kind].report["class_met"]) == (1, None), verdicts[kind].printed
    assert "Traceback" not in verdicts[kind].printed


@pytest.mark.parametrize("kind", sorted(ENDING))
def test_one_that_ends_connections_may_serve_another_folder(verdicts: dict[str, Judged], kind: str) -> None:
    assert (verdicts[kind].status, verdicts[kind].report["class_met"]) == (4, None), verdicts[kind].printed
    assert "is that the server's folder?" in verdicts[kind].printed


def test_a_silent_peer_without_a_view_of_its_store_is_inconclusive(servers: Servers, judge: Judge) -> None:
    blind = judge(servers.start("null_peers.py", "--kind", "silent"), "--profile", "quick")

    assert (blind.status, blind.report["verdict"]) == (4, "inconclusive"), blind.printed
    assert blind.outcomes("PASS") == set()
