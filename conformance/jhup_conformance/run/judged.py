"""Which clauses a run is about, and in which class and at which level."""

from dataclasses import replace

from jhup.clauses import Clause, clauses
from jhup.versions import requirements
from jhup_conformance.findings import ClauseResult
from jhup_conformance.run.options import Options
from jhup_conformance.run.untestable import reason_unseen

__all__ = ["blank_results", "judged_clauses"]


def judged_clauses(options: Options) -> tuple[Clause, ...]:
    """Return the server clauses that a run is about: those of the service, up to the class asked for.

    What the version judged by has as well stands in its class and at its level of then.
    """
    classes = options.kind.classes
    wanted = classes[: classes.index(options.up_to) + 1]
    return tuple(
        each
        for each in (_of_then(clause, options.spec_version) for clause in clauses().values())
        if options.kind.concerns(each)
        and each.conformance_class in wanted
        and (options.clauses is None or each.id in options.clauses)
    )


def _of_then(clause: Clause, version: str) -> Clause:
    required = requirements(version).get(clause.id)
    if required is None:
        return clause
    return replace(clause, conformance_class=required.conformance_class, level=required.level)


def blank_results(options: Options) -> dict[str, ClauseResult]:
    """Return the results of all these clauses, by clause, before any check has run."""
    required = requirements(options.spec_version)
    return {
        each.id: ClauseResult(each, reason_unseen(each), judged_by="" if each.id in required else options.spec_version)
        for each in judged_clauses(options)
    }
