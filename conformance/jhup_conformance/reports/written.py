"""The files of a report folder: report.json, junit.xml, report.html, the badge, and each failing exchange four ways."""

import json
from pathlib import Path
from typing import Any

from jhup.clauses import clauses
from jhup_conformance.language import words_in
from jhup_conformance.learn.page import MACHINE, remove_files, write_files
from jhup_conformance.reports.account import Account, accounts, answering
from jhup_conformance.reports.as_json import report_as_json
from jhup_conformance.reports.badge import badge_as_json, badge_as_svg
from jhup_conformance.reports.ctrf import ctrf
from jhup_conformance.reports.junit import junit
from jhup_conformance.reports.page import page
from jhup_conformance.reports.points import points_as_json
from jhup_conformance.reports.summary import summary
from jhup_conformance.run.report_folder import put_file
from jhup_conformance.run.session import Run

__all__ = ["publish", "write_reports"]


def publish(run: Run) -> str:
    """Write the reports and the summary that were asked for.

    Returns:
        Why they could not be written; empty when they were.
    """
    try:
        if run.options.report:
            write_reports(run, run.options.report)
        if run.options.summary:
            with run.options.summary.open("a", encoding="utf-8") as file:
                file.write(summary(run, words_in(run.options.lang)))
    except OSError as error:
        return f"{error.filename or run.options.report or run.options.summary}: {error.strerror}"
    return ""


def write_reports(run: Run, folder: Path) -> None:
    """Write all reports of a run into a folder, which is made if need be.

    Raises:
        OSError: when it can't be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    found = accounts(run)
    _remove_old(folder)
    files = {each.clause.id: _write_exchange(run, each, folder) for each in found if each.check.transcript}
    _write_json(folder / "report.json", report_as_json(run, found, files))
    _write_json(folder / "badge.json", badge_as_json(run))
    put_file(folder / "badge.svg", badge_as_svg(run).encode())
    put_file(folder / "junit.xml", junit(run, found))
    _write_json(folder / "ctrf.json", ctrf(run, found))
    if run.machine:
        write_files(folder / MACHINE, run.machine)
    put_file(folder / "report.html", page(run, found, files, words_in(run.options.lang)).encode())


def _remove_old(folder: Path) -> None:
    """Remove the exchanges of an earlier run, and the machine that it learnt: what lies here is about this one."""
    for identifier in clauses():
        for suffix in ("json", "py", "pcap"):
            (folder / f"{identifier}.{suffix}").unlink(missing_ok=True)
    remove_files(folder / MACHINE)


def _write_json(path: Path, record: dict[str, Any]) -> None:
    put_file(path, (json.dumps(record, indent=1) + "\n").encode())


def _write_exchange(run: Run, account: Account, folder: Path) -> dict[str, str]:
    """Write an exchange as a record, as a program and as a capture; gives the names of the files."""
    check, identifier = account.check, account.clause.id
    if check.transcript is None:
        return {}
    kind = answering(run)
    record = {
        "clause": identifier,
        "target": str(run.target),
        "service": run.options.service,
        "expected": check.expected,
        "actual": check.actual,
        "points": points_as_json(check.points),
        **({"echo": kind.to_json()} if kind else {}),
        **check.transcript.to_json(),
    }
    from jhup_conformance.reports.capture import capture  # takes a while, and most runs need none

    names = {"exchange": f"{identifier}.json", "capture": f"{identifier}.pcap"}
    _write_json(folder / names["exchange"], record)
    put_file(folder / names["capture"], capture(check.transcript, run.target, run.started))
    if account.script:
        names["script"] = f"{identifier}.py"
        put_file(folder / names["script"], account.script.encode())
    return names
