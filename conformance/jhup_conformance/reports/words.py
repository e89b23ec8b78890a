"""What terminals and pages say of a run in the same words."""

from collections import Counter
from typing import Final

from jhup_conformance.findings import ExitStatus, Outcome
from jhup_conformance.language import ENGLISH, Words, message
from jhup_conformance.run.session import Run

__all__ = ["status_words", "verdict_words"]

_STATUS: Final = {
    ExitStatus.CONFORMS: message("conforms"),
    ExitStatus.FAILS: message("does not conform"),
    ExitStatus.USAGE: message("usage error"),
    ExitStatus.UNREACHABLE: message("the target can't be reached, or is gone and does not come back"),
    ExitStatus.INCONCLUSIVE: message("inconclusive: some MUSTs could not be verified"),
    ExitStatus.ERROR: message("error of the suite, or of a control"),
    ExitStatus.INTERRUPTED: message("interrupted"),
}


def status_words(status: ExitStatus, say: Words = ENGLISH) -> str:
    """Say an exit status in words."""
    return say(_STATUS[status])


def verdict_words(run: Run, say: Words = ENGLISH) -> str:
    """Say in one sentence what a run came to: the class that the target conforms to, and what stands against more."""
    status, met = run.exit_status, run.class_met
    if run.options.clauses is not None:
        head = status_words(status, say)
    elif status is ExitStatus.CONFORMS:
        head = say("conforms to class {met}", met=met) if met else status_words(status, say)
    elif status is ExitStatus.FAILS and met:
        head = say("conforms to class {met} only", met=met)
    elif status is ExitStatus.FAILS:
        head = say("does not conform to any class")
    else:
        head = status_words(status, say)
    return "; ".join([head, *_against(run, say)])


def _against(run: Run, say: Words) -> list[str]:
    """Say how many clauses of each class stand against the target, or would with --strict."""
    failing = Counter(each.clause.conformance_class for each in run.results.values() if run.counts_against(each))
    told = [
        say("{number} of {name}", number=count, name=name)
        if place
        else say.count("{number} clause of {name} fails", "{number} clauses of {name} fail", count, name=name)
        for place, (name, count) in enumerate(failing.items())
    ]
    warned = sum(run.outcome(each) is Outcome.WARN and not run.counts_against(each) for each in run.results.values())
    if warned:
        told.append(say.count("{number} SHOULD does not hold", "{number} SHOULDs do not hold", warned))
    return [", ".join(told)] if told else []
