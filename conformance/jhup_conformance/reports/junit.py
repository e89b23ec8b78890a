"""junit.xml: one test case for each clause, as CI services read it."""

from collections.abc import Sequence
from typing import Final
from xml.etree import ElementTree

from jhup_conformance.findings import ClauseResult, Outcome
from jhup_conformance.reports.account import Account
from jhup_conformance.reports.prose import account_lines
from jhup_conformance.reports.sentences import one_line
from jhup_conformance.run.session import Run

__all__ = ["junit"]

_MESSAGE: Final = 500
"""Characters of a message, which services show in one line."""


def junit(run: Run, found: Sequence[Account]) -> bytes:
    """Return the content of junit.xml: what counts against the target is a failure, what could not be seen is skipped.

    A clause that is not judged has no test case.
    """
    told = {each.clause.id: each for each in found}
    judged = [result for result in run.results.values() if run.outcome(result) is not Outcome.NOT_JUDGED]
    outcomes = [run.outcome(result) for result in judged]
    against = [result for result in run.results.values() if run.counts_against(result)]
    counts = {
        "tests": len(outcomes),
        "failures": len(against),
        "errors": outcomes.count(Outcome.ERROR),
        "skipped": outcomes.count(Outcome.UNVERIFIED) + outcomes.count(Outcome.UNSUPPORTED),
    }
    suite = ElementTree.Element(
        "testsuite",
        {"name": "jhup-conformance", "time": f"{run.seconds:.3f}", "timestamp": run.started.isoformat()[:19]}
        | {name: str(count) for name, count in counts.items()},
    )
    for result in judged:
        case = ElementTree.SubElement(
            suite,
            "testcase",
            {"classname": f"jhup.{result.clause.chapter.removesuffix('.md')}", "name": result.clause.id,
             "time": f"{result.seconds:.3f}"},
        )  # fmt: skip
        _add_outcome(run, result, told.get(result.clause.id), case)
    root = ElementTree.Element("testsuites")
    root.append(suite)
    text: bytes = ElementTree.tostring(root, "utf-8", xml_declaration=True)
    return text


def _add_outcome(run: Run, result: ClauseResult, account: Account | None, case: ElementTree.Element) -> None:
    outcome, decisive = run.outcome(result), result.decisive
    told = one_line(decisive) if decisive else result.why
    message = _xml_text(told[:_MESSAGE])
    if run.counts_against(result) and account:
        failure = ElementTree.SubElement(case, "failure", {"message": message, "type": outcome.value})
        failure.text = _told(account)
    elif outcome is Outcome.ERROR:
        error = ElementTree.SubElement(case, "error", {"message": message, "type": outcome.value})
        error.text = _told(account) if account else None
    elif outcome in (Outcome.UNVERIFIED, Outcome.UNSUPPORTED):
        ElementTree.SubElement(case, "skipped", {"message": f"{outcome}: {message}"})
    elif account:  # a warning, or a failure that is known
        ElementTree.SubElement(case, "system-out").text = _told(account)


def _told(account: Account) -> str:
    return _xml_text("\n".join(account_lines(account)))


def _xml_text(text: str) -> str:
    """Leave out what XML 1.0 can't hold."""
    return "".join(
        each
        for each in text
        if each in "\t\n" or " " <= each < "\ud800" or "\ue000" <= each <= "\ufffd" or each > "\uffff"
    )
