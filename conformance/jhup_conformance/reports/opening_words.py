"""The head of a run's output: what is judged, how it is observed, what the first contact showed."""

from collections.abc import Iterator
from typing import Final

from jhup.versions import CURRENT
from jhup_conformance.language import ENGLISH, Words, message
from jhup_conformance.run.session import Run

__all__ = ["opening_lines"]

_MOST_HEARD: Final = message("First contact: speaks JHUP")
"""The first line of facts about most servers; others are said in English."""


def opening_lines(run: Run, say: Words = ENGLISH, *, verbose: bool = False) -> Iterator[str]:
    """Yield the lines that stand before the first check.

    Args:
        run: a run whose target is known; one that isn't has no head.
        say: in which language.
        verbose: whether the times that were measured follow.
    """
    judge = run.judge
    if judge is None:
        return
    seen = ", ".join(say(each) for each in run.observed_by)
    how = say("observed by {means}", means=seen) if seen else say("stored files can't be seen, only connections")
    yield say("Target: {target} ({service}), {how}", target=run.target, service=run.options.service, how=how)
    yield from map(say, judge.facts)
    if judge.gate:
        yield say("Warning: {reason}", reason=judge.gate)
    if run.options.spec_version != CURRENT:
        yield say(
            "Judged by specification {version}: what is newer is checked and does not count",
            version=run.options.spec_version,
        )
    profile, seed, jobs = run.options.profile.value, run.options.seed, run.options.jobs or 1
    if jobs > 1:
        yield say(
            "Profile {profile}, seed {seed}, {jobs} processes with a server each", profile=profile, seed=seed, jobs=jobs
        )
    else:
        yield say("Profile {profile}, seed {seed}", profile=profile, seed=seed)
    if verbose:
        yield str(judge.pace)
