"""Folds findings under the one to mend first, each told by what is special about its exchange."""

from collections.abc import Mapping

from jhup_conformance.differences import NotReplies, WrongReplies
from jhup_conformance.findings import HELD_AGAINST, CheckResult, ClauseResult
from jhup_conformance.run.hanging import hangs_on
from jhup_conformance.verify.traits import IN_REPLIES, traits

__all__ = ["fold"]


def fold(results: Mapping[str, ClauseResult]) -> None:
    """Tell which findings about an upload server hang on which: each of these gets the clause of its root."""
    found = {
        result.clause: _special(result.decisive)
        for result in results.values()
        if result.decisive and result.outcome in HELD_AGAINST
    }
    for clause, root in hangs_on(found).items():
        results[clause].root = root


def _special(finding: CheckResult) -> frozenset[str]:
    """Return what is special about a finding: its exchange, and whether replies alone were wrong."""
    in_replies = finding.points and all(isinstance(each, WrongReplies | NotReplies) for each in finding.points)
    exchange = traits(finding.transcript) if finding.transcript else frozenset[str]()
    return exchange | {IN_REPLIES} if in_replies else exchange
