"""`--list`: the clauses and their checks, with nothing sent."""

import contextlib
import io
import os

import pytest
from rich.console import Console
from rich.markup import escape

from jhup.address import Transport
from jhup.clauses import Clause
from jhup_conformance.run.judged import judged_clauses
from jhup_conformance.run.launch import suite_files
from jhup_conformance.run.options import Options
from jhup_conformance.run.untestable import reason_unseen
from jhup_conformance.target.services import SERVICES, UPLOAD

__all__ = ["collect_checks", "list_clauses"]


class _Collector:
    """Notes the checks that pytest finds."""

    def __init__(self) -> None:
        self.checks: dict[str, list[str]] = {}

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        for item in session.items:
            if mark := item.get_closest_marker("clause"):
                self.checks.setdefault(mark.args[0], []).append(item.nodeid.rpartition("/")[2])


def collect_checks(service: str = UPLOAD, clauses: frozenset[str] | None = None) -> dict[str, list[str]]:
    """Return the checks of a service by clause, or those in the files that name some clauses."""
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    collector = _Collector()
    with contextlib.redirect_stdout(io.StringIO()):
        pytest.main(
            [
                *map(str, suite_files(SERVICES[service], clauses)),
                *("-c", os.devnull, "--collect-only", "-q", "--import-mode=importlib", "--service", service),
                *("-p", "jhup_conformance.plugin", "-p", "no:cacheprovider"),
            ],
            plugins=[collector],
        )
    return collector.checks


def list_clauses(console: Console, options: Options) -> None:
    """Print the clauses that a run would judge, each with its checks."""
    checks = collect_checks(options.service, options.clauses)
    for clause in judged_clauses(options):
        console.print(f"[bold]{clause.id}[/]  {clause.conformance_class}  {clause.level}  {escape(clause.text)}")
        for node in checks.get(clause.id, ()):
            console.print(f"    {escape(node)}")
        if reason := _reason_left_out(clause, options):
            console.print(f"    not judged: {escape(reason)}")


def _reason_left_out(clause: Clause, options: Options) -> str:
    """Return the reason why a clause is not judged: it is about other servers, or out of sight."""
    if options.declared is None:
        return reason_unseen(clause)
    transport = options.target.transport if options.target else options.transport or Transport.TCP
    return options.declared.excludes(clause.id, transport) or reason_unseen(clause)
